"""Colours to either side of the outline, shared by the metrics that compare them.

In: a specimen. Out: a reduced one; mean colours near given places. Never: a number of its own.
"""

from typing import NamedTuple

import cv2
import numpy as np

from loraset.metrics.interface import Specimen
from loraset.types import BoolImage, FloatImage

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


def sides(specimen: Specimen) -> Sides:
    """Return a specimen reduced to 256 px of the long side; a smaller one keeps its size."""
    scale = min(1.0, SIDE_PX / max(specimen.alpha.shape))
    size = max(1, round(specimen.alpha.shape[1] * scale)), max(1, round(specimen.alpha.shape[0] * scale))
    rgb, alpha, photo, inside = (
        cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        for part in (specimen.rgb, specimen.alpha, specimen.photo, specimen.inside.astype(np.uint8))
    )
    subject = (alpha >= 0.5).astype(np.uint8)
    return Sides(
        np.asarray(rgb, np.float32),
        np.asarray(photo, np.float32) / np.float32(255.0),
        np.asarray(cv2.distanceTransform(subject, cv2.DIST_L2, 5), np.float32),
        (cv2.distanceTransform(1 - subject, cv2.DIST_L2, 5) > EDGE_PX) & (inside > 0),
    )


def mean_near(rgb: FloatImage, mask: BoolImage, reach_px: float) -> tuple[FloatImage, BoolImage]:
    """Return the mean colour within `mask` round each pixel, (h, w, 3), and where there is any, (h, w).

    reach_px : of the Gaussian by which it is gathered.
    """
    weight = mask.astype(np.float32)
    near = cv2.GaussianBlur(np.dstack([rgb * weight[..., None], weight]), (0, 0), reach_px)
    found = near[..., 3]
    return np.asarray(near[..., :3] / np.maximum(found, np.float32(1e-6))[..., None], np.float32), found > NONE
