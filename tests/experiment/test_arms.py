"""Arms: the same pictures but for what the variant says, to the last level."""

import json

import numpy as np
import pytest
from making import RECIPE, planned

import small_set
from loraset.errors import InputError, UsageError
from loraset.experiment.arms import arm_items, check_pixels, check_same_pictures, coverage, make_arms
from loraset.exporters import EXPORTERS
from loraset.images import encode_png, read_png
from loraset.manifest import read_rows
from loraset.ops.color_names import PLAIN
from loraset.ops.compose import composite
from loraset.recipe.load import from_text
from loraset.registry import load

KOHYA, MUSUBI = (load(EXPORTERS, name, "trainer") for name in ("kohya", "musubi-tuner"))
ARMS = ["gray", "transparent", "white", "original", "random-named", "gray-masked"]


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    return planned(tmp_path_factory.mktemp("arms"))


@pytest.fixture
def own_set(tmp_path):
    small_set.paint(tmp_path / "photos", count=2)
    small_set.run(tmp_path / "photos", tmp_path / "set", recipe=RECIPE)
    return tmp_path / "set"


def pictures(folder, arm):
    (inner,) = (path for path in (folder / "arms" / arm).iterdir() if path.is_dir() and path.name != "masks")
    return {path.stem: read_png(path) for path in sorted(inner.glob("*.png"))}


def captions(folder, arm):
    return {path.stem: path.read_text() for path in sorted((folder / "arms" / arm).glob("1*/*.txt"))}


def test_every_arm_has_the_same_pictures_in_the_same_sizes_and_words(experiment):
    _, folder, protocol = experiment
    assert [arm["name"] for arm in protocol["arms"]] == ARMS
    shapes = [{stem: image.shape[:2] for stem, image in pictures(folder, arm).items()} for arm in ARMS]
    assert len(shapes[0]) == 4 and all(each == shapes[0] for each in shapes)
    assert all(captions(folder, arm) == captions(folder, "gray") for arm in ARMS)
    assert not any("background" in words for words in captions(folder, "random-named").values())


def test_plain_arms_are_the_cutout_on_their_colour_to_the_last_level(experiment):
    made, folder, _ = experiment
    cutouts = pictures(folder, "transparent")
    rows = {row["stem"]: row for row in read_rows(made)}
    for arm, color in (("gray", (128, 128, 128)), ("white", (255, 255, 255)), ("random-named", None)):
        for stem, image in pictures(folder, arm).items():
            said = rows[stem]["caption"]["background"]["random-named"].split()[0]
            fill = np.array(color or PLAIN[{"grey": "gray"}.get(said, said)], np.uint8)
            assert np.array_equal(image, composite(cutouts[stem], fill))


def test_masked_and_unmasked_arm_are_the_same_bytes(experiment):
    _, folder, _ = experiment
    plain, masked = folder / "arms/gray", folder / "arms/gray-masked"
    for path in sorted(plain.rglob("*.png")):
        assert path.read_bytes() == (masked / path.relative_to(plain)).read_bytes()
    for stem, image in pictures(folder, "transparent").items():
        assert np.array_equal(image[..., 3], read_png(masked / "masks" / f"{stem}.png"))
        assert (image[..., :3][image[..., 3] == 0][-1] == 128).all()


def test_full_subject_pixels_are_the_same_in_every_arm(experiment):
    _, folder, _ = experiment
    for stem, image in pictures(folder, "transparent").items():
        solid = image[..., 3] == 255
        assert solid.mean() > 0.2
        for arm in ("gray", "white", "random-named", "gray-masked"):
            assert np.array_equal(pictures(folder, arm)[stem][solid], image[..., :3][solid])


