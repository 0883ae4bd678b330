"""repair: an engine's mask, corrected by what the masks of the other pictures know of the subject.

In: the mask, the reduced picture, the set's knowledge. Out: what was changed and why; the corrected mask, only where
one was changed: whoever needs the mask takes `final_mask`. Never: a change to what was measured (a file's own alpha, a
keyed screen) or to what a person gave as a correction; a large change without a person being asked.
"""

import numpy as np

from loraset.ops.geometry import around
from loraset.ops.marks import hold
from loraset.ops.repair import Piece, Repair, is_doubtful, remade, repair
from loraset.recipe.model import Recipe
from loraset.stages.interface import Task
from loraset.stages.knowledge import Recalled, at_look
from loraset.stages.mask import probability_of, to_integers
from loraset.types import FloatImage, Json, Pixels, Reason, StageResult

NAME = "repair"
VERSION = 9
READS = ("ingest", "mask")
# Later stages depend on what this one made of the picture, not on the set it was made from: a set that grows by a
# picture cuts none of the others again whose masks stay.
KEYED_BY_RESULT = True
MEASURED = ("alpha", "key", "plate")  # engines whose masks are no guesses
LOOK_BELOW = 0.93  # overlap of the old and the new mask below which a person should look

LIKELY = 0.5  # chance from which a piece that stays as it is is named, where it is ...
NAMED = 0.05  # ... so large a share of the mask
EVEN = 0.12  # is told to be wrong of a mask that was made anew, or should have been: as much as counts in full


def measured(said: Json, mask: Json) -> dict[str, float | None]:
    """Return what the set says of a mask as numbers in [0, 1]: None where it was not asked.

    set_overlap : IoU of the final mask and the set's own cut. set_disputes : the share of the final mask that is to be
    expected wrong. steady : of a mask that the set made, how much of it stays when its evidence is weighed differently;
    None where the mask is not that one any more.

    said, mask : what this stage and the mask stage said.
    """
    return {
        "set_overlap": said.get("agreement"),
        "set_disputes": said.get("disputed"),
        "steady": None if said.get("verdict") in ("changed", "remade") else mask.get("details", {}).get("stability"),
    }


def settings(recipe: Recipe) -> Json:
    """Return the part of the recipe that decides which masks are corrected."""
    return {"repair": recipe.mask.repair, "shared": recipe.subject.shared, "given": names_given(recipe)}


def applies(recipe: Recipe) -> bool:
    """Whether the recipe wants masks corrected, and the pictures show one subject that can teach it."""
    return recipe.mask.repair and recipe.subject.shared


def names_given(recipe: Recipe) -> bool:
    """Whether every mask is given: they are the set's masks then, not corrections of an engine's."""
    return recipe.mask.name == "given"


def final_mask(task: Task) -> StageResult:
    """Return the mask stage's result with the corrected mask in it where there is one.

    That is exact no longer, and what its maker said when asked again was said of another mask.
    """
    mask, said = task.result("mask"), task.result(NAME)
    if not said.images:
        return mask
    details = {name: value for name, value in mask.data["details"].items() if name != "asked_again"}
    return StageResult({**mask.data, "exact": False, "details": details}, said.images, mask.reasons)


def run(task: Task) -> StageResult:
    """Ask the other pictures about one mask, and change it where they are sure."""
    mask = task.result("mask")
    why = _untouched(task, mask)
    recalled = None if why or task.knowledge is None else task.knowledge.recall(task.view.sha256, task.view.proxy)
    if recalled is None:
        return StageResult({"verdict": "untouched", "why": why or "too few pictures can teach"})
    old = probability_of(mask)
    small = at_look(old, recalled.look)
    if is_doubtful(small, recalled.evidence):
        return _make_anew(task, mask, old, small, recalled)
    found = repair(recalled.look, small, recalled.evidence)
    data = _describe(found, recalled, task.view.size)
    if found.verdict == "unchanged":
        left = [piece.share for piece in found.pieces if piece.share >= NAMED and piece.chance > LIKELY]
        words = f"the other pictures speak against a piece of the mask, {max(left, default=0):.0%} of it; it stays"
        return StageResult(data, reasons=(_doubt(words),) if left else ())
    share = f"{1 - found.overlap:.0%} of it"
    if found.verdict == "refused":
        return StageResult(data, reasons=(_doubt(f"the other pictures contradict the mask: {share}; it stays"),))
    reasons = (_doubt(f"the other pictures changed the mask: {share}"),) if found.overlap < LOOK_BELOW else ()
    return StageResult(data, {"probability": _stored(task, mask, found.apply(old))}, reasons)


def _untouched(task: Task, mask: StageResult) -> str:
    """Return why a mask is not even looked at, or nothing."""
    engine = mask.data["engine"]
    if not applies(task.recipe):
        return "the recipe wants none" if not task.recipe.mask.repair else "subject.shared is false"
    if not mask.images:
        return "there is no mask"
    if engine in MEASURED:
        return f"engine {engine} measures: it does not guess"
    if engine == "given" and not names_given(task.recipe):
        return "a person made it"
    if engine == "cosegment" and not (task.knowledge and task.knowledge.by_hand):
        return "the set made it"
    return ""


def _make_anew(task: Task, mask: StageResult, old: FloatImage, small: FloatImage, recalled: Recalled) -> StageResult:
    """Replace a mask that is wrong as a whole where the set is sure of its own; else say so."""
    words, made = remade(recalled.look, old, small, recalled.evidence, recalled.knowledge)
    data: Json = {
        "verdict": "refused" if made is None else "remade",
        "why": words,
        "disputed": EVEN,
        "taught_by": recalled.taught_by,
    }
    images = {} if made is None else {"probability": _stored(task, mask, made)}
    return StageResult(data, images, (_doubt(words),))


def _doubt(words: str) -> Reason:
    return Reason("engines_disagree", NAME, words)


def _stored(task: Task, mask: StageResult, probability: FloatImage) -> Pixels:
    """Return a mask as integers, as deep as the engine's; what a person marked holds in it."""
    marks = task.view.marks
    if marks is not None:
        probability = hold(probability, task.view.proxy(), marks).probability
    return to_integers(probability, mask.images["probability"].dtype == np.uint8)


def _describe(found: Repair, recalled: Recalled, size: tuple[int, int]) -> Json:
    """Return what the manifest tells: shares of the subject, and every piece with its box in px of the picture."""
    accepted = [piece for piece in found.pieces if piece.accepted]
    return {
        "verdict": found.verdict,
        "overlap": round(found.overlap, 4),
        "agreement": round(found.agreement, 4),
        "disputed": round(found.disputed, 4),
        "added": round(sum(piece.share for piece in accepted if piece.added), 4),
        "removed": round(sum(piece.share for piece in accepted if not piece.added), 4),
        "taught_by": recalled.taught_by,
        "pieces": [_tell(piece, size) for piece in found.pieces],
    }


def _tell(piece: Piece, size: tuple[int, int]) -> Json:
    rows, columns = around(piece.where)
    across, down = size[0] / piece.where.shape[1], size[1] / piece.where.shape[0]
    box = columns.start * across, rows.start * down, columns.stop * across, rows.stop * down
    return {
        "side": "added" if piece.added else "removed",
        "done": piece.accepted,
        "box": [round(float(value)) for value in box],
        "share": round(piece.share, 4),
        "why": piece.words,
    }
