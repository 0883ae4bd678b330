"""select: stored numbers -> keep, review or reject, with reasons.

In: what earlier stages said of each picture, and the recipe's thresholds. Out: a `Decision` for each. Never: opening a
picture, measuring, or an answer that depends on the order of the input.

Four steps, each on what the one before left: the gates (one threshold for each reason code), the score, copies of the
subject, and the limit on their number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from loraset.ops.descriptors import POSITION_SIZE, Descriptors, color_distance, hash_distance, position
from loraset.recipe.model import Select
from loraset.types import Json, Reason, Verdict

NAME = "select"

REJECTING = frozenset(
    {
        "not_an_image",
        "unreadable",
        "too_large",
        "animated",
        "too_small",
        "exact_duplicate",
        "near_duplicate",
        "no_subject",
    }
)  # reasons of earlier stages that end a picture; any other sends it to review

# Two subjects are copies when all three agree. Measured: pictures of one toy from other views differ more.
COPY_BITS = 6  # of 64
COPY_COLOR = 0.06  # share of the colour that may change
COPY_ASPECT = 1.06  # ratio of the boxes' aspects


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one picture before `select`.

    reasons : of earlier stages. metrics : name -> number or None. score : [0, 1]. pulled_down : names of the metrics
    that cost the score most. subject : `Descriptors.to_json()`. The last four are empty where a picture never came to
    score.
    """

    id: str
    reasons: tuple[Reason, ...] = ()
    duplicate_of: str | None = None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    score: float | None = None
    pulled_down: Sequence[str] = ()
    subject: Json | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a picture: every verdict but keep has at least one reason."""

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    duplicate_of: str | None = None


@dataclass(frozen=True, slots=True)
class _Gate:
    code: str  # names the threshold in [select.limits] too
    metric: str
    side: Literal["below", "above"]
    words: str
    verdict: Verdict = Verdict.REVIEW


GATES = (
    _Gate("no_subject", "subject_share", "below", "the subject's share of the photo", Verdict.REJECT),
    _Gate("subject_cut_off", "cut_off", "above", "the share of the outline on the photo's edge"),
    _Gate("mask_uncertain", "mask_uncertainty", "above", "the mask's uncertainty"),
    _Gate("engines_disagree", "engines_disagree", "above", "the engines' disagreement"),
    _Gate("halo", "halo", "above", "the share of old background in the edge"),
    _Gate("blurry", "sharpness", "below", "the subject's sharpness"),
    _Gate("dark", "lightness", "below", "the subject's mean lightness"),
    _Gate("overexposed", "overexposed", "above", "the share of the subject burnt out to white"),
)


@dataclass(slots=True)
class _Case:
    """One picture while it is being decided."""

    entry: Entry
    verdict: Verdict
    reasons: list[Reason]
    duplicate_of: str | None
    look: Descriptors | None

    @property
    def score(self) -> float:
        return self.entry.score or 0.0

    @property
    def rank(self) -> tuple[bool, float, str]:
        """Best first: kept before doubtful, then by score, then by id."""
        return self.verdict != Verdict.KEEP, -self.score, self.entry.id

    def add(self, code: str, detail: str, verdict: Verdict) -> None:
        self.reasons.append(Reason(code, NAME, detail))
        if self.verdict != Verdict.REJECT:
            self.verdict = verdict


def select(entries: Sequence[Entry], settings: Select, *, shared: bool) -> dict[str, Decision]:
    """Decide on every picture; the result is by id and does not depend on the order of `entries`.

    shared : all pictures show one subject, so that two alike cut-outs are copies.
    """
    cases = [_open(entry) for entry in sorted(entries, key=lambda entry: entry.id)]
    for case in cases:
        _apply_gates(case, settings)
        _apply_score(case, settings)
    if shared and settings.subject_duplicates:
        _drop_copies(_left(cases))
    if settings.max_images:
        _limit(_left(cases), settings.max_images)
    return {case.entry.id: Decision(case.verdict, tuple(case.reasons), case.duplicate_of) for case in cases}


def _open(entry: Entry) -> _Case:
    verdict = Verdict.REVIEW if entry.reasons else Verdict.KEEP
    if any(reason.code in REJECTING for reason in entry.reasons):
        verdict = Verdict.REJECT
    look = Descriptors.from_json(entry.subject) if entry.subject else None
    return _Case(entry, verdict, list(entry.reasons), entry.duplicate_of, look)


def _left(cases: Sequence[_Case]) -> list[_Case]:
    return sorted((case for case in cases if case.verdict != Verdict.REJECT), key=lambda case: case.rank)


def _apply_gates(case: _Case, settings: Select) -> None:
    known = {reason.code for reason in case.reasons}
    for gate in GATES:
        value, limit = case.entry.metrics.get(gate.metric), float(getattr(settings.limits, gate.code))
        if value is None or gate.code in known:
            continue
        if value < limit if gate.side == "below" else value > limit:
            case.add(gate.code, f"{gate.words} is {value:.3g}, {gate.side} {limit:g}", gate.verdict)


def _apply_score(case: _Case, settings: Select) -> None:
    score = case.entry.score
    if score is None or score >= max(settings.min_score, settings.review_below):
        return
    rejected = score < settings.min_score
    limit = settings.min_score if rejected else settings.review_below
    why = f", pulled down by {', '.join(case.entry.pulled_down)}" if case.entry.pulled_down else ""
    case.add("low_score", f"score {score:.2f} is below {limit:g}{why}", Verdict.REJECT if rejected else Verdict.REVIEW)


def _drop_copies(ranked: Sequence[_Case]) -> None:
    """Reject each picture whose subject is a copy of a better one's. Only kept ones are compared with: no chains."""
    kept: list[tuple[_Case, Descriptors]] = []
    for case in ranked:
        if case.look is None:
            continue
        copies = ((*copy, better) for better, look in kept if (copy := _copy(case.look, look)))
        nearest = min(copies, key=lambda found: (found[0], found[2].rank), default=None)
        if nearest is None:
            kept.append((case, case.look))
            continue
        bits, mirrored, better = nearest
        case.duplicate_of = better.entry.id
        how = "mirrored " if mirrored else ""
        detail = f"a {how}copy of the subject in {better.entry.id}: {bits} of 64 bits differ"
        case.add("subject_duplicate", detail, Verdict.REJECT)


