"""Pixels as mixtures of two colours: a subject's, taken from its surroundings, and a known background's.

In: arrays. Out: how much of each is in a pixel. Never: files, settings, randomness.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from loraset.color import to_linear, to_srgb
from loraset.types import BoolImage, FloatImage, Light


def dot(one: FloatImage, other: FloatImage) -> FloatImage:
    """Return the dot products of two arrays of shape (..., 3)."""
    return np.asarray(np.einsum("...k,...k->...", one, other), np.float32)


def eroded(region: BoolImage, steps: int) -> BoolImage:
    """The region without its outer `steps` px; the border of the picture is no edge."""
    if steps == 0:
        return region
    return np.asarray(ndimage.binary_erosion(region, iterations=steps, border_value=1), np.bool_)


def nearest_colors(values: FloatImage, solid: BoolImage, reach: int) -> FloatImage:
    """Everywhere the colour of the nearest pixel that lies `reach` deep in `solid`, averaged with its neighbours."""
    deep = eroded(solid, reach)
    source = deep if deep.any() else solid
    if not source.any():
        return values
    weight = cv2.blur(source.astype(np.float32), (3, 3))[..., None]
    smooth = cv2.blur(values * source[..., None].astype(np.float32), (3, 3)) / np.maximum(weight, 1e-6)
    index = ndimage.distance_transform_edt(~source, return_distances=False, return_indices=True)
    return np.asarray(smooth[index[0], index[1]], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """alpha: amount of the subject. slope: its change per change of colour. unlike: what stays unexplained, in sRGB."""

    alpha: FloatImage
    slope: FloatImage
    unlike: FloatImage


def unmix(pixel: FloatImage, subject: FloatImage, ground: FloatImage, light: Light) -> Mix:
    """Least squares of pixel = a subject + (1 - a) ground, added in a light.

    pixel, subject, ground : float32 arrays of shape (..., 3), sRGB, [0, 1].
    """
    seen = pixel
    if light == "linear":
        pixel, subject, ground = to_linear(pixel), to_linear(subject), to_linear(ground)
    across = subject - ground
    length = np.maximum(dot(across, across), np.float32(1e-6))
    alpha = np.asarray(dot(pixel - ground, across) / length, np.float32)
    mixed = ground + np.clip(alpha, 0, 1)[..., None] * across
    rest = (to_srgb(mixed) if light == "linear" else mixed) - seen
    return Mix(alpha, np.asarray(1 / np.sqrt(length), np.float32), np.abs(rest).max(axis=-1))
