"""What stands before a known background: a soft mask from the difference, in which shadows count little.

In: a small picture and its expected background. Out: alpha on the same grid. Never: files, settings, randomness.
"""

import cv2
import numpy as np
from scipy import ndimage

from loraset.color import to_lab
from loraset.ops.graphcut import cut
from loraset.ops.laplacian import band_system, solve_band
from loraset.ops.mixing import dot, eroded, nearest_colors, unmix
from loraset.ops.plate import Background
from loraset.types import BoolImage, ByteImage, FloatImage

DARKEST = 0.5  # light, in shares of the empty set's, that may be a shadow
FADED = 0.6  # of a shadow's mean darkness: what is left of it where it ends
CAPPED = 15.0  # deviations: more are no more certain
THRESHOLD = 5.0
STRONG, CERTAIN = 8.0, 12.0
FLANK = 0.6  # of the strongest difference nearby: less is the flank of an edge, however far above the noise
EDGE_PX = 3
AROUND = 1.5 / 1000  # of the long side: neighbours whose mean counts as evidence too
SMOOTHNESS = 3.0
SMALL = 0.015  # of the largest piece: smaller ones must be strong
DUST = 4e-4  # of the picture: smaller pieces are no subject
MIN_END_PX = 20  # of a shadow's end, to judge it by
PRIOR = 0.3  # weight of a certain prior in the solve


def deviation(picture: FloatImage, background: Background, shift_px: float) -> FloatImage:
    """How much each pixel differs from the background, in deviations of what noise explains: float32 (H, W).

    Where a pixel is the background in less light, and this darkness fades into the background, only its colour counts.

    picture : float32 array of shape (H, W, 3), [0, 1]. shift_px : uncertainty of the alignment: edges of the background
    may lie so far beside their place.
    """
    empty = background.rgb
    light = dot(picture, empty) / np.maximum(dot(empty, empty), 1e-4)
    lit = np.asarray(np.clip(light, DARKEST, 1)[..., None] * empty, np.float32)
    known = background.explained if background.explained.any() else background.there
    gray = cv2.GaussianBlur(empty.mean(axis=2), (0, 0), 1)
    slope = np.hypot(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)) / 8

    def in_deviations(other: FloatImage) -> FloatImage:
        distance = np.sqrt(dot(picture - other, picture - other) / 3)
        noise = max(1.4826 * float(np.median(distance[known])), 0.5 / 255)
        return np.asarray(distance / np.hypot(noise, shift_px * slope), np.float32)

    whole, color = in_deviations(empty), in_deviations(lit)
    darkness = np.asarray(1 - light, np.float32)
    shade = _fading(darkness, (color < THRESHOLD) & (whole > THRESHOLD) & (light < 1), whole < THRESHOLD)
    return np.where(shade, np.minimum(color, whole), whole)


def _fading(darkness: FloatImage, dark: BoolImage, clear: BoolImage) -> BoolImage:
    """Dark regions that are shadows: bool array of shape (H, W).

    A shadow on the ground is soft where it ends; a gray thing before the ground is as dark at its edge as inside, and
    so is a part of the subject that happens to have the ground's colour.
    """
    labels, count = ndimage.label(ndimage.binary_opening(dark))
    if not count:
        return np.zeros(dark.shape, np.bool_)
    numbers = np.arange(1, count + 1)
    distance = cv2.distanceTransform((~clear).astype(np.uint8), cv2.DIST_L2, 5)
    ends = np.where((distance > 1.5) & (distance < 4.5), labels, 0)
    inside = ndimage.mean(darkness, labels, numbers)
    edge_px = np.bincount(ends.ravel(), minlength=count + 1)[1:]
    edge = np.bincount(ends.ravel(), darkness.ravel(), count + 1)[1:] / np.maximum(edge_px, 1)
    fading = (edge_px >= MIN_END_PX) & (edge < FADED * inside)
    return np.asarray(np.isin(labels, numbers[fading]), np.bool_)


def outline(rgb: ByteImage, strangeness: FloatImage, there: BoolImage) -> BoolImage:
    """The subject's area by the best cut, without loose dust: bool array of shape (H, W).

    strangeness : what `deviation` gives. there : where the background is known; elsewhere nothing is claimed.
    """
    capped = np.minimum(strangeness, CAPPED)
    around = cv2.GaussianBlur(capped, (0, 0), max(0.7, AROUND * max(there.shape)))
    odds = 0.4 * (capped - THRESHOLD) + (around - THRESHOLD + 1)
    found = cut(to_lab(rgb), np.where(there, odds, -1).astype(np.float32), SMOOTHNESS)
    labels, count = ndimage.label(found)
    if not count:
        return found
    numbers = np.arange(1, count + 1)
    sizes = ndimage.sum_labels(found, labels, numbers)
    strength = ndimage.mean(around, labels, numbers)
    kept = (sizes >= SMALL * sizes.max()) | ((sizes >= DUST * found.size) & (strength > STRONG))
    return np.asarray(np.isin(labels, numbers[kept]), np.bool_)


def fine_alpha(rgb: ByteImage, strangeness: FloatImage, area: BoolImage, background: Background) -> FloatImage:
    """Alpha of what is in the area, where the background is known to the pixel: float32 array of shape (H, W).

    The mixture with the known background is the prior of a closed-form solve, which also knows the subject's texture.
    """
    picture = rgb.astype(np.float32) / np.float32(255)
    top = cv2.dilate(cv2.GaussianBlur(strangeness, (0, 0), 0.7), np.ones((5, 5), np.uint8))
    relative = strangeness / np.maximum(top, THRESHOLD)
    near = _grown(area, 4) & background.there
    different, strong = near & (strangeness > THRESHOLD), relative > FLANK
    deep = eroded(area, 2 * EDGE_PX) & (strangeness > THRESHOLD / 2)
    solid = eroded(different & strong, 1) | (eroded(area, EDGE_PX) & (strong | deep))
    open_ = ~solid & _grown(different | area, 1)
    alpha = solid.astype(np.float32)
    if not open_.any():
        return alpha
    colors = nearest_colors(picture, area & strong & (strangeness > CERTAIN), 0)
    mix = unmix(picture[open_], colors[open_], background.rgb[open_], "srgb")
    dead = np.clip(3 * np.float32(background.noise) * mix.slope, 0.004, 0.25)
    word = np.clip((mix.alpha - dead) / (1 - 2 * dead), 0, 1) * (strangeness[open_] > THRESHOLD / 2)
    word = word.astype(np.float32)
    weight = (PRIOR * (0.1 + np.square(2 * word - 1))).astype(np.float32)
    alpha[open_], _ = solve_band(band_system(picture, alpha, open_), word, weight, word, iterations=60)
    return alpha


def _grown(region: BoolImage, steps: int) -> BoolImage:
    side = 2 * steps + 1
    return np.asarray(cv2.dilate(region.astype(np.uint8), np.ones((side, side), np.uint8)) > 0, np.bool_)
