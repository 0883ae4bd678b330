"""preview: cut-out -> the small pictures that the report shows.

In: the cut-out and the reduced photo. Out: `photo`, `cutout` (RGBA) and up to two 1:1 crops of its edge (RGBA),
`edge_0` and `edge_1`. Never: a background; the report lays the RGBA tiles over colours itself.
"""

import cv2
import numpy as np

from loraset.images import reduce_to
from loraset.ops.geometry import crop_rgba
from loraset.recipe.model import Recipe
from loraset.stages.interface import Task
from loraset.types import ByteImage, FloatImage, Frame, Json, StageResult

NAME = "preview"
VERSION = 1
READS = ("ingest", "frame", "decontaminate")
TILE_PX = 320
EDGE_PX = 160
DIMMED = np.float32(0.3)  # light that is left of the ground where a mask is shown
TINT = np.float32(0.6)
ADDED, REMOVED = (40, 130, 255), (255, 190, 0)  # blue and amber, which the colour-blind tell apart


def settings(recipe: Recipe) -> Json:
    """Return {}: nothing of the recipe decides the tiles but what decides the cut-out."""
    return {}


def run(task: Task) -> StageResult:
    """Make the tiles of one picture."""
    rgba = task.result("decontaminate").images["cutout"].astype(np.uint8, copy=False)
    images = {"photo": photo_tile(task.view.proxy()), "cutout": small_rgba(rgba, TILE_PX)}
    spots = edge_spots(rgba[..., 3], EDGE_PX)
    for number, (x, y) in enumerate(spots):
        images[f"edge_{number}"] = np.ascontiguousarray(rgba[y : y + EDGE_PX, x : x + EDGE_PX])
    return StageResult({"edges": [list(spot) for spot in spots]}, images)


def photo_tile(proxy: ByteImage) -> ByteImage:
    """uint8 (h, w, 3): the photo, small enough for a tile."""
    return reduce_to(proxy, TILE_PX)


def change_tiles(photo: ByteImage, before: FloatImage, after: FloatImage) -> dict[str, ByteImage]:
    """The photo under the engine's mask and under the corrected one: `mask_before` and `mask_after`.

    The ground is dimmed; in the second, what was added is blue and what was taken away amber.

    photo : uint8 array of shape (h, w, 3), a tile. before, after : float32 arrays of any size, [0, 1].
    """
    size = photo.shape[1], photo.shape[0]
    old, new = (cv2.resize(mask, size, interpolation=cv2.INTER_AREA)[..., None] for mask in (before, after))
    tiles = {"mask_before": photo * (DIMMED + (1 - DIMMED) * old), "mask_after": photo * (DIMMED + (1 - DIMMED) * new)}
    for change, colour in ((new - old, ADDED), (old - new, REMOVED)):
        weight = np.clip(change, 0, 1) * TINT
        tiles["mask_after"] = tiles["mask_after"] * (1 - weight) + np.array(colour, np.float32) * weight
    return {name: (tile + 0.5).astype(np.uint8) for name, tile in tiles.items()}


def small_rgba(rgba: ByteImage, side: int) -> ByteImage:
    """uint8 (h, w, 4): the cut-out with its long side at most `side`."""
    height, width = rgba.shape[:2]
    factor = min(1.0, side / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    frame = Frame((0, 0, width, height), factor, (0, 0, 0, 0), size)
    return crop_rgba(np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3]), frame)


def edge_spots(alpha: ByteImage, side: int) -> list[tuple[int, int]]:
    """Return the corners (x, y) of up to two windows that show the most of the edge, without overlap.

    alpha : uint8 array of shape (H, W). side : of the window, px; larger than the picture, it is the whole picture.
    """
    soft = alpha.astype(np.float32) / np.float32(255.0)
    edge = soft * (1 - soft) * 4 + (cv2.morphologyEx(soft, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0.5)
    height, width = alpha.shape
    tall, wide = min(side, height), min(side, width)
    total = np.asarray(cv2.integral(edge))
    amount = total[tall:, wide:] - total[:-tall, wide:] - total[tall:, :-wide] + total[:-tall, :-wide]
    spots: list[tuple[int, int]] = []
    for _ in range(2):
        y, x = np.unravel_index(int(np.argmax(amount)), amount.shape)
        if amount[y, x] <= 0:
            break
        spots.append((int(x), int(y)))
        amount[max(0, y - tall + 1) : y + tall, max(0, x - wide + 1) : x + wide] = 0
    return spots
