"""Which of several outlines of one picture to believe when no other picture can be asked.

In: a Lab picture and evidence of which only the order is trusted. Out: an outline, and the evidence that it was cut by.
Never: knowledge of other pictures, or randomness.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.ops.proposals import alike, edge_strength, proposals, stability
from loraset.types import BoolImage, FloatImage

STEPS = (-2.0, -1.3, -0.7, 0.0, 0.7, 1.3)  # log odds that are asked of a pixel, one outline for each
SHARP = 40.0  # mean step of Lab along an outline that counts as much as a stable one
RING_SHARE = 0.075  # of the long side: what is this near to an outline is its surroundings
LEVELS = 8  # of each Lab axis
CHROMA = 40.0  # a and b beyond this are in the last level
SPECK_PX = 30  # a smaller subject, or less ground than this, is none


def standing_out(lab: FloatImage, start: FloatImage, evidence: FloatImage) -> tuple[BoolImage, FloatImage]:
    """The cut that is stable, has strong edges, and shares few colours with its surroundings; and its evidence.

    One of several, each of which asks for more evidence than the one before: how much parts a subject from its ground
    differs from picture to picture. Bool and float32 arrays of shape (H, W).

    lab, start, evidence : what `refined_cut` takes.
    """
    candidates = proposals(lab, start, evidence, STEPS)
    masks = [one.mask for one in candidates]
    colours = _levels(lab)
    fits = [stable + _contrast(lab, colours, mask) for mask, stable in zip(masks, stability(masks), strict=True)]
    best = candidates[int(np.argmax(fits))]
    return best.mask, best.evidence


def _contrast(lab: FloatImage, colours: NDArray[np.int64], mask: BoolImage) -> float:
    """How strong the edges of a mask are, and how unlike its surroundings it is; least where there is no mask."""
    if min(np.count_nonzero(mask), np.count_nonzero(~mask)) < SPECK_PX:
        return -np.inf
    return edge_strength(lab, mask) / SHARP - _likeness(colours, mask)


def _levels(lab: FloatImage) -> NDArray[np.int64]:
    """Every pixel's colour as one number below ``LEVELS ** 3``: int array of shape (H, W)."""
    unit = np.dstack([lab[..., 0] / 100, (lab[..., 1:] / CHROMA + 1) / 2])
    steps = np.clip(unit * LEVELS, 0, LEVELS - 1).astype(np.int64)
    return np.asarray(steps @ np.array([LEVELS**2, LEVELS, 1]))


def _likeness(colours: NDArray[np.int64], mask: BoolImage) -> float:
    """Bhattacharyya's coefficient of the colours of a mask and of the ring round it, [0, 1]."""
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ring = ~mask & (away <= RING_SHARE * max(mask.shape))
    inside, outside = (np.bincount(colours[part], minlength=LEVELS**3) / part.sum() for part in (mask, ring))
    return alike(inside, outside)
