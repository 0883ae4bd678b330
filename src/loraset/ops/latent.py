"""Masks as trainers use them: averaged to the size of the latents, an eighth of the picture's.

In: masks at output size. Out: grown masks, and how much of a subject is left of them at that size. Never: a change to
the mask that the pictures are made with.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.types import ByteImage, FloatImage

CELL_PX = 8  # of the autoencoders of SD 1.5, SDXL, Flux, Qwen-Image and Wan 2.1


def dilated(mask: ByteImage, radius_px: int = CELL_PX) -> ByteImage:
    """Return the mask grown by a radius, its soft edge kept: uint8 array of shape (H, W).

    Every pixel takes the largest value within the radius (grey dilation by a disc), so nothing becomes smaller.
    """
    size = 2 * radius_px + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return np.asarray(cv2.dilate(mask, disc), dtype=np.uint8)


def latent_share(weight: FloatImage, subject: FloatImage) -> float:
    """Return the share of the subject, [0, 1], that lies in latent pixels with at least half the weight.

    A trainer's masked loss knows one weight for each latent pixel: the mean of the mask over its cell. Where a part of
    the subject is thinner than half a cell, the loss hardly sees it. 1 for a picture without a subject.

    weight, subject : float32 arrays of shape (H, W), values in [0, 1]: the mask the trainer is given, and the truth.
    """
    total = float(subject.sum())
    if total == 0:
        return 1.0
    cells = _cells(weight) / np.maximum(_cells(np.ones_like(weight)), np.float32(1e-6))
    return float(_cells(subject)[cells >= 0.5].sum()) * CELL_PX**2 / total


def _cells(values: FloatImage) -> NDArray[np.float32]:
    """Return the mean of each cell; cells that reach over the edge count what is missing as 0."""
    height, width = values.shape
    padded = np.pad(values, ((0, -height % CELL_PX), (0, -width % CELL_PX)))
    rows, cols = padded.shape[0] // CELL_PX, padded.shape[1] // CELL_PX
    return np.asarray(padded.reshape(rows, CELL_PX, cols, CELL_PX).mean((1, 3)), dtype=np.float32)
