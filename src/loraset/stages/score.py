"""score: cut-out -> named numbers, and what the subject looks like.

In: the framed cut-out, its photo and the engine's mask. Out: JSON; the small cut-out `subject` (RGBA) by which copies
are told, the arrays `colors` and `patches` by which strangers are, and `backdrop` by which shared backgrounds are.
Never: a verdict; `select` reads all this.

The score is made of the numbers when the set is decided on (see `metrics.grade`), so changed weights measure nothing
again.
"""

import numpy as np

from loraset.metrics import METRICS
from loraset.metrics.interface import Metric, Specimen
from loraset.ops.backdrop import backdrop_colors
from loraset.ops.descriptors import describe
from loraset.ops.likeness import look_at
from loraset.ops.rim import rim_color
from loraset.ops.subject_copies import small_cutout
from loraset.recipe.model import Recipe
from loraset.registry import load
from loraset.stages.interface import Task
from loraset.stages.mask import probability_of
from loraset.stages.repair import final_mask
from loraset.types import Cutout, Frame, Json, StageResult

NAME = "score"
VERSION = 15
READS = ("ingest", "mask", "repair", "frame", "decontaminate")


def settings(recipe: Recipe) -> Json:
    """Return {}: nothing in the recipe changes what is measured."""
    return {}


def run(task: Task) -> StageResult:
    """Measure one cut-out. Where no subject was found to frame, the result is empty."""
    mask, frame = final_mask(task), task.result("frame").data
    if "frame" not in frame:
        return StageResult()
    cutout = Cutout.from_rgba8(task.result("decontaminate").images["cutout"].astype(np.uint8))
    photo, inside = task.framed()
    again = mask.data["details"].get("asked_again", {})
    specimen = Specimen(
        rgb=cutout.rgb,
        alpha=cutout.alpha,
        photo=photo,
        inside=inside,
        mask=probability_of(mask),
        frame=Frame.from_json(frame["frame"]),
        subject_share=frame["subject_share"],
        cut_share=frame["cut_share"],
        exact=bool(mask.data["exact"]),
        confidence=mask.data["confidence"],
        disagreement=mask.data["details"].get("disagreement"),
        stays=again.get("stays"),
        from_afar=again.get("from_afar"),
        format=task.result("ingest").data["format"],
    )
    numbers = measure(specimen)
    subject = describe(cutout.rgb, cutout.alpha)
    look, small = look_at(cutout.rgb, cutout.alpha), small_cutout(cutout.rgb, cutout.alpha)
    images = {"colors": look.colors, "patches": look.patches, "subject": small} if look and small is not None else {}
    backdrop = None if task.view.has_alpha else backdrop_colors(task.view.proxy(), probability_of(mask))
    if backdrop is not None:
        images["backdrop"] = backdrop
    return StageResult(
        {
            "metrics": numbers,
            "subject": subject.to_json() if subject else None,
            "rim": [round(value, 2) for value in rim_color(cutout.rgb, cutout.alpha) or ()],
        },
        images,
    )


def measure(specimen: Specimen) -> dict[str, float | None]:
    """Return every metric of a specimen by name, rounded to 6 digits; None where one does not apply."""
    numbers: dict[str, float | None] = {}
    for name in METRICS:
        metric: Metric = load(METRICS, name, "metric")
        value = metric.measure(specimen)
        numbers[name] = None if value is None else round(float(value), 6)
    return numbers
