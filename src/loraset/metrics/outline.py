"""Length of a cut-out's outline, shared by the metrics that are counted per px of it.

In: a specimen. Out: px. Never: a mask's own outline: see `ops.doubt`.
"""

import numpy as np

from loraset.metrics.interface import Specimen


def flush_px(specimen: Specimen) -> float:
    """Return the length in px on which the subject ends only because the photo does."""
    left, top, right, bottom = specimen.frame.inner_box
    within = specimen.subject[top:bottom, left:right]
    return float(sum(np.count_nonzero(side) for side in (within[:, 0], within[0], within[:, -1], within[-1])))
