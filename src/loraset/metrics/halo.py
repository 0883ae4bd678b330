"""Share of the old background's colour left in the cut-out's rim.

In: a specimen. Out: [0, 1], lower is better: 0 none, 1 the rim is background. Never: which colour it will be put on; a
rim of the background's own colour cannot be seen and counts as none.

Each rim pixel's colour is projected on the line from the subject's colour a little deeper in to the photo's a little
further out. Shares are averaged over the whole rim with their sign, so that a dark outline or shading, which lies
towards the background in one place and away from it in another, cancels out.
"""

import cv2
import numpy as np

from loraset.metrics.interface import Metric, Specimen
from loraset.types import BoolImage, FloatImage

RIM_PX = 3.0  # depth of the rim inside the outline; outside it goes as far as alpha does
GAP_PX = 4.0  # the subject's own colour is taken deeper than this
REACH_PX = 12.0  # Gaussian from which the two colours are gathered
SHRINK = 4  # they are smooth: gathered at a quarter of the size
APART = 0.1  # colour difference of full scale at which a pixel has half its say
RIDGE = 0.03  # pulls a rim that nowhere differs from the background to no halo


def _colour_nearby(rgb: FloatImage, mask: BoolImage) -> tuple[FloatImage, BoolImage]:
    """Mean colour of `rgb` within `mask` round each pixel, and where there is any such pixel near."""
    height, width = mask.shape
    small = (-(-width // SHRINK), -(-height // SHRINK))
    weight = mask.astype(np.float32)
    near = cv2.resize(np.dstack([rgb * weight[..., None], weight]), small, interpolation=cv2.INTER_AREA)
    near = cv2.GaussianBlur(near, (0, 0), REACH_PX / SHRINK)
    near = cv2.resize(near, (width, height), interpolation=cv2.INTER_LINEAR)
    colour = near[..., :3] / np.maximum(near[..., 3:], 1e-6)
    return colour.astype(np.float32), np.asarray(near[..., 3] > 0.01)


def measure(specimen: Specimen) -> float | None:
    """Return the share in [0, 1], or None where there is no rim with subject and background beside it."""
    alpha = specimen.alpha
    gap = min(GAP_PX, float(specimen.depth.max()) / 2)
    outside = (alpha < 0.02) & specimen.inside
    subject_colour, near_subject = _colour_nearby(specimen.rgb, (specimen.depth > gap) & (alpha > 0.95))
    photo = specimen.photo.astype(np.float32) / np.float32(255.0)
    background_colour, near_background = _colour_nearby(photo, outside)
    rim = (alpha > 0.02) & (specimen.depth <= RIM_PX) & near_subject & near_background
    if not rim.any():
        return None
    weight = alpha[rim].astype(np.float64)
    across = (background_colour - subject_colour)[rim].astype(np.float64)
    along = (specimen.rgb - subject_colour)[rim].astype(np.float64)
    apart = np.einsum("ij,ij->i", across, across)
    say = weight / (apart + APART**2)
    shared = np.sum(say * np.einsum("ij,ij->i", along, across))
    return float(np.clip(shared / (np.sum(say * apart) + RIDGE * np.sum(weight)), 0.0, 1.0))


METRIC = Metric("halo", "lower", (0.0, 1.0), measure)
