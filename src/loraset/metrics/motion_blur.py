"""How far the subject is drawn out in one direction.

In: a specimen. Out: px of even motion at output size, lower is better; ways beyond 16 px are measured short. Never:
blur that is alike in all directions (`sharpness` sees that), nor the direction.

Motion blurs the edges across it and leaves those along it: how far edges are blurred is measured in eight directions as
for `sharpness`, and the least is what is no motion.
"""

import math

import numpy as np

from loraset.metrics.interface import Metric, Specimen

DIRECTIONS = np.arange(8) * np.pi / 8
LARGEST = 40.0  # px
EVEN = 12.0  # squared length of even motion over its variance


def measure(specimen: Specimen) -> float | None:
    """Return the length of the motion in px, at most 40, or None where the subject has no edges in two directions."""
    found = [specimen.edges.along(float(radians)) for radians in DIRECTIONS]
    blurs = [variance for variance in found if variance is not None]
    if len(blurs) < 2:
        return None
    return min(LARGEST, math.sqrt(EVEN * (max(blurs) - min(blurs))))


METRIC = Metric("motion_blur", "lower", (0.0, LARGEST), measure)
