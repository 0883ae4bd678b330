"""frame: mask -> the geometry of the output picture; no pixels.

In: the mask and the photo's size. Out: `data.frame` and what a person may ask about it: which sides the photo cuts, how
much of the subject's outline lies there, which of them could not be kept at the output's edge. Never: pixels, or a
verdict about a cut or small subject: `select` has the thresholds.
"""

from loraset.ops.extent import SIDES, Extent, find_subject
from loraset.ops.framing import plan_frame
from loraset.recipe.model import Recipe
from loraset.stages.interface import StageResult, Task
from loraset.stages.mask import probability_of
from loraset.stages.repair import final_mask
from loraset.types import Frame, Json, Reason

NAME = "frame"
VERSION = 1
READS = ("ingest", "mask", "repair")


def settings(recipe: Recipe) -> Json:
    """Return the part of the recipe that decides the frame."""
    return {**recipe.frame.model_dump(exclude={"target"}), "inside_photo": shows_photo(recipe)}


def shows_photo(recipe: Recipe) -> bool:
    """Whether some variant shows the photo's own background: all variants share the frame, so it decides for all."""
    backgrounds = [variant.background for variant in recipe.variants.values()]
    return any(background == "original" or background.startswith("blur:") for background in backgrounds)


def run(task: Task) -> StageResult:
    """Find the subject and plan the frame round it; `no_subject` where nothing is more subject than not."""
    size = task.view.size
    mask = final_mask(task)
    extent = find_subject(probability_of(mask), size) if mask.images else None
    if extent is None:
        return StageResult({"subject_share": 0.0}, reasons=(Reason("no_subject", NAME, "the mask holds no subject"),))
    wanted = task.recipe.frame
    frame = plan_frame(
        extent,
        size,
        mode=wanted.mode,
        resolution=wanted.resolution,
        step=wanted.step,
        margin=wanted.margin,
        upscale=wanted.upscale,
        inside_photo=shows_photo(task.recipe),
    )
    return StageResult(_describe(frame, extent, size))


def _describe(frame: Frame, extent: Extent, size: tuple[int, int]) -> Json:
    cut = extent.cut_sides
    padded = [side for side, length in zip(SIDES, frame.padding, strict=True) if length > 0]
    left_out = [side for side, at, end in zip(SIDES, frame.source_box, (0, 0, *size), strict=True) if at != end]
    return {
        "frame": frame.to_json(),
        "subject_box": [round(value, 2) for value in extent.box],
        "subject_share": round(extent.share, 6),
        "cut_sides": list(cut),
        "cut_share": round(extent.cut_share, 4),
        "floating_sides": [side for side in cut if side in padded],
        "trimmed_sides": [side for side in cut if side in left_out],
    }
