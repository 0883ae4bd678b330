"""What stands before a known background: its outline, and the background with the shadows that fall on it.

In: a small picture and its expected background. Out: arrays on the same grid. Never: files, settings, randomness.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from loraset.color import to_lab
from loraset.ops.foreground import pull_push
from loraset.ops.graphcut import cut
from loraset.ops.plate import Background, steepness
from loraset.ops.shade import OFFSET, explained
from loraset.types import BoolImage, ByteImage, FloatImage

SHADED = 1.0  # mean square in deviations: how much better shade must explain a pixel than the background as it is
THRESHOLD = 1.75
GAIN = 1.5  # log odds per deviation
SURE = (-3.0, 6.0)  # log odds
SMOOTHNESS = 5.0
SMALL = 0.05  # of the largest piece: smaller ones must be strong
DUST = 4e-4  # of the picture: smaller pieces are no subject
STRONG = 4.0  # deviations
GHOST = 2.0  # times as steep as in the picture: an edge that only the background has
THROWS = 0.05  # of the shade: less subject throws no such shadow
FADED, MIN_END_PX = 0.6, 20  # of a shadow's mean depth: what is left of it where it ends; pixels to judge that by
NEAR_PX = 3  # around the subject: what a shade's depth there is taken from lies farther off
PENUMBRA_PX = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Strangeness:
    """Deviations from the background, float32 arrays of shape (H, W); 1 is noise.

    value : from it lit or in shade. plain : from it as it is. depth : log of the shade on it, at most 0.
    """

    value: FloatImage
    plain: FloatImage
    depth: FloatImage


def strangeness(picture: FloatImage, background: Background) -> Strangeness:
    """How much each pixel differs from the background, lit or in shade.

    picture : float32 array of shape (H, W, 3), [0, 1].
    """
    found = explained(picture, background.rgb, background.deviation, background.there)
    in_shade = found.shaded + SHADED < found.plain
    value = np.sqrt(np.where(in_shade, found.shaded + SHADED, found.plain))
    depth = np.where(in_shade, found.depth, np.float32(0))
    return Strangeness(value.astype(np.float32), np.sqrt(found.plain), depth)


def outline(rgb: ByteImage, strange: Strangeness, ground: FloatImage, there: BoolImage) -> BoolImage:
    """The subject's area: bool array of shape (H, W).

    A shadow needs something that throws it: where next to nothing else is found, what only looks like shade is the
    subject, unless it fades into the background as shadows do. ground : float32 array of shape (H, W, 3), the
    background. there : where the background is known; elsewhere nothing
    is claimed. What the plate alone shows with edges of its own stood on the empty set and was taken away: no subject.
    """
    found = _without_ghosts(_cut(rgb, strange.value, there), rgb, ground)
    shade = (strange.plain > THRESHOLD) & (strange.value < THRESHOLD)
    if found.sum() >= max(THROWS * shade.sum(), DUST * found.size):
        return found
    fading = _fading(-strange.depth, shade, strange.plain < THRESHOLD)
    return _cut(rgb, np.where(fading, strange.value, strange.plain), there)


def _cut(rgb: ByteImage, strange: FloatImage, there: BoolImage) -> BoolImage:
    """The best cut, without loose dust."""
    odds = np.clip(GAIN * (strange - THRESHOLD), *SURE)
    found = cut(to_lab(rgb), np.where(there, odds, -1).astype(np.float32), SMOOTHNESS)
    labels, count = ndimage.label(found)
    if not count:
        return found
    numbers = np.arange(1, count + 1)
    sizes = ndimage.sum_labels(found, labels, numbers)
    strength = ndimage.mean(np.minimum(strange, 4 * STRONG), labels, numbers)
    kept = (sizes >= SMALL * sizes.max()) | ((sizes >= DUST * found.size) & (strength > STRONG))
    return np.asarray(np.isin(labels, numbers[kept]), np.bool_)


def _without_ghosts(found: BoolImage, rgb: ByteImage, ground: FloatImage) -> BoolImage:
    """The pieces whose outline is an edge of the picture, not of the background (Cucchiara et al., PAMI 2003)."""
    labels, count = ndimage.label(found)
    if count < 2:
        return found
    rim = np.where(_ring(found), ndimage.grey_dilation(labels, size=(3, 3)), 0)
    numbers = np.arange(1, count + 1)
    seen, empty = (
        ndimage.mean(steepness(values), rim, numbers) for values in (rgb.astype(np.float32) / np.float32(255), ground)
    )
    return np.asarray(np.isin(labels, numbers[np.asarray(empty) < GHOST * np.asarray(seen)]), np.bool_)


def _ring(found: BoolImage) -> BoolImage:
    """Both sides of the outline."""
    pixels = found.astype(np.uint8)
    return np.asarray(cv2.morphologyEx(pixels, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0, np.bool_)


def _fading(depth: FloatImage, dark: BoolImage, clear: BoolImage) -> BoolImage:
    """Dark regions that are soft where they end: bool array of shape (H, W).

    A gray thing before the ground is as dark at its edge as inside.
    """
    labels, count = ndimage.label(ndimage.binary_opening(dark))
    if not count:
        return np.zeros(dark.shape, np.bool_)
    numbers = np.arange(1, count + 1)
    distance = cv2.distanceTransform((~clear).astype(np.uint8), cv2.DIST_L2, 5)
    ends = np.where((distance > 1.5) & (distance < 4.5), labels, 0)
    inside = ndimage.mean(depth, labels, numbers)
    edge_px = np.bincount(ends.ravel(), minlength=count + 1)[1:]
    edge = np.bincount(ends.ravel(), depth.ravel(), count + 1)[1:] / np.maximum(edge_px, 1)
    fading = (edge_px >= MIN_END_PX) & (edge < FADED * inside)
    return np.asarray(np.isin(labels, numbers[fading]), np.bool_)


def shaded_ground(background: Background, depth: FloatImage, area: BoolImage) -> FloatImage:
    """The background with the shadows that fall on it, carried on behind the subject: float32 (H, W, 3), [0, 1]."""
    side = 2 * NEAR_PX + 1
    clear = background.there & (cv2.dilate(area.astype(np.uint8), np.ones((side, side), np.uint8)) == 0)
    if not clear.any():
        return background.rgb
    carried = pull_push(depth[..., None], clear.astype(np.float32))[..., 0]
    light = np.exp(cv2.GaussianBlur(np.where(clear, depth, carried), (0, 0), PENUMBRA_PX))[..., None]
    return np.asarray(np.clip(light * (background.rgb + OFFSET) - OFFSET, 0, 1), np.float32)
