"""How far the subject's colour differs from the background's along the outline.

In: a specimen. Out: [0, 1), higher is better: mean over the outline of d / (d + 10), where d is the CIE distance
between the colours to either side; 1/2 is a difference that is easily seen. Where it is low, the cut was a guess.
Never: where the photo ends; patterns of equal mean colour.

After Erdem, Sankur and Tekalp, "Performance measures for video object segmentation and tracking", IEEE Trans. Image
Processing 2004, who compare colours to both sides of a boundary to judge a mask without its truth.
"""

import numpy as np

from loraset.color import to_bytes, to_lab
from loraset.metrics.beside_edge import EDGE_PX, mean_near
from loraset.metrics.interface import Metric, Specimen

REACH_PX = 2.0  # of the reduced picture: Gaussian from which the colours to either side are gathered
HALF = 10.0  # CIE distance that counts half


def measure(specimen: Specimen) -> float | None:
    """Return the mean separation in [0, 1), or None where the subject has no outline within the photo."""
    _, photo, depth, outside = specimen.sides
    inner, has_inner = mean_near(photo, depth > EDGE_PX, REACH_PX)
    outer, has_outer = mean_near(photo, outside, REACH_PX)
    at = (depth > 0) & (depth < EDGE_PX) & has_inner & has_outer
    if not at.any():
        return None
    apart = np.linalg.norm(to_lab(to_bytes(inner[at][None])) - to_lab(to_bytes(outer[at][None])), axis=-1)
    return float(np.mean(apart / (apart + HALF)))


METRIC = Metric("separation", "higher", (0.0, 1.0), measure)
