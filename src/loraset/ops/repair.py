"""Correcting a mask by what the other pictures of its set know: piece by piece, and only where several cues agree.

In: a described picture, its mask and the evidence of classifiers that never saw it. Out: the pieces to add and to take
away, with what spoke for each, and the corrected mask. Never: paths, settings, randomness, or a word on masks that the
evidence contradicts as a whole: those are for a person, or to be made anew.

The picture is cut once more, the mask's own word weighed against the evidence. Where that cut differs from the mask,
the difference falls into connected pieces. Each is judged on its own, by evidence, colours, edges and size: a dropped
limb has weak edges to the body and strong ones to the ground, a grabbed rug the reverse.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np

from loraset.ops.cosegmentation import Knowledge, Look, outline
from loraset.ops.mixture import fit_mixture
from loraset.ops.outline import overlap, refined_cut, sharpened, softened
from loraset.types import BoolImage, FloatImage

TRUST = 1.0  # log odds that a certain mask's word weighs against the evidence
FIRM = 2.0  # a change that is still proposed against twice that trust is firm
SMALLEST = 0.02  # of the subject: a smaller piece keeps the mask's edge
MOST_SHARE = 0.1  # of the subject: beyond, size says no more for a piece
SEAM_PX = 2  # px at half the working size: how far round a piece the new edge holds
ROUND_PX = 12  # how far the ground round the subject reaches whose colours count
ENOUGH_PX = 50  # fewer are no colour model
SPREAD = 4.0  # Lab units within which two colours are the same
NOTHING, EVERYTHING = 0.001, 0.97  # shares of the picture: a mask below or above is none
FRAMING = 0.75  # of the picture's border: a mask that covers more is more likely the ground
STABLE = 0.78  # stability of the set's own cut from which it may stand in for a mask
LARGE = 0.5  # overlap of the old and the new mask below which nothing is changed
DISPUTED = 0.65  # overlap with the cut proposed below which a mask of which no piece is changed is not simply right
LEAST_WRONG = 0.05  # of it, to be expected wrong by the pieces: a cut that differs in nothing likely says nothing
KERNEL = np.ones((3, 3), np.uint8)

# What each cue adds to the log odds that a piece is rightly changed, and those of a piece of which all cues are 0:
# fitted by logistic regression to the pieces of painted sets with planted faults (tests/benchmarks/fit_repair.py).
WEIGHTS: dict[bool, dict[str, float]] = {
    True: {
        "rank": 2.22,
        "likes": 0.27,
        "unlike": 0.2,
        "new": 0.74,
        "old": 1.54,
        "whole": 9.27,
        "firm": 1.84,
        "salient": 1.37,
        "size": 0.47,
    },
    False: {
        "rank": 4.18,
        "likes": 0.31,
        "old": 0.05,
        "whole": 6.77,
        "firm": 1.59,
        "doubt": 0.57,
        "salient": 1.67,
        "size": 1.33,
    },
}
PRIOR = {True: -3.76, False: -2.12}
NEEDED = {True: 1.5, False: 1.75}  # log odds from which a piece is changed
MEANING = {
    "rank": "the other pictures",
    "likes": "the colours of the side it joins",
    "unlike": "the colours of the side it leaves",
    "new": "its edge to the side it leaves",
    "old": "its edge to the side it joins",
    "whole": "how the subject hangs together",
    "firm": "the cut that trusts the mask more",
    "doubt": "how unsure the mask is",
    "salient": "how it stands out",
    "size": "its size",
}


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A connected part of the picture in which the set contradicts the mask.

    where : bool array of shape (h, w). added : whether it would join the subject, else leave it. share : its area over
    the mask's. cues : name -> number, positive where it speaks for the change. belief : log odds that it is right.
    """

    where: BoolImage
    added: bool
    share: float
    cues: dict[str, float]
    belief: float

    @property
    def chance(self) -> float:
        """The chance that it is rightly changed, [0, 1]."""
        return float(1 / (1 + np.exp(-self.belief)))

    @property
    def accepted(self) -> bool:
        """Whether the cues suffice."""
        return self.belief >= NEEDED[self.added]

    @property
    def words(self) -> str:
        """The cues for a person, those that speak for the change first."""
        told = sorted(self.cues.items(), key=lambda cue: -cue[1] * WEIGHTS[self.added][cue[0]])
        return f"odds {self.belief:+.1f} of {NEEDED[self.added]:g} needed; " + ", ".join(
            f"{MEANING[name]} {value:+.2f}" for name, value in told
        )


