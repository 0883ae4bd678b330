"""How undecided the engine's mask is beyond the softness of its own grid.

In: a specimen. Out: [0, 1], lower is better. Never: the soft edge that any mask of a coarse grid shows when it is
enlarged, nor masks that are exact (None): their half-transparency is hair, not doubt.

Half-decided pixels are summed as 4 p (1 - p). A ramp of w cells has 2 w / 3 cells of it per cell of outline; that of
RAMP_CELLS is allowed. The rest is set against the subject's own mass: 0.5 means as much doubt as subject.
"""

import numpy as np

from loraset.metrics.interface import Metric, Specimen
from loraset.metrics.outline import perimeter_px

RAMP_CELLS = 3.0  # width of a saliency network's edge on its own grid where it is right


def measure(specimen: Specimen) -> float | None:
    """Return doubt / (doubt + mass of the mask) in [0, 1]; 1 where the mask is empty, None where it is exact."""
    if specimen.exact:
        return None
    p = specimen.probability[specimen.inside]
    mass = float(p.sum(dtype=np.float64))
    half = float(np.sum(4.0 * p * (1.0 - p), dtype=np.float64))
    outline = perimeter_px(specimen.probability > 0.5)
    doubt = max(0.0, half - 2.0 / 3.0 * RAMP_CELLS * specimen.cell_px * outline)
    return doubt / (doubt + mass) if mass > 0 else 1.0


METRIC = Metric("mask_uncertainty", "lower", (0.0, 1.0), measure)
