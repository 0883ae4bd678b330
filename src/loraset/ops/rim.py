"""The colour of a subject's outermost pixels.

In: a cut-out. Out: one colour. Never: the background, or whether that colour is right: only a set can tell.
"""

import cv2
import numpy as np

from loraset.color import to_lab
from loraset.types import FloatImage

DEPTH_PX = 3.0


def rim_color(rgb: FloatImage, alpha: FloatImage) -> tuple[float, float, float] | None:
    """Return the mean colour of what lies within `DEPTH_PX` of the outline, CIE Lab; None where alpha is under 1/2.

    rgb : float32 array of shape (H, W, 3), [0, 1], straight sRGB. alpha : float32 array of shape (H, W), [0, 1]. The
    picture's own edge is no outline.
    """
    subject = np.pad((alpha >= 0.5).astype(np.uint8), 1, mode="edge")
    depth = cv2.distanceTransform(subject, cv2.DIST_L2, 5)[1:-1, 1:-1]
    rim = (depth > 0) & (depth <= DEPTH_PX)
    if not rim.any():
        return None
    lab = to_lab((np.clip(rgb[rim], 0, 1) * 255 + 0.5).astype(np.uint8)[None])[0]
    light, red, yellow = lab.mean(axis=0, dtype=np.float64).tolist()
    return light, red, yellow
