"""A small alpha carried up to a larger picture by the picture's own colours.

In: a small picture with its alpha, the larger picture. Out: the larger alpha. Never: more than a strip of the larger
picture in floating point at once, or a model where the alpha is the same all round.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.types import BoolImage, ByteImage, FloatImage

EPSILON = 1e-5  # of the local linear model
STRIP = 32  # rows handled at once: few enough that the columns with an edge in them are few too
CHUNK = 1 << 13  # windows handled at once, so that they stay in the processor's cache
CLEAR, SOLID = 0.004, 0.996  # small alphas beyond these are kept as 0 and 1, where all round agree

Values = NDArray[np.float64]


def _models(rgb: ByteImage, alpha: FloatImage, wanted: BoolImage) -> FloatImage:
    """Local linear models alpha = a . rgb + b of 3x3 windows, averaged: float32 (4, H, W), right where wanted."""
    near = cv2.dilate(wanted.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    bordered, target = (cv2.copyMakeBorder(image, 1, 1, 1, 1, cv2.BORDER_REFLECT_101) for image in (rgb, alpha))
    planes = [plane.reshape(-1) for plane in cv2.split(bordered)]
    stride = bordered.shape[1]
    around = np.array([y * stride + x for y in range(3) for x in range(3)])[:, None]
    y, x = np.nonzero(near)
    fitted = np.empty((4, y.size), dtype=np.float32)
    for start in range(0, y.size, CHUNK):
        chunk = slice(start, start + CHUNK)
        window = y[chunk] * stride + x[chunk] + around
        red, green, blue = (plane.take(window) / 255.0 for plane in planes)
        fitted[:, chunk] = _fitted(red, green, blue, target.reshape(-1).take(window).astype(np.float64))
    models = np.zeros((4, *alpha.shape), dtype=np.float32)
    models[:, near] = fitted
    return np.stack([cv2.blur(model, (3, 3), borderType=cv2.BORDER_REFLECT_101) for model in models])


def _fitted(red: Values, green: Values, blue: Values, alpha: Values) -> tuple[Values, Values, Values, Values]:
    """Least squares of alpha by colour in each window: three slopes and the level at black, each (n,), of (9, n)."""
    means = [values.mean(axis=0) for values in (red, green, blue, alpha)]
    red, green, blue, alpha = (values - mean for values, mean in zip((red, green, blue, alpha), means, strict=True))

    def joint(first: Values, second: Values) -> Values:
        return np.asarray((first * second).mean(axis=0), dtype=np.float64)

    rr, gg, bb = (joint(values, values) + EPSILON for values in (red, green, blue))
    rg, rb, gb = joint(red, green), joint(red, blue), joint(green, blue)
    one, two, three = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg  # cofactors: the matrix is symmetric
    four, five, six = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
    scale = 1.0 / (rr * one + rg * two + rb * three)
    r, g, b = (joint(values, alpha) * scale for values in (red, green, blue))
    slopes = one * r + two * g + three * b, two * r + four * g + five * b, three * r + five * g + six * b
    level = means[3] - sum(slope * mean for slope, mean in zip(slopes, means[:3], strict=True))
    return *slopes, level


def _open(alpha: FloatImage) -> BoolImage:
    """Where an alpha is neither 0 nor 1 with all its 5x5 neighbours."""
    square = np.ones((5, 5), np.uint8)
    solid = cv2.erode((alpha > SOLID).astype(np.uint8), square)
    clear = cv2.erode((alpha < CLEAR).astype(np.uint8), square)
    return np.asarray(np.maximum(solid, clear) == 0, dtype=bool)


class Places(NamedTuple):
    """Linear interpolation along an axis: for each sample the lower and upper small one, and the share of the upper."""

    lower: NDArray[np.intp]
    upper: NDArray[np.intp]
    share: NDArray[np.float32]

    def taken(self, samples: slice | NDArray[np.intp]) -> "Places":
        """Return some of them."""
        return Places(self.lower[samples], self.upper[samples], self.share[samples])


def places_between(count: int, small: int) -> Places:
    """From `small` to `count` samples over the same length."""
    at = np.clip((np.arange(count) + 0.5) * (small / count) - 0.5, 0, small - 1)
    lower = at.astype(np.intp)
    return Places(lower, np.minimum(lower + 1, small - 1), (at - lower).astype(np.float32))


def carry_up(rgb_small: ByteImage, alpha_small: FloatImage, rgb: ByteImage) -> FloatImage:
    """Alpha of the larger picture, float32 array of shape (H, W), [0, 1].

    He, Sun: Fast Guided Filter, 2015. Solid and clear parts stay exactly 1 and 0.

    rgb_small, alpha_small : of shape (h, w, 3) and (h, w). rgb : uint8 array of shape (H, W, 3), not smaller.
    """
    if rgb_small.shape == rgb.shape:
        return alpha_small
    height, width = rgb.shape[:2]
    unsure = _open(alpha_small)
    models = _models(rgb_small, alpha_small, cv2.dilate(unsure.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    vertical, horizontal = places_between(height, alpha_small.shape[0]), places_between(width, alpha_small.shape[1])
    nearest_y, nearest_x = (np.where(axis.share < 0.5, axis.lower, axis.upper) for axis in (vertical, horizontal))
    alpha = (alpha_small > 0.5).astype(np.float32).take(nearest_x, axis=1).take(nearest_y, axis=0)
    for top in range(0, height, STRIP):
        rows = vertical.taken(slice(top, top + STRIP))
        some = np.asarray(unsure[rows.lower[0] : rows.upper[-1] + 1].any(axis=0))
        x = np.flatnonzero(some.take(horizontal.lower) | some.take(horizontal.upper))
        if x.size:
            columns, strip = horizontal.taken(x), alpha[top : top + STRIP]
            made = _applied(models, rgb[top : top + STRIP].take(x, axis=1), rows, columns)
            open_rows = unsure[rows.lower] | unsure[rows.upper]
            is_open = open_rows.take(columns.lower, axis=1) | open_rows.take(columns.upper, axis=1)
            strip[:, x] = np.where(is_open, made, strip.take(x, axis=1))
    return alpha


def _applied(models: FloatImage, rgb: ByteImage, rows: Places, columns: Places) -> FloatImage:
    """Alpha of the pixels where rows and columns meet, float32 (r, c); the models are interpolated, then applied."""
    first = rows.lower[0]
    part = models[:, first : rows.upper[-1] + 1]  # along the rows first: a strip's pixels in a column share that
    part = part.take(columns.lower, axis=2) * (1 - columns.share) + part.take(columns.upper, axis=2) * columns.share
    down = rows.share[:, None]
    red, green, blue, level = (
        plane.take(rows.lower - first, axis=0) * (1 - down) + plane.take(rows.upper - first, axis=0) * down
        for plane in part
    )
    r, g, b = (plane / np.float32(255) for plane in cv2.split(rgb))
    return np.asarray(np.clip(red * r + green * g + blue * b + level, 0.0, 1.0), dtype=np.float32)
