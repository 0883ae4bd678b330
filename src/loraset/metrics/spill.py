"""The background's colour cast on the subject near its rim.

In: a specimen. Out: [0, 1] of full scale, lower is better: by how much chroma near the rim lies towards the
background's, compared with the subject's colour deeper in. Never: a gray background, which casts no colour; the first
pixels of the edge, of which `halo` speaks; a cast that the subject has all over, or the same cast a hand's breadth in.

Spill is light of the background's colour, added (Wright, "Digital Compositing for Film and Video", 2010, tells it by
the excess of one channel; here any colour will do). Chroma is what a colour differs by from its own gray. Of the places
along the rim the middle one counts, so that a hand or a boot of another colour is no spill.
"""

import numpy as np
from numpy.typing import NDArray

from loraset.metrics.beside_edge import EDGE_PX, mean_near
from loraset.metrics.interface import Metric, Specimen
from loraset.types import FloatImage

SKIN_PX = 5.0  # of the reduced picture: as deep as the cast is looked for; the subject's own colour lies deeper
OWN_PX, BEHIND_PX = 3.0, 8.0  # of it, too: Gaussians from which the two colours are gathered
LIGHTNESS = 1.5  # times as light or dark as the colour deeper in: another thing
GRAY = 0.05  # chroma of a background that has half a say
WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)


def measure(specimen: Specimen) -> float | None:
    """Return the cast in [0, 1], or None where the subject has no inside or no background beside it."""
    rgb, photo, depth, outside = specimen.sides
    skin = min(SKIN_PX, float(depth.max()) / 2)
    own, has_own = mean_near(rgb, depth > skin, OWN_PX)
    behind, has_behind = mean_near(photo, outside, BEHIND_PX)
    known = (depth > EDGE_PX) & (depth <= skin) & has_own & has_behind
    if not known.any():
        return None
    near, own, behind = rgb[known], own[known], _chroma(behind[known])
    lighter = np.maximum(near @ WEIGHTS, 0.02) / np.maximum(own @ WEIGHTS, 0.02)
    length = np.linalg.norm(behind, axis=1)
    towards = np.einsum("ij,ij->i", _chroma(near) - _chroma(own), behind) / np.maximum(length, 1e-6)
    like = (lighter < LIGHTNESS) & (lighter > 1 / LIGHTNESS)
    return max(0.0, _middle(towards[like], (length / (length + GRAY))[like]))


def _chroma(colors: FloatImage) -> NDArray[np.float32]:
    return np.asarray(colors - (colors @ WEIGHTS)[..., None], np.float32)


def _middle(values: NDArray[np.float32], say: NDArray[np.float32]) -> float:
    """Return the weighted median, 0 of none."""
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(say[order], dtype=np.float64)
    if not len(sums) or sums[-1] <= 0:
        return 0.0
    return float(values[order][np.searchsorted(sums, sums[-1] / 2)])


METRIC = Metric("spill", "lower", (0.0, 1.0), measure)
