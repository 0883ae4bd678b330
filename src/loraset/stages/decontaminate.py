"""decontaminate: picture + alpha -> the cut-out with its true foreground colour.

In: the working frame's photo and alpha. Out: `cutout`, straight RGBA 8 bit at the output's size, and `master`, the same
at the photo's size where the work was done there. Never: the source's background under alpha 0.
A file's own transparency (engine alpha) already carries its colour: that is taken as it is.
"""

import cv2
import numpy as np

from loraset.color import to_floats
from loraset.ops.foreground import estimate_foreground, with_own_edge
from loraset.ops.geometry import crop_rgba
from loraset.ops.hidden import fill_hidden
from loraset.ops.light import edge_light
from loraset.ops.screen import find_screen, why_not_plain
from loraset.ops.spill import despill
from loraset.recipe.model import Recipe
from loraset.stages.interface import Task
from loraset.stages.matte import full_frame, is_full, output_frame, working_pixels
from loraset.types import ByteImage, Json, StageResult

NAME = "decontaminate"
VERSION = 6
READS = ("ingest", "mask", "frame", "matte")
REACH_SHARE = 1 / 32  # of the long side: how far the edge's colour is carried outwards under alpha 0


def settings(recipe: Recipe) -> Json:
    """Return the part of the recipe that decides the cut-out's colour."""
    return {**recipe.decontaminate.model_dump(), "full": is_full(recipe)}


def run(task: Task) -> StageResult:
    """Find the colour of the subject in the soft edge and carry it outwards."""
    alpha = task.result("matte").images["alpha"].astype(np.uint8, copy=False)
    frame = full_frame(task.view.size) if is_full(task.recipe) else output_frame(task)
    own = task.picture() if task.result("mask").data["engine"] == "alpha" else None
    if own is not None and own.alpha is not None:
        straight = crop_rgba(own.rgb, own.alpha, frame)
        rgba, data = _with_alpha(straight[..., :3], alpha), {"foreground": "the file's own"}
    else:
        rgba, data = _solve(task, alpha)
    work = cover(rgba)
    if not is_full(task.recipe):
        return StageResult(data, {"cutout": work})
    framed = cover(crop_rgba(work[..., :3], work[..., 3], output_frame(task)))
    return StageResult(data, {"cutout": framed, "master": work})


def _solve(task: Task, alpha: ByteImage) -> tuple[ByteImage, Json]:
    wanted = task.recipe.decontaminate
    _, photo, _ = working_pixels(task)
    if wanted.foreground == "none":
        return _with_alpha(photo, alpha), {"foreground": "none"}
    light, why = edge_light(photo, alpha) if wanted.light == "auto" else (wanted.light, "named by the recipe")
    data: Json = {"foreground": "multilevel", "light": light, "light_why": why, "despill": False}
    key_color = task.result("mask").data.get("key_color")
    if wanted.despill == "on" and key_color is None:
        screen = find_screen(task.view.proxy())
        key_color = screen.color if screen.saturated and why_not_plain(screen) is None else None
    if wanted.despill != "off" and key_color is not None:
        soft = to_floats(alpha)
        colour = despill(estimate_foreground(photo, soft, light=light), soft, tuple(key_color))
        eight = cv2.convertScaleAbs(colour, alpha=255.0).astype(np.uint8, copy=False)
        return _with_alpha(eight, alpha), {**data, "despill": True}
    return with_own_edge(photo, alpha, light=light), data


def _with_alpha(colour: ByteImage, alpha: ByteImage) -> ByteImage:
    return np.asarray(cv2.merge([colour, alpha]), dtype=np.uint8)


def cover(rgba: ByteImage) -> ByteImage:
    """The array itself, uint8 of shape (H, W, 4), with the subject's colour under alpha 0 and then the neutral fill."""
    reach_px = max(4, round(max(rgba.shape[:2]) * REACH_SHARE))
    fill_hidden(rgba, reach_px=reach_px, fill=(128, 128, 128))
    return rgba
