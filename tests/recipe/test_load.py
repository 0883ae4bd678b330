"""Loading a recipe: what is accepted, and what is said of everything that is wrong."""

from pathlib import Path

import pytest

from loraset.errors import RecipeError
from loraset.recipe.fields import all_keys, annotation_at, expected
from loraset.recipe.load import Setting, find, from_text, load, packed, parse_set
from loraset.recipe.model import DEFAULT_VARIANTS, Recipe


def mistake(text: str, *sets: str) -> tuple[str, str]:
    with pytest.raises(RecipeError) as caught:
        from_text(text, "my.toml", [parse_set(each) for each in sets])
    assert caught.value.exit_code == 2
    return str(caught.value), caught.value.hint


def test_an_empty_recipe_is_the_default_one():
    assert from_text("") == Recipe()


def test_values_of_a_file_are_taken():
    recipe = from_text('name = "bear"\n[subject]\nclass = "toy"\n[mask]\nengine = ["key", "rembg:u2netp"]\n')
    assert (recipe.name, recipe.subject.class_, recipe.mask.engine) == ("bear", "toy", ["key", "rembg:u2netp"])


MISTAKES = [
    # text, line, what is said, what to do
    ("[frame]\nresolutoin = 768", 2, "there is no 'resolutoin' in [frame]", "Did you mean resolution?"),
    ("[subject]\nresolution = 768", 2, "there is no 'resolution' in [subject]", "resolution belongs to [frame]."),
    ("\nresolution = 768", 2, "there is no 'resolution' in the recipe", "resolution belongs to [frame]."),
    ('[masks]\nengine = "key"', 1, "there is no 'masks' in the recipe", "Did you mean [mask]?"),
    (
        "[export]\nqqq = 1",
        2,
        "there is no 'qqq' in [export]",
        "[export] has: trainers, verdicts, repeats, masks, root.",
    ),
    ("[select]\nlimits.blury = 0.1", 2, "there is no 'blury' in [select.limits]", "Did you mean blurry?"),
    ("select.limits = {\tdark = 0.1, hallo = 0.1 }", 1, "there is no 'hallo' in [select.limits]", "Did you mean halo?"),
    ("[frame]\nstep = 1.5", 2, "frame.step must be a whole number from 1 to 512, not 1.5", ""),
    ("[frame]\nmargin = 6", 2, "frame.margin must be a number from 0 to 1, not 6", ""),
    ('[frame]\nmargin = "0.1"', 2, 'frame.margin must be a number from 0 to 1, not "0.1"', "Write it without quotes."),
    ('[mask]\nrepair = "no"', 2, 'mask.repair must be true or false, not "no"', "Write it without quotes."),
    ("name = 7", 1, "name must be text in quotes, 1 to 80 characters long, not 7", 'Put it in quotes: "7".'),
    ('[frame]\nmode = "sqare"', 2, 'must be one of "bucket", "square", "keep", not "sqare"', 'Did you mean "square"?'),
    (
        '[dedupe]\nkeep = [\n"pixels",\n"size"]',
        4,
        'dedupe.keep[1] must be one of "sharpness", "pixels", "bytes", not',
        "",
    ),
    ("[dedupe]\nkeep = []", 2, "dedupe.keep must be a list with at least one element, each one of", ""),
    ("[mask]\nengine = 3", 2, "mask.engine must be text in quotes or a list, each text in quotes, not 3", ""),
    ('[mask]\nengine = ["key", 3]', 2, "mask.engine[1] must be text in quotes, not 3", 'Put it in quotes: "3".'),
    ('[mask]\nengine = "cosegmnt"', 2, "there is no engine 'cosegmnt'. Did you mean cosegment? There are auto,", ""),
    ("[frame]\nstep = 128\nresolution = 64", 1, "step 128 is larger than resolution 64", ""),
    ("frame = 3", 1, "frame must be a table, not 3", ""),
    ('[variants.a]\nunder = "red"', 1, "variants.a.background is missing", 'Add background = "#808080"'),
    ('[variants.a]\nbackground = "greyish"', 2, "'greyish'", ""),
    ('[variants.a]\nbackground = "blur:0"', 2, "write blur:<px> with a radius from 1 to 500", ""),
    ('[variants."A b"]\nbackground = "red"', 1, "'A b' cannot be the name of a variant", "It names a folder"),
    ("variants = {}", 1, "variants must be at least one table, such as [variants.gray], not {}", ""),
    ("schema = 2", 1, "schema must be 1, not 2", ""),
    ("name = bear", 1, "this is not TOML: Invalid value\n  name = bear", "Text stands in quotes"),
    ('[input]\npaths = ["C:\\Users"]', 2, "this is not TOML", "write paths with / or in 'single quotes'"),
    ("[frame]\n[mask]\n[frame]\n", 3, "Cannot declare [frame] twice", "This table is there twice"),
]


