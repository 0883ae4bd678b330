"""How far the 8 by 8 blocks of JPEG show on the subject.

In: a specimen. Out: [0, 1), lower is better: 0 no blocks, 1/2 steps twice as large where blocks meet as elsewhere.
Never: blocks that lie nearer than 4 px in the output (None), which no one sees, nor those of a file that was cropped
or enlarged after it was coarsely compressed; a file that is no JPEG (None), for enlarged pixel art has such steps too.

The steps between neighbours are compared where blocks meet and elsewhere (Wang, Sheikh and Bovik, ICIP 2002).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.metrics.interface import Metric, Specimen
from loraset.types import BoolImage, FloatImage

BLOCK_PX = 8  # in the photo
NEAREST_PX = 4.0  # in the output
FEWEST = 200  # steps


def measure(specimen: Specimen) -> float | None:
    """Return 1 - the mean step elsewhere over that where blocks meet, at least 0, or None."""
    frame = specimen.frame
    if specimen.format != "JPEG" or BLOCK_PX * frame.inner_scale < NEAREST_PX:
        return None
    luma = cv2.cvtColor(specimen.photo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    left, top, _, _ = frame.padding
    x0, y0, x1, y1 = frame.source_box
    parts = [
        _steps(luma, specimen.core, _meeting(x0, x1, frame.inner_scale, left, luma.shape[1])),
        _steps(luma.T, specimen.core.T, _meeting(y0, y1, frame.inner_scale, top, luma.shape[0])),
    ]
    met, met_count, rest, rest_count = np.sum(parts, axis=0)
    if min(met_count, rest_count) < FEWEST or met == 0:
        return None
    return float(max(0.0, 1.0 - (rest / rest_count) / (met / met_count)))


def _meeting(start: int, stop: int, scale: float, shift: int, size: int) -> NDArray[np.intp]:
    """Places i in the output such that blocks meet between i and i + 1."""
    edges = np.arange(-(-start // BLOCK_PX) * BLOCK_PX, stop, BLOCK_PX)
    places = np.round(shift + (edges - start) * scale).astype(np.intp) - 1
    return places[(places >= 0) & (places < size - 1)]


def _steps(luma: FloatImage, core: BoolImage, meeting: NDArray[np.intp]) -> tuple[float, int, float, int]:
    """Sum and number of the steps along a row where blocks meet, and elsewhere."""
    step = np.abs(np.diff(luma, axis=1))
    both = core[:, 1:] & core[:, :-1]
    met = np.zeros(step.shape[1], bool)
    met[meeting] = True
    here, there = both & met, both & ~met
    return float(step[here].sum()), int(here.sum()), float(step[there].sum()), int(there.sum())


METRIC = Metric("jpeg_blocks", "lower", (0.0, 1.0), measure)
