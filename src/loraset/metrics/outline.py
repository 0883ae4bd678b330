"""Length of a mask's outline, shared by the metrics that are counted per px of it.

In: masks. Out: px. Never: the staircase of the pixel grid, nor single hairs.
"""

import cv2
import numpy as np

from loraset.metrics.interface import Specimen
from loraset.types import BoolImage

TOLERANCE_PX = 2.0  # detail below this does not lengthen an outline


def perimeter_px(mask: BoolImage) -> float:
    """Return the length of all outlines, inner ones too, simplified to 2 px (Douglas and Peucker).

    mask : bool array of shape (H, W). The picture's border counts as outline where the mask lies on it.
    """
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return float(sum(cv2.arcLength(cv2.approxPolyDP(line, TOLERANCE_PX, True), True) for line in contours))


def flush_px(specimen: Specimen) -> float:
    """Return the length in px on which the subject ends only because the photo does."""
    left, top, right, bottom = specimen.frame.inner_box
    within = specimen.subject[top:bottom, left:right]
    return float(sum(np.count_nonzero(side) for side in (within[:, 0], within[0], within[:, -1], within[-1])))
