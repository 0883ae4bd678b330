"""How much of the old background's colour is left in the cut-out's rim, as it is seen.

In: a specimen. Out: [0, 1], lower is better: the share of the background in the rim's colour where both colours differ
as they usually do, less where they are alike, as what cannot be told from the subject is no fault, and more before a
background that stands out. Never: which colour it will be put on.

Each rim pixel's colour is projected on the line from the subject's colour a little deeper in to the photo's a little
further out. What is found is averaged over the whole rim with its sign, so that a dark outline or shading, which lies
towards the background in one place and away from it in another, cancels out.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.metrics import edge_softness
from loraset.metrics.interface import Metric, Specimen
from loraset.types import BoolImage, FloatImage

RIM_PX = 3.0  # depth of the rim; the subject's own colour lies deeper. Outwards the rim goes as far as alpha does
REACH_PX = 4.0  # Gaussian from which the two colours are gathered: beyond lie the fill of a drawn line, other objects
REACH_OF_EDGE = 1 / 3  # of a soft edge's width, where that is more: both colours must be seen across it
SHRINK = 2  # they are smooth: gathered at half the size
USUAL = 0.6  # distance in RGB of subject and background that counts in full
ALIKE = 0.05  # distance below which there is no line to project on


def measure(specimen: Specimen) -> float | None:
    """Return the share in [0, 1], or None where there is no rim with subject and background beside it."""
    alpha = specimen.alpha
    softness_px = edge_softness.measure(specimen)
    if softness_px is None:
        return None
    reach_px = max(REACH_PX, REACH_OF_EDGE * softness_px)
    photo = specimen.photo.astype(np.float32) / np.float32(255.0)
    deeper = (specimen.depth > min(RIM_PX, float(specimen.depth.max()) / 2)) & (alpha > 0.95)
    outside = (alpha < 0.02) & specimen.inside
    rim = np.nonzero((alpha > 0.02) & (specimen.depth <= RIM_PX))
    subject, near_subject = _colour_nearby(specimen.rgb, deeper, rim, reach_px)
    background, near_background = _colour_nearby(photo, outside, rim, reach_px)
    known = near_subject & near_background
    if not known.any():
        return None
    across = (background - subject)[known]
    along = (specimen.rgb[rim] - subject)[known]
    apart = np.einsum("ij,ij->i", across, across)
    towards = np.einsum("ij,ij->i", along, across) / np.sqrt(apart + np.float32(ALIKE**2))
    say = alpha[rim][known]
    error = np.sum(say * towards, dtype=np.float64) / np.sum(say, dtype=np.float64)
    return float(np.clip(error / USUAL, 0.0, 1.0))


def _colour_nearby(
    rgb: FloatImage, mask: BoolImage, at: tuple[NDArray[np.intp], ...], reach_px: float
) -> tuple[FloatImage, NDArray[np.bool_]]:
    """Mean colour of `rgb` within `mask` round the pixels `at` (rows, columns): (N, 3), and where there is any."""
    height, width = mask.shape
    small = (-(-width // SHRINK), -(-height // SHRINK))
    there = mask.astype(np.uint8)
    place = np.minimum(at[0] // SHRINK, small[1] - 1), np.minimum(at[1] // SHRINK, small[0] - 1)
    sums, share = (
        cv2.GaussianBlur(cv2.resize(part, small, interpolation=cv2.INTER_AREA), (0, 0), reach_px / SHRINK)[place]
        for part in (cv2.copyTo(rgb, there), there.astype(np.float32))
    )
    return np.asarray(sums / np.maximum(share, np.float32(1e-6))[:, None], np.float32), np.asarray(share > 0.01)


METRIC = Metric("halo", "lower", (0.0, 1.0), measure)
