"""select: stored numbers -> keep, review or reject, with reasons.

In: what earlier stages said of each picture, and the recipe's thresholds. Out: a `Decision` for each, and what is to be
said of the set. Never: opening a picture, measuring one, or an answer that depends on the order of the input.

Each picture is first seen beside the others (see `beside`). Then five steps, each on what the one before left: the
gates (a threshold for each reason code), the score, copies of the subject, strangers among the rest, and the limit on
their number. What is left is then described: see `coverage`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from loraset.metrics.grade import CUTOUT, EXPLAINED_BELOW, WORDS, grade
from loraset.ops.descriptors import Descriptors, choose_different, variety_covered
from loraset.ops.likeness import FEWEST, Look, fit_together
from loraset.ops.subject_copies import find_copies
from loraset.recipe.model import Select
from loraset.stages.beside import beside
from loraset.stages.coverage import Coverage, cover
from loraset.stages.gates import GATES, Gate, shared_by_most
from loraset.stages.views import View, points
from loraset.types import ByteImage, Json, Pixels, Reason, Verdict

NAME = "select"

OF_SET = ("set_sharpness", "set_edges", "set_lightness", "set_halo", "subject_fit")  # numbers that are known here only
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


AS_VIEW = frozenset({"subject_cut_off"})  # doubts that say what a picture shows, not that it is cut out wrongly
WORTH_POWER = 4  # of the score: most pictures score over .8, and a worse one should not come in for being odd
SAID = 3  # of what pulled a score down; `score --explain` and the report have all
NAMED = 12  # pictures of a second subject that are named to the user; the manifest has all


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one picture before `select`.

    source : names it to the user. reasons : of earlier stages. metrics : name -> number or None. score : [0, 1].
    pulled_down : names of the metrics that cost the score most. subject : `Descriptors.to_json()`. rim : its
    colour, see `ops.rim`. images : score's arrays, read when needed. The last six are empty where
    a picture never came to score.
    """

    id: str
    source: str
    reasons: tuple[Reason, ...] = ()
    duplicate_of: str | None = None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    score: float | None = None
    pulled_down: Sequence[str] = ()
    subject: Json | None = None
    rim: Sequence[float] = ()
    images: Mapping[str, Pixels] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a picture: every verdict but keep has at least one reason.

    metrics : numbers that only the whole set gives. usual : metrics in which most of the set fail, which thus cost none
    of it anything.
    details : JSON for the manifest (`details.select`).
    """

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    duplicate_of: str | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    usual: tuple[str, ...] = ()
    details: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selection:
    """The decisions by id, and what is to be said of the set.

    notes : lines for the user. groups : ids of two subjects' pictures. coverage : what the pictures that go on show,
    where they share a subject.
    """

    decisions: dict[str, Decision]
    notes: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    coverage: Coverage | None = None


@dataclass(slots=True)
class _Case:
    """One picture while it is being decided."""

    entry: Entry
    verdict: Verdict
    reasons: list[Reason]
    duplicate_of: str | None
    look: Descriptors | None
    metrics: dict[str, float] = field(default_factory=dict)
    details: Json = field(default_factory=dict)

    @property
    def score(self) -> float:
        return self.entry.score or 0.0

    @property
    def rank(self) -> tuple[bool, float, str]:
        """Best first: kept before doubtful, then by score, then by id."""
        return self.verdict != Verdict.KEEP, -self.score, self.entry.id

    @property
    def is_judged(self) -> bool:
        """Whether it is neither a copy nor without a subject; why a score rejects it is still of interest."""
        return all(reason.code not in REJECTING and reason.code != "subject_duplicate" for reason in self.reasons)

    def add(self, code: str, detail: str, verdict: Verdict) -> None:
        self.reasons.append(Reason(code, NAME, detail))
        if self.verdict != Verdict.REJECT:
            self.verdict = verdict

    def decided(self, usual: tuple[str, ...]) -> Decision:
        return Decision(self.verdict, tuple(self.reasons), self.duplicate_of, self.metrics, usual, self.details)


def select(entries: Sequence[Entry], settings: Select, *, shared: bool, mirrored: bool = True) -> Selection:
    """Decide on every picture; the result is by id and does not depend on the order of `entries`.

    shared : all pictures show one subject, so that two alike cut-outs are copies and an unlike one is a stranger.
    mirrored : a mirrored copy is a copy.
    """
    cases = [_open(entry) for entry in sorted(entries, key=lambda entry: entry.id)]
    common = shared_by_most([case.entry.metrics for case in _left(cases)], settings.limits, one_subject=shared)
    usual = tuple(gate.metric for gate in common)
    _see_beside(_left(cases), usual, shared=shared)
    notes = list(common.values())
    for case in cases:
        _apply_gates(case, settings, case.entry.metrics, common)
        _apply_score(case, settings)
    groups: list[list[str]] = []
    if shared and settings.subject_duplicates:
        _drop_copies(_left(cases), mirrored=mirrored)
    if shared:
        groups = _find_strangers([case for case in cases if case.is_judged], settings, notes)
    covered = _limit(_left(cases), settings.max_images) if settings.max_images else None
    coverage = _cover(cases, covered) if shared else None
    decisions = {case.entry.id: case.decided(usual) for case in cases}
    return Selection(decisions, tuple(notes), tuple(map(tuple, groups)), coverage)


def _open(entry: Entry) -> _Case:
    verdict = Verdict.REVIEW if entry.reasons else Verdict.KEEP
    if any(reason.code in REJECTING for reason in entry.reasons):
        verdict = Verdict.REJECT
    look = Descriptors.from_json(entry.subject) if entry.subject else None
    return _Case(entry, verdict, list(entry.reasons), entry.duplicate_of, look)


def _left(cases: Sequence[_Case]) -> list[_Case]:
    return sorted((case for case in cases if case.verdict != Verdict.REJECT), key=lambda case: case.rank)


def _see_beside(cases: Sequence[_Case], usual: Collection[str], *, shared: bool) -> None:
    """Add what the set says of each picture's metrics, and change its score by that. usual : see `Decision`."""
    entries = [case.entry for case in cases]
    seen: Sequence[Mapping[str, float]] = [{}] * len(entries)
    if shared:
        rims, backdrops = [entry.rim for entry in entries], [_backdrop(entry) for entry in entries]
        seen = beside([entry.metrics for entry in entries], rims, backdrops)
    for case, entry, found in zip(cases, entries, seen, strict=True):
        if not (found or usual) or entry.score is None:
            continue
        case.metrics |= found
        before, metrics = grade(entry.metrics), {**entry.metrics, **found}
        after = grade(metrics, usual)
        score = min(1.0, entry.score * after.score / before.score) if before.score else 0.0
        if "set_edges" in found:
            metrics["mask_wrong"] = round(1 - after.right, 6)
        case.entry = replace(entry, metrics=metrics, score=score, pulled_down=after.pulled_down)


