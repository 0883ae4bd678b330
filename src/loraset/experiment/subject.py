"""The subject in a sample: where it is, by what the set's cut-outs look like.

In: a small picture, the set's colours. Out: a mask, or None where nothing like the subject is found. Never: a model
that must be downloaded, or a guess for a picture that has no such colours.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from loraset.color import to_lab
from loraset.ops.graphcut import cut
from loraset.ops.mixture import Mixture, fit_mixture
from loraset.types import BoolImage, ByteImage

COMPONENTS = 8
SPREAD = 4.0  # Lab units: a generated subject's light differs from the photos'
RING = 0.06  # of the short side: the border that is background for sure enough to learn from
SMOOTHNESS = 3.0
OPAQUE = 250  # alpha over which a cut-out's colours are the subject's own
LEAST, MOST = 0.01, 0.8  # share of the picture: outside of that nothing was found
ROUNDS = 2


def learn_colors(cutouts: Sequence[ByteImage]) -> Mixture:
    """Return the colours of the set's subject. cutouts : uint8 arrays of shape (H, W, 4)."""
    samples = []
    for rgba in cutouts:
        inside = to_lab(np.ascontiguousarray(rgba[..., :3]))[rgba[..., 3] > OPAQUE]
        samples.append(inside[:: max(1, len(inside) // 400)])
    return fit_mixture(np.concatenate(samples), COMPONENTS, SPREAD)


def find_subject(rgb: ByteImage, colors: Mixture) -> BoolImage | None:
    """Return where the subject is: bool array of shape (H, W); None where nothing is found.

    Its colours against those of the picture's border, then against those round what was found; cut along edges; the
    piece with the most evidence and no holes.
    """
    lab = to_lab(rgb)
    subject = colors.log_density(lab)
    ring = border(rgb.shape[:2])
    mask: BoolImage | None = None
    for _ in range(ROUNDS):
        outside = ring if mask is None else ~mask
        evidence = subject - fit_mixture(lab[outside], COMPONENTS, SPREAD).log_density(lab)
        labels = cut(lab, evidence.astype(np.float32), SMOOTHNESS)
        mask = _piece(labels, evidence)
        if mask is None or not LEAST < mask.mean() < MOST:
            return None
    return mask


def border(size: tuple[int, int]) -> BoolImage:
    """Return the frame of a picture of (height, width): bool array, true within `RING` of an edge."""
    height, width = size
    reach = max(1, round(RING * min(size)))
    ring = np.ones((height, width), bool)
    ring[reach : height - reach, reach : width - reach] = False
    return ring


def _piece(labels: BoolImage, evidence: np.ndarray) -> BoolImage | None:
    count, pieces = cv2.connectedComponents(labels.astype(np.uint8))
    if count < 2:
        return None
    total = np.bincount(pieces.ravel(), np.maximum(evidence, 0).ravel())
    total[0] = 0
    outside = cv2.connectedComponents((pieces != total.argmax()).astype(np.uint8))[1]
    at_edge = np.unique(np.concatenate([outside[0], outside[-1], outside[:, 0], outside[:, -1]]))
    return np.asarray((pieces == total.argmax()) | ~np.isin(outside, at_edge))
