"""How much of the mask is to be expected right, by what its maker sees where the picture goes on beyond its borders.

In: a specimen. Out: [0, 1], an IoU in which the softness of edges does not count, higher is better. Never: where the
maker was not asked (None): then the mask is exact, no network made it, or it was too sure of itself to be asked.
"""

from loraset.metrics.interface import Metric, Specimen


def measure(specimen: Specimen) -> float | None:
    """Return the IoU to be expected by what is seen from afar, in [0, 1], or None."""
    return specimen.from_afar


METRIC = Metric("from_afar", "higher", (0.0, 1.0), measure)
