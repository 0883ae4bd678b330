"""Sharpness of the subject: how narrow its strongest inner edges are.

In: a specimen. Out: [0, 1], higher is sharper. Never: the cut edge, which is sharp on any blurred subject.

An edge blurred by sigma has, seen through Gaussians of s1 and s2 px, gradients whose squares are as
(sigma^2 + s2^2) : (sigma^2 + s1^2). Solved for sigma this is a blur in px that knows nothing of contrast, and by the
choice of s1 little of noise. An edge's flanks are measured with its crest, so even a perfect edge counts as 1.2 px.
After Zhuo and Sim, "Defocus map estimation from a single image", Pattern Recognition 2011.
"""

import cv2
import numpy as np

from loraset.metrics.interface import Metric, Specimen
from loraset.types import FloatImage

FINE_PX, COARSE_PX = 1.0, 2.0
EDGE_SHARE = 0.1  # of the core: its strongest edges at the coarse scale, which noise does not choose
FAINTEST = 0.004  # gradient per px, of full scale: below it there is no edge to measure
HALF_PX = 1.5  # blur that counts as half sharp; 4 px give 0.12


def _energy(luma: FloatImage, sigma_px: float) -> FloatImage:
    """Squared gradient of `luma` smoothed by `sigma_px`."""
    smooth = cv2.GaussianBlur(luma, (0, 0), sigma_px)
    gx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=1, scale=0.5)
    gy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=1, scale=0.5)
    return np.asarray(gx * gx + gy * gy, dtype=np.float32)


def measure(specimen: Specimen) -> float | None:
    """Return the sharpness in [0, 1]: 1 / (1 + (blur / 1.5 px)^2), or None where the subject has no inner edge."""
    luma = cv2.cvtColor(specimen.photo, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(255.0)
    fine = _energy(luma, FINE_PX)[specimen.core]
    coarse = _energy(luma, COARSE_PX)[specimen.core]
    if coarse.size == 0:
        return None
    edges = coarse >= max(float(np.quantile(coarse, 1 - EDGE_SHARE)), FAINTEST**2)
    if not edges.any():
        return None
    ratio = max(float(fine[edges].sum(dtype=np.float64) / coarse[edges].sum(dtype=np.float64)), 1.0 + 1e-6)
    blur_squared = max((COARSE_PX**2 - ratio * FINE_PX**2) / (ratio - 1.0), 0.0)
    return 1.0 / (1.0 + blur_squared / HALF_PX**2)


METRIC = Metric("sharpness", "higher", (0.0, 1.0), measure)
