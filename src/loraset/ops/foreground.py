"""The true colour of the soft edge.

In: a photo and its alpha. Out: the subject's colour without the background's part. Never: a change where alpha is 1
or 0 (what lies there is `hidden`'s).
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.color import LEVELS, to_floats, to_linear, to_srgb
from loraset.ops.carry import Places, places_between
from loraset.ops.geometry import around, reduced
from loraset.ops.unmixing import unmixed
from loraset.types import ByteImage, FloatImage, Light

MID_SIDE = 1280  # long side up to which the colours are solved; larger pictures only correct its answer
FILLED = 4  # a pyramid level speaks for itself from a weight of 1/4
MARGIN = 64  # px round the edge, at the size of the solve: colours from further away are nothing to it
EVEN = 8  # the part that is solved begins at multiples of it, so that it can be halved
DAMPING = 0.05  # of the correction at full size
CHUNK = 1 << 14  # soft pixels handled at once, so that they stay in the processor's cache
SOLID, CLEAR = np.float32(254 / 255), np.float32(1 / 255)


def pull_push(image: FloatImage, weight: FloatImage) -> FloatImage:
    """The image where it has weight, and a smooth filling from there elsewhere: float32 array of shape (H, W, C).

    Gortler et al.: The Lumigraph, 1996.

    image : float32 array of shape (H, W, C). weight : float32 array of shape (H, W), [0, 1].
    """
    levels = [(weighted(image, weight), weight)]
    while max(levels[-1][1].shape) > 2:
        sums, mass = levels[-1]
        size = max(1, (mass.shape[1] + 1) // 2), max(1, (mass.shape[0] + 1) // 2)
        levels.append((_area(sums, size), _area(mass, size)))
    total, whole = levels[-1]
    filled = np.broadcast_to(total.sum(axis=(0, 1)) / max(float(whole.sum()), 1e-12), total.shape).astype(np.float32)
    for sums, mass in reversed(levels):
        size = mass.shape[1], mass.shape[0]
        coarse = np.asarray(cv2.resize(filled, size, interpolation=cv2.INTER_LINEAR), np.float32).reshape(sums.shape)
        own = np.minimum(1.0, FILLED * mass)
        filled = weighted(mean_of(sums, mass), own) + weighted(coarse, 1 - own)
    return np.asarray(filled, dtype=np.float32)


def weighted(image: FloatImage, weight: FloatImage) -> FloatImage:
    """Each channel times the weight; numpy's broadcasting over a last axis of three takes three times as long."""
    product = cv2.multiply(image, cv2.merge([weight] * image.shape[2]))
    return np.asarray(product, dtype=np.float32).reshape(image.shape)


