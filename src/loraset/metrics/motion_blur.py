"""How far the subject is drawn out in one direction.

In: a specimen. Out: px of even motion at output size, lower is better. Never: blur that is alike in all directions
(`sharpness` sees that), nor the direction.

The blur of the strongest edges is measured as for `sharpness`, for gradients in each of four directions: motion blurs
those along it and leaves those across. Even motion over n px has the variance n^2 / 12.
"""

import cv2
import numpy as np

from loraset.metrics.interface import Metric, Specimen
from loraset.metrics.sharpness import COARSE_PX, EDGE_SHARE, FAINTEST, FINE_PX
from loraset.types import FloatImage

DIRECTIONS = np.deg2rad([0, 45, 90, 135])
LARGEST = 40.0  # px: beyond it nothing is left to measure


def _gradients(luma: FloatImage, sigma_px: float) -> tuple[FloatImage, FloatImage]:
    smooth = cv2.GaussianBlur(luma, (0, 0), sigma_px)
    gx, gy = (cv2.Sobel(smooth, cv2.CV_32F, *way, ksize=1, scale=0.5) for way in ((1, 0), (0, 1)))
    return np.asarray(gx, np.float32), np.asarray(gy, np.float32)


def measure(specimen: Specimen) -> float | None:
    """Return the length of the motion in px, at most 40, or None where the subject has no edges in two directions."""
    luma = cv2.cvtColor(specimen.photo, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(255.0)
    fine, coarse = (tuple(part[specimen.core] for part in _gradients(luma, sigma)) for sigma in (FINE_PX, COARSE_PX))
    if not coarse[0].size:
        return None
    blurs = []
    for angle in DIRECTIONS:
        near, far = (np.square(gx * np.cos(angle) + gy * np.sin(angle)) for gx, gy in (fine, coarse))
        edges = far >= max(float(np.quantile(far, 1 - EDGE_SHARE)), FAINTEST**2)
        if edges.any():
            ratio = float(near[edges].sum(dtype=np.float64) / far[edges].sum(dtype=np.float64))
            ratio = max(ratio, 1.0 + 1e-6)
            blurs.append(max(0.0, (COARSE_PX**2 - ratio * FINE_PX**2) / (ratio - 1.0)))
    if len(blurs) < 2:
        return None
    return float(min(LARGEST, np.sqrt(12.0 * (max(blurs) - min(blurs)))))


METRIC = Metric("motion_blur", "lower", (0.0, LARGEST), measure)
