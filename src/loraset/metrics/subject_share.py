"""Share of the photo that the subject fills.

In: a specimen. Out: [0, 1]; higher means more pixels of the subject. Never: the frame's share, which is the recipe's
choice.
"""

import numpy as np

from loraset.metrics.interface import Metric, Specimen


def measure(specimen: Specimen) -> float:
    """Return the cut-out's area, measured in the photo's px, as a share of the whole photo, [0, 1]."""
    width, height = specimen.picture_size
    area = float(np.sum(specimen.alpha, dtype=np.float64)) / specimen.frame.inner_scale**2
    return min(1.0, area / (width * height))


METRIC = Metric("subject_share", "higher", (0.0, 1.0), measure)
