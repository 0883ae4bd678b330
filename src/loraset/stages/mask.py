"""mask: picture -> probability of the subject, by the recipe's engine and what a person marked.

In: the picture as a `View`. Out: the probability at the engine's own grid (8 bit where it is exact, else 16 bit, so
that a soft map is not cut into steps) and who made it. Never: stretching, thresholds, verdicts other than its doubt.
"""

from dataclasses import replace

import cv2
import numpy as np

from loraset.ops.marks import hold
from loraset.recipe.model import Recipe
from loraset.stages.interface import Task
from loraset.stages.points import read_points
from loraset.types import Declined, FloatImage, Json, Mask, Pixels, Reason, StageResult, View

NAME = "mask"
VERSION = 4
READS = ("ingest",)
BY_HAND = ("alpha", "given", "marks")  # engines whose masks a person made: what is in pieces there is meant so
PIECE = 0.25  # of the largest piece: a second one as large as this may be the subject as well


def settings(recipe: Recipe) -> Json:
    """Return {}: the engine's identity, which the pipeline adds to the key, says all."""
    return {}


def run(task: Task) -> StageResult:
    """Ask the engine, and bring in what a person marked. What it declines is a picture without a subject, in its words.

    A points file that cannot be used sends the picture to review: its mask is what it would be without.
    """
    answer = _marked(task.engine.mask(task.view), task.view)
    _, fault = read_points(task.found.points_file, task.view.size)
    doubts = [f"points not used: {fault}"] if fault else []
    if isinstance(answer, Mask):
        doubts += _several(answer, task.view)
    said = stored(answer)
    return replace(said, reasons=(*map(_doubt, doubts), *said.reasons))


def stored(answer: Mask | Declined) -> StageResult:
    """Return an engine's answer as it is stored."""
    if isinstance(answer, Declined):
        return StageResult(
            {"engine": answer.engine, "model": None, "inference_size": None, "details": {"declined": answer.why}},
            reasons=(Reason("no_subject", NAME, f"{answer.engine}: {answer.why}"),),
        )
    return StageResult(
        {
            "engine": answer.engine,
            "model": answer.model,
            "inference_size": list(answer.inference_size),
            "exact": answer.exact,
            "confidence": None if answer.confidence is None else round(answer.confidence, 4),
            "key_color": None if answer.key_color is None else [round(value, 4) for value in answer.key_color],
            "details": answer.details,
        },
        {"probability": to_integers(answer.probability, answer.exact)},
        answer.reasons,
    )


def answer_of(result: StageResult) -> Mask | Declined:
    """Return the answer that `stored` took."""
    said = result.data
    if "probability" not in result.images:
        return Declined(said["engine"], said["details"]["declined"])
    width, height = said["inference_size"]
    return Mask(
        probability_of(result),
        said["engine"],
        (width, height),
        model=said["model"],
        exact=said["exact"],
        confidence=said["confidence"],
        key_color=None if said["key_color"] is None else (*said["key_color"],),
        reasons=result.reasons,
        details=said["details"],
    )


def _doubt(words: str) -> Reason:
    return Reason("mask_uncertain", NAME, words)


def _several(mask: Mask, view: View) -> list[str]:
    """Return a doubt where a mask holds several things of like size, and no person made it or chose one."""
    if mask.engine in BY_HAND or (view.marks and (view.marks.keep or view.marks.keep_boxes)):
        return []
    _, _, stats, _ = cv2.connectedComponentsWithStats((mask.probability > 0.5).astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    count = int(np.count_nonzero(areas >= PIECE * areas.max(initial=1)))
    if count < 2:
        return []
    return [f"the mask holds {count} separate things of like size; point at the right one in <picture>.points.json"]


def _marked(answer: Mask | Declined, view: View) -> Mask | Declined:
    """Return the engine's answer as the person's marks have it; where it declined, a mask of the marks alone.

    A mask that they changed is no longer exact, so that its new edge is matted, nor the one that its maker was asked
    about again.
    """
    marks = view.marks
    if marks is None:
        return answer
    if isinstance(answer, Declined):
        if not (marks.keep or marks.keep_boxes):
            return answer
        height, width = view.proxy().shape[:2]
        details = {"declined": {answer.engine: answer.why}}
        answer = Mask(np.zeros((height, width), np.float32), "marks", (width, height), details=details)
    held = hold(answer.probability, view.proxy(), marks)
    details = {**answer.details, "marks": held.to_json()}
    if held.added or held.removed:
        details.pop("asked_again", None)
        answer = replace(answer, exact=False)
    return replace(answer, probability=held.probability, details=details)


def to_integers(probability: FloatImage, as_bytes: bool) -> Pixels:
    """Return a mask as it is stored: 8 bit, else 16 bit."""
    clean = np.clip(np.nan_to_num(probability), 0.0, 1.0)
    if as_bytes:
        return (clean * 255.0 + 0.5).astype(np.uint8)
    return (clean * 65535.0 + 0.5).astype(np.uint16)


def probability_of(result: StageResult) -> FloatImage:
    """Return the stored mask as float32 of shape (h, w), [0, 1]."""
    stored = result.images["probability"]
    return (stored.astype(np.float32) / np.float32(np.iinfo(stored.dtype).max)).astype(np.float32)