def _copy(one: Descriptors, other: Descriptors) -> tuple[int, bool] | None:
    """Bits of difference and whether mirrored where two subjects are copies, else None."""
    bits, mirrored = hash_distance(one, other)
    aspects = max(one.aspect, other.aspect) / min(one.aspect, other.aspect)
    alike = bits <= COPY_BITS and aspects <= COPY_ASPECT and color_distance(one, other) <= COPY_COLOR
    return (bits, mirrored) if alike else None


def _limit(ranked: Sequence[_Case], most: int) -> None:
    """Keep the best picture, then again and again the one that is best and most unlike those kept; reject the rest.

    Farthest-point choice, the distance times the score; a picture for review comes in only when none is left to keep.
    """
    chosen = _farthest([case for case in ranked if case.verdict == Verdict.KEEP], [], most)
    chosen = _farthest([case for case in ranked if case.verdict == Verdict.REVIEW], chosen, most)
    ids = {case.entry.id for case in chosen}
    for case in ranked:
        if case.entry.id not in ids:
            case.add("over_limit", f"the {most} best and most different of {len(ranked)} are kept", Verdict.REJECT)


def _farthest(ranked: Sequence[_Case], chosen: list[_Case], most: int) -> list[_Case]:
    """Return `chosen` with pictures of `ranked` added, up to `most`. Ties go to the better ranked."""
    chosen = list(chosen)
    if not ranked:
        return chosen
    points, scores = np.stack([_point(case) for case in ranked]), np.array([case.score for case in ranked])
    gap = np.full(len(ranked), np.inf)
    for case in chosen:
        gap = np.minimum(gap, np.linalg.norm(points - _point(case), axis=1))
    free = np.ones(len(ranked), dtype=np.bool_)
    while len(chosen) < most and free.any():
        gain = scores * gap if chosen else scores
        best = int(np.argmax(np.where(free, np.round(gain, 9), -1.0)))
        free[best] = False
        chosen.append(ranked[best])
        gap = np.minimum(gap, np.linalg.norm(points - points[best], axis=1))
    return chosen


def _point(case: _Case) -> NDArray[np.float64]:
    """Place of a picture among the others; one whose look is not known stands at the origin."""
    return position(case.look) if case.look else np.zeros(POSITION_SIZE)
