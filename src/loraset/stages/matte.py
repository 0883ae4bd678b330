"""matte: picture + mask -> fine alpha, at the resolution that the frame needs.

In: the framed picture and the mask. Out: alpha as 8 bit, the size of the working frame. Never: colour.
The working frame is the output's own, or the whole photo where the recipe asks for `full` or for masters.
"""

import numpy as np

from loraset.errors import UsageError
from loraset.ops.geometry import crop_mask
from loraset.ops.matting import refine_alpha
from loraset.recipe.model import Recipe
from loraset.stages.interface import Task
from loraset.stages.mask import probability_of
from loraset.stages.repair import final_mask
from loraset.types import ByteImage, FloatImage, Frame, Json, StageResult

NAME = "matte"
VERSION = 1
READS = ("ingest", "mask", "repair", "frame")


def is_full(recipe: Recipe) -> bool:
    """Whether the cut-out is made at the photo's own size, and only then framed."""
    return recipe.matte.working_size == "full" or recipe.output.masters


def settings(recipe: Recipe) -> Json:
    """Return the part of the recipe that decides alpha."""
    return {"method": recipe.matte.method, "full": is_full(recipe)}


def check(recipe: Recipe) -> None:
    """Refuse a method that is not there yet, before any work is done."""
    if recipe.matte.method == "vitmatte":
        raise UsageError('matte.method = "vitmatte" is not in this version', 'Write method = "band" or "none".')


def full_frame(size: tuple[int, int]) -> Frame:
    """Return the frame that is the whole picture as it is."""
    return Frame((0, 0, *size), 1.0, (0, 0, 0, 0), size)


def output_frame(task: Task) -> Frame:
    """Return the frame of the variants."""
    return Frame.from_json(task.result("frame").data["frame"])


def working_pixels(task: Task) -> tuple[Frame, ByteImage, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    """Return the frame that is worked in, its photo and where that has pixels."""
    if not is_full(task.recipe):
        return output_frame(task), *task.framed()
    photo = task.photo()
    return full_frame((photo.shape[1], photo.shape[0])), photo, np.ones(photo.shape[:2], dtype=np.bool_)


def run(task: Task) -> StageResult:
    """Solve for alpha in the band round the mask's edge."""
    mask = final_mask(task)
    probability = probability_of(mask)
    frame, photo, inside = working_pixels(task)
    size = task.view.size
    coarse: FloatImage = crop_mask(probability, size, frame)
    if task.recipe.matte.method == "none":
        return StageResult({"method": "none"}, {"alpha": _to_bytes(coarse)})
    cell_px = max(1.0, size[0] / probability.shape[1] * frame.inner_scale)
    matte = refine_alpha(photo, coarse, cell_px=cell_px, exact=bool(mask.data["exact"]), inside=inside)
    return StageResult(
        {"method": "band", "cell_px": round(cell_px, 3), **matte.details}, {"alpha": _to_bytes(matte.alpha)}
    )


def _to_bytes(alpha: FloatImage) -> ByteImage:
    return (np.clip(alpha, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
