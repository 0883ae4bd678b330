"""Which pixels are the known background in less light: shadows, told from the subject by tint and texture.

In: a picture, its background, what noise explains. Out: per pixel how badly "the background" and "the background in
shade" fit. Never: files, settings, randomness, or a decision.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from loraset.types import BoolImage, FloatImage

WINDOW = 7  # px
FINE_WINDOW, FINE = 3, 2.5  # px, for gaps in the subject; what its mean weighs, as so few pixels agree by chance
OFFSET = np.float32(0.03)  # black level under which ratios mean nothing
DARKEST = -1.1  # log of the deepest shade, in sRGB values
LOOSE, TIGHT, UNKNOWN = 0.3, 0.1, 0.2  # how far a shade's tint may lie off, in shares of its depth
LEAST_TINT = np.float32(0.012)
SLOPE = np.float32(0.05)  # of a shade's depth: how much it may change within a window
MODEL = 0.012  # log units by which any shade differs from its model
CLEAN = 2.5  # mean square in deviations up to which a window is shade
DEEP_ENOUGH, ENOUGH = -0.12, 0.003  # depth, and share of the picture, from which shades teach their tint
OWN = 4.0  # times as many deviations as the windows around it are granted to a pixel of its own
STEP = 0.08  # log units between two clean windows that have the edge of a shadow between them


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """Mean squares in deviations, float32 arrays of shape (H, W): 1 is noise alone.

    plain : as the background. shaded : as the background in less light. depth : the log of that light, at most 0.
    """

    plain: FloatImage
    shaded: FloatImage
    depth: FloatImage


@dataclass(frozen=True, slots=True, eq=False)
class _Windows:
    """Of the window round each pixel: depth of the best shade, its log colour, and what it leaves unexplained."""

    depth: FloatImage
    color: FloatImage
    rest: FloatImage
    slack: FloatImage


def explained(picture: FloatImage, ground: FloatImage, deviation: FloatImage, there: BoolImage) -> Explained:
    """How well each pixel is explained by its background, in full light and in less.

    In a shadow the log ratio of picture to background is smooth, whatever the background's texture, and one tint holds
    for all shadows of a picture; before a subject the ratio is as rough as its texture and the background's together. A
    pixel takes the best of the windows that it lies in, so that a window need not reach over the subject's edge.

    picture, ground : float32 arrays of shape (H, W, 3), [0, 1]. deviation : float32 array of shape (H, W).
    there : bool array of shape (H, W), where the background is known.
    """
    own = np.square(picture - ground).mean(axis=2) / np.square(deviation)
    ratio = np.log((picture + OFFSET) / (ground + OFFSET))
    spread = deviation[..., None]
    variance = np.square(spread / (picture + OFFSET)) + 0.25 * np.square(spread / (ground + OFFSET)) + MODEL**2
    weight = (1 / variance).astype(np.float32)
    tint, tolerance = _tint(ratio, weight, there)
    windows = _windows(ratio, weight, tint, tolerance)
    shaded, depth = _best(ratio, weight, windows)
    between, between_depth = _between(ratio, weight, tint, tolerance, windows)
    edge = between < shaded
    plain = np.minimum(_least(own, WINDOW), FINE * _least(own, FINE_WINDOW))
    return Explained(
        np.maximum(plain, own / OWN**2),
        np.where(edge, between, shaded),
        np.where(edge, between_depth, depth),
    )


def _mean(values: FloatImage, window: int = WINDOW) -> FloatImage:
    return np.asarray(cv2.blur(values, (window, window)), np.float32)


def _least(values: FloatImage, window: int) -> FloatImage:
    """The least mean of the windows that a pixel lies in."""
    mean = _mean(values, window)
    return np.asarray(np.minimum.reduce([_shifted(mean, *step) for step in _steps(window)]), np.float32)


def _steps(window: int = WINDOW) -> Iterator[tuple[int, int]]:
    half = window // 2
    return ((down, across) for down in (0, -half, half) for across in (0, -half, half))


def _shifted(values: FloatImage, down: int, across: int) -> FloatImage:
    """The values of the pixel `down` and `across` away, the border's beyond it."""
    rows = np.clip(np.arange(values.shape[0]) + down, 0, values.shape[0] - 1)
    columns = np.clip(np.arange(values.shape[1]) + across, 0, values.shape[1] - 1)
    return np.asarray(values.take(rows, axis=0).take(columns, axis=1), np.float32)


