"""mask: picture -> probability of the subject, by the recipe's engine.

In: the picture as a `View`. Out: the probability at the engine's own grid (8 bit where it is exact, else 16 bit, so
that a soft map is not cut into steps) and who made it. Never: stretching, thresholds, verdicts other than its doubt.
"""

import numpy as np

from loraset.recipe.model import Recipe
from loraset.stages.interface import Task
from loraset.types import Declined, FloatImage, Json, Mask, Pixels, Reason, StageResult

NAME = "mask"
VERSION = 1
READS = ("ingest",)


def settings(recipe: Recipe) -> Json:
    """Return {}: the engine's identity, which the pipeline adds to the key, says all."""
    return {}


def run(task: Task) -> StageResult:
    """Ask the engine. What it declines is a picture without a subject, with its words."""
    answer = task.engine.mask(task.view)
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
        {"probability": _to_integers(answer)},
        answer.reasons,
    )


def _to_integers(mask: Mask) -> Pixels:
    clean = np.clip(np.nan_to_num(mask.probability), 0.0, 1.0)
    if mask.exact:
        return (clean * 255.0 + 0.5).astype(np.uint8)
    return (clean * 65535.0 + 0.5).astype(np.uint16)


def probability_of(result: StageResult) -> FloatImage:
    """Return the stored mask as float32 of shape (h, w), [0, 1]."""
    stored = result.images["probability"]
    return (stored.astype(np.float32) / np.float32(np.iinfo(stored.dtype).max)).astype(np.float32)
