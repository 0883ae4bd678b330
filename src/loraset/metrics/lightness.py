"""Lightness of the subject.

In: a specimen. Out: [0, 1], CIE L / 100; low is dark. Never: the background's light.
"""

import numpy as np

from loraset.color import to_lab
from loraset.metrics.interface import Metric, Specimen


def measure(specimen: Specimen) -> float | None:
    """Return the mean CIE lightness of the subject in [0, 1], or None where there is no subject."""
    pixels = specimen.photo[specimen.subject & specimen.inside]
    if pixels.size == 0:
        return None
    return float(to_lab(pixels[None])[..., 0].mean(dtype=np.float64)) / 100.0


METRIC = Metric("lightness", "higher", (0.0, 1.0), measure)
