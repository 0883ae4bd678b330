"""Colours to either side of the outline, shared by the metrics that compare them.

In: a cut-out and its photo. Out: both reduced; mean colours near given places. Never: a number of its own.
"""

from typing import NamedTuple

import cv2
import numpy as np

from loraset.types import BoolImage, ByteImage, FloatImage

SIDE_PX = 256  # long side when looked at: a pixel there is about what an edge is wide
EDGE_PX = 1.5  # of the reduced picture, to either side of the outline: what may be mixed
NONE = 0.01  # weight under which nothing lies near


class Sides(NamedTuple):
    """A reduced picture.

    rgb, photo : float32 arrays of shape (h, w, 3), [0, 1]: the cut-out's colour and the photo. depth : float32 (h, w),
    px within the subject. outside : bool (h, w): the photo's background beyond the edge.
    """

    rgb: FloatImage
    photo: FloatImage
    depth: FloatImage
    outside: BoolImage


def reduced(rgb: FloatImage, alpha: FloatImage, photo: ByteImage, inside: BoolImage) -> Sides:
    """Return a specimen's pictures (see `Specimen`) at 256 px of the long side; smaller ones keep their size."""
    scale = min(1.0, SIDE_PX / max(alpha.shape))
    size = max(1, round(alpha.shape[1] * scale)), max(1, round(alpha.shape[0] * scale))
    small_rgb, small_alpha, small_photo, small_inside = (
        cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (rgb, alpha, photo, inside.astype(np.uint8))
    )
    subject = (small_alpha >= 0.5).astype(np.uint8)
    return Sides(
        np.asarray(small_rgb, np.float32),
        np.asarray(small_photo, np.float32) / np.float32(255.0),
        np.asarray(cv2.distanceTransform(subject, cv2.DIST_L2, 5), np.float32),
        (cv2.distanceTransform(1 - subject, cv2.DIST_L2, 5) > EDGE_PX) & (small_inside > 0),
    )


def mean_near(rgb: FloatImage, mask: BoolImage, reach_px: float) -> tuple[FloatImage, BoolImage]:
    """Return the mean colour within `mask` round each pixel, (h, w, 3), and where there is any, (h, w).

    reach_px : of the Gaussian by which it is gathered.
    """
    weight = mask.astype(np.float32)
    near = cv2.GaussianBlur(np.dstack([rgb * weight[..., None], weight]), (0, 0), reach_px)
    found = near[..., 3]
    return np.asarray(near[..., :3] / np.maximum(found, np.float32(1e-6))[..., None], np.float32), found > NONE
