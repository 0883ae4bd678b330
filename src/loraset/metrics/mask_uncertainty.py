"""How undecided the engine's mask is, beyond the soft edge that every network draws.

In: a specimen. Out: [0, 1], lower is better. Never: masks that are exact (None), whose half-transparency is hair and
not doubt; nor the enlarged mask: it is measured on the engine's own grid, so that no stretching makes it look softer.

Half-decided cells are summed as 4 p (1 - p). A ramp w cells wide has 2 w / 3 of it per cell of outline; that of
`RAMP_CELLS` is allowed. What is more is set against the mask's own mass.
"""

import numpy as np

from loraset.metrics.interface import Metric, Specimen
from loraset.metrics.outline import perimeter_px

RAMP_CELLS = 3.0  # usual width of a right edge on a saliency network's own grid


def measure(specimen: Specimen) -> float | None:
    """Return doubt / (doubt + mass of the mask) in [0, 1]; 1 where the mask is empty, None where it is exact."""
    if specimen.exact:
        return None
    mass = float(np.sum(specimen.mask, dtype=np.float64))
    half = float(np.sum(4.0 * specimen.mask * (1.0 - specimen.mask), dtype=np.float64))
    doubt = max(0.0, half - 2.0 / 3.0 * RAMP_CELLS * perimeter_px(specimen.mask > 0.5))
    return doubt / (doubt + mass) if mass > 0 else 1.0


METRIC = Metric("mask_uncertainty", "lower", (0.0, 1.0), measure)
