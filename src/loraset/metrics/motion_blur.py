"""How far the subject is drawn out in one direction.

In: a specimen. Out: px of even motion at output size, lower is better; ways beyond 16 px are measured short. Never:
blur that is alike in all directions (`sharpness` sees that), nor the direction; motion in a photo that was cut out and
pasted afterwards, for what moves is drawn out with its outline.

Motion blurs the edges across it and leaves those along it: how far edges are blurred is measured in eight directions as
for `sharpness`, and the least is what is no motion. The shade of something round looks like a step that was drawn out;
but it keeps a sharp outline, so the outline is asked where the inside says that it moved.
"""

import math

import cv2
import numpy as np

from loraset.metrics.interface import Metric, Specimen
from loraset.ops.blur import Edges

DIRECTIONS = np.arange(8) * np.pi / 8
HIGH = 0.1  # of the largest squared height in any direction: a way of 80 px leaves that; less is hardly an edge
EVEN = 12.0  # squared length of even motion over its variance
ASKED_PX = 6.0  # motion from which the outline is asked
BESIDE_PX = 3  # of the outline's outer side
LARGEST = 40.0  # px


def measure(specimen: Specimen) -> float | None:
    """Return the length of the motion in px, at most 40, or None where the subject has no edges in two directions."""
    inside = _drawn_out(specimen.edges)
    if inside is None or inside <= ASKED_PX:
        return inside
    square = np.ones((2 * BESIDE_PX + 1, 2 * BESIDE_PX + 1), np.uint8)
    wider = cv2.dilate(specimen.subject.astype(np.uint8), square) > 0
    return min(inside, _drawn_out(Edges(specimen.luma, wider & specimen.inside, specimen.noise or 0.0)) or 0.0)


def _drawn_out(edges: Edges) -> float | None:
    found = [edges.along(float(radians)) for radians in DIRECTIONS]
    highest = max((blur.height for blur in found if blur), default=0.0)
    blurs = [blur.variance for blur in found if blur and blur.height >= HIGH * highest]
    if len(blurs) < 2:
        return None
    return min(LARGEST, math.sqrt(EVEN * (max(blurs) - min(blurs))))


METRIC = Metric("motion_blur", "lower", (0.0, LARGEST), measure)
