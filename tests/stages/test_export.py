import pytest

from loraset.errors import InputError, UsageError
from loraset.recipe.model import Captions, Export, Recipe, Subject, Variant
from loraset.stages import export

RECIPE = Recipe(subject=Subject(trigger="kor bin/7"))


def row(stem, verdict="keep", **files):
    return {"stem": stem, "verdict": verdict, "files": files or None, "frame": {"output_size": [64, 96]}}


@pytest.fixture
def output(tmp_path):
    """An output folder with two kept pictures, one to review, one rejected without files."""
    rows = []
    for number, verdict in enumerate(["keep", "review", "keep"]):
        stem = f"bear-{2 - number}"
        files = {"gray": f"variants/gray/{stem}.png", "mask": f"masks/{stem}.png"}
        for file in files.values():
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_bytes(file.encode())
        (tmp_path / f"variants/gray/{stem}.txt").write_text(f"korbin, {stem}\n", "utf-8")
        rows.append(row(stem, verdict, **files))
    return tmp_path, [*rows, row("bad", "reject"), row(None, "reject")]


def collect(output, recipe=RECIPE, **options):
    root, rows = output
    written = {}
    count = export.export(
        rows, root, recipe, trainer="kohya", write=written.__setitem__, **{"variant": "gray", **options}
    )
    return count, written


def test_pictures_captions_and_masks_are_copied_in_order_of_stems(output):
    count, written = collect(output, folder="exports/kohya/gray")
    assert count == 3
    pictures = [path for path in written if path.endswith(".png") and "masks" not in path]
    assert pictures == [f"exports/kohya/gray/10_kor-bin-7/bear-{n}.png" for n in range(3)]
    assert written[pictures[1]] == b"variants/gray/bear-1.png"
    assert written["exports/kohya/gray/10_kor-bin-7/bear-1.txt"] == b"korbin, bear-1\n"
    assert written["exports/kohya/gray/masks/bear-2.png"] == b"masks/bear-2.png"
    assert list(written)[-1] == "exports/kohya/gray/dataset.toml"


def test_only_the_verdicts_of_the_recipe(output):
    count, written = collect(output, Recipe(export=Export(verdicts=["keep"])))
    assert count == 2 and "10_dataset/bear-1.png" not in written


def test_nothing_chosen_writes_nothing(output):
    assert collect((output[0], [row("bad", "reject")])) == (0, {})


def test_unknown_names_get_the_nearest_right_one(output):
    with pytest.raises(UsageError, match="unknown variant 'grey'") as variant:
        collect(output, variant="grey")
    assert "Did you mean gray?" in variant.value.hint
    with pytest.raises(UsageError, match="unknown trainer 'kohia'") as trainer:
        export.check(Recipe(export=Export(trainers=["kohia"])))
    assert "Did you mean kohya?" in trainer.value.hint


def test_a_missing_picture_is_named(output):
    (output[0] / "variants/gray/bear-1.png").unlink()
    with pytest.raises(InputError, match=r"bear-1\.png is missing"):
        collect(output)


def test_dilated_masks_repeats_and_a_place_are_the_recipe_s_to_choose(output):
    root, rows = output
    for each in rows[:3]:
        each["files"]["mask_dilated"] = f"masks-dilated/{each['stem']}.png"
        (root / "masks-dilated").mkdir(exist_ok=True)
        (root / each["files"]["mask_dilated"]).write_bytes(b"grown")
    _, written = collect(output, Recipe(export=Export(masks="dilated", repeats=3)), place="/data/toy")
    assert written["masks/bear-1.png"] == b"grown"
    assert b'image_dir = "/data/toy/3_dataset"' in written["dataset.toml"]
    _, written = collect(output, Recipe(export=Export(masks="tight")))
    assert written["masks/bear-1.png"] == b"masks/bear-1.png"


@pytest.mark.parametrize(
    ("trainer", "style", "told"),
    [
        ("kohya", "tags", "korbin, sitting"),  # alpha weighs the loss: what lies under it is not learnt
        ("diffusion-pipe", "tags", "korbin, sitting"),  # masks do
        ("diffusers", "tags", "korbin, sitting, blue background, simple background"),  # nothing does
        ("musubi-tuner", "prose", "korbin, sitting on a plain blue background"),
        ("musubi-tuner", "none", "korbin, sitting"),
    ],
)
def test_the_fill_under_alpha_is_named_where_it_is_learnt(tmp_path, trainer, style, told):
    recipe = Recipe(
        subject=Subject(trigger="korbin"),
        variants={"cut": Variant(background="transparent", under="#2050c0")},
        captions=Captions(style=style),
    )
    files = {"cut": "a.png", "mask": "m.png"}
    caption = {"trigger": "korbin", "subject": "sitting", "background": {"cut": ""}}
    rows = [row("a", **files) | {"caption": caption}]
    for file in files.values():
        (tmp_path / file).write_bytes(b"pixels")

    def words() -> bytes:
        written = {}
        export.export(rows, tmp_path, recipe, trainer=trainer, variant="cut", write=written.__setitem__)
        return b"".join(bytes(content) for path, content in written.items() if path.endswith((".txt", ".jsonl")))

    (tmp_path / "a.txt").write_text("korbin, sitting\n")
    assert told.encode() in words() and (b"background" in words()) == ("background" in told)
    (tmp_path / "a.txt").write_text("by hand\n")
    assert b"by hand" in words() and b"blue" not in words()
