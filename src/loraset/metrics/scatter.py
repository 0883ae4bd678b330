"""Share of the mask that does not hang together with its largest piece.

In: a specimen. Out: [0, 1), lower is better: 0 is one piece, 1/2 two of one size. Never: which piece is the subject.
"""

import cv2
import numpy as np

from loraset.metrics.interface import Metric, Specimen


def measure(specimen: Specimen) -> float | None:
    """Return the share of all pieces but the largest, or None where there is no subject. Corner neighbours hang
    together.
    """
    stats = cv2.connectedComponentsWithStats(specimen.subject.astype(np.uint8), connectivity=8)[2]
    areas = stats[1:, cv2.CC_STAT_AREA]
    return float(1.0 - areas.max() / areas.sum()) if areas.size else None


METRIC = Metric("scatter", "lower", (0.0, 1.0), measure)
