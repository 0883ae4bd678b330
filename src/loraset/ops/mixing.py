"""Pixels as mixtures of two colours: a subject's, taken from its surroundings, and a known background's.

In: arrays. Out: how much of each is in a pixel. Never: files, settings, randomness.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from loraset.color import to_linear
from loraset.types import BoolImage, FloatImage

SHADOW_FREEDOM = 0.01  # in a photo, weight of "subject and background add up to 1" against the colour's error


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
    """alpha: amount of the subject. slope: its change per change of colour. unlike: what is left unexplained."""

    alpha: FloatImage
    slope: FloatImage
    unlike: FloatImage


def unmix(pixel: FloatImage, subject: FloatImage, screen: FloatImage, loose: bool) -> Mix:
    """Least squares of pixel = a subject + b screen, float32 arrays of shape (..., 3).

    In a drawing a + b is 1. In a photo (loose) it is so only by preference, since a shadow on the screen makes b
    smaller, and the light is linear; more than the screen's own brightness counts as unexplained.
    """
    if not loose:
        across = subject - screen
        length = np.maximum(dot(across, across), np.float32(1e-6))
        alpha = np.asarray(dot(pixel - screen, across) / length, np.float32)
        rest = pixel - screen - alpha[..., None] * across
        return Mix(alpha, np.asarray(1 / np.sqrt(length), np.float32), np.abs(rest).max(axis=-1))
    pixel, subject, screen = to_linear(pixel), to_linear(subject), to_linear(screen)
    kk = dot(screen, screen)
    free = np.maximum(kk, np.float32(0.01)) * np.float32(SHADOW_FREEDOM)
    ss, sk, kk = dot(subject, subject) + free, dot(subject, screen) + free, kk + free
    sp, kp = dot(subject, pixel) + free, dot(screen, pixel) + free
    det = np.maximum(ss * kk - sk * sk, np.float32(1e-7))
    alpha, beta = (sp * kk - sk * kp) / det, (ss * kp - sk * sp) / det
    rest = pixel - alpha[..., None] * subject - beta[..., None] * screen
    across = kk[..., None] * subject - sk[..., None] * screen
    unlike = np.maximum(np.abs(rest).max(axis=-1), alpha + beta - np.float32(1.3))
    return Mix(alpha, np.sqrt(dot(across, across)) / det, unlike)
