from dataclasses import replace

import cv2
import numpy as np
import pytest

from loraset.metrics.interface import Specimen
from loraset.types import Frame

SIDE = 400


def disc(side=SIDE, radius=130.0, ramp_px=2.0, centre=None):
    """A disc's alpha with a linear ramp of a known width."""
    x, y = centre or (side / 2, side / 2)
    rows, columns = np.mgrid[0:side, 0:side] + 0.5
    return np.clip((radius - np.hypot(columns - x, rows - y)) / ramp_px + 0.5, 0, 1).astype(np.float32)


def texture(side=SIDE, seed=0, low=60, high=190):
    """Sharp patches of plain colour: edges of every contrast, as on a printed cloth."""
    random = np.random.default_rng(seed)
    cells = random.integers(low, high, (side // 25 + 1, side // 25 + 1, 3)).astype(np.uint8)
    return cv2.resize(cells, None, fx=25, fy=25, interpolation=cv2.INTER_NEAREST)[:side, :side]


def make(photo=None, alpha=None, rgb=None, **facts):
    """A specimen whose frame is the whole photo."""
    alpha = disc() if alpha is None else alpha
    photo = texture(alpha.shape[0]) if photo is None else photo
    height, width = alpha.shape
    known = {
        "inside": np.ones((height, width), dtype=bool),
        "mask": cv2.resize(alpha, (80, 80), interpolation=cv2.INTER_AREA),
        "frame": Frame((0, 0, width, height), 1.0, (0, 0, 0, 0), (width, height)),
        "subject_share": float(alpha.mean()),
        "cut_share": 0.0,
    }
    colour = photo.astype(np.float32) / 255 if rgb is None else rgb
    return Specimen(rgb=colour, alpha=alpha, photo=photo, **(known | facts))


@pytest.fixture
def specimen():
    return make


@pytest.fixture
def with_photo():
    """Return a function that changes the photo on the subject only: the background stays as it was."""

    def change(specimen, function):
        changed = np.where(specimen.subject[..., None], function(specimen.photo), specimen.photo).astype(np.uint8)
        return replace(specimen, photo=changed)

    return change


@pytest.fixture
def painted():
    return {"disc": disc, "texture": texture}
