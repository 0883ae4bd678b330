"""How undecided the engine's mask is, beyond the soft edge that every network draws.

In: a specimen. Out: [0, 1], lower is better. Never: masks that are exact (None), whose half-transparency is hair and
not doubt; nor the enlarged mask: it is measured on the engine's own grid, so that no stretching makes it look softer.
"""

from loraset.metrics.interface import Metric, Specimen
from loraset.ops.doubt import undecided


def measure(specimen: Specimen) -> float | None:
    """Return doubt / (doubt + mass of the mask) in [0, 1]; 1 where the mask is empty, None where it is exact."""
    return None if specimen.exact else undecided(specimen.mask)


METRIC = Metric("mask_uncertainty", "lower", (0.0, 1.0), measure)
