from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from loraset.metrics import METRICS
from loraset.metrics.grade import grade
from loraset.recipe.model import Recipe
from loraset.stages import score
from loraset.types import Frame, StageResult

SIDE = 320


def task(photo_blur=0.0, gain=1.0, mask_noise=0.0, keep=1.0):
    """A disc of printed cloth, cut out rightly; then one thing is made worse."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] + 0.5
    alpha = np.clip((110 - np.hypot(columns - 160, rows - 160)) / 2 + 0.5, 0, 1).astype(np.float32)
    cells = random.integers(60, 200, (13, 13, 3)).astype(np.uint8)
    cloth = cv2.resize(cells, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
    if photo_blur:
        cloth = cv2.GaussianBlur(cloth, (0, 0), photo_blur)
    cloth = (cloth * gain).astype(np.uint8)
    background = np.full((SIDE, SIDE, 3), (30, 90, 60), np.uint8)
    photo = (cloth * alpha[..., None] + background * (1 - alpha[..., None])).astype(np.uint8)
    cutout = np.dstack([cloth if keep == 1.0 else photo, (alpha * 255).astype(np.uint8)])
    grid = cv2.resize(alpha, (80, 80), interpolation=cv2.INTER_AREA)
    grid = (1 - mask_noise) * grid + mask_noise * 0.5
    frame = Frame((0, 0, SIDE, SIDE), 1.0, (0, 0, 0, 0), (SIDE, SIDE))
    results = {
        "ingest": StageResult({"format": "PNG"}),
        "mask": StageResult(
            {"exact": False, "confidence": None, "details": {}}, {"probability": (grid * 65535).astype(np.uint16)}
        ),
        "repair": StageResult(),
        "frame": StageResult({"frame": frame.to_json(), "subject_share": float(alpha.mean()), "cut_share": 0.0}),
        "decontaminate": StageResult({}, {"cutout": cutout}),
    }
    inside = np.ones((SIDE, SIDE), dtype=bool)
    view = SimpleNamespace(has_alpha=False, proxy=lambda: photo)
    return SimpleNamespace(recipe=Recipe(), result=results.__getitem__, framed=lambda: (photo, inside), view=view)


def said(**fault):
    return score.run(task(**fault)).data


def test_a_good_cut_out_of_a_good_photo_scores_high_with_nothing_to_blame():
    worth = grade(said()["metrics"] | {"from_afar": 1.0})
    assert worth.score > 0.95
    assert worth.pulled_down == []


def test_all_metrics_are_stored_rounded_in_the_tables_order():
    numbers = said()["metrics"]
    assert list(numbers) == list(METRICS)
    assert all(value is None or value == round(value, 6) for value in numbers.values())
    assert numbers["engines_disagree"] is None


@pytest.mark.parametrize(
    ("fault", "steps", "blamed"),
    [
        ("photo_blur", (0, 3, 5), "sharpness"),
        ("gain", (1, 0.25, 0.1), "lightness"),
        ("mask_noise", (0, 0.3, 0.6), "expected_overlap"),
    ],
)
def test_each_step_of_a_fault_lowers_the_score_and_is_blamed_first(fault, steps, blamed):
    grades = [grade(said(**{fault: step})["metrics"]) for step in steps]
    scores = [one.score for one in grades]
    assert scores == sorted(scores, reverse=True) and scores[-1] < 0.75 < scores[0]
    assert grades[-1].pulled_down[0] == blamed


def test_the_subject_is_described():
    result = score.run(task())
    assert set(result.data["subject"]) == {"aspect", "color", "texture", "pose"}
    assert {name: array.dtype for name, array in result.images.items()} == dict.fromkeys(
        ("colors", "patches", "subject", "backdrop"), np.uint8
    )


def test_without_a_frame_there_is_nothing_to_score():
    nothing = task()
    results = {"mask": StageResult(), "repair": StageResult(), "frame": StageResult({"subject_share": 0.0})}
    nothing.result = results.__getitem__
    assert score.run(nothing).data == {}