@dataclass(frozen=True, slots=True, eq=False)
class Repair:
    """What becomes of one mask.

    pieces : all that were judged, accepted ones first. overlap : IoU of the old and the corrected mask. verdict :
    "unchanged", "changed", or "refused" where the change would be too large, or the set contradicts much of the mask
    but is sure of no piece: then overlap is that of the mask and what was refused. agreement : IoU of the mask that
    comes out and the cut that the set proposes, small differences and all. fine : bool array of shape
    (2 h, 2 w), the corrected mask's edge; added, removed : bool arrays of shape (h, w), where it may add to the old
    mask and take from it. These three are None but for "changed".
    """

    pieces: tuple[Piece, ...]
    overlap: float
    verdict: Literal["unchanged", "changed", "refused"]
    agreement: float
    fine: BoolImage | None = None
    added: BoolImage | None = None
    removed: BoolImage | None = None

    @property
    def disputed(self) -> float:
        """How much of the mask that comes out is to be expected wrong by its pieces, over the old mask: [0, 1]."""
        mended = self.verdict == "changed"
        wrong = (
            piece.share * (1 - piece.chance if mended and piece.accepted else piece.chance) for piece in self.pieces
        )
        return min(1.0, sum(wrong))

    def apply(self, probability: FloatImage) -> FloatImage:
        """Return the corrected mask: as it was away from the accepted pieces.

        probability : float32 array of shape (H, W), [0, 1], the old mask at its own size. One that is coarser than the
            picture was looked at comes back enlarged.
        """
        if self.fine is None or self.added is None or self.removed is None:
            return probability
        height, width = np.maximum(probability.shape, self.fine.shape).tolist()
        size = width, height
        if probability.shape != (height, width):
            probability = np.asarray(cv2.resize(probability, size, interpolation=cv2.INTER_LINEAR), np.float32)
        edge = cv2.resize(softened(self.fine), size, interpolation=cv2.INTER_LINEAR)
        more, less = (cv2.resize(part.astype(np.float32), size) for part in (self.added, self.removed))
        raised = np.maximum(probability, edge * more)
        return np.asarray(np.minimum(raised, 1 - (1 - edge) * less), np.float32)


def repair(item: Look, mask: FloatImage, evidence: FloatImage) -> Repair:
    """Judge every piece in which the set contradicts a mask, and change those on which the cues agree.

    mask, evidence : float32 arrays of the look's shape (h, w): the mask in [0, 1]; natural log odds of "subject" by
        classifiers that never saw this picture.
    """
    old = mask > 0.5
    proposed = proposal(item, mask, evidence, TRUST)
    pieces = judged(item, mask, evidence, proposed)
    accepted = [piece for piece in pieces if piece.accepted]
    if not accepted:
        agreed = overlap(old, proposed)
        refused = Repair(pieces, agreed, "refused", agreed)
        contradicted = agreed < DISPUTED and refused.disputed >= LEAST_WRONG
        return refused if contradicted else Repair(pieces, 1.0, "unchanged", agreed)
    added, removed = (_zone(accepted, old.shape, side) for side in (True, False))
    new = (old | (proposed & added)) & (proposed | ~removed)
    kept = overlap(old, new)
    if kept < LARGE:
        return Repair(pieces, kept, "refused", overlap(old, proposed))
    fine = sharpened(item.fine, item.lab, mask, _joint(softened(new), evidence, TRUST), new)
    return Repair(pieces, kept, "changed", overlap(new, proposed), fine, added, removed)


def is_doubtful(mask: FloatImage, evidence: FloatImage | None = None) -> bool:
    """Whether a mask is wrong at first sight: nothing, everything, most of the picture's border, or the reverse of
    what the set says.

    mask, evidence : float32 arrays of one shape (h, w).
    """
    inside = mask > 0.5
    if inside.mean() < NOTHING or inside.mean() > EVERYTHING:
        return True
    border = np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])
    if border.mean() > FRAMING:
        return True
    return evidence is not None and _median(evidence, inside) <= _median(evidence, ~inside)


