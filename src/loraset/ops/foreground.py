"""The true colour of the soft edge, and what lies under alpha 0.

In: a photo and its alpha. Out: the subject's colour without the background's part. Never: a change where alpha is 1,
or a pixel of the source's background where alpha is 0.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.color import to_linear, to_srgb
from loraset.ops.unmixing import unmixed
from loraset.types import ByteImage, FloatImage, Light

MID_SIDE = 1280  # long side up to which the colours are solved; larger pictures only correct its answer
FILLED = 4  # a pyramid level speaks for itself from a weight of 1/4
DAMPING = 0.05  # of the correction at full size
FILL_SIDE, FILL_ROWS = 640, 32  # long side, and rows at once, at which colour is carried out under alpha 0
SOLID, CLEAR = np.float32(254 / 255), np.float32(1 / 255)


def pull_push(image: FloatImage, weight: FloatImage) -> FloatImage:
    """The image where it has weight, and a smooth filling from there elsewhere: float32 array of shape (H, W, C).

    Gortler et al.: The Lumigraph, 1996.

    image : float32 array of shape (H, W, C). weight : float32 array of shape (H, W), [0, 1].
    """
    levels = [(image * weight[..., None], weight)]
    while max(levels[-1][1].shape) > 2:
        sums, mass = levels[-1]
        size = max(1, (mass.shape[1] + 1) // 2), max(1, (mass.shape[0] + 1) // 2)
        levels.append((_area(sums, size), _area(mass, size)))
    total, whole = levels[-1]
    filled = np.broadcast_to(total.sum(axis=(0, 1)) / max(float(whole.sum()), 1e-12), total.shape).astype(np.float32)
    for sums, mass in reversed(levels):
        size = mass.shape[1], mass.shape[0]
        coarse = cv2.resize(filled, size, interpolation=cv2.INTER_LINEAR).reshape(sums.shape)
        own = np.minimum(1.0, FILLED * mass)[..., None]
        filled = own * (sums / np.maximum(mass, 1e-12)[..., None]) + (1 - own) * coarse
    return np.asarray(filled, dtype=np.float32)


def _area(image: FloatImage, size: tuple[int, int]) -> FloatImage:
    reduced = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(reduced, dtype=np.float32).reshape(size[1], size[0], *image.shape[2:])


def two_sides(image: FloatImage, alpha: FloatImage) -> tuple[FloatImage, FloatImage]:
    """The colours of subject and background, each extended over the whole picture: two float32 arrays (H, W, 3).

    Filled at half the size from the pixels that hold one of the two (almost) alone; nothing is unmixed.

    image : float32 array of shape (H, W, 3). alpha : float32 array of shape (H, W), [0, 1].
    """
    height, width = alpha.shape
    half = (width + 1) // 2, (height + 1) // 2

    def extended(share: FloatImage) -> FloatImage:
        weight = np.square(np.square(np.square(share)))  # mixed pixels say little
        mass = _area(weight, half)
        known = _area(image * weight[..., None], half) / np.maximum(mass, 1e-12)[..., None]
        filled = cv2.resize(pull_push(known.astype(np.float32), mass), (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(filled, dtype=np.float32).reshape(image.shape)

    return extended(alpha), extended(1 - alpha)


def estimate_foreground(rgb: ByteImage, alpha: FloatImage, *, light: Light) -> FloatImage:
    """The subject's own colour: float32 array of shape (H, W, 3), sRGB-encoded, [0, 1].

    Where alpha is 1 it is the photo's colour, bit for bit; only the soft edge changes, and where alpha is 0 the
    photo's colour is left (see `extend_colour`).

    rgb : uint8 array of shape (H, W, 3), sRGB. alpha : float32 array of shape (H, W), [0, 1].
    light : the light in which the edge was mixed.
    """
    levels = np.arange(256, dtype=np.float32) / np.float32(255)
    result = np.asarray(cv2.LUT(rgb, levels), dtype=np.float32)
    places, colors = edge_colors(rgb, alpha, light=light)
    result.reshape(-1, 3)[places] = colors
    return result


def with_own_edge(rgb: ByteImage, alpha: FloatImage, *, light: Light) -> ByteImage:
    """The same in bytes, without a copy in floating point: uint8 array of shape (H, W, 3)."""
    result = rgb.copy()
    places, colors = edge_colors(rgb, alpha, light=light)
    result.reshape(-1, 3)[places] = colors * np.float32(255) + np.float32(0.5)
    return result


def edge_colors(rgb: ByteImage, alpha: FloatImage, *, light: Light) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Where the edge is soft, and the subject's colour there: indices into the rows of pixels (n,), sRGB (n, 3)."""
    levels = np.arange(256, dtype=np.float32) / np.float32(255)
    if light == "linear":
        levels = to_linear(levels)
    height, width = alpha.shape
    scale = min(1.0, MID_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = rgb if scale == 1.0 else cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    image = np.asarray(cv2.LUT(small, levels), dtype=np.float32)
    small_alpha = alpha if scale == 1.0 else _area(alpha, size)
    foreground, background = two_sides(image, small_alpha)
    solid, clear = small_alpha >= SOLID, small_alpha <= CLEAR
    cv2.copyTo(image, solid.astype(np.uint8), foreground)
    cv2.copyTo(image, clear.astype(np.uint8), background)
    edge = ~(solid | clear)
    foreground[edge], background[edge] = unmixed(image, small_alpha, edge, (foreground, background)).transpose(0, 2, 1)
    places = np.flatnonzero((alpha > CLEAR) & (alpha < SOLID))
    if scale == 1.0:
        mixed = foreground.reshape(-1, 3).take(places, axis=0)
    else:
        rows, cols = np.divmod(places, width)
        mixed = _sampled(foreground, rows, cols, scale)
        part = alpha.take(places)[:, None]
        seen = levels.take(rgb.reshape(-1, 3).take(places, axis=0))
        rest = seen - part * mixed - (1 - part) * _sampled(background, rows, cols, scale)
        mixed = np.clip(mixed + part * rest / (part**2 + (1 - part) ** 2 + np.float32(DAMPING)), 0, 1)
    return places, to_srgb(mixed) if light == "linear" else mixed


def _sampled(image: FloatImage, rows: NDArray[np.intp], cols: NDArray[np.intp], scale: float) -> FloatImage:
    """The small image at places of the full-size one, bilinear: (n, 3)."""
    x = ((cols + 0.5) * scale - 0.5).astype(np.float32)
    y = ((rows + 0.5) * scale - 0.5).astype(np.float32)
    x, y = np.clip(x, 0, image.shape[1] - 1), np.clip(y, 0, image.shape[0] - 1)
    left, top = x.astype(np.intp), y.astype(np.intp)
    right, below = np.minimum(left + 1, image.shape[1] - 1), np.minimum(top + 1, image.shape[0] - 1)
    h, v = (x - left)[:, None], (y - top)[:, None]
    pixels, width = image.reshape(-1, image.shape[2]), image.shape[1]
    top, below = top * width, below * width
    upper = pixels.take(top + left, axis=0) * (1 - h) + pixels.take(top + right, axis=0) * h
    lower = pixels.take(below + left, axis=0) * (1 - h) + pixels.take(below + right, axis=0) * h
    return np.asarray(upper * (1 - v) + lower * v, dtype=np.float32)


def extend_colour(rgba: ByteImage, *, reach_px: int, fill: tuple[int, int, int]) -> ByteImage:
    """The cut-out with its colour extended outwards under alpha 0, then the fill: uint8 of shape (H, W, 4).

    Whoever resizes or filters the picture finds the subject's colour next to the edge, and further out exactly the
    fill. Pixels with alpha above 0 are not changed.

    rgba : uint8 array of shape (H, W, 4), straight.
    reach_px : width of the extension; it fades into the fill over its outer half.
    fill : colour far from the subject, 0..255.
    """
    result = np.empty(rgba.shape, dtype=np.uint8)
    result.view(np.uint32)[:] = np.array((*fill, 0), dtype=np.uint8).view(np.uint32)  # a pixel at once
    cv2.copyTo(rgba, rgba[..., 3], result)
    seen = rgba[..., 3] > 0
    if reach_px <= 0 or not seen.any() or seen.all():
        return result
    box = _around(seen, reach_px)
    part, inner = rgba[box], result[box]
    distance = cv2.distanceTransform((~seen[box]).astype(np.uint8), cv2.DIST_L2, 5)
    ring = (distance > 0) & (distance < reach_px)
    fade = np.clip(2 - 2 * distance[ring, None] / np.float32(reach_px), 0, 1)
    color = _carried_outwards(part)[ring].astype(np.float32)
    inner[ring, :3] = fade * color + (1 - fade) * np.array(fill, dtype=np.float32) + np.float32(0.5)
    return result


def _carried_outwards(rgba: ByteImage) -> ByteImage:
    """The subject's colour over the whole picture, filled at a small size: uint8 of shape (H, W, 3)."""
    height, width = rgba.shape[:2]
    cell = -(-max(height, width) // FILL_SIDE)
    across, down = -(-width // cell), -(-height // cell)
    sums = np.empty((down, across, 4), dtype=np.float32)
    for top in range(0, down, FILL_ROWS):  # in strips: a large picture is never held in floating point
        count = min(FILL_ROWS, down - top)
        strip = rgba[top * cell : (top + count) * cell].astype(np.float32)
        strip[..., 3] = np.square(strip[..., 3] / np.float32(255))
        strip[..., :3] *= strip[..., 3:]
        missing = count * cell - strip.shape[0], across * cell - width
        whole = cv2.copyMakeBorder(strip, 0, missing[0], 0, missing[1], cv2.BORDER_CONSTANT)
        sums[top : top + count] = cv2.resize(whole, (across, count), interpolation=cv2.INTER_AREA)
    mass = np.ascontiguousarray(sums[..., 3])
    filled = pull_push(sums[..., :3] / np.maximum(mass, 1e-12)[..., None], mass)
    enlarged = cv2.resize(
        np.rint(filled).astype(np.uint8), (across * cell, down * cell), interpolation=cv2.INTER_LINEAR
    )
    return np.asarray(enlarged[:height, :width], dtype=np.uint8)


def _around(seen: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    rows, cols = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(cols[0]) - margin), int(cols[-1]) + margin + 1),
    )