def _apply_gates(
    case: _Case, settings: Select, metrics: Mapping[str, float | None], common: Collection[Gate] = ()
) -> None:
    for gate in GATES:
        known = any(reason.code == gate.code for reason in case.reasons)
        limit = gate.threshold(settings.limits)
        if known or gate in common or not gate.fails(metrics, limit):
            continue
        case.add(gate.code, f"{gate.words} is {gate.value(metrics):.3g}, {gate.side} {limit:g}", gate.verdict)


def _apply_score(case: _Case, settings: Select, *, rejects: bool = True) -> None:
    score = case.entry.score
    if score is None or score >= max(settings.min_score, settings.review_below):
        return
    rejected = rejects and score < settings.min_score
    limit = settings.min_score if rejected else settings.review_below
    why = "".join(f"; {WORDS[name]}" for name in case.entry.pulled_down[:SAID])
    case.add("low_score", f"score {score:.2f} is below {limit:g}{why}", Verdict.REJECT if rejected else Verdict.REVIEW)


def _drop_copies(ranked: Sequence[_Case], *, mirrored: bool) -> None:
    """Reject each picture whose subject is a copy of a better one's."""
    cases = [case for case in ranked if "subject" in case.entry.images]
    smalls = [case.entry.images["subject"].astype(np.uint8, copy=False) for case in cases]
    for case, copy in zip(cases, find_copies(smalls, mirrored=mirrored), strict=True):
        if copy is None:
            continue
        better = cases[copy.of].entry
        case.duplicate_of = better.id
        case.details["copy"] = {"worst": round(copy.left.worst, 2), "mean": round(copy.left.mean, 2)}
        how = "mirrored " if copy.mirrored else ""
        worst = f"their colours differ by {copy.left.worst:.1f} at most (Lab)"
        detail = f"a {how}copy of the subject in {better.source}: {worst}"
        case.add("subject_duplicate", detail, Verdict.REJECT)


def _lower(case: _Case, factor: float, settings: Select) -> None:
    """Lower a score by what is known of the set only now; that alone rejects nothing: strangers are for a person."""
    if case.entry.score is None:
        return
    rejected = case.verdict == Verdict.REJECT
    named = ("subject_fit",) if factor < EXPLAINED_BELOW else ()
    case.entry = replace(case.entry, score=case.entry.score * factor, pulled_down=(*named, *case.entry.pulled_down))
    others = [reason for reason in case.reasons if reason.code != "low_score"]
    if case.verdict == Verdict.KEEP or len(others) < len(case.reasons):
        case.reasons = others  # what was said of the score names the lower one now
        _apply_score(case, settings, rejects=rejected)


