"""How far the cut follows edges that are in the picture.

In: a specimen. Out: [0, 1], higher is better: the share of the photo round it that has a weaker edge than the outline
has, 1/2 for an outline drawn anywhere. Never: where the photo ends, nor soft edges: all is looked at reduced.
"""

import cv2
import numpy as np

from loraset.metrics.interface import Metric, Specimen

SIDE_PX = 256  # long side of the subject's surroundings when looked at
LEAST_PX = 8  # a shorter outline says nothing


def measure(specimen: Specimen) -> float | None:
    """Return the mean rank of the colour gradient on the outline among all of the photo's, or None without one."""
    scale = SIDE_PX / max(specimen.alpha.shape)
    size = max(1, round(specimen.alpha.shape[1] * scale)), max(1, round(specimen.alpha.shape[0] * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    subject = (cv2.resize(specimen.alpha, size, interpolation=how) >= 0.5).astype(np.uint8)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    seen = cv2.erode((cv2.resize(specimen.inside.astype(np.uint8), size) > 0).astype(np.uint8), cross, iterations=3)
    outline = (cv2.morphologyEx(subject, cv2.MORPH_GRADIENT, cross) > 0) & (seen > 0)
    if np.count_nonzero(outline) < LEAST_PX:
        return None
    lab = cv2.cvtColor(cv2.resize(specimen.photo, size, interpolation=how).astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    lab = cv2.GaussianBlur(lab, (0, 0), 1.0)
    across, down = (cv2.Sobel(lab, cv2.CV_32F, *way, ksize=1) for way in ((1, 0), (0, 1)))
    strength = cv2.dilate(np.sqrt(np.sum(across**2 + down**2, axis=2)), cross)
    usual = np.sort(strength[seen > 0])
    found = strength[outline]
    ranks = (np.searchsorted(usual, found, "left") + np.searchsorted(usual, found, "right")) / 2
    return float(ranks.mean() / len(usual))


METRIC = Metric("edge_support", "higher", (0.0, 1.0), measure)