@pytest.mark.parametrize(("text", "line", "said", "to_do"), MISTAKES, ids=lambda value: repr(value)[:40])
def test_a_mistake_is_told_with_its_line_and_remedy(text, line, said, to_do):
    message, hint = mistake(text)
    assert message.startswith(f"my.toml, line {line}: ")
    assert said in message
    assert to_do in hint


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file():
    message, _ = mistake('[select]\nmin_score = 2\n\n[frame]\nmoed = "keep"\n[subject]\nshared = 1\n')
    head, *rest = message.split("\n")
    assert head == "my.toml has 3 mistakes:"
    assert [line.split(":")[0].strip() for line in rest] == ["line 2", "line 5", "line 7"]
    assert rest[1].endswith("Did you mean mode?")


def test_every_key_has_a_description_and_an_expectation_in_words():
    for path in all_keys():
        assert expected(annotation_at(path)), path


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("frame.resolution=768", ("frame", "resolution"), 768),
        ("variants.blue.background=#00f", ("variants", "blue", "background"), "#00f"),
        ('mask.engine=["key", "auto"]', ("mask", "engine"), ["key", "auto"]),
        ("subject.trigger=", ("subject", "trigger"), ""),
        ("subject.class=plush toy", ("subject", "class"), "plush toy"),
        ("name='7'", ("name",), "7"),
        ("name=2024-01-01", ("name",), "2024-01-01"),
        ("name=1\nseed = 2", ("name",), "1\nseed = 2"),
        ("run.jobs = 3", ("run", "jobs"), 3),
        ("name=a=b", ("name",), "a=b"),
    ],
)
def test_a_set_value_is_toml_else_text(text, key, value):
    setting = parse_set(text)
    assert (setting.key, setting.value) == (key, value)


@pytest.mark.parametrize("text", ["frame.resolution", "=3", "a b=3", "", "a.=1", "a\nb=1", "[a]\nb=1"])
def test_a_set_that_is_no_setting_is_refused(text):
    with pytest.raises(RecipeError, match="this is not key=value"):
        parse_set(text)


def test_a_set_replaces_the_files_value_and_the_last_one_wins():
    recipe = from_text("[frame]\nstep = 32", settings=[parse_set("frame.step=16"), parse_set("frame.step=8")])
    assert recipe.frame.step == 8


def test_a_variant_that_is_set_joins_the_default_ones_or_the_files():
    blue = [parse_set("variants.blue.background=#00f")]
    assert set(from_text("", settings=blue).variants) == {*DEFAULT_VARIANTS, "blue"}
    assert set(from_text('[variants.red]\nbackground = "red"', settings=blue).variants) == {"red", "blue"}


def test_a_mistake_of_a_set_is_placed_there():
    assert mistake("[frame]\nstep = 32", "frame.resolution=9")[0].startswith(
        "--set frame.resolution=9: frame.resolution"
    )
    assert mistake("[frame]\nstep = 32", "frame.resoluton=9")[1] == "Did you mean resolution?"
    assert mistake("name = 'x'", "name.x=3")[0] == "--set name.x=3: name is no table"
    assert mistake("", "variants.x.under=red")[0].startswith(
        "--set variants.x.under=red: variants.x.background is missing"
    )
    assert mistake("[frame]\nstep = 128", "frame.resolution=64")[0].startswith(
        "--set frame.resolution=64: frame: step 128"
    )


def test_a_setting_of_an_option_is_placed_at_the_option():
    with pytest.raises(RecipeError, match=r"^--engine nope: mask.engine: there is no engine 'nope'"):
        from_text("", settings=[Setting("--engine nope", ("mask", "engine"), "nope")])


def test_paths_start_at_the_recipes_folder(tmp_path):
    file = tmp_path / "a" / "my.toml"
    file.parent.mkdir()
    file.write_bytes(b"\xef\xbb\xbf" + 'name = "bär"\r\n'.encode())  # as Windows' Notepad saves it
    recipe, base = load(file)
    assert (recipe.name, base) == ("bär", file.parent.resolve())


def test_a_file_that_is_no_text_is_refused_with_its_line(tmp_path):
    file = tmp_path / "my.toml"
    file.write_bytes(b'name = "x"\n# caf\xe9\n')
    with pytest.raises(RecipeError, match=r"my\.toml, line 2: this is not UTF-8"):
        load(file)


def test_a_folder_and_a_missing_file_are_no_recipes(tmp_path):
    with pytest.raises(RecipeError, match="is a folder"):
        load(find(str(tmp_path)))
    with pytest.raises(RecipeError, match="there is no recipe") as caught:
        find(str(tmp_path / "plushie-foto.toml"))
    assert "Did you mean the packed recipe plushie-photos?" in caught.value.hint


def test_the_packed_recipes_are_there_load_and_start_from_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert set(packed()) == {"quickstart", "plushie-photos", "anime-drawings", "green-screen", "gray-vs-alpha"}
    for name in packed():
        assert load(find(name))[1] == Path.cwd()


def test_a_folder_of_the_same_name_does_not_hide_a_packed_recipe_but_a_file_does(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("quickstart").mkdir()
    assert find("quickstart") == packed()["quickstart"]
    Path("green-screen").write_text("")
    assert find("green-screen") == Path("green-screen")
