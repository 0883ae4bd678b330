"""Sets on which finding the subject must fail, or nearly: every picture ends with a verdict and a reason, and no wrong
mask with a high score."""

import cv2
import numpy as np
import pytest

from loraset import pipeline
from loraset.images import read_png, write_picture
from loraset.pipeline import Request
from loraset.recipe.load import from_text

SIDE = 256
RECIPE = '[mask]\nengine = "auto"\n[input]\nmin_side_px = 64\n[frame]\nmode = "keep"\n'
RIGHT = 0.8  # overlap with the truth below which a mask is wrong
NOTHING = np.zeros((SIDE, SIDE), bool)


def ground(rng):
    """Rooms of two or three surfaces with a grain, each picture its own colours."""
    colors = rng.uniform(50, 210, (3, 3))
    rgb = np.empty((SIDE, SIDE, 3))
    rgb[:] = colors[0]
    rgb[int(rng.uniform(0.5, 0.8) * SIDE) :] = colors[1]
    if rng.random() < 0.5:
        rgb[:, : int(rng.uniform(0.2, 0.4) * SIDE)] *= rng.uniform(0.6, 1.3)
    return rgb


def grained(rgb, rng):
    noise = cv2.GaussianBlur(rng.normal(0, 18, rgb.shape), (0, 0), 1.2)
    return np.clip(cv2.GaussianBlur(rgb, (0, 0), 0.6) + noise, 0, 255).astype(np.uint8)


def toy(rgb, x, y, size, colors=((205, 120, 50), (250, 225, 160), (60, 40, 30))):
    """Paint a round toy with ears, a belly and eyes; return where it is."""
    body, belly, eyes = colors
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for dx, dy, radius in ((0, 0.35, 0.65), (0, -0.45, 0.5), (-0.4, -0.85, 0.2), (0.4, -0.85, 0.2)):
        cv2.circle(mask, (round(x + dx * size), round(y + dy * size)), round(radius * size), 1, -1)
    rgb[mask > 0] = body
    for color, dx, dy, radius in ((belly, 0, 0.4, 0.35), (eyes, -0.2, -0.5, 0.09), (eyes, 0.2, -0.5, 0.09)):
        part = np.zeros_like(mask)
        cv2.circle(part, (round(x + dx * size), round(y + dy * size)), round(radius * size), 1, -1)
        rgb[part > 0] = color
    return mask > 0


OTHER = ((60, 90, 190), (230, 230, 240), (20, 20, 20))


def ordinary(seed):
    rng = np.random.default_rng((7, seed))
    rgb = ground(rng)
    truth = toy(rgb, *rng.uniform(90, 165, 2), rng.uniform(45, 65))
    return grained(rgb, rng), truth


def two_in_one(seed):
    """The subject, and beside it a stranger as large, in every picture another one."""
    rng = np.random.default_rng((8, seed))
    rgb = ground(rng)
    truth = toy(rgb, rng.uniform(60, 75), rng.uniform(110, 150), 45)
    cv2.rectangle(rgb, (150, 80), (230, 190), [int(level) for level in rng.uniform(0, 255, 3)], -1)
    return grained(rgb, rng), truth


def filling(seed):
    """The toy's belly from so near that nothing else is seen."""
    rng = np.random.default_rng((9, seed))
    rgb = np.full((SIDE, SIDE, 3), OTHER[1], float)
    toy(rgb, *rng.uniform(80, 170, 2), 400)
    return grained(rgb, rng), np.ones((SIDE, SIDE), bool)


def empty(seed):
    rng = np.random.default_rng((10, seed))
    return grained(ground(rng), rng), NOTHING


def one_wall(seed):
    """The toy always before the same striped wall, at nearly the same place."""
    rng = np.random.default_rng((11, seed))
    rgb = np.full((SIDE, SIDE, 3), (150, 140, 120), float)
    for left in range(0, SIDE, 32):
        rgb[:, left : left + 16] = (110, 60, 70)
    truth = toy(rgb, *(128 + rng.uniform(-12, 12, 2)), 60 + rng.uniform(-4, 4))
    return grained(rgb, rng), truth


def second(seed):
    """Another toy, in blue."""
    rng = np.random.default_rng((12, seed))
    rgb = ground(rng)
    truth = toy(rgb, *rng.uniform(90, 165, 2), rng.uniform(45, 65), OTHER)
    return grained(rgb, rng), truth


SETS = {
    "two_things": [two_in_one(seed) for seed in range(4)],
    "two_subjects": [ordinary(seed) for seed in range(3)] + [second(seed) for seed in range(3)],
    "one_picture": [ordinary(0)],
    "one_picture_of_nothing": [empty(0)],
    "one_picture_filled": [filling(0)],
    "all_copies": [ordinary(0)] * 3,
    "one_wall": [one_wall(seed) for seed in range(4)],
    "filled_frames": [filling(seed) for seed in range(3)],
    "some_filled": [ordinary(seed) for seed in range(3)] + [filling(0)],
    "nothing": [empty(seed) for seed in range(3)],
    "some_without": [ordinary(seed) for seed in range(3)] + [empty(0)],
}


def overlap(alpha, truth):
    mask = cv2.resize(alpha, truth.shape[::-1], interpolation=cv2.INTER_AREA) > 127
    union = (mask | truth).sum()
    return (mask & truth).sum() / union if union else 1.0


def finish(name, folder):
    photos = folder / name
    photos.mkdir()
    for number, (rgb, _) in enumerate(SETS[name]):
        write_picture(photos / f"{number}.png", rgb)
    return pipeline.run(Request(from_text(RECIPE, settings=()), folder, (str(photos),), folder / f"{name}-set"))


@pytest.mark.parametrize("name", SETS)
def test_it_ends_with_a_verdict_and_a_reason_and_no_wrong_mask_scores_high(name, tmp_path, monkeypatch):
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "no-models"))
    outcome = finish(name, tmp_path)
    assert len(outcome.rows) == len(SETS[name])
    for row, (_, truth) in zip(outcome.rows, SETS[name], strict=True):
        assert row["verdict"] == "keep" or row["reasons"], row["source"]
        if row["verdict"] == "keep":
            found = overlap(read_png(outcome.output / row["files"]["mask"]), truth)
            assert found > RIGHT, (row["source"], row["score"])
    if not any(truth.any() and not truth.all() for _, truth in SETS[name]):
        assert all(row["verdict"] != "keep" for row in outcome.rows)


def test_what_is_right_in_such_sets_is_kept(tmp_path, monkeypatch):
    """Refusing everything would pass the test above."""
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "no-models"))
    for name in ("one_picture", "some_without"):
        assert any(row["verdict"] == "keep" for row in finish(name, tmp_path).rows), name