def _tint(ratio: FloatImage, weight: FloatImage, there: BoolImage) -> tuple[FloatImage, float]:
    """Depth of the channels in a shade of depth 1, (3,), and how far from it a shade may lie."""
    neutral = np.ones(3, np.float32)
    windows = _windows(ratio, weight, neutral, LOOSE)
    sure = there & (windows.rest < CLEAN) & (windows.depth < DEEP_ENOUGH) & (windows.depth > DARKEST + 0.01)
    if sure.mean() < ENOUGH:
        return neutral, UNKNOWN
    tint = np.median(windows.color[sure] / windows.depth[sure][:, None], axis=0)
    return (tint / tint.mean()).astype(np.float32), TIGHT


def _toward(base: FloatImage, wanted: FloatImage, depth: FloatImage, tolerance: float) -> FloatImage:
    """The wanted log colour as far as a shade of this depth may have it."""
    limit = (LEAST_TINT + np.float32(tolerance) * np.abs(depth))[..., None]
    return np.asarray(base + np.clip(wanted - base, -limit, limit), np.float32)


def _windows(ratio: FloatImage, weight: FloatImage, tint: FloatImage, tolerance: float) -> _Windows:
    mass, first, second = _mean(weight), _mean(weight * ratio), _mean(weight * ratio * ratio)
    depth = np.clip((first * tint).sum(axis=2) / (mass * tint * tint).sum(axis=2), DARKEST, 0)
    color = _toward(depth[..., None] * tint, first / mass, depth, tolerance)
    slack = 1 + np.square(SLOPE * depth) * mass.mean(axis=2)
    rest = np.maximum((second - 2 * color * first + color * color * mass).mean(axis=2) / slack, 0)
    return _Windows(depth, color, rest, slack)


def _best(ratio: FloatImage, weight: FloatImage, windows: _Windows) -> tuple[FloatImage, FloatImage]:
    """What the best window that a pixel lies in leaves unexplained there, and the depth it gives it."""
    least = np.full(windows.depth.shape, np.inf, np.float32)
    depth = np.zeros_like(windows.depth)
    for step in _steps():
        color, slack = (_shifted(values, *step) for values in (windows.color, windows.slack))
        own = (np.square(ratio - color) * weight).mean(axis=2) / slack
        rest = np.maximum(_shifted(windows.rest, *step), own / OWN)
        better = rest < least
        least, depth = np.where(better, rest, least), np.where(better, color.mean(axis=2), depth)
    return least, depth


def _between(
    ratio: FloatImage, weight: FloatImage, tint: FloatImage, tolerance: float, windows: _Windows
) -> tuple[FloatImage, FloatImage]:
    """The same for the edge of a shadow: of any depth between those of the clean windows on both sides."""
    clean = windows.rest < CLEAN
    side = WINDOW + 6
    reach = np.ones((side, side), np.uint8)
    least = cv2.erode(np.where(clean, windows.depth, np.float32(9)), reach)
    most = cv2.dilate(np.where(clean, windows.depth, np.float32(-9)), reach)
    depth = (weight * tint * ratio).sum(axis=2) / (weight * tint * tint).sum(axis=2)
    depth = np.clip(depth, np.minimum(least, most), np.maximum(least, most))
    color = _toward(depth[..., None] * tint, ratio, depth, tolerance)
    own = cv2.blur((np.square(ratio - color) * weight).mean(axis=2), (3, 3))
    return np.where(least <= most - STEP, own, np.inf).astype(np.float32), np.asarray(depth, np.float32)
