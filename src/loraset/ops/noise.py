"""White noise of a picture, told from what is in it.

In: luma and where to look. Out: a standard deviation. Never: noise that was smoothed or drawn large, or is much weaker
than the finest of a pattern all over, in which it is lost; what is as fine as a pixel is taken for noise.

Diagonal differences of 2 by 2 px hardly see edges; their median absolute value in a block gives its deviation (Donoho
and Johnstone, Biometrika 1994). Noise has as much of them at half the size, while what is in a picture has four times
the variance there, as its amplitudes fall with frequency (Field, J. Opt. Soc. Am. A 1987): two equations for two
shares. They are solved on the quarter of the blocks that is smoothest.
"""

import numpy as np
from numpy.typing import NDArray

from loraset.ops.geometry import around
from loraset.types import BoolImage, FloatImage

BLOCK = 16  # px: 64 differences each, 16 at half the size
QUIET = 0.25  # share of the blocks that are taken as smooth
FEWEST = 4  # blocks
TO_DEVIATION = 1 / 0.6745  # of the median absolute value of normal noise
OCTAVE = 4.0  # times the variance that a picture has at half the size


def deviation(luma: FloatImage, core: BoolImage) -> float | None:
    """Return the standard deviation of the white noise in `luma` within `core`, or None where that is too small.

    luma : float32 array of shape (H, W), [0, 1]. core : bool array of shape (H, W).
    """
    if not core.any():
        return None
    box = around(core, step=BLOCK)
    luma, core = luma[box], core[box]
    rows, columns = (side // BLOCK for side in luma.shape)
    height, width = rows * BLOCK, columns * BLOCK
    whole = core[:height, :width].reshape(rows, BLOCK, columns, BLOCK).all(axis=(1, 3)).ravel()
    if np.count_nonzero(whole) < FEWEST:
        return None
    half, _, fine = _details(luma[:height, :width])
    _, slopes, coarse = _details(half)
    at_once, at_half, steep = (_variance(part, rows, columns)[whole] for part in (fine, coarse, slopes))
    busy = at_half + steep  # not by what is measured alone: its lowest values would be chance
    quiet = busy <= np.quantile(busy, QUIET)
    variance = (OCTAVE * at_once[quiet].mean() - at_half[quiet].mean()) / (OCTAVE - 1.0)
    return float(np.sqrt(min(max(variance, 0.0), 1.0)))


def _details(luma: FloatImage) -> tuple[FloatImage, FloatImage, FloatImage]:
    """The orthonormal Haar parts at half the size: means, the steeper of both slopes, diagonal differences."""
    a, b, c, d = luma[::2, ::2], luma[::2, 1::2], luma[1::2, ::2], luma[1::2, 1::2]
    slopes = np.maximum(np.abs(a - b + c - d), np.abs(a + b - c - d)) / 2
    return np.asarray((a + b + c + d) / 2), np.asarray(slopes), np.asarray((a - b - c + d) / 2)


def _variance(part: FloatImage, rows: int, columns: int) -> NDArray[np.float64]:
    """Variance of normal noise with each block's median absolute value: (rows * columns,)."""
    side = part.shape[0] // rows
    blocks = np.abs(part).reshape(rows, side, columns, side).swapaxes(1, 2).reshape(rows * columns, -1)
    return np.square(np.median(blocks, axis=1).astype(np.float64) * TO_DEVIATION)
