"""Compose: the cut-out on a background.

In: straight 8-bit RGBA, as it is stored, and a background. Out: opaque 8-bit pictures. Never: files or settings;
another light than sRGB for laying pictures over each other, as trainers and viewers do.
"""

import math

import cv2
import numpy as np

from loraset.color import to_linear, to_srgb
from loraset.ops.foreground import pull_push
from loraset.types import ByteImage, FloatImage

RIM_PX = 2  # round the subject's alpha: what a photo's blur carries over its edge is no background either


def composite(rgba: ByteImage, background: ByteImage) -> ByteImage:
    """Return the cut-out on a background: uint8 of shape (H, W, 3), the float formula rounded to the nearest level.

    Parameters
    ----------
    rgba : uint8 array of shape (H, W, 4), straight
    background : uint8 array of shape (3,) or (H, W, 3), sRGB
    """
    *colors, alpha = cv2.split(rgba)
    rest = cv2.bitwise_not(alpha)
    planes = []
    for channel, color in enumerate(colors):
        behind = np.broadcast_to(background[..., channel], alpha.shape)
        mixed = color * alpha.astype(np.uint16) + behind * rest.astype(np.uint16)
        mixed += np.uint16(127)
        mixed //= np.uint16(255)  # it is odd: no ties, so this is the nearest level
        planes.append(mixed.astype(np.uint8))
    return np.asarray(cv2.merge(planes), dtype=np.uint8)


def blurred_background(photo: ByteImage, alpha: ByteImage, radius_px: float) -> ByteImage:
    """Return the photo's background without its subject, out of focus: uint8 of shape (H, W, 3).

    What the subject hides is first filled from around it, coarse to fine, so that no halo of its colour is left. The
    blur is Gaussian in linear light, as a lens does it; radius_px is its standard deviation, as in CSS.

    Parameters
    ----------
    photo : uint8 array of shape (H, W, 3), sRGB
    alpha : uint8 array of shape (H, W)
        Of the subject to be removed.
    radius_px : float
    """
    height, width = alpha.shape
    light = to_linear(np.arange(256, dtype=np.float32) / np.float32(255.0))[photo]
    hidden = cv2.dilate(alpha, np.ones((2 * RIM_PX + 1, 2 * RIM_PX + 1), np.uint8))
    known = np.where(hidden == 0, np.float32(1.0), np.float32(1e-6))  # never 0: a photo full of subject keeps its mean
    filled = pull_push(light, known)
    factor = max(1, math.floor(radius_px / 4))  # a wide blur leaves nothing that a smaller picture could not hold
    small_size = (math.ceil(width / factor), math.ceil(height / factor))
    small = _resize(filled, small_size, cv2.INTER_AREA)
    soft = np.asarray(cv2.GaussianBlur(small, (0, 0), radius_px / factor, borderType=cv2.BORDER_REPLICATE), np.float32)
    blurred = _resize(soft, (width, height), cv2.INTER_CUBIC)
    return (to_srgb(np.clip(blurred, 0.0, 1.0)) * 255.0 + 0.5).astype(np.uint8)


def _resize(values: FloatImage, size: tuple[int, int], method: int) -> FloatImage:
    return np.asarray(cv2.resize(values, size, interpolation=method), dtype=np.float32)


def checkerboard(size: tuple[int, int], cell_px: int = 16, light: int = 255, dark: int = 204) -> ByteImage:
    """Return the pattern that stands for "transparent": uint8 of shape (H, W, 3), for a size (width, height)."""
    odd = (np.arange(size[1])[:, None] // cell_px + np.arange(size[0]) // cell_px) % 2
    return np.repeat(np.where(odd, dark, light).astype(np.uint8)[..., None], 3, axis=2)
