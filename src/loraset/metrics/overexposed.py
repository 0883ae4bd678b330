"""Share of the subject that is burnt out to white.

In: a specimen. Out: [0, 1], lower is better. Never: a saturated colour, of which one channel may well be full.
"""

import numpy as np

from loraset.metrics.interface import Metric, Specimen

CLIPPED = 250  # of 255 in every channel: resampling and JPEG take a clipped 255 down by a few levels


def measure(specimen: Specimen) -> float | None:
    """Return the share of the subject's pixels whose darkest channel is clipped, or None where there is no subject."""
    pixels = specimen.photo[specimen.subject & specimen.inside]
    if pixels.size == 0:
        return None
    return float(np.mean(pixels.min(axis=-1) >= CLIPPED))


METRIC = Metric("overexposed", "lower", (0.0, 1.0), measure)
