"""How much joined engines disagree.

In: a specimen. Out: [0, 1], lower is better. Never: a guess where one engine worked alone (None).
"""

from loraset.metrics.interface import Metric, Specimen


def measure(specimen: Specimen) -> float | None:
    """Return the joined engines' disagreement as the mask stage measured it, or None."""
    return specimen.disagreement


METRIC = Metric("engines_disagree", "lower", (0.0, 1.0), measure)
