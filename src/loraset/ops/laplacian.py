"""The closed-form matting Laplacian on a band of pixels, and its solver.

In: a float picture, which pixels are unknown, the alpha of the others. Out: alpha of the unknown pixels. Never: a
matrix over the whole picture; memory grows with the band only.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from loraset.types import BoolImage, FloatImage

EPSILON = 1e-6  # of the colour model of a window; larger values blur hair away
CHUNK = 1 << 13  # windows or pixels handled at once, so that they stay in the processor's cache
REACH = 2  # two pixels of one 3x3 window are at most this far apart, on each axis
OFFSETS = 2 * REACH + 1
CENTER = OFFSETS * OFFSETS // 2
WINDOW = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]


@dataclass(frozen=True, slots=True, eq=False)
class BandSystem:
    """The rows of the Laplacian that belong to unknown pixels.

    matrix : CSR, float32, (n, n): unknown against unknown, in row-major order of the band.
    known : float32 array of shape (n,): minus the rows' sum over known pixels times their alpha (the right side).
    diagonal : float32 array of shape (n,).
    """

    matrix: sparse.csr_array
    known: NDArray[np.float32]
    diagonal: NDArray[np.float32]


def _window_colors(rgb: FloatImage, centers: NDArray[np.intp]) -> NDArray[np.float32]:
    """Colours of the 3x3 windows round the given places (flat), each in the frame of its own spread: (3, 9, n + 1).

    The dot product of two pixels of a window is then their Mahalanobis product (with `EPSILON` in the covariance). One
    window more is all zero: it stands for those that do not count.
    """
    colors = np.zeros((3, 9, centers.size + 1), dtype=np.float32)
    planes = [np.ascontiguousarray(rgb[..., channel]).reshape(-1) for channel in range(3)]
    around = np.array([y * rgb.shape[1] + x for y, x in WINDOW])[:, None]
    for start in range(0, centers.size, CHUNK):
        near = centers[start : start + CHUNK] + around
        colors[..., start : start + near.shape[1]] = _whitened(
            *(plane.take(near).astype(np.float64) for plane in planes)
        )
    return colors


def _whitened(red: NDArray[np.float64], green: NDArray[np.float64], blue: NDArray[np.float64]) -> NDArray[np.float64]:
    """Colours less their mean, times the inverse of their covariance's Cholesky factor: (3, 9, n) of three (9, n)."""

    def covariance(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((a * b).mean(axis=0), dtype=np.float64)

    red, green, blue = (plane - plane.mean(axis=0) for plane in (red, green, blue))
    least = EPSILON / 9.0
    first = np.sqrt(covariance(red, red) + least)
    green_red, blue_red = covariance(green, red) / first, covariance(blue, red) / first
    second = np.sqrt(covariance(green, green) + least - green_red**2)
    blue_green = (covariance(blue, green) - blue_red * green_red) / second
    third = np.sqrt(covariance(blue, blue) + least - blue_red**2 - blue_green**2)
    x = red / first
    y = (green - green_red * x) / second
    z = (blue - blue_red * x - blue_green * y) / third
    return np.stack([x, y, z])


def _numbered(pixels: BoolImage, otherwise: int) -> NDArray[np.int32]:
    """Row-major number of each of these pixels, in the flat picture padded by `REACH` on all sides."""
    numbers = np.full((pixels.shape[0] + 2 * REACH, pixels.shape[1] + 2 * REACH), otherwise, dtype=np.int32)
    numbers[REACH:-REACH, REACH:-REACH][pixels] = np.arange(np.count_nonzero(pixels), dtype=np.int32)
    return numbers.reshape(-1)


def _rows(colors: NDArray[np.float32], windows: NDArray[np.int32]) -> NDArray[np.float32]:
    """Rows of the Laplacian by offset of the other pixel, (25, n).

    colors : of the windows, the last one for those that do not count. windows : (9, n), those that a pixel lies in.
    """
    rows = np.zeros((OFFSETS * OFFSETS, windows.shape[1]), dtype=np.float32)
    for window, (y, x) in zip(windows, WINDOW, strict=True):
        counts = (window < colors.shape[2] - 1).astype(np.float32)
        rows[CENTER] += counts
        near = colors.take(window, axis=2)
        products = np.einsum("cn,ckn->kn", near[:, WINDOW.index((-y, -x))], near)
        for product, (dy, dx) in zip(products, WINDOW, strict=True):  # the pixel is at -(y, x) from the centre
            rows[CENTER + (y + dy) * OFFSETS + x + dx] -= (product + counts) / np.float32(9)
    return rows


def band_system(rgb: FloatImage, alpha: FloatImage, unknown: BoolImage) -> BandSystem:
    """Rows of the matting Laplacian for the unknown pixels, known ones moved to the right side.

    Levin, Lischinski, Weiss: A Closed-Form Solution to Natural Image Matting, PAMI 2008. Only windows that lie wholly
    inside the picture count.

    rgb : float32 array of shape (H, W, 3), [0, 1].
    alpha : float32 array of shape (H, W), [0, 1]; read where a pixel is known.
    unknown : bool array of shape (H, W).
    """
    touched = cv2.dilate(unknown.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    touched[[0, -1]] = touched[:, [0, -1]] = False
    colors = _window_colors(rgb, np.flatnonzero(touched))
    window = _numbered(touched, otherwise=colors.shape[2] - 1)
    number = _numbered(unknown, otherwise=-1)
    given = np.pad(np.where(unknown, np.float32(0), alpha), REACH).reshape(-1)

    stride = unknown.shape[1] + 2 * REACH
    y, x = np.nonzero(unknown)
    places = (y + REACH) * stride + x + REACH
    around = np.array([y * stride + x for y, x in WINDOW])[:, None]
    reached = np.array([y * stride + x for y in range(-REACH, REACH + 1) for x in range(-REACH, REACH + 1)])[:, None]
    count = places.size
    values = np.empty((count, OFFSETS * OFFSETS), dtype=np.float32)
    neighbours = np.empty((count, OFFSETS * OFFSETS), dtype=np.int32)
    known = np.empty(count, dtype=np.float32)
    for start in range(0, count, CHUNK):
        chunk = slice(start, min(start + CHUNK, count))
        rows = _rows(colors, window.take(places[chunk] + around))
        near = places[chunk] + reached
        known[chunk] = -(rows * given.take(near)).sum(axis=0)
        other = number.take(near)
        solved = other >= 0  # a known neighbour leaves a zero on the diagonal, so that all rows are equally long
        values[chunk] = cv2.transpose(np.where(solved, rows, np.float32(0)))
        own = np.arange(chunk.start, chunk.stop, dtype=np.int32)
        neighbours[chunk] = cv2.transpose(np.where(solved, other, own))
    starts = np.arange(count + 1, dtype=np.int32) * (OFFSETS * OFFSETS)
    matrix = sparse.csr_array((values.reshape(-1), neighbours.reshape(-1), starts), shape=(count, count))
    return BandSystem(matrix, known, values[:, CENTER].copy())


def solve_band(
    system: BandSystem,
    prior: NDArray[np.float32],
    weight: NDArray[np.float32],
    start: NDArray[np.float32],
    *,
    iterations: int,
    tolerance: float = 1e-4,
) -> tuple[NDArray[np.float32], int]:
    """Alpha of the unknown pixels, clipped to [0, 1], and the number of iterations made.

    Minimises a'La + sum weight (a - prior)^2 by conjugate gradients with Jacobi preconditioning. Stopping early is
    wanted: it regularises (few iterations leave what the picture says little about near `start`).

    prior, weight, start : float32 arrays of shape (n,), in row-major order of the band.
    tolerance : of the residual, relative to the right side.
    """
    right = system.known + weight * prior
    inverse = np.float32(1) / np.maximum(system.diagonal + weight, np.float32(1e-8))
    alpha = start.copy()
    residual = right - (system.matrix @ alpha + weight * alpha)
    limit = (tolerance * float(np.sqrt(np.square(right).sum()))) ** 2
    step = inverse * residual
    direction = step
    energy = float((residual * step).sum())  # numpy's own sum: a BLAS dot depends on the number of threads
    done = 0
    while done < iterations and float(np.square(residual).sum()) > limit and energy > 0.0:
        image = system.matrix @ direction + weight * direction
        curvature = float((direction * image).sum())
        if curvature <= 0.0:
            break
        length = np.float32(energy / curvature)
        alpha += length * direction
        residual -= length * image
        step = inverse * residual
        before, energy = energy, float((residual * step).sum())
        direction = step + np.float32(energy / before) * direction
        done += 1
    return np.clip(alpha, 0.0, 1.0), done
