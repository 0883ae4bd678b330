"""How sure the engine is of its mask, in its own words.

In: a specimen. Out: [0, 1], higher is better: how decided a model's map is, how far two ways to find the subject agree
(cosegment), how clean a key is. Never: a guess where the engine has no such measure (None).
"""

from loraset.metrics.interface import Metric, Specimen


def measure(specimen: Specimen) -> float | None:
    """Return the engine's confidence as the mask stage stored it, or None."""
    return specimen.confidence


METRIC = Metric("mask_confidence", "higher", (0.0, 1.0), measure)
