"""From evidence to an outline: cut, look at what was cut, cut again, and tidy up.

In: a Lab picture and log odds of "subject". Out: masks. Never: knowledge of other pictures, or randomness.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.ops.graphcut import colour_evidence, cut
from loraset.ops.mixture import Mixture
from loraset.types import BoolImage, FloatImage

CONTEXT = 0.25  # share of the evidence that comes from the surroundings
NEAR_PX, CONTEXT_PX = 0.75, 4.0
FINE_CONTEXT, FINE_NEAR_PX = 0.1, 0.4  # in the last cut, which finds thin parts again
SMOOTHNESS = 2.0  # log odds to part two pixels; twice that at twice the size, where areas are four times as large
OWN_COLOURS = 0.5  # weight of the picture's own colours beside the evidence
ROUNDS = 2
DOUBT = np.float32(1.5)  # log odds by which evidence may be wrong


def refined_cut(lab: FloatImage, start: FloatImage, evidence: FloatImage) -> BoolImage:
    """Cut, learn the colours and the place of what was cut, and cut again with those: bool array of shape (H, W).

    lab : float32 array of shape (H, W, 3). evidence : float32 array of shape (H, W), natural log odds of "subject".
    start : float32 array of shape (H, W), [0, 1], how salient each pixel is: says which part of a cut is its core.
    """
    smooth = _with_context(evidence)
    mask = _tidy(cut(lab, smooth, SMOOTHNESS), smooth)
    for _ in range(ROUNDS):
        joined = smooth - _distance_from(mask, start) + _own_colours(lab, mask, lab)
        mask = _tidy(cut(lab, joined, SMOOTHNESS), joined)
    return mask


def doubtful_cuts(
    lab: FloatImage, start: FloatImage, evidence: FloatImage, mask: BoolImage
) -> tuple[BoolImage, BoolImage]:
    """What a mask of `refined_cut` becomes where the evidence is wrong by `DOUBT` throughout: less, and more of it.

    How far the two differ tells how sure the outline is; what they share is sure.
    """
    joined = _with_context(evidence) - _distance_from(mask, start) + _own_colours(lab, mask, lab)
    less, more = (_tidy(cut(lab, joined + step, SMOOTHNESS), joined + step) for step in (-DOUBT, DOUBT))
    return less, more


def sharpened(fine: FloatImage, lab: FloatImage, start: FloatImage, evidence: FloatImage, mask: BoolImage) -> BoolImage:
    """A mask of `refined_cut`, cut once more in the same picture at twice the size: bool array of shape (2 H, 2 W).

    fine : float32 array of shape (2 H, 2 W, 3). lab, start, evidence : what `refined_cut` was given.
    """
    size = fine.shape[1], fine.shape[0]
    near = _with_context(evidence, FINE_CONTEXT, FINE_NEAR_PX)
    placed = cv2.resize(near - _distance_from(mask, start), size, interpolation=cv2.INTER_LINEAR)
    joined = np.asarray(placed + _own_colours(lab, mask, fine), np.float32)
    return _tidy(cut(fine, joined, 2 * SMOOTHNESS), joined)


def _own_colours(lab: FloatImage, mask: BoolImage, where: FloatImage) -> FloatImage:
    """Weighed log odds of the colours `where`, by those inside and outside the mask of `lab`."""
    return np.asarray(OWN_COLOURS * np.clip(colour_evidence(lab, mask, where), -4, 4), np.float32)


def softened(mask: NDArray[np.floating[Any]] | BoolImage) -> FloatImage:
    """A mask with an edge about two px wide: float32, [0, 1]."""
    return np.asarray(np.clip(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8), 0, 1), dtype=np.float32)


def overlap(one: BoolImage, other: BoolImage) -> float:
    """Intersection over union of two masks, [0, 1]; 1 where both are empty."""
    union = int(np.count_nonzero(one | other))
    return int(np.count_nonzero(one & other)) / union if union else 1.0


def _with_context(evidence: FloatImage, share: float = CONTEXT, near_px: float = NEAR_PX) -> FloatImage:
    """Evidence with a share of its surroundings': a white paw beside brown fur is taken along."""
    near = cv2.GaussianBlur(evidence, (0, 0), near_px)
    wide = cv2.GaussianBlur(evidence, (0, 0), CONTEXT_PX)
    return np.asarray((1 - share) * near + share * wide, dtype=np.float32)


def _distance_from(mask: BoolImage, start: FloatImage) -> FloatImage:
    """Log odds against far places: grows beyond two deviations of the mask's own place, at most 4.

    The place is that of the mask's salient part, found three times, each time without what lies far from the last, so
    that a piece of background that was taken along does not draw the place towards it.
    """
    offset = np.indices(mask.shape, np.float32).reshape(2, -1).T
    weight = (mask * (start + np.float32(0.05))).ravel()
    squared = np.zeros(weight.shape, np.float32)
    for _ in range(3):
        weight = weight * (squared < 5)
        inside = np.flatnonzero(weight)
        if len(inside) < 20:
            break
        members, share = offset[inside], weight[inside]
        mixture = Mixture(
            weights=np.ones(1),
            means=np.average(members, axis=0, weights=share)[None].astype(np.float64),
            covariances=(np.cov(members.T, aweights=share) + np.eye(2))[None],
        )
        squared = mixture.squared_distances(offset)[0]
    return np.asarray(np.clip(squared / 4 - 1, 0, 4).reshape(mask.shape), dtype=np.float32)


def _tidy(mask: BoolImage, evidence: FloatImage) -> BoolImage:
    """Drop the pieces that carry little evidence beside the strongest one, fill the holes that carry little against."""
    count, pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    weight = np.bincount(pieces.ravel(), weights=np.maximum(evidence, 0).ravel() + 1e-6, minlength=count)
    weight[0] = 0
    kept = (weight >= 0.15 * weight.max()) & (weight > 0)
    mask = kept[pieces]
    count, holes, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    area = stats[:, cv2.CC_STAT_AREA]
    mean = np.bincount(holes.ravel(), weights=evidence.ravel(), minlength=count) / np.maximum(area, 1)
    fill = (area < 0.01 * mask.sum()) | (mean > -1.5)
    fill[0] = False
    fill[_on_border(np.asarray(holes, np.int32))] = False
    return np.asarray(mask | fill[holes])


def _on_border(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Labels that reach the picture's edge."""
    return np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
