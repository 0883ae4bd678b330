"""Share of the subject's outline that is the edge of the photo.

In: a specimen. Out: [0, 1], lower is better: 0 is a whole subject. Never: the frame's edge where the photo goes on.
"""

from loraset.metrics.interface import Metric, Specimen
from loraset.metrics.outline import cut_px, perimeter_px


def measure(specimen: Specimen) -> float | None:
    """Return the share of the outline lying on the photo's edge, or None where there is no outline."""
    length = perimeter_px(specimen.subject)
    return min(1.0, cut_px(specimen) / length) if length else None


METRIC = Metric("cut_off", "lower", (0.0, 1.0), measure)
