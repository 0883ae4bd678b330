"""Noise on the subject, where it is smoothest.

In: a specimen. Out: standard deviation of luma at output size, of full scale, [0, 1], lower is better. Never: fur or
cloth, as long as a quarter of the subject is smoother than that; nor noise that shrinking to the frame took away.

Diagonal differences of 2 by 2 px hardly see edges; their median absolute value in a block gives its deviation (Donoho
and Johnstone, Biometrika 1994), and the quarter of the blocks that have least says how noisy the photo is.
"""

import cv2
import numpy as np

from loraset.metrics.interface import Metric, Specimen

BLOCK = 16  # px: 64 differences each
QUIET = 0.25  # share of the blocks that are taken as smooth
FEWEST = 4  # blocks
TO_DEVIATION = 1 / 0.6745  # of the median absolute value of normal noise


def measure(specimen: Specimen) -> float | None:
    """Return the deviation, or None where the subject is too small to tell."""
    luma = cv2.cvtColor(specimen.photo, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(255.0)
    rows, columns = (side // BLOCK for side in luma.shape)
    if not rows or not columns:
        return None
    height, width = rows * BLOCK, columns * BLOCK
    fine, core = luma[:height, :width], specimen.core[:height, :width]
    across = np.abs(fine[::2, ::2] - fine[::2, 1::2] - fine[1::2, ::2] + fine[1::2, 1::2]) / 2
    blocks = across.reshape(rows, BLOCK // 2, columns, BLOCK // 2).swapaxes(1, 2).reshape(rows * columns, -1)
    whole = core.reshape(rows, BLOCK, columns, BLOCK).all(axis=(1, 3)).ravel()
    if np.count_nonzero(whole) < FEWEST:
        return None
    return float(min(1.0, np.quantile(np.median(blocks[whole], axis=1), QUIET) * TO_DEVIATION))


METRIC = Metric("noise", "lower", (0.0, 1.0), measure)
