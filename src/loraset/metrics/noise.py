"""Noise on the subject, told from its fur and cloth.

In: a specimen. Out: standard deviation of luma at output size, of full scale, [0, 1], lower is better. Never: noise
that shrinking to the frame took away; `ops.noise` says how it is told, and from whom.
"""

from loraset.metrics.interface import Metric, Specimen


def measure(specimen: Specimen) -> float | None:
    """Return the deviation, or None where the subject is too small to tell."""
    return specimen.noise


METRIC = Metric("noise", "lower", (0.0, 1.0), measure)
