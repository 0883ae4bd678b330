"""The engine that subtracts the empty set."""

import numpy as np
import pytest
from painting import Painted, disc

from loraset import pipeline
from loraset.cli.main import invoke
from loraset.engines import make_engine
from loraset.engines.interface import EngineOptions
from loraset.errors import InputError, UsageError
from loraset.images import read_png, write_picture
from loraset.manifest import read_rows
from loraset.recipe.load import from_text
from loraset.types import Declined

SIDE = 200


def room(seed):
    """A tiled wall."""
    rng = np.random.default_rng(seed)
    tiles = rng.uniform(60, 200, (10, 10, 3)).repeat(20, 0).repeat(20, 1)
    return tiles + rng.normal(0, 6, tiles.shape)


def photo(ground, seed=9, subject=True):
    alpha = disc()[..., None] * subject
    rgb = (
        alpha * np.array((210, 90, 30))
        + (1 - alpha) * ground
        + np.random.default_rng(seed).normal(0, 1.5, ground.shape)
    )
    return np.clip(rgb + 0.5, 0, 255).astype(np.uint8)


@pytest.fixture
def plates(tmp_path):
    """Files of two empty sets, by seed of their room."""
    folder = tmp_path / "plates"
    folder.mkdir()
    files = {seed: folder / f"room{seed}.png" for seed in (1, 2)}
    for seed, file in files.items():
        write_picture(file, photo(room(seed), seed + 20, subject=False))
    return files


def engine(*paths):
    return make_engine("plate", EngineOptions(plate=paths))


def test_the_subject_is_what_the_plate_does_not_show(plates):
    mask = engine(plates[1]).mask(Painted(photo(room(1))))
    assert np.abs(mask.probability - disc()).mean() < 0.006
    assert mask.exact
    assert mask.reasons == ()
    assert (mask.details["plate"], mask.details["aligned"]) == ("room1.png", "as it lies")


def test_of_several_plates_the_one_that_fits_is_taken(plates):
    several, folder = engine(plates[2], plates[1]), engine(plates[1].parent)
    assert several.identity() == folder.identity()
    for seed in (1, 2):
        assert folder.mask(Painted(photo(room(seed)))).details["plate"] == f"room{seed}.png"


def test_a_plate_of_another_set_is_named_and_the_picture_goes_to_review(plates):
    one = engine(plates[2])
    mask = one.mask(Painted(photo(room(1))))
    assert [reason.code for reason in mask.reasons] == ["mask_uncertain"]
    assert mask.reasons[0].detail.startswith("plate room2.png does not fit: ")
    assert not mask.exact
    assert isinstance(one.attempt(Painted(photo(room(1)))), Declined)


def test_the_empty_set_itself_shows_no_subject(plates):
    mask = engine(plates[1]).mask(Painted(photo(room(1), subject=False)))
    assert mask.probability.max() == 0


def test_auto_takes_the_plate_where_it_fits_and_goes_on_where_it_does_not(plates, a_model):
    auto = make_engine("auto", EngineOptions(plate=(plates[1],)))
    chosen, other = (auto.mask(Painted(photo(room(seed)))) for seed in (1, 2))
    assert chosen.details["chose"] == "plate"
    assert other.details["chose"] != "plate"
    assert "does not fit" in other.details["declined"]["plate"]


def test_missing_and_broken_plates_end_the_run_in_words(tmp_path):
    with pytest.raises(UsageError, match="needs a photo of the empty set"):
        engine()
    with pytest.raises(InputError, match="there is no plate"):
        engine(tmp_path / "none.png")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="no picture in"):
        engine(tmp_path / "folder")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing more")
    with pytest.raises(InputError, match=r"broken\.png cannot be read"):
        engine(tmp_path / "broken.png")


def test_cutout_takes_plates(plates, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for seed in (1, 3):
        write_picture(tmp_path / "in" / f"toy{seed}.png", photo(room(seed)))
    assert (
        invoke(["cutout", "in", "--plate", "plates/room1.png", "--plate", "plates/room2.png", "--output", "out"]) == 0
    )
    alpha = read_png((tmp_path / "out" / "toy1.png").read_bytes())[..., 3] / 255
    assert np.abs(alpha - disc()).mean() < 0.006


def test_a_recipe_names_its_plate_beside_it(plates, tmp_path):
    (tmp_path / "in").mkdir()
    write_picture(tmp_path / "in" / "toy.png", photo(room(1)))
    text = '[mask]\nengine = "plate"\nplate = "plates"\n[input]\nmin_side_px = 64\n'
    request = pipeline.Request(from_text(text), tmp_path, (str(tmp_path / "in"),), tmp_path / "out")
    assert pipeline.run(request).exit_code == 0
    (row,) = read_rows(tmp_path / "out")
    assert row["details"]["mask"]["plate"] == "room1.png"