def remade(
    item: Look, probability: FloatImage, mask: FloatImage, evidence: FloatImage, knowledge: Knowledge
) -> tuple[str, FloatImage | None]:
    """Words on a doubtful mask, and what should stand in its place: the set's own cut where that is stable, or the
    mask's reverse where the set says exactly that; None where the set is not sure either, or agrees with the mask.

    probability : float32 array of shape (H, W), the mask at its own size. mask, evidence : of the look's shape (h, w).
    """
    old = mask > 0.5
    what = "is empty" if old.mean() < NOTHING else "takes in nearly everything" if old.mean() > EVERYTHING else ""
    what = what or "does not show what the other pictures show"
    own = outline(item, knowledge)
    cut = cv2.resize(own.probability, mask.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5
    if overlap(cut, old) >= LARGE:
        return f"the mask {what}, yet the other pictures agree with it", None
    sure = own.stability >= STABLE and _median(evidence, cut) > max(0.0, _median(evidence, ~cut))
    if not sure:
        return f"the mask {what}; the other pictures are not sure of the subject either", None
    if overlap(cut, ~old) >= LARGE:
        return "the mask is the reverse of what the other pictures show; it was turned", 1 - probability
    return f"the mask {what}; it was made anew from the other pictures", own.probability


def _zone(pieces: Sequence[Piece], shape: tuple[int, ...], added: bool) -> BoolImage:
    """Where the accepted pieces of one side lie, and a little round them, so that no seam is left."""
    zone = np.zeros(shape, np.uint8)
    for piece in pieces:
        if piece.added == added:
            zone[piece.where] = 1
    return np.asarray(cv2.dilate(zone, KERNEL, iterations=SEAM_PX) > 0)


def judged(item: Look, mask: FloatImage, evidence: FloatImage, proposed: BoolImage) -> tuple[Piece, ...]:
    """Pieces of the difference between a mask and the cut proposed, the ones that most cues speak for first."""
    old = mask > 0.5
    parts = [(part, True) for part in _pieces(proposed & ~old, old)]
    parts += [(part, False) for part in _pieces(old & ~proposed, old)]
    if not parts:
        return ()
    scene = _Scene(item, mask, proposed, proposal(item, mask, evidence, FIRM), evidence)
    found = [scene.judge(part, added) for part, added in parts]
    return tuple(sorted(found, key=lambda piece: (not piece.accepted, -piece.belief)))


def proposal(item: Look, mask: FloatImage, evidence: FloatImage, trust: float) -> BoolImage:
    """The cut that weighs a mask's own word, at most `trust` either way, and the set's evidence."""
    return refined_cut(item.lab, mask, _joint(mask, evidence, trust))


def _joint(mask: FloatImage, evidence: FloatImage, trust: float) -> FloatImage:
    word = np.clip(np.log((mask + 1e-3) / (1.001 - mask)), -1, 1)
    return np.asarray(evidence + trust * word, np.float32)


def _pieces(part: BoolImage, old: BoolImage) -> list[BoolImage]:
    """Connected pieces that are neither small beside the mask nor mere slivers along its edge."""
    square = np.ones((2, 2), np.uint8)
    core = cv2.erode(part.astype(np.uint8), square, anchor=(1, 1), borderValue=0)
    core = cv2.dilate(core, square, anchor=(0, 0))  # the other corner: an even square would else move what it opens
    count, labels, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=4)
    least = max(8.0, SMALLEST * np.count_nonzero(old))
    return [labels == label for label in range(1, count) if stats[label, cv2.CC_STAT_AREA] >= least]


