"""score: cut-out -> named numbers, one score with what pulled it down, and what the subject looks like.

In: the framed cut-out, its photo and the engine's mask. Out: JSON; the small cut-out `subject` (RGBA) by which copies
are told, the arrays `colors` and `patches` by which strangers are, and `backdrop` by which shared backgrounds are.
Never: a verdict; `select` reads all this.

The score is a product of factors, one for each metric that says something about quality: 1 where the metric is at its
best, falling with the cube of the way to 1 - `cost` where it is `bad`. So it falls whenever anything gets worse, little
in the range of sound pictures, and each factor is its own explanation. Technical and cut-out parts multiply: a sharp
photo badly cut is as useless as the reverse.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from loraset.metrics import METRICS
from loraset.metrics.interface import Metric, Specimen
from loraset.ops.backdrop import backdrop_colors
from loraset.ops.descriptors import describe
from loraset.ops.likeness import look_at
from loraset.ops.subject_copies import small_cutout
from loraset.recipe.model import Recipe
from loraset.registry import load
from loraset.stages.interface import Task
from loraset.stages.mask import probability_of
from loraset.stages.repair import final_mask
from loraset.types import Cutout, Frame, Json, StageResult

NAME = "score"
VERSION = 6
READS = ("ingest", "mask", "repair", "frame", "decontaminate")

EXPLAINED_BELOW = 0.95  # a factor under this is named among what pulled the score down


@dataclass(frozen=True, slots=True)
class Part:
    """How one metric enters the score: nothing is lost at `best`, `cost` at `bad` and beyond."""

    best: float
    bad: float
    cost: float

    def factor(self, value: float) -> float:
        """Return the factor in [1 - cost, 1]."""
        way = float(np.clip((value - self.best) / (self.bad - self.best), 0.0, 1.0))
        return 1.0 - self.cost * way**3


# Set by hand: `bad` is a fault that anyone sees, a cost over a half one that alone makes a picture useless. Of forty
# sound photos of eight toys, cut by a small saliency network, those whose mask is right then score .8 to 1.
TECHNICAL = {
    "sharpness": Part(best=0.7, bad=0.05, cost=0.6),
    "lightness": Part(best=0.35, bad=0.03, cost=0.5),
    "overexposed": Part(best=0.0, bad=0.5, cost=0.5),
    "cut_off": Part(best=0.0, bad=0.4, cost=0.3),
    "upscaled": Part(best=1.0, bad=4.0, cost=0.5),
}
CUTOUT = {
    "mask_uncertainty": Part(best=0.0, bad=0.28, cost=0.7),
    "mask_confidence": Part(best=1.0, bad=0.2, cost=0.4),
    "engines_disagree": Part(best=0.0, bad=0.5, cost=0.6),
    "halo": Part(best=0.0, bad=0.7, cost=0.5),
    "holes_islands": Part(best=0.0, bad=0.1, cost=0.4),
}


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
        stays=mask.data["details"].get("stays"),
    )
    numbers = measure(specimen)
    score, pulled_down = grade(numbers)
    subject = describe(cutout.rgb, cutout.alpha)
    look, small = look_at(cutout.rgb, cutout.alpha), small_cutout(cutout.rgb, cutout.alpha)
    images = {"colors": look.colors, "patches": look.patches, "subject": small} if look and small is not None else {}
    backdrop = None if task.view.has_alpha else backdrop_colors(task.view.proxy(), probability_of(mask))
    if backdrop is not None:
        images["backdrop"] = backdrop
    return StageResult(
        {
            "metrics": numbers,
            "score": round(score, 6),
            "pulled_down": pulled_down,
            "subject": subject.to_json() if subject else None,
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


def grade(numbers: Mapping[str, float | None]) -> tuple[float, list[str]]:
    """Return the score in [0, 1] and the metrics that pulled it down, worst first. A missing number costs nothing."""
    factors = {
        name: part.factor(value)
        for name, part in (TECHNICAL | CUTOUT).items()
        if (value := numbers.get(name)) is not None
    }
    score = float(np.prod(list(factors.values())))
    return score, sorted(
        (name for name in factors if factors[name] < EXPLAINED_BELOW), key=lambda name: (factors[name], name)
    )
