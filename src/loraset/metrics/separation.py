"""How far the subject's colour differs from the background's along the outline.

In: a specimen. Out: [0, 1), higher is better: mean over the outline of d / (d + 10), where d is the CIE distance
between the colours to either side; 1/2 is a difference that is easily seen. Where it is low, the cut was a guess.
Never: where the photo ends; patterns of equal mean colour.

After Erdem, Sankur and Tekalp, "Performance measures for video object segmentation and tracking", IEEE Trans. Image
Processing 2004, who compare colours to both sides of a boundary to judge a mask without its truth.
"""

import cv2
import numpy as np

from loraset.color import to_bytes, to_lab
from loraset.metrics.beside_edge import mean_near, shrunk
from loraset.metrics.interface import Metric, Specimen

SIDE_PX = 256  # long side when looked at
EDGE = 1 / 256  # of the long side, to either side: the edge itself, which may be mixed
REACH_PX = 2.0  # of the reduced picture: Gaussian from which the colours to either side are gathered
HALF = 10.0  # CIE distance that counts half


def measure(specimen: Specimen) -> float | None:
    """Return the mean separation in [0, 1), or None where the subject has no outline within the photo."""
    photo = specimen.photo.astype(np.float32) / np.float32(255.0)
    edge_px = max(1.0, EDGE * max(specimen.alpha.shape))
    subject = specimen.subject
    outside = cv2.distanceTransform((~subject).astype(np.uint8), cv2.DIST_L2, 5) > edge_px
    inner, has_inner = mean_near(*shrunk(photo, (specimen.depth > edge_px) & specimen.inside, SIDE_PX), REACH_PX)
    outer, has_outer = mean_near(*shrunk(photo, outside & specimen.inside, SIDE_PX), REACH_PX)
    small = cv2.resize(specimen.alpha, inner.shape[1::-1], interpolation=cv2.INTER_AREA) >= 0.5
    outline = (
        cv2.morphologyEx(small.astype(np.uint8), cv2.MORPH_GRADIENT, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
        > 0
    )
    at = outline & has_inner & has_outer
    if not at.any():
        return None
    apart = np.linalg.norm(to_lab(to_bytes(inner[at][None])) - to_lab(to_bytes(outer[at][None])), axis=-1)
    return float(np.mean(apart / (apart + HALF)))


METRIC = Metric("separation", "higher", (0.0, 1.0), measure)