def _find_strangers(cases: Sequence[_Case], settings: Select, notes: list[str]) -> list[list[str]]:
    """Measure how each subject fits the others; what does not goes to review. Returns the ids of two subjects, if two.

    cases : by id; those without a look are passed over. notes : takes the lines for the user.
    """
    cases = [case for case in cases if "patches" in case.entry.images]
    looks = [Look(*(case.entry.images[name].astype(np.uint8) for name in ("colors", "patches"))) for case in cases]
    fits = fit_together(looks)
    if fits is None:
        if len(cases) > 1:
            notes.append(f"{len(cases)} pictures are too few to tell an odd one out: that takes {FEWEST}")
        return []
    for case, fit in zip(cases, fits.fit, strict=True):
        case.metrics["subject_fit"] = round(fit, 6)
        _apply_gates(case, settings, case.metrics)
        _lower(case, CUTOUT["subject_fit"].factor(fit), settings)
    if not any(fits.groups):
        return []
    groups: list[list[str]] = [[], []]
    for case, group in zip(cases, fits.groups, strict=True):
        groups[group].append(case.entry.id)
        case.details["group"] = group + 1
    smaller = [case.entry.source for case, group in zip(cases, fits.groups, strict=True) if group]
    for case, group in zip(cases, fits.groups, strict=True):
        if group and all(reason.code != "odd_one_out" for reason in case.reasons):
            words = f"in the smaller of two groups, {len(groups[1])} of {len(cases)}, that look like two subjects"
            case.add("odd_one_out", words, Verdict.REVIEW)
    notes.append(
        f"the set looks like two subjects: {len(groups[0])} pictures of one, {len(groups[1])} of another "
        f"({', '.join(smaller[:NAMED])}{', ...' if len(smaller) > NAMED else ''})"
    )
    return groups


def _backdrop(entry: Entry) -> ByteImage | None:
    colors = entry.images.get("backdrop")
    return None if colors is None else colors.astype(np.uint8, copy=False)


def _view(case: _Case) -> View:
    entry = case.entry
    small = entry.images.get("subject")
    return View(
        entry.id,
        entry.source,
        look=case.look,
        lightness=entry.metrics.get("lightness"),
        cut_share=entry.metrics.get("cut_off") or 0.0,
        subject_share=entry.metrics.get("subject_share") or 0.0,
        small=None if small is None else small.astype(np.uint8, copy=False),
        backdrop=_backdrop(entry),
    )


def _limit(ranked: Sequence[_Case], most: int) -> float | None:
    """Keep the pictures that are best and stand for all; reject the rest.

    A picture for review comes in only when none is left to keep, but for one that merely shows a part of the figure.
    Returns how much of the variety of those to keep the chosen stand for, None where none is rejected.
    """
    if len(ranked) <= most:
        return None
    stand = points([_view(case) for case in ranked])
    sure = np.array([all(reason.code in AS_VIEW for reason in case.reasons) for case in ranked])
    chosen = choose_different(stand, _worth(ranked), sure, most)
    for index, case in enumerate(ranked):
        if index not in chosen:
            case.add("over_limit", f"the {most} best and most different of {len(ranked)} are kept", Verdict.REJECT)
    return round(variety_covered(stand[sure] if sure.any() else stand, stand[chosen]), 4)


def _worth(cases: Sequence[_Case]) -> NDArray[np.float64]:
    """Score, less for what is less sharp than the set's usual; what is not known is as sharp as that."""
    scores = np.array([case.score for case in cases])
    sharp = [case.entry.metrics.get("sharpness") for case in cases]
    known = [value for value in sharp if value is not None]
    usual = float(np.median(known)) if known else 0.0
    share = [1.0 if value is None or usual == 0 else min(value / usual, 1.0) for value in sharp]
    return np.asarray((scores * np.array(share)) ** WORTH_POWER)


def _cover(cases: Sequence[_Case], covered: float | None) -> Coverage | None:
    """Say what the pictures that go on show, and in their details which is worth showing more often. cases : by id."""
    left_out = [
        _view(case)
        for case in cases
        if case.verdict == Verdict.REJECT
        and case.duplicate_of is None
        and all(reason.code != "no_subject" for reason in case.reasons)
    ]
    cases = [case for case in cases if case.verdict != Verdict.REJECT]
    if not cases:
        return None
    doubted = [case.entry.id for case in cases if any(reason.code not in AS_VIEW for reason in case.reasons)]
    coverage = cover([_view(case) for case in cases], covered, left_out, doubted)
    times = {repeat.id: repeat.times for repeat in coverage.repeats}
    for case in cases:
        if case.entry.id in times:
            case.details["repeats"] = times[case.entry.id]
    return coverage
