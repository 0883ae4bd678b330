"""Colour: sRGB's transfer curve and Lab.

In: arrays. Out: arrays. Never: files or settings. uint8 is always sRGB-encoded.
"""

import cv2
import numpy as np

from loraset.types import ByteImage, FloatImage

LEVELS = np.arange(256, dtype=np.float32) / np.float32(255)
ROWS = 16  # turned into bytes at once, so that they stay in the processor's cache


def to_linear(srgb: FloatImage) -> FloatImage:
    """Linear light of sRGB-encoded values.

    srgb : float32 array of any shape, [0, 1]. IEC 61966-2-1.
    """
    low = srgb / np.float32(12.92)
    high = ((np.maximum(srgb, 0) + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.asarray(np.where(srgb <= 0.04045, low, high), dtype=np.float32)


def to_srgb(linear: FloatImage) -> FloatImage:
    """sRGB-encoded values of linear light.

    linear : float32 array of any shape, [0, 1]. IEC 61966-2-1.
    """
    low = linear * np.float32(12.92)
    high = np.float32(1.055) * np.maximum(linear, 0) ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.asarray(np.where(linear <= 0.0031308, low, high), dtype=np.float32)


def to_lab(rgb: ByteImage) -> FloatImage:
    """CIE Lab (D65) of an sRGB picture: float32 of shape (H, W, 3), L in [0, 100], a and b about [-127, 127].

    rgb : uint8 array of shape (H, W, 3).
    """
    values = rgb.astype(np.float32) / np.float32(255.0)
    return np.asarray(cv2.cvtColor(values, cv2.COLOR_RGB2LAB), dtype=np.float32)


def to_floats(values: ByteImage | FloatImage) -> FloatImage:
    """Values of [0, 1] as float32 of the same shape, whether they are that already or bytes.

    values : uint8 or float32 array of shape (H, W) or (H, W, C).
    """
    if values.dtype == np.float32:
        return values.astype(np.float32, copy=False)
    return np.asarray(cv2.LUT(values.astype(np.uint8, copy=False), LEVELS), dtype=np.float32)


def to_bytes(values: FloatImage) -> ByteImage:
    """Values of [0, 1] in steps of 1/255, clipped and then rounded: uint8 of the same shape.

    values : float32 array of shape (H, ...).
    """
    result = np.empty(values.shape, dtype=np.uint8)
    for start in range(0, len(values), ROWS):
        part = np.clip(values[start : start + ROWS], 0.0, 1.0)
        part *= np.float32(255)
        part += np.float32(0.5)
        result[start : start + ROWS] = part
    return result
