"""The band: where a soft mask leaves the alpha open.

In: a soft mask. Out: sure subject, sure background, the band between. Never: colours.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from loraset.types import BoolImage, FloatImage

SUBJECT = 0.94  # a mask above this is sure, where it is deep enough
BACKGROUND = 0.04


@dataclass(frozen=True, slots=True, eq=False)
class Trimap:
    """Three bool arrays of shape (H, W); each pixel is true in exactly one."""

    subject: BoolImage
    background: BoolImage
    unknown: BoolImage


def trimap_of(mask: FloatImage, radius_px: float) -> Trimap:
    """Trimap of a mask: its sure parts shrunk by `radius_px`, and the band between them.

    Outside the picture counts as sure, so a subject cut by the border stays solid up to it. The band follows the
    mask's own softness, since whatever is not sure belongs to it.

    mask : float32 array of shape (H, W), [0, 1].
    """
    subject = _shrink(mask > SUBJECT, radius_px)
    background = _shrink(mask < BACKGROUND, radius_px)
    return Trimap(subject, background, ~(subject | background))


def _shrink(sure: BoolImage, radius_px: float) -> BoolImage:
    side = 2 * round(radius_px) + 1
    return np.asarray(cv2.erode(sure.astype(np.uint8), np.ones((side, side), np.uint8)), dtype=bool)
