"""Mean width of the soft edge.

In: a specimen. Out: px, 0 for a hard edge; low is crisp. Never: where the photo ends, which has no edge of its own.
"""

import numpy as np

from loraset.metrics.interface import Metric, Specimen
from loraset.metrics.outline import flush_px
from loraset.ops.doubt import perimeter_px


def measure(specimen: Specimen) -> float | None:
    """Return the width in px of a linear ramp with the same area of half-transparency, or None without an outline.

    A linear ramp of width w has an integral of 4 a (1 - a) of 2 w / 3 per px of outline.
    """
    length = perimeter_px(specimen.subject) - flush_px(specimen)
    if length <= 0:
        return None
    mass = float(np.sum(4.0 * specimen.alpha * (1.0 - specimen.alpha), dtype=np.float64))
    return 1.5 * mass / length


METRIC = Metric("edge_softness", "lower", (0.0, float("inf")), measure)
