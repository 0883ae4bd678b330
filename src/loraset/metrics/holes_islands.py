"""Share of the mask that is crumbs: small islands and small holes.

In: a specimen. Out: [0, 1], lower is better. Never: a true hole between arm and body or a second large part.
"""

import cv2
import numpy as np

from loraset.metrics.interface import Metric, Specimen
from loraset.types import BoolImage

SMALL_SHARE = 0.02  # of the largest part


def _areas(mask: BoolImage, connectivity: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], set[int]]:
    """Area in px of each component, and the numbers of those that touch the border."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=connectivity)
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return stats[1:, cv2.CC_STAT_AREA].astype(np.int64), set((np.unique(border) - 1).tolist())


def measure(specimen: Specimen) -> float | None:
    """Return the area of islands and holes under 2 % of the largest part, as a share of the subject's, or None.

    Corner neighbours join the subject; holes are parts of the background that do not touch the picture's border.
    """
    islands, _ = _areas(specimen.subject, 8)
    if islands.size == 0:
        return None
    small = SMALL_SHARE * islands.max()
    gaps, outer = _areas(~specimen.subject, 4)
    holes = np.array([area for number, area in enumerate(gaps) if number not in outer], dtype=np.int64)
    crumbs = islands[islands < small].sum() + holes[holes < small].sum()
    return min(1.0, float(crumbs / islands.sum()))


METRIC = Metric("holes_islands", "lower", (0.0, 1.0), measure)
