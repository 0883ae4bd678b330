"""Sharpness of the subject: how steep its strongest inner edges are for their height.

In: a specimen. Out: [0, 1], higher is sharper. Never: the cut edge, which is sharp on any blurred subject; fur, noise
or contrast, which are neither sharp nor blurred; `ops.blur` says how that is told, and from whom.
"""

from loraset.metrics.interface import Metric, Specimen

HALF_PX = 1.4  # blur that counts as half sharp; 4 px give 0.11


def measure(specimen: Specimen) -> float | None:
    """Return the sharpness in [0, 1]: 1 / (1 + (blur / 1.4 px)^2), or None where the subject has no inner edge."""
    variance = specimen.edges.variance
    return None if variance is None else 1.0 / (1.0 + variance / HALF_PX**2)


METRIC = Metric("sharpness", "higher", (0.0, 1.0), measure)
