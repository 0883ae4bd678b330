"""Share of the subject's outline that is the edge of the photo.

In: a specimen. Out: [0, 1], lower is better: 0 is a whole subject. Never: the frame's edge where the photo goes on.
"""

from loraset.metrics.interface import Metric, Specimen


def measure(specimen: Specimen) -> float:
    """Return the share of the outline lying on the photo's edge, [0, 1], as the frame was planned by it."""
    return specimen.cut_share


METRIC = Metric("cut_off", "lower", (0.0, 1.0), measure)