@pytest.mark.parametrize("variant", ["gray", "white", "random-named", "transparent"])
def test_one_level_of_one_pixel_is_found(own_set, variant):
    recipe = from_text(RECIPE)
    (row, *_) = (row for row in read_rows(own_set) if row["files"])
    arms = make_arms(recipe, KOHYA)
    check_pixels(arms, row, own_set, recipe)
    file = own_set / row["files"][variant]
    pixels = read_png(file)
    pixels[5, 7, -1] ^= 1
    file.write_bytes(encode_png(pixels))
    with pytest.raises(InputError, match=rf"{variant}/disc-\d\.png: 1 pixels are not the cut-out on its background"):
        check_pixels(arms, row, own_set, recipe)


def test_pictures_of_another_size_or_that_are_gone_are_found(own_set):
    recipe = from_text(RECIPE)
    (row, *_) = (row for row in read_rows(own_set) if row["files"])
    file = own_set / row["files"]["original"]
    file.write_bytes(encode_png(read_png(file)[:-1]))
    with pytest.raises(InputError, match="has not the size of its mask"):
        check_pixels(make_arms(recipe, KOHYA), row, own_set, recipe)
    file.unlink()
    with pytest.raises(InputError, match="cannot read"):
        check_pixels(make_arms(recipe, KOHYA), row, own_set, recipe)


def test_arms_with_other_pictures_are_refused(own_set):
    recipe = from_text(RECIPE)
    rows = read_rows(own_set)
    items = {arm.name: arm_items(arm, rows, own_set, recipe, KOHYA) for arm in make_arms(recipe, KOHYA)}
    items["white"] = items["white"][:-1]
    with pytest.raises(InputError, match="the arms gray and white differ in their pictures: disc-1"):
        check_same_pictures(items)


def test_coverage_is_the_mean_of_the_masks(experiment):
    _, folder, protocol = experiment
    masks = [read_png(path).mean() / 255 for path in sorted((folder / "arms/gray-masked/masks").glob("*.png"))]
    assert protocol["set"]["coverage"] == pytest.approx(np.mean(masks), abs=1e-4)
    assert 0.2 < np.mean(masks) < 0.6


def test_named_captions_are_an_arm_of_their_own(tmp_path):
    _, folder, protocol = planned(tmp_path, captions="both", arms=["gray", "transparent", "random-named"])
    names = [arm["name"] for arm in protocol["arms"]]
    assert names == ["gray", "transparent", "random-named", "gray-named", "random-named-named"]
    assert set(captions(folder, "gray-named").values()) != set(captions(folder, "gray").values())
    for stem, words in captions(folder, "gray-named").items():
        assert words == captions(folder, "gray")[stem].strip() + ", grey background, simple background\n"
    assert json.loads((folder / "protocol.json").read_text())["captions"] == "both"


@pytest.mark.parametrize(
    ("trainer", "names", "captions_", "said", "hint"),
    [
        (KOHYA, ["gray", "whit"], "same", "there is no variant 'whit'", "Did you mean white?"),
        (KOHYA, ["gray", "transparent-masked"], "same", "trained with its alpha already", "-masked off"),
        (MUSUBI, ["gray", "gray-masked"], "same", "musubi-tuner has no masked loss", "--arms"),
        (KOHYA, ["gray"], "same", "1 arm is no comparison", "white"),
    ],
)
def test_arms_that_cannot_be_are_usage_errors(trainer, names, captions_, said, hint):
    with pytest.raises(UsageError, match=said) as raised:
        make_arms(from_text(RECIPE), trainer, names, captions_)
    assert hint in raised.value.hint


def test_without_names_a_trainer_gets_the_arms_that_it_can_train():
    assert [arm.name for arm in make_arms(from_text(RECIPE), KOHYA)] == ARMS
    without = make_arms(from_text(RECIPE), MUSUBI)
    assert [arm.name for arm in without] == ARMS[:-1] and not any(arm.weighed for arm in without)


def test_coverage_of_full_masks_is_one(tmp_path):
    from loraset.exporters.interface import Item

    path = tmp_path / "m.png"
    path.write_bytes(encode_png(np.full((4, 4), 255, np.uint8)))
    assert coverage([Item("m", path, path, "", (4, 4))]) == 1.0
