"""How much of the finest detail that their size allows is in the subject's strongest edges: its true resolution.

In: a specimen. Out: [0, 1], higher is better: 1 is a step from one pixel to the next; a photo that was shrunk to its
frame has over 1/2, one that was enlarged to twice its size before the file was made a quarter, to three times a
seventh. Never: whether it was enlarged or out of focus, which leave alike little; enlargement that repeats pixels,
which makes new edges; a part of the score, in which `sharpness` has blur already.

Energy between the picture and its copy smoothed by 1/2 px is compared with that between copies smoothed by 1.2 and
1.8 px, on the edges that are strongest at a coarser scale, as the response of a lens is read from an edge (ISO 12233,
by bands: Burt and Adelson, IEEE Trans. Communications 1983). The share that noise has is taken off either;
where that is much, as in a photo that is both blurred and noisy, nothing is said.
"""

import cv2
import numpy as np

from loraset.metrics.interface import Metric, Specimen
from loraset.ops.geometry import around
from loraset.types import BoolImage, FloatImage

FINEST_PX, NEAR_PX, FAR_PX = 0.5, 1.2, 1.8  # Gaussians
EDGE_SHARE = 0.05  # of the core
FAINTEST = 0.004  # gradient per px, of full scale: below it there is no edge to measure
SEEN_PX = 12  # as far as the filters see
STEP = 0.42  # ratio of both energies on a step from one pixel to the next
DROWNED = 0.33  # noise's share of the finest energy that a step would have: it is known to about half of itself only


def measure(specimen: Specimen) -> float | None:
    """Return the share in [0, 1], or None where the subject has no inner edge that noise leaves legible."""
    if not specimen.core.any():
        return None
    box = around(specimen.core, SEEN_PX)
    luma, core = specimen.luma[box], specimen.core[box]
    finest, near, far = (cv2.GaussianBlur(luma, (0, 0), sigma) for sigma in (FINEST_PX, NEAR_PX, FAR_PX))
    across, down = (cv2.Sobel(far, cv2.CV_32F, *way, ksize=1, scale=0.5) for way in ((1, 0), (0, 1)))
    strength = across * across + down * down
    least = max(float(np.quantile(strength[core], 1 - EDGE_SHARE)), FAINTEST**2)
    edges = core & (cv2.dilate((core & (strength >= least)).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    if not edges.any():
        return None
    noise = (specimen.noise or 0.0) ** 2
    coarse = _energy(np.asarray(near - far), edges) - noise * _left(NEAR_PX, FAR_PX)
    of_step, of_noise = STEP * coarse, noise * _left(0.0, FINEST_PX)
    if of_noise >= DROWNED * of_step:
        return None
    return float(np.clip((_energy(np.asarray(luma - finest), edges) - of_noise) / of_step, 0.0, 1.0))


def _energy(band: FloatImage, at: BoolImage) -> float:
    return float(np.mean(np.square(band[at]), dtype=np.float64))


def _left(near_px: float, far_px: float) -> float:
    """Variance that white noise of variance 1 has between two Gaussians."""
    spot = np.zeros((33, 33))
    spot[16, 16] = 1.0
    near, far = (cv2.GaussianBlur(spot, (0, 0), sigma) if sigma else spot for sigma in (near_px, far_px))
    return float(np.sum(np.square(near - far)))


METRIC = Metric("fine_detail", "higher", (0.0, 1.0), measure)
