"""How far the photo was enlarged to fill its frame.

In: a specimen. Out: output px per photo px where that is more than 1, else 1; lower is better. Never: enlargement that
happened before the file was made: `fine_detail` and `sharpness` see what it left.
"""

from loraset.metrics.interface import Metric, Specimen


def measure(specimen: Specimen) -> float:
    """Return the enlargement, at least 1."""
    return max(1.0, specimen.frame.scale)


METRIC = Metric("upscaled", "lower", (1.0, float("inf")), measure)
