"""Several outlines of one picture, and which of them to believe.

In: a Lab picture, evidence of which only the order is trusted, and how the subject looks in other pictures. Out: the
proposal that fits best. Never: randomness, or a threshold that holds for a whole set: how much evidence parts a
subject from its ground differs from picture to picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.ops.outline import overlap, refined_cut
from loraset.ops.words import WordImage, histogram
from loraset.types import BoolImage, FloatImage

STEPS = (-0.5, 0.0, 0.5, 1.0, 1.5, 2.0)  # log odds that are asked of a pixel, one proposal for each
USUAL = 0.75  # right most often ...
UNUSUAL = 0.1  # ... and what it costs in fit to be one log odds from there
SHARP = 20.0  # mean step of Lab along an outline that counts as much as a stable one ...
STRONGEST = 30.0  # ... in which no pixel counts more than this
LIKENESS = 1.5  # weight of the likeness to the subject in the other pictures
LARGER = 0.2  # what it is worth to be e times as large: a part of a subject is like it, and has edges, too
PIECE = 0.03  # of the subject: a smaller part stays as it is
TRIED = 12  # parts that are weighed at most
GAIN = 0.06  # of fit, for which a part changes hands
KEPT = 0.3  # of a subject, that no exchange may undercut


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """An outline, the evidence that it was cut by, and how far all proposals overlap with it (mean IoU), [0, 1]."""

    mask: BoolImage
    evidence: FloatImage
    agreement: float = 0.0


def proposals(
    lab: FloatImage, start: FloatImage, evidence: FloatImage, steps: Sequence[float] = STEPS
) -> list[Proposal]:
    """Cuts of more and more evidence asked, one for each of the steps; whether they agree is not yet asked.

    lab, start, evidence : what `refined_cut` takes. steps : log odds, rising.
    """
    asked = [evidence - np.float32(step) for step in steps]
    return [Proposal(refined_cut(lab, start, given), given) for given in asked]


def best(candidates: Sequence[Proposal], lab: FloatImage, text: WordImage, subject: NDArray[np.float64]) -> Proposal:
    """The proposal that is stable, has strong edges, and looks like the subject while its ground does not.

    A part of the picture in which another proposal fits much better is then taken from that one.

    candidates : of `proposals`. text : index of the colour word of every pixel. subject : (K,), the share of each word
        on the subject in other pictures.
    """
    masks = [one.mask for one in candidates]
    fits = [
        _fit(mask, lab, text, subject) + stable - UNUSUAL * abs(step - USUAL)
        for mask, stable, step in zip(masks, stability(masks), STEPS, strict=True)
    ]
    place = int(np.argmax(fits))
    mask = _exchanged(masks[place], masks, lab, text, subject)
    return Proposal(mask, candidates[place].evidence, float(np.mean([overlap(mask, other) for other in masks])))


def stability(masks: Sequence[BoolImage]) -> list[float]:
    """How far each of several cuts, ordered by the evidence asked, overlaps with those next to it (mean IoU)."""
    found = []
    for place, mask in enumerate(masks):
        beside = [masks[other] for other in (place - 1, place + 1) if 0 <= other < len(masks)]
        found.append(float(np.mean([overlap(mask, other) for other in beside])))
    return found


def _exchanged(
    mask: BoolImage, masks: Sequence[BoolImage], lab: FloatImage, text: WordImage, subject: NDArray[np.float64]
) -> BoolImage:
    """A proposal with the pieces added and taken away, the largest first, that another has and that fit much better."""
    size = np.count_nonzero(mask)
    pieces = [piece for other in masks for piece in (*_pieces(other & ~mask), *_pieces(mask & ~other))]
    pieces = [piece for piece in pieces if np.count_nonzero(piece) >= PIECE * size]
    pieces.sort(key=np.count_nonzero, reverse=True)
    fit = _fit(mask, lab, text, subject)
    for piece in pieces[:TRIED]:
        is_new = 2 * np.count_nonzero(mask & piece) < np.count_nonzero(piece)
        changed = mask | piece if is_new else mask & ~piece
        if np.count_nonzero(changed) < KEPT * size:
            continue
        found = _fit(changed, lab, text, subject)
        if found > fit + GAIN:
            mask, fit = changed, found
    return mask


def _pieces(mask: BoolImage) -> list[BoolImage]:
    """Connected parts of a mask."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    return [np.asarray(labels == number) for number in range(1, count)]


def _fit(mask: BoolImage, lab: FloatImage, text: WordImage, subject: NDArray[np.float64]) -> float:
    """How strong the edges of a mask are, how much more alike the subject it is than its ground, and how large."""
    if not mask.any():
        return -np.inf
    inside, ground = (alike(histogram(text, part, len(subject)), subject) for part in (mask, ~mask))
    size = float(np.log(mask.mean()))
    return edge_strength(lab, mask) / SHARP + LIKENESS * (inside - ground) + LARGER * size


def edge_strength(lab: FloatImage, mask: BoolImage) -> float:
    """Mean step of colour across an outline, in Lab units: 0 where there is none.

    lab : float32 array of shape (H, W, 3). mask : bool array of shape (H, W).
    """
    steps = []
    for axis in (0, 1):
        crossed = np.diff(mask.astype(np.int8), axis=axis) != 0
        steps.append(np.linalg.norm(np.diff(lab, axis=axis)[crossed], axis=1))
    found = np.minimum(np.concatenate(steps), STRONGEST)
    return float(found.mean()) if len(found) else 0.0


def alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Bhattacharyya's coefficient of two histograms, [0, 1]."""
    return float(np.sqrt(one * other).sum())
