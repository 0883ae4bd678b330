"""One corrected picture mends others: masks and points that a person made teach what the set's subject is."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from painting import Painted

from loraset.engines import make_engine
from loraset.engines.interface import EngineOptions
from loraset.images import write_picture
from loraset.types import Marks

SIDE = 240


def scene(seed):
    """A brown toy with a pale belly; beside it, larger and brighter, a parcel in other colours each time."""
    rng = np.random.default_rng((5, seed))
    rgb = np.empty((SIDE, SIDE, 3))
    rgb[:] = rng.uniform(80, 170, 3)
    rgb[170:] = rng.uniform(80, 170, 3)
    left, x, y = (140, 70, 120) if seed % 2 else (20, 175, 120)
    y += int(rng.integers(-12, 12))
    rgb[70:180, left : left + 75] = rng.choice([20, 240], 3)
    truth = np.zeros((SIDE, SIDE), np.uint8)
    cv2.ellipse(truth, ((x, y + 15), (56, 84), 0), 1, -1)
    cv2.circle(truth, (x, y - 35), 24, 1, -1)
    rgb[truth > 0] = (150, 90, 50)
    cv2.circle(rgb, (x, y + 20), 16, (225, 200, 160), -1)
    rgb += cv2.GaussianBlur(rng.normal(0, 16, rgb.shape), (0, 0), 1.2)
    return Painted(np.clip(rgb, 0, 255).astype(np.uint8), id=str(seed)), truth > 0


SCENES = [scene(seed) for seed in range(6)]
TRUTHS = [truth for _, truth in SCENES]


def overlaps(views, seed=0):
    """How far the masks of all views overlap the truth, and what the engine says it learnt from."""
    engine = make_engine("cosegment", EngineOptions(seed=seed))
    engine.prepare(views, lambda function, items: [function(item) for item in items])
    masks = [engine.mask(view) for view in views]
    found = [cv2.resize(mask.probability, (SIDE, SIDE)) > 0.5 for mask in masks]
    return [(m & t).sum() / (m | t).sum() for m, t in zip(found, TRUTHS, strict=True)], masks[0].details["how"]


@pytest.fixture(scope="module")
def untaught():
    return overlaps([view for view, _ in SCENES])


def test_the_set_alone_takes_the_parcels_too(untaught):
    found, how = untaught
    assert np.mean(found[1:]) < 0.8
    assert how == "learnt from 6 pictures"


def test_one_given_mask_mends_the_others(untaught, tmp_path):
    write_picture(tmp_path / "mask.png", np.where(TRUTHS[0], 255, 0).astype(np.uint8))
    views = [view for view, _ in SCENES]
    found, how = overlaps([replace(views[0], mask_file=tmp_path / "mask.png"), *views[1:]])
    assert np.mean(found[1:]) > np.mean(untaught[0][1:]) + 0.1
    assert how == "learnt from 6 pictures, 1 of them with a mask or points by hand"


def test_points_in_one_picture_mend_the_others(untaught):
    views = [view for view, _ in SCENES]
    marks = Marks(
        keep=((175 / SIDE, 0.35), (175 / SIDE, 0.58), (165 / SIDE, 0.65)),
        drop=((57 / SIDE, 0.5), (0.5, 0.1), (0.5, 0.9)),
    )
    found, how = overlaps([replace(views[0], marks=marks), *views[1:]])
    assert np.mean(found[1:]) > np.mean(untaught[0][1:]) + 0.1
    assert "1 of them" in how


def test_a_mask_that_does_not_fit_teaches_nothing(untaught, tmp_path):
    write_picture(tmp_path / "mask.png", np.zeros((50, 90), np.uint8))
    views = [view for view, _ in SCENES]
    assert overlaps([replace(views[0], mask_file=tmp_path / "mask.png"), *views[1:]]) == untaught
