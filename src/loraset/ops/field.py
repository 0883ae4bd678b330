"""A smooth field over a picture from the pixels that show it: light that falls off, a plain colour, an exposure.

In: values per pixel and where they count. Out: a field over the whole picture. Never: a choice of the pixels.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.types import BoolImage, FloatImage

REACH = 0.04  # of the long side: how far what a quadratic leaves is smoothed


def quadratic(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Second-order polynomials over a picture of (height, width): float32 array of shape (H, W, 6)."""
    y, x = np.meshgrid(np.linspace(-1, 1, shape[0]), np.linspace(-1, 1, shape[1]), indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).astype(np.float32)


def fitted(basis: NDArray[np.float32], values: FloatImage, inside: BoolImage) -> FloatImage:
    """Least squares of the basis (H, W, k) to the values (H, W, c) inside: float32 array of shape (H, W, c)."""
    rows = basis[inside].astype(np.float64)
    ridge = 1e-6 * len(rows) * np.eye(rows.shape[1])
    weights = np.linalg.solve(rows.T @ rows + ridge, rows.T @ values[inside].astype(np.float64))
    return np.asarray(basis @ weights.astype(np.float32), np.float32)


def followed(field: FloatImage, values: FloatImage, inside: BoolImage) -> FloatImage:
    """The field plus what the pixels inside still differ by, smoothed; that dies out away from them."""
    sigma = REACH * max(inside.shape)
    weight = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), sigma)[..., None] + np.float32(0.05)
    rest = cv2.GaussianBlur((values - field) * inside[..., None].astype(np.float32), (0, 0), sigma)
    return np.asarray(field + rest / weight, np.float32)
