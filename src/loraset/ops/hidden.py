"""What lies under alpha 0: the subject's colour carried outwards, then a fill.

In: a cut-out in bytes. Out: the same with its hidden pixels told. Never: a change of a pixel that can be seen, or a
pixel of the source's background.
"""

import cv2
import numpy as np

from loraset.color import LEVELS
from loraset.ops.foreground import mean_of, pull_push
from loraset.ops.geometry import around
from loraset.types import ByteImage

FILL_SIDE, FILL_ROWS = 640, 16  # long side, and rows at once, at which colour is carried outwards
CHUNK = 1 << 14  # hidden pixels handled at once, so that they stay in the processor's cache


def extend_colour(rgba: ByteImage, *, reach_px: int, fill: tuple[int, int, int]) -> ByteImage:
    """The cut-out with its colour extended outwards under alpha 0, then the fill: uint8 of shape (H, W, 4).

    Whoever resizes or filters the picture finds the subject's colour next to the edge, and further out exactly the
    fill. Pixels with alpha above 0 are not changed.

    rgba : uint8 array of shape (H, W, 4), straight.
    reach_px : width of the extension; it fades into the fill over its outer half.
    fill : colour far from the subject, 0..255.
    """
    result = rgba.copy()
    fill_hidden(result, reach_px=reach_px, fill=fill)
    return result


def fill_hidden(rgba: ByteImage, *, reach_px: int, fill: tuple[int, int, int]) -> None:
    """The same in the given array, which must lie in memory in one piece."""
    pixels = rgba.view(np.uint32)[..., 0]  # a pixel at once
    hidden = cv2.extractChannel(rgba, 3) == 0
    np.copyto(pixels, np.array((*fill, 0), dtype=np.uint8).view(np.uint32), where=hidden)
    if reach_px <= 0 or hidden.all() or not hidden.any():
        return
    box = around(~hidden, reach_px)
    distance = cv2.distanceTransform(hidden[box].view(np.uint8), cv2.DIST_L2, 5)
    colors = [np.ascontiguousarray(plane) for plane in cv2.split(_carried_outwards(rgba[box]))]
    ring = np.flatnonzero((distance > 0) & (distance < reach_px))
    for start in range(0, ring.size, CHUNK):
        some = ring[start : start + CHUNK]
        fade = np.clip(2 - 2 * distance.take(some) / np.float32(reach_px), 0, 1)
        shown = np.zeros((some.size, 4), dtype=np.uint8)
        for channel, (color, level) in enumerate(zip(colors, fill, strict=True)):
            shown[:, channel] = fade * color.take(some) + (1 - fade) * np.float32(level) + np.float32(0.5)
        rows, columns = np.divmod(some, distance.shape[1])
        pixels[rows + box[0].start, columns + box[1].start] = shown.view(np.uint32)[:, 0]


def _carried_outwards(rgba: ByteImage) -> ByteImage:
    """The subject's colour over the whole picture, filled at a small size: uint8 of shape (H, W, 3)."""
    height, width = rgba.shape[:2]
    cell = -(-max(height, width) // FILL_SIDE)
    across, down = -(-width // cell), -(-height // cell)
    sums, mass = np.empty((down, across, 3), dtype=np.float32), np.empty((down, across), dtype=np.float32)
    squares = np.square(LEVELS)
    for top in range(0, down, FILL_ROWS):  # in strips: a large picture is never held in floating point
        count = min(FILL_ROWS, down - top)
        strip = rgba[top * cell : (top + count) * cell]
        missing = count * cell - strip.shape[0], across * cell - width
        *colors, alpha = cv2.split(cv2.copyMakeBorder(strip, 0, missing[0], 0, missing[1], cv2.BORDER_CONSTANT))
        weight = cv2.LUT(alpha, squares)
        for channel, color in enumerate(colors):
            weighted = cv2.multiply(color, weight, dtype=cv2.CV_32F)
            sums[top : top + count, :, channel] = cv2.resize(weighted, (across, count), interpolation=cv2.INTER_AREA)
        mass[top : top + count] = cv2.resize(weight, (across, count), interpolation=cv2.INTER_AREA)
    filled = pull_push(mean_of(sums, mass), mass)
    enlarged = cv2.resize(
        np.rint(filled).astype(np.uint8), (across * cell, down * cell), interpolation=cv2.INTER_LINEAR
    )
    return np.asarray(enlarged[:height, :width], dtype=np.uint8)
