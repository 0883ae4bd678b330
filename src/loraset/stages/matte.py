"""matte: picture + mask -> fine alpha, at the resolution that the frame needs.

In: the framed picture and the mask. Out: alpha as 8 bit, the size of the working frame. Never: colour.
The working frame is the output's own, or the whole photo where the recipe asks for `full` or for masters.
"""

from pathlib import Path

import numpy as np

from loraset.color import to_bytes
from loraset.engines import vitmatte
from loraset.ops.geometry import crop_mask
from loraset.ops.matting import refine_alpha
from loraset.recipe.model import Recipe
from loraset.runtime.hardware import choose_providers
from loraset.runtime.models import VITMATTE, accept_license, find, missing, sha256
from loraset.stages.interface import Task
from loraset.stages.mask import probability_of
from loraset.stages.repair import final_mask
from loraset.types import ByteImage, FloatImage, Frame, Json, StageResult

NAME = "matte"
VERSION = 8
READS = ("ingest", "mask", "repair", "frame")


def is_full(recipe: Recipe) -> bool:
    """Whether the cut-out is made at the photo's own size, and only then framed."""
    return recipe.matte.working_size == "full" or recipe.output.masters


def settings(recipe: Recipe) -> Json:
    """Return the part of the recipe that decides alpha."""
    own: Json = {"method": recipe.matte.method, "full": is_full(recipe)}
    if recipe.matte.method == "vitmatte":
        own |= {"version": vitmatte.VERSION, "model": sha256(_model())}
    return own


def check(recipe: Recipe) -> None:
    """Say that the method's model is missing, or its licence not accepted, before any work is done.

    Only `loraset models pull` fetches it.
    """
    if recipe.matte.method == "vitmatte":
        _model()
        accept_license(VITMATTE.name, recipe.run.accept_licenses)


def models(recipe: Recipe) -> list[Json]:
    """Return name, sha256, licence and provider of the model that alpha needs, [] without one."""
    if recipe.matte.method != "vitmatte":
        return []
    provider = choose_providers(recipe.run.provider)[0].removesuffix("ExecutionProvider").lower()
    facts = {"name": VITMATTE.name, "sha256": sha256(_model()), "licence": VITMATTE.licence, "provider": provider}
    return [facts]


def _model() -> Path:
    file = find(VITMATTE.name)
    if file is None:
        raise missing(VITMATTE.name)
    return file


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
        return StageResult({"method": "none"}, {"alpha": to_bytes(coarse)})
    cell_px = max(1.0, size[0] / probability.shape[1] * frame.inner_scale)
    exact = bool(mask.data["exact"])
    if task.recipe.matte.method == "vitmatte" and not exact:
        provider = task.recipe.run.provider
        matte = vitmatte.refine(photo, coarse, cell_px=cell_px, inside=inside, file=_model(), provider=provider)
    else:
        matte = refine_alpha(photo, coarse, cell_px=cell_px, exact=exact, inside=inside)
    return StageResult(
        {"method": task.recipe.matte.method, "cell_px": round(cell_px, 3), **matte.details},
        {"alpha": to_bytes(matte.alpha)},
    )