def mean_of(sums: FloatImage, mass: FloatImage) -> FloatImage:
    """Sums over the mass that they were made of, channel by channel; 0 where there is none."""
    whole = np.maximum(mass, np.float32(1e-12))
    return np.asarray(cv2.divide(sums, cv2.merge([whole] * sums.shape[2])), dtype=np.float32).reshape(sums.shape)


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
        known = mean_of(_area(weighted(image, weight), half), mass)
        filled = cv2.resize(pull_push(known, mass), (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(filled, dtype=np.float32).reshape(image.shape)

    return extended(alpha), extended(1 - alpha)


def estimate_foreground(rgb: ByteImage, alpha: FloatImage, *, light: Light) -> FloatImage:
    """The subject's own colour: float32 array of shape (H, W, 3), sRGB-encoded, [0, 1].

    Where alpha is 1 it is the photo's colour, bit for bit; only the soft edge changes, and where alpha is 0 the
    photo's colour is left (see `hidden.extend_colour`).

    rgb : uint8 array of shape (H, W, 3), sRGB. alpha : float32 array of shape (H, W), [0, 1].
    light : the light in which the edge was mixed.
    """
    result = to_floats(rgb)
    places, colors = edge_colors(rgb, alpha, light=light)
    result.reshape(-1, 3)[places] = colors
    return result


def with_own_edge(rgb: ByteImage, alpha: ByteImage, *, light: Light) -> ByteImage:
    """The same in bytes with its alpha, without a copy in floating point: uint8 array of shape (H, W, 4).

    alpha : uint8 array of shape (H, W).
    """
    rgba = np.asarray(cv2.merge([rgb, alpha]), dtype=np.uint8)
    places, colors = edge_colors(rgb, alpha, light=light)
    rgba.reshape(-1, 4)[places, :3] = colors * np.float32(255) + np.float32(0.5)
    return rgba


def edge_colors(
    rgb: ByteImage, alpha: ByteImage | FloatImage, *, light: Light
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Where the edge is soft, and the subject's colour there: indices into the rows of pixels (n,), sRGB (n, 3)."""
    levels = to_linear(LEVELS) if light == "linear" else LEVELS
    clear, solid = (1, 254) if alpha.dtype == np.uint8 else (CLEAR, SOLID)
    soft = (alpha > clear) & (alpha < solid)
    places = np.flatnonzero(soft)
    if not places.size:
        return places, np.empty((0, 3), dtype=np.float32)
    scale = min(1.0, MID_SIDE / max(alpha.shape))
    box = around(soft, round(MARGIN / scale), step=EVEN)
    image = np.asarray(cv2.LUT(reduced(rgb[box], scale), levels), dtype=np.float32)
    sides = _unmixed_sides(image, reduced(to_floats(alpha[box]), scale))
    mixed = sides[0][soft[box]] if scale == 1.0 else _corrected(rgb, alpha, places, levels, sides, box)
    return places, to_srgb(mixed) if light == "linear" else mixed


def _unmixed_sides(image: FloatImage, alpha: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Foreground and background of a picture, float32 (H, W, 3) each: unmixed where both show, else filled."""
    foreground, background = two_sides(image, alpha)
    solid, clear = alpha >= SOLID, alpha <= CLEAR
    cv2.copyTo(image, solid.astype(np.uint8), foreground)
    cv2.copyTo(image, clear.astype(np.uint8), background)
    edge = ~(solid | clear)
    foreground[edge], background[edge] = unmixed(image, alpha, edge, (foreground, background)).transpose(0, 2, 1)
    return foreground, background


def _corrected(
    rgb: ByteImage,
    alpha: ByteImage | FloatImage,
    places: NDArray[np.intp],
    levels: NDArray[np.float32],
    sides: tuple[FloatImage, FloatImage],
    box: tuple[slice, slice],
) -> NDArray[np.float32]:
    """The foreground that both small sides of the box say, moved so that the mixture is the photo's: (n, 3)."""
    planes = [np.ascontiguousarray(side[..., channel]).reshape(-1) for side in sides for channel in range(3)]
    height, width = sides[0].shape[:2]
    vertical = places_between(box[0].stop - box[0].start, height)
    horizontal = places_between(box[1].stop - box[1].start, width)
    result = np.empty((places.size, 3), dtype=np.float32)
    for start in range(0, places.size, CHUNK):
        some = places[start : start + CHUNK]
        y, x = np.divmod(some, alpha.shape[1])
        both = _sampled(planes, width, vertical.taken(y - box[0].start), horizontal.taken(x - box[1].start))
        part = to_floats(alpha.take(some)[:, None])[:, 0]
        share = part / (part**2 + (1 - part) ** 2 + np.float32(DAMPING))
        seen = levels.take(rgb.reshape(-1, 3).take(some, axis=0).T)
        for channel, (color, front, back) in enumerate(zip(seen, both[:3], both[3:], strict=True)):
            rest = color - part * front - (1 - part) * back
            np.clip(front + share * rest, 0, 1, out=result[start : start + CHUNK, channel])
    return result


def _sampled(
    planes: Sequence[NDArray[np.float32]], width: int, rows: Places, columns: Places
) -> list[NDArray[np.float32]]:
    """The flat planes of this width at these places, bilinear: (n,) each."""
    corners = [y * width + x for y in (rows.lower, rows.upper) for x in (columns.lower, columns.upper)]
    weights = [v * h for v in (1 - rows.share, rows.share) for h in (1 - columns.share, columns.share)]

    def at(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        one, two, three, four = (plane.take(corner) * weight for corner, weight in zip(corners, weights, strict=True))
        return np.asarray(one + two + three + four, dtype=np.float32)

    return [at(plane) for plane in planes]