class _Scene:
    """What the pieces of one picture are compared with: its undisputed subject and its undisputed ground."""

    def __init__(
        self, item: Look, mask: FloatImage, proposed: BoolImage, firm: BoolImage, evidence: FloatImage
    ) -> None:
        self._lab, self._mask, self._old, self._firm = item.lab, mask, mask > 0.5, firm
        either = self._old | proposed
        core, ground = _inner(self._old & proposed), _inner(~either)
        near = ground & _grown(either, ROUND_PX)
        high, low = _median(evidence, core), _median(evidence, ground)
        self._start, self._main = item.start, _whole(self._old)
        self._half_salient = (_mean(item.start, self._old) + _mean(item.start, ~self._old)) / 2
        self._said = (evidence - (high + low) / 2) / max(1.0, high - low)
        self._usual = _border(item.lab, self._old & proposed, ~either).contrast
        self._like_subject, self._like_ground = _likeness(item.lab, core), _likeness(item.lab, near)

    def judge(self, where: BoolImage, added: bool) -> Piece:
        """Return a piece with its cues, each turned so that it speaks for the change where it is positive."""
        sign = 1.0 if added else -1.0
        inside = _inner(where)
        if np.count_nonzero(inside) < 8:
            inside = where
        body, rest = self._old & ~where, ~(self._old | where)
        share = float(where.sum() / max(1, self._old.sum()))
        to_body, to_ground = _border(self._lab, where, body), _border(self._lab, where, rest)
        new, old = (to_ground, to_body) if added else (to_body, to_ground)
        likes, unlike = self._like_subject[inside].mean(), self._like_ground[inside].mean()
        if not added:
            likes, unlike = unlike, likes
        cues = {
            "rank": float(np.clip(sign * self._said[inside].mean(), -1, 1)),
            "likes": float(likes),
            "unlike": -float(unlike),
            "new": float(np.log((new.contrast + 2) / (self._usual + 2))) if new.length else 0.0,
            "old": -float(np.log((old.contrast + 2) / (self._usual + 2))),
            "whole": _whole(self._old | where if added else body) - self._main,
            "firm": float(np.mean(self._firm[where] == added)),
            "doubt": float(np.mean(1 - np.abs(2 * self._mask[where] - 1))),
            "salient": float(sign * (self._start[where].mean() - self._half_salient)),
            "size": float(np.log(min(share, MOST_SHARE) / 0.05)),
        }
        cues = {name: cues[name] for name in WEIGHTS[added]}
        belief = PRIOR[added] + sum(weight * cues[name] for name, weight in WEIGHTS[added].items())
        return Piece(where, added, share, cues, belief)


def _likeness(lab: FloatImage, part: BoolImage) -> FloatImage:
    """How usual every pixel's colour is in a part: its log density less the part's own mean, -4 to 1; 0 for no part."""
    if np.count_nonzero(part) < ENOUGH_PX:
        return np.zeros(part.shape, np.float32)
    density = fit_mixture(lab[part], 5, SPREAD).log_density(lab)
    return np.asarray(np.clip(density - density[part].mean(), -4, 1), np.float32)


def _inner(part: BoolImage) -> BoolImage:
    return np.asarray(cv2.erode(part.astype(np.uint8), KERNEL) > 0)


def _whole(part: BoolImage) -> float:
    """Share of a part that hangs together with most of it, [0, 1]."""
    stats = cv2.connectedComponentsWithStats(part.astype(np.uint8), connectivity=8)[2]
    areas = stats[1:, cv2.CC_STAT_AREA]
    return float(areas.max() / areas.sum()) if len(areas) else 1.0


def _grown(part: BoolImage, px: int) -> BoolImage:
    return np.asarray(cv2.dilate(part.astype(np.uint8), KERNEL, iterations=px) > 0)


def _median(values: FloatImage, where: BoolImage) -> float:
    return float(np.median(values[where])) if where.any() else 0.0


def _mean(values: FloatImage, where: BoolImage) -> float:
    return float(values[where].mean()) if where.any() else 0.0


class _Border(NamedTuple):
    """Where two parts touch: mean colour difference across, Lab units, 0 where they do not; length in px."""

    contrast: float
    length: float


def _border(lab: FloatImage, one: BoolImage, other: BoolImage) -> _Border:
    total, count = 0.0, 0
    height, width = one.shape
    for down, right in ((0, 1), (1, 0), (0, 2), (2, 0)):
        here, there = np.s_[: height - down, : width - right], np.s_[down:, right:]
        across = (one[here] & other[there]) | (other[here] & one[there])
        difference = lab[there][across] - lab[here][across]
        total += float(np.linalg.norm(difference, axis=1).sum())
        count += len(difference)
    return _Border(total / count if count else 0.0, count / 3)
