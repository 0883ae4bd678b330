"""The closed-form matting Laplacian on a band of pixels, and its solver.

In: a float picture, which pixels are unknown, the alpha of the others. Out: alpha of the unknown pixels. Never: a
matrix over the whole picture; memory grows with the band only.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from loraset.types import BoolImage, FloatImage

EPSILON = 1e-6  # of the colour model of a window; larger values blur hair away
CHUNK = 1 << 15  # windows handled at once, which bounds the memory of the assembly
REACH = 2  # two pixels of one 3x3 window are at most this far apart, on each axis
OFFSETS = 2 * REACH + 1


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


def _window_colors(rgb: FloatImage, rows: NDArray[np.intp], cols: NDArray[np.intp]) -> NDArray[np.float64]:
    """Colours of the 3x3 windows round the given centres minus their mean: (n, 9, 3)."""
    colors = np.stack(
        [rgb[rows + dy, cols + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)],
        axis=1,
    ).astype(np.float64)
    return np.asarray(colors - colors.mean(axis=1, keepdims=True), dtype=np.float64)


def _affinities(centred: NDArray[np.float64]) -> NDArray[np.float32]:
    """What one window adds to the Laplacian, for every pair of its pixels: (n, 9, 9)."""
    covariance = np.einsum("nki,nkj->nij", centred, centred) / 9.0
    covariance += np.eye(3) * (EPSILON / 9.0)
    weighted = np.einsum("nki,nij->nkj", centred, np.linalg.inv(covariance))
    pairs = np.einsum("nki,nli->nkl", weighted, centred)
    return np.asarray(np.eye(9) - (1.0 + pairs) / 9.0, dtype=np.float32)


def band_system(rgb: FloatImage, alpha: FloatImage, unknown: BoolImage) -> BandSystem:
    """Rows of the matting Laplacian for the unknown pixels, known ones moved to the right side.

    Levin, Lischinski, Weiss: A Closed-Form Solution to Natural Image Matting, PAMI 2008. Only windows that lie wholly
    inside the picture count.

    rgb : float32 array of shape (H, W, 3), [0, 1].
    alpha : float32 array of shape (H, W), [0, 1]; read where a pixel is known.
    unknown : bool array of shape (H, W).
    """
    height, width = unknown.shape
    index = np.full((height + 2 * REACH, width + 2 * REACH), -1, dtype=np.int32)
    inner = index[REACH:-REACH, REACH:-REACH]
    count = int(unknown.sum())
    inner[unknown] = np.arange(count, dtype=np.int32)
    values = np.zeros((OFFSETS * OFFSETS, count), dtype=np.float32)

    touched = np.zeros(unknown.shape, dtype=bool)
    padded = np.pad(unknown, 1)
    for dy in range(3):
        for dx in range(3):
            touched |= padded[dy : dy + height, dx : dx + width]
    rows, cols = np.nonzero(touched[1:-1, 1:-1])
    for start in range(0, rows.size, CHUNK):
        _add_windows(values, index, rgb, rows[start : start + CHUNK] + 1, cols[start : start + CHUNK] + 1)

    y, x = np.nonzero(unknown)
    neighbours = np.stack([index[y + dy, x + dx] for dy in range(OFFSETS) for dx in range(OFFSETS)], axis=1)
    solved = neighbours >= 0
    padded_alpha = np.pad(np.where(unknown, np.float32(0), alpha), REACH)
    known = np.zeros(count, dtype=np.float32)
    for offset in range(OFFSETS * OFFSETS):
        dy, dx = divmod(offset, OFFSETS)
        known -= values[offset] * padded_alpha[y + dy, x + dx]
    starts = np.concatenate([[0], np.cumsum(solved.sum(axis=1))])
    matrix = sparse.csr_array((values.T[solved], neighbours[solved], starts), shape=(count, count))
    return BandSystem(matrix, known, values[OFFSETS * OFFSETS // 2])


def _add_windows(
    values: NDArray[np.float32],
    index: NDArray[np.int32],
    rgb: FloatImage,
    rows: NDArray[np.intp],
    cols: NDArray[np.intp],
) -> None:
    """Add the windows round the given centres to `values`, (25 offsets, unknown pixels)."""
    pairs = _affinities(_window_colors(rgb, rows, cols))
    for first in range(9):
        y, x = divmod(first, 3)
        target = index[rows + (y - 1 + REACH), cols + (x - 1 + REACH)]
        wanted = target >= 0
        target = target[wanted]  # one window each: no index occurs twice, so += adds every one
        for second in range(9):
            dy, dx = divmod(second, 3)
            values[(dy - y + REACH) * OFFSETS + dx - x + REACH, target] += pairs[wanted, first, second]


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
