"""How far the 8 by 8 blocks of JPEG show on the subject.

In: a specimen. Out: [0, 1), lower is better: 0 no blocks, 1/2 steps twice as large where blocks meet as elsewhere.
Never: blocks that lie nearer than 4 px in the output (None), which no one sees, nor those of a file that was enlarged
after it was coarsely compressed; a file that is no JPEG (None), for enlarged pixel art has such steps too.

The steps between neighbours are compared where blocks meet and elsewhere (Wang, Sheikh and Bovik, ICIP 2002). A file
that was cropped and saved again has them on another grid than its own: of the eight, that with the largest steps is
taken, and it counts by how far it stands out from the next.
"""

import numpy as np
from numpy.typing import NDArray

from loraset.metrics.interface import Metric, Specimen
from loraset.types import BoolImage, FloatImage

BLOCK_PX = 8  # in the photo
NEAREST_PX = 4.0  # in the output
FEWEST = 200  # steps on each grid


def measure(specimen: Specimen) -> float | None:
    """Return 1 - the next grid's mean step over that of the grid whose steps are largest, of both axes, or None."""
    frame = specimen.frame
    if specimen.format != "JPEG" or BLOCK_PX * frame.inner_scale < NEAREST_PX:
        return None
    left, top, _, _ = frame.padding
    x0, y0, x1, y1 = frame.source_box
    grids = [
        _grids(specimen.luma, specimen.core, x1 - x0, frame.inner_scale, left),
        _grids(specimen.luma.T, specimen.core.T, y1 - y0, frame.inner_scale, top),
    ]
    if any(steps is None for steps in grids):
        return None
    largest, following = np.sum([_two(steps) for steps in grids if steps is not None], axis=0)
    return float(max(0.0, 1.0 - following / largest)) if largest > 0 else None


def _grids(luma: FloatImage, core: BoolImage, length: int, scale: float, shift: int) -> NDArray[np.float64] | None:
    """Mean step along a row on each of the eight grids of the source, or None where there are too few."""
    both = core[:, 1:] & core[:, :-1]
    steps = np.asarray(np.sum(np.abs(np.diff(luma, axis=1)), axis=0, where=both, dtype=np.float64))
    counts = np.asarray(np.count_nonzero(both, axis=0))
    means = np.zeros(BLOCK_PX)
    for start in range(BLOCK_PX):
        edges = np.arange(start, length, BLOCK_PX)
        places = np.round(shift + edges * scale).astype(np.intp) - 1  # blocks meet between i and i + 1
        places = places[(places >= 0) & (places < len(counts))]
        if counts[places].sum() < FEWEST:
            return None
        means[start] = steps[places].sum() / counts[places].sum()
    return means


def _two(means: NDArray[np.float64]) -> tuple[float, float]:
    """The largest mean step, and the largest on a grid that is not beside that one: shrinking blurs it to those."""
    best = int(np.argmax(means))
    away = np.abs(np.arange(BLOCK_PX) - best)
    others = means[np.minimum(away, BLOCK_PX - away) > 1]
    return float(means[best]), float(others.max())


METRIC = Metric("jpeg_blocks", "lower", (0.0, 1.0), measure)
