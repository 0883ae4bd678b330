"""Colours to either side of the outline, shared by the metrics that compare them.

In: a specimen. Out: mean colours near given places. Never: a number of its own.
"""

import cv2
import numpy as np

from loraset.types import BoolImage, FloatImage

NONE_PX = 0.01  # weight under which nothing lies near


def shrunk(rgb: FloatImage, mask: BoolImage, side_px: int) -> tuple[FloatImage, FloatImage]:
    """Return sums of colour within `mask`, (h, w, 3), and the mask's share, (h, w), at `side_px` px of the long side.

    rgb : float32 array of shape (H, W, 3). mask : bool array of shape (H, W). A smaller picture keeps its size.
    """
    scale = min(1.0, side_px / max(mask.shape))
    size = max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale))
    weight = mask.astype(np.float32)
    small = cv2.resize(np.dstack([rgb * weight[..., None], weight]), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small[..., :3], np.float32), np.asarray(small[..., 3], np.float32)


def mean_near(sums: FloatImage, weight: FloatImage, reach_px: float) -> tuple[FloatImage, BoolImage]:
    """Return the mean colour round each pixel, (h, w, 3), gathered by a Gaussian, and where there is any, (h, w)."""
    near = cv2.GaussianBlur(np.dstack([sums, weight]), (0, 0), reach_px)
    found = near[..., 3]
    return np.asarray(near[..., :3] / np.maximum(found, np.float32(1e-6))[..., None], np.float32), found > NONE_PX
