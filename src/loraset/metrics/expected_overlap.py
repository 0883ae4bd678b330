"""How much of the mask is to be expected right, by what its maker says of the same picture and of its mirror image.

In: a specimen. Out: [0, 1], an IoU in which the softness of edges does not count, higher is better. Never: exact masks
(None), or truth: a maker that is wrong in the same way each time is not found out. Where the maker was not asked again,
the mask's own values are taken at their word.
"""

from loraset.metrics.interface import Metric, Specimen
from loraset.ops.doubt import expected_overlap


def measure(specimen: Specimen) -> float | None:
    """Return the IoU to be expected of the mask in [0, 1], or None where it is exact."""
    if specimen.exact:
        return None
    return expected_overlap(specimen.mask, [specimen.mask]) if specimen.stays is None else specimen.stays


METRIC = Metric("expected_overlap", "higher", (0.0, 1.0), measure)
