"""The recipe that `init` writes and the packed ones: whole, valid, commented."""

import tomllib

import pytest

from loraset.errors import OutputError
from loraset.ops.likeness import FEWEST
from loraset.recipe.fields import all_keys
from loraset.recipe.load import from_text, packed
from loraset.recipe.model import DEFAULT_VARIANTS, Recipe
from loraset.recipe.template import template, write_new
from loraset.recipe.toml import key_lines


def test_it_loads_to_the_default_recipe():
    assert from_text(template()) == Recipe()


def test_it_has_every_key_with_a_comment_and_none_twice():
    text = template()
    lines, written = key_lines(text), text.splitlines()
    for path in all_keys():
        if path != ("variants",):
            assert " # " in written[lines[path] - 1], path
    assert set(tomllib.loads(text)["variants"]) == set(DEFAULT_VARIANTS)


def test_it_names_choices_and_limits():
    text = template()
    assert 'captions = "sidecar"                 # sidecar | none' in text
    assert "from 64 to 8192" in text


def test_limits_say_what_they_judge():
    text = template()
    assert "blurry has three" in text
    assert f"needs {FEWEST} pictures of one subject" in text
    assert "share of old background" not in text  # the metric is of what is seen


def test_a_file_is_not_overwritten(tmp_path):
    file = tmp_path / "my.toml"
    write_new(file, "a = 1\n")
    with pytest.raises(OutputError, match="is there already") as caught:
        write_new(file, "b = 2\n")
    assert caught.value.exit_code == 5
    assert file.read_bytes() == b"a = 1\n"


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(OutputError, match="cannot write"):
        write_new(tmp_path / "no" / "my.toml", "")


@pytest.mark.parametrize("name", sorted(packed()))
def test_a_packed_recipe_opens_with_its_purpose_and_changes_few_keys_saying_why(name):
    text = packed()[name].read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert max(map(len, text.splitlines())) <= 125
    changed = {path for path in key_lines(text) if path in set(all_keys())}
    assert len(changed) <= 16
    recipe = from_text(text)
    assert recipe.schema_ == 1
    assert recipe.run == Recipe().run  # how fast a machine is, is no author's choice
