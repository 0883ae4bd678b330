"""Share of the photo that the subject fills.

In: a specimen. Out: [0, 1]; higher means more pixels of the subject. Never: the share of the frame, which is the
recipe's choice.
"""

from loraset.metrics.interface import Metric, Specimen


def measure(specimen: Specimen) -> float:
    """Return the subject's share of the whole photo, [0, 1], as the frame was planned by it."""
    return specimen.subject_share


METRIC = Metric("subject_share", "higher", (0.0, 1.0), measure)
