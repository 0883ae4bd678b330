"""Whole runs on a painted set of which one mask lost a limb."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from loraset import pipeline
from loraset.images import encode_png, read_png
from loraset.pipeline import Request
from loraset.recipe.load import from_text
from loraset.stages.repair import final_mask
from loraset.types import Silent, StageResult
from painted_set import grabbed, paint

COUNT, FAULTY = 6, 1
SCENE = paint(FAULTY)
RECIPE = """
[input]
masks = "masks"
min_side_px = 64
[dedupe]
near = false
[mask]
engine = "given"
[frame]
resolution = 128
mode = "keep"
[select]
subject_duplicates = false
[export]
trainers = []
"""


class Heard(Silent):
    """What each stage did anew."""

    def __init__(self):
        self.anew = {}

    def advance(self, name, done=1, *, cached=False):
        self.anew[name] = self.anew.get(name, 0) + done * (not cached)


def write(folder: Path, numbers=range(COUNT), faulty=FAULTY) -> Path:
    (folder / "in").mkdir(exist_ok=True)
    (folder / "masks").mkdir(exist_ok=True)
    for number in numbers:
        photo, subject, limb = paint(number)
        mask = subject & ~limb if number == faulty else subject
        (folder / "in" / f"{number}.png").write_bytes(encode_png(photo))
        (folder / "masks" / f"{number}.png").write_bytes(encode_png(mask.astype(np.uint8) * 255))
    return folder


def cut(folder: Path, name="set", recipe=RECIPE, progress=None):
    return pipeline.run(Request(from_text(recipe), folder, (str(folder / "in"),), folder / name), progress)


def repaired(outcome) -> dict[str, dict]:
    return {row["source"]: row["details"]["repair"] for row in outcome.rows}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("repair"))


@pytest.fixture
def finished(folder):
    return cut(folder)


def test_the_lost_limb_is_in_the_cutout_and_the_manifest_says_what_was_done(folder, finished):
    told = repaired(finished)
    assert {source: said["verdict"] for source, said in told.items()} == {
        f"{number}.png": "changed" if number == FAULTY else "unchanged" for number in range(COUNT)
    }
    _, subject, limb = SCENE
    said = told["1.png"]
    assert said["added"] == pytest.approx(limb.sum() / (subject & ~limb).sum(), rel=0.25)
    assert said["removed"] == 0
    piece = said["pieces"][0]
    rows, columns = np.nonzero(limb)
    np.testing.assert_allclose(piece["box"], [columns.min(), rows.min(), columns.max(), rows.max()], atol=10)
    row = next(row for row in finished.rows if row["source"] == "1.png")
    mask = read_png(finished.output / row["files"]["mask"])
    x0, y0, x1, y1 = row["frame"]["source_box"]
    assert mask.mean() / 255 == pytest.approx(subject.sum() / ((x1 - x0) * (y1 - y0)), rel=0.06)


def test_a_large_change_goes_to_a_person_and_the_report_shows_both_masks(finished):
    row = next(row for row in finished.rows if row["source"] == "1.png")
    assert row["verdict"] == "review"
    assert [reason["stage"] for reason in row["reasons"] if reason["code"] == "engines_disagree"] == ["repair"]
    assert finished.report.read_text("utf-8").count("<figcaption>the engine's mask</figcaption>") == 1


def test_where_all_masks_are_given_none_speaks_for_itself(tmp_path):
    """Ground that one mask took along is told by the others alone, though a person may have made each of them."""
    write(tmp_path, range(20, 20 + COUNT), faulty=None)
    _, subject, _ = paint(21)
    taken = grabbed(subject)
    (tmp_path / "masks" / "21.png").write_bytes(encode_png((subject | taken).astype(np.uint8) * 255))
    said = repaired(cut(tmp_path))["21.png"]
    assert said["verdict"] == "changed"
    assert said["removed"] == pytest.approx(taken.sum() / (subject | taken).sum(), rel=0.25)


def test_a_second_run_learns_nothing_and_writes_the_same(folder, finished):
    first = (finished.output / "manifest.jsonl").read_bytes()
    heard = Heard()
    again = cut(folder, progress=heard)
    assert heard.anew["mask"] == heard.anew["repair"] == heard.anew["matte"] == 0
    assert (again.output / "manifest.jsonl").read_bytes() == first


def test_a_picture_more_cuts_none_again_whose_mask_stays(tmp_path):
    cut(write(tmp_path, range(10, 13), faulty=None))
    heard = Heard()
    cut(write(tmp_path, range(10, 14), faulty=None), progress=heard)
    assert heard.anew["repair"] == 4  # the set has grown, so each is asked about again
    assert heard.anew["matte"] == 1


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ('engine = "given"\nrepair = false', "the recipe wants none"),
        ('engine = "given"\n[subject]\nshared = false', "subject.shared is false"),
        ('engine = "auto"', "a person made it"),
    ],
)
def test_where_masks_are_left_alone_the_manifest_says_why(folder, settings, why):
    told = repaired(cut(folder, "left-alone", RECIPE.replace('engine = "given"', settings)))
    assert {(said["verdict"], said["why"]) for said in told.values()} == {("untouched", why)}


def test_two_pictures_cannot_correct_each_other(tmp_path):
    told = repaired(cut(write(tmp_path, (0, 1))))
    assert {said["why"] for said in told.values()} == {"too few pictures can teach"}


def test_what_a_person_marked_holds_in_a_corrected_mask(tmp_path):
    write(tmp_path)
    _, _, limb = SCENE
    y, x = (int(value) for value in np.argwhere(limb)[limb.sum() // 2])
    (tmp_path / "in" / "1.points.json").write_text(json.dumps({"drop": [[x, y]]}))
    outcome = cut(tmp_path)
    row = next(row for row in outcome.rows if row["source"] == "1.png")
    mask = read_png(outcome.output / row["files"]["mask"])
    x0, y0, _, _ = row["frame"]["source_box"]
    scale, (left, top, _, _) = row["frame"]["scale"], row["frame"]["padding"]
    assert mask[int((y - y0) * scale) + top, int((x - x0) * scale) + left] < 128


def test_what_a_model_said_of_its_mask_is_not_said_of_the_corrected_one():
    of_model = StageResult(
        {"exact": True, "details": {"asked_again": {}, "span": 1.0}}, {"mask": np.ones((4, 4), np.uint8)}
    )
    for images, details in (
        ({}, {"asked_again": {}, "span": 1.0}),
        ({"mask": np.zeros((4, 4), np.uint8)}, {"span": 1.0}),
    ):
        results = {"mask": of_model, "repair": StageResult({}, images)}
        assert final_mask(SimpleNamespace(result=results.__getitem__)).data["details"] == details
