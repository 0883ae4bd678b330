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
    """A brown toy with a pale belly and a blue parcel with a band, side by side; where each of them is."""
    rng = np.random.default_rng((5, seed))
    rgb = np.empty((SIDE, SIDE, 3))
    rgb[:] = rng.uniform(80, 170, 3)
    rgb[170:] = rng.uniform(80, 170, 3)
    left, x, y = (140, 70, 120) if seed % 2 else (20, 175, 120)
    y += int(rng.integers(-12, 12))
    toy, parcel = np.zeros((SIDE, SIDE), np.uint8), np.zeros((SIDE, SIDE), np.uint8)
    parcel[70:180, left : left + 75] = 1
    rgb[parcel > 0] = (40, 60, 170)
    rgb[115:130, left : left + 75] = (240, 210, 60)
    cv2.ellipse(toy, ((x, y + 15), (56, 84), 0), 1, -1)
    cv2.circle(toy, (x, y - 35), 24, 1, -1)
    rgb[toy > 0] = (150, 90, 50)
    cv2.circle(rgb, (x, y + 20), 16, (225, 200, 160), -1)
    rgb += cv2.GaussianBlur(rng.normal(0, 16, rgb.shape), (0, 0), 1.2)
    return Painted(np.clip(rgb, 0, 255).astype(np.uint8), id=str(seed)), {"toy": toy > 0, "parcel": parcel > 0}


SCENES = [scene(seed) for seed in range(5)]
AT = {"toy": [(0.73, 0.35), (0.73, 0.58), (0.68, 0.65)], "parcel": [(0.24, 0.35), (0.24, 0.52), (0.24, 0.7)]}


def taught_by(first, subject):
    """Cut all pictures, the first of which is `first`: overlaps of the others with the subject, and what is told."""
    views = [first, *(view for view, _ in SCENES[1:])]
    engine = make_engine("cosegment", EngineOptions(model="none"))
    engine.prepare(views, lambda function, items: [function(item) for item in items])
    masks = [engine.mask(view) for view in views]
    found = [cv2.resize(mask.probability, (SIDE, SIDE)) > 0.5 for mask in masks]
    truths = [places[subject] for _, places in SCENES]
    return [(m & t).sum() / (m | t).sum() for m, t in zip(found, truths, strict=True)][1:], masks[0].details["how"]


@pytest.mark.parametrize("subject", AT)
def test_one_given_mask_says_which_of_two_things_is_the_subject(subject, tmp_path):
    view, places = SCENES[0]
    write_picture(tmp_path / "mask.png", np.where(places[subject], 255, 0).astype(np.uint8))
    found, how = taught_by(replace(view, mask_file=tmp_path / "mask.png"), subject)
    assert np.mean(found) > 0.95
    assert how == "learnt from 5 pictures, 1 of them with a mask or points by hand"


@pytest.mark.parametrize("subject", AT)
def test_points_in_one_picture_say_it_too(subject):
    other = next(name for name in AT if name != subject)
    found, how = taught_by(replace(SCENES[0][0], marks=Marks(keep=tuple(AT[subject]), drop=tuple(AT[other]))), subject)
    assert np.mean(found) > 0.9
    assert "1 of them" in how


def test_a_mask_that_does_not_fit_teaches_nothing(tmp_path):
    write_picture(tmp_path / "mask.png", np.zeros((50, 90), np.uint8))
    _, how = taught_by(replace(SCENES[0][0], mask_file=tmp_path / "mask.png"), "toy")
    assert how == "learnt from 5 pictures"
