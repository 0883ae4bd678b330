"""frame.target: the base model sets the resolution and step that the recipe does not."""

from loraset.recipe.load import from_text
from loraset.recipe.model import Recipe
from loraset.stages import frame


def test_a_target_sets_what_is_not_written_and_nothing_else():
    assert from_text('[frame]\ntarget = "sd15"').frame.resolution == 512
    own = from_text('[frame]\ntarget = "sd15"\nresolution = 768').frame
    assert (own.resolution, own.step) == (768, 64)
    wan = from_text('[frame]\ntarget = "wan"')
    assert (wan.frame.resolution, wan.frame.step) == (720, 32)
    assert Recipe.model_validate(wan.model_dump(mode="json", by_alias=True)) == wan  # as run.json keeps it
    assert "target" not in frame.settings(wan)  # naming it cuts nothing again
