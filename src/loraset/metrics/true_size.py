"""How large the subject is in the output, counted in px that the photo has.

In: a specimen. Out: long side of the subject over the frame's long side, [0, 1], higher is better; what enlargement
adds does not count. Never: the subject's area, which its pose decides.
"""

from loraset.metrics.interface import Metric, Specimen
from loraset.ops.geometry import around


def measure(specimen: Specimen) -> float | None:
    """Return the share in [0, 1], or None where there is no subject."""
    if not specimen.subject.any():
        return None
    side = max(box.stop - box.start for box in around(specimen.subject))
    return float(side / max(specimen.subject.shape) / max(1.0, specimen.frame.scale))


METRIC = Metric("true_size", "higher", (0.0, 1.0), measure)
