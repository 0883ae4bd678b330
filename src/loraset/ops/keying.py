"""Keying: a soft alpha from a plain background, evenly lit or not.

In: arrays and the `Screen` of the picture. Out: the alpha at the picture's own size. Never: colour (see
`spill`), files, settings, randomness.

The alpha is found by unmixing every pixel between the nearest sure subject colour and the nearest bare screen, so that
a soft shadow on the screen is no subject; in the light, linear or sRGB, that explains the edge best. Work at full size
goes in bands of rows: memory stays bounded.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from loraset.ops.garbage import before_the_screen
from loraset.ops.mixing import dot, eroded, nearest_colors, unmix
from loraset.ops.screen import DRAWN, FIELD_SIDE, GRAINY, Screen, screen_amount, shrink
from loraset.types import BoolImage, ByteImage, FloatImage, Light

GUIDE_SIDE = 1024  # px, long side of the grid on which sure subject colours are collected
BAND_ROWS = 256
CLEAR, NEAR = 8, 3  # guide px beyond which nothing but screen is expected; where shadows were found, too
REACHES = (1, 3)  # guide px into the subject where its colour is taken
DEEP, FUR = 8, 16  # guide px: depth of the subject's colour under fur, length of fur; in photos
SHARP = 3  # guide px: both, in drawings
SHADOW = 0.45  # amount of the screen's colour that is left in a shadow on it; black with spill shows less
SLOPE = 0.015  # per guide px: a soft shadow's
MOST_SHADOW = 0.35  # of what is not bare
SPREAD = 9  # guide px that a shadow is wide at least: less is a soft edge
ENOUGH = 30  # px of edge, to tell the light by
LIGHTS: tuple[Light, ...] = ("srgb", "linear")  # the second in photos only
PALETTE = 32  # colours up to which a flat picture is pixel art


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A keyed picture.

    alpha : float32 array of shape (H, W), [0, 1].
    unsure : half-transparent area (.1 to .9) deeper in the subject than its outline, in shares of the subject's area:
        there the subject has the screen's colour.
    enclosed : area of the screen's colour walled in by the subject, in shares of the subject's area.
    kept_enclosed : whether that area counts as subject (the white of an eye) or as a hole.
    beyond : area of the subject that does not lie before the screen, in shares of the subject's area.
    """

    alpha: FloatImage
    unsure: float
    enclosed: float
    kept_enclosed: bool
    beyond: float = 0.0


def soft_key(rgb: ByteImage, screen: Screen) -> Key:
    """Alpha of everything that is not the screen, at the picture's own size.

    rgb : uint8 array of shape (H, W, 3).

    A coloured screen is cut wherever it shows. White, gray, black and pale backgrounds are cut where they reach the
    border; enclosed by the subject white and black stay (the white of an eye), others are holes. A picture of at most
    32 colours on a screen without noise is pixel art: its alpha is 0 or 1. In any other, what stands beside a screen
    that does not reach the picture's border is left out.
    """
    kept = not screen.saturated and _extreme(screen.color)
    if screen.noise < 0.5 / 255 and _few_colors(rgb):
        color = np.array([round(value * 255) for value in screen.color])
        bare = np.abs(rgb.astype(np.int16) - color).max(axis=2) <= 1
        whole, enclosed = _walled_in(bare, kept)
        return Key((~whole).astype(np.float32), 0.0, enclosed, kept)
    values = shrink(rgb, GUIDE_SIDE).astype(np.float32) / np.float32(255)
    field = _stretch(screen.field, (0, values.shape[0]), values.shape[:2])
    amount = screen_amount(values, field, screen)
    full = 1 - np.clip((16 if screen.saturated else 256) * screen.noise, 0.06, 0.4)
    on_line = _off_line(values, field, screen) < _far(screen)
    bare, ground = (amount > full) & on_line, field
    if screen.noise > GRAINY:
        bare |= ndimage.binary_opening(on_line & (amount > SHADOW) & ~bare, np.ones((SPREAD, SPREAD), np.bool_))
    if not screen.saturated and screen.noise > DRAWN:
        bare |= _soft_shadow(values, field, screen, bare)
    bare, enclosed = _walled_in(bare, kept)
    if screen.noise > GRAINY:
        ground = nearest_colors(values, bare, 1)
    lights = LIGHTS if screen.noise > GRAINY else LIGHTS[:1]
    sides = min((_sides(values, ground, amount, bare, screen, light) for light in lights), key=lambda said: said.misfit)
    core = _core(values, sides, bare, kept, screen)
    state = core * 0.5 + ~eroded(bare, NEAR if screen.noise > GRAINY else CLEAR) * 0.5
    alpha = _unmix_rows(rgb, screen, state.astype(np.float32), sides)
    found = before_the_screen(_reduced(alpha, bare.shape), bare)
    if not found.subject.all():
        alpha *= cv2.resize(found.subject.astype(np.uint8), alpha.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return Key(alpha, _half_inside(alpha), enclosed, kept, found.beyond)


def _soft_shadow(values: FloatImage, field: FloatImage, screen: Screen, bare: BoolImage) -> BoolImage:
    """Where a photographed background without colour only darkens little by little from where it is bare.

    A white subject on white does so too: where most of what is seen would be shadow, nothing is.
    """
    light = dot(values, field) / np.maximum(dot(field, field), 1e-6)
    rest = np.abs(values - light[..., None] * field).max(axis=2)
    smooth = cv2.GaussianBlur(light, (0, 0), 1.5)
    slope = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)) / 8
    calm = (rest < 0.02 + 3 * screen.noise) & (slope < SLOPE) & (light > 0.6) & (light < 1.05)
    labels, _ = ndimage.label(calm | bare)
    shadow = np.asarray(np.isin(labels, np.unique(labels[_touching_border(bare)])) & calm & ~bare, np.bool_)
    return shadow if shadow.sum() < MOST_SHADOW * (~bare).sum() else np.zeros_like(bare)


def _few_colors(rgb: ByteImage) -> bool:
    """Whether it is pixel art; a sample of the pixels tells most other pictures at once."""
    packed = rgb.reshape(-1, 3).astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    sample = packed[:: max(1, len(packed) // 20_000)]
    return len(np.unique(sample)) <= PALETTE and len(np.unique(packed)) <= PALETTE


def _walled_in(bare: BoolImage, kept: bool) -> tuple[BoolImage, float]:
    """Where the screen is to be cut, and the area that the subject encloses in shares of the subject's."""
    outside = _touching_border(bare)
    enclosed = float((bare & ~outside).sum() / max(1, (~bare).sum()))
    return outside if kept else bare, enclosed


def _half_inside(alpha: FloatImage) -> float:
    scale = min(1.0, FIELD_SIDE / max(alpha.shape))
    small = _reduced(alpha, (round(alpha.shape[0] * scale), round(alpha.shape[1] * scale)))
    depth = ndimage.distance_transform_edt(~_touching_border(small < 0.5))
    half = (small > 0.1) & (small < 0.9) & (depth > 0.02 * max(small.shape))
    return float(half.sum() / max(1, (small > 0.5).sum()))


def _reduced(alpha: FloatImage, shape: tuple[int, ...]) -> FloatImage:
    return np.asarray(cv2.resize(alpha, (shape[1], shape[0]), interpolation=cv2.INTER_AREA), np.float32)


def _extreme(color: tuple[float, float, float]) -> bool:
    """Whether a colour is nearly white or black: enclosed, such areas are rarely holes."""
    return min(color) > 0.8 or max(color) < 0.12


def _touching_border(region: BoolImage) -> BoolImage:
    labels, _ = ndimage.label(region)
    rim = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    return np.asarray(np.isin(labels, rim[rim > 0]), np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    """The two colours of every place on the guide grid, and the light in which their mixtures explain the edge best.

    solid : where the subject shows nothing of the screen. misfit : mean of what stays unexplained at the edge.
    """

    subject: FloatImage
    ground: FloatImage
    solid: BoolImage
    light: Light
    misfit: float


def _sides(
    values: FloatImage, ground: FloatImage, amount: FloatImage, bare: BoolImage, screen: Screen, light: Light
) -> _Sides:
    """Each place takes the subject's colour from as deep inside as explains its mixture best.

    Near the outline there may be another colour than deeper in, but it may still be blurred with the screen's.
    """
    found = []
    for reach in REACHES:
        solid = _solid(values, ground, amount, bare, screen, reach, light)
        colors = nearest_colors(values, solid, reach)
        unlike = unmix(values, colors, ground, light).unlike
        found.append((solid, colors, np.asarray(cv2.GaussianBlur(unlike, (0, 0), 1), np.float32)))
    solid, best, least = found[0]
    for _, colors, unlike in found[1:]:
        best = np.asarray(np.where((unlike < least)[..., None], colors, best), np.float32)
        least = np.asarray(np.minimum(least, unlike), np.float32)
    mix = unmix(values, best, ground, light)
    edge = ~bare & ~eroded(solid, 2) & (mix.alpha > 0.15) & (mix.alpha < 0.85)
    misfit = float(np.minimum(mix.unlike[edge], 0.1).mean()) if edge.sum() > ENOUGH else 0.0
    return _Sides(best, ground, solid, light, misfit)


def _solid(
    values: FloatImage,
    ground: FloatImage,
    amount: FloatImage,
    bare: BoolImage,
    screen: Screen,
    reach: int,
    light: Light,
) -> BoolImage:
    """Subject without a part of the screen: no more of its colour than spill, or a colour that is no mixture.

    Orange fur takes much of a green screen before green is its strongest channel: what lies near the screen and is a
    mixture of it with the colour deeper in the subject is not solid either.
    """
    spilled = amount[eroded(~bare, reach + 2) & (amount < 0.5)]
    white = 0.1
    if screen.saturated and spilled.size:
        white = float(np.clip(np.percentile(spilled, 90) + 0.02, 0.03, 0.4))
    solid = (amount < white) & ~bare
    mix = unmix(values, nearest_colors(values, solid, reach), ground, light)
    strange = (mix.unlike > _far(screen)) & (mix.alpha < 0.9) & ~bare
    solid = np.asarray(solid | ndimage.binary_opening(strange, np.ones((5, 5), np.bool_)), np.bool_)
    if not screen.saturated:
        return solid
    deep, soft = (DEEP, FUR) if screen.noise > GRAINY else (reach + SHARP, SHARP)
    mix = unmix(values, nearest_colors(values, solid, deep), ground, light)
    mixed = (mix.alpha > 0.05) & (mix.alpha < 0.95) & (mix.unlike < 0.5 * _far(screen))
    close = cv2.distanceTransform((~bare).astype(np.uint8), cv2.DIST_L2, 5) <= soft
    return solid & ~(mixed & close)


def _core(values: FloatImage, sides: _Sides, bare: BoolImage, kept: bool, screen: Screen) -> BoolImage:
    """Sure subject on the guide grid."""
    reach = 2 if screen.noise > GRAINY else 1
    if kept:
        return eroded(~bare, reach + 2)
    core = eroded(sides.solid, reach - (screen.noise <= GRAINY and screen.saturated))
    alpha = unmix(values, sides.subject, sides.ground, sides.light).alpha
    thin, _ = ndimage.label((alpha < 0.95) & ~core)
    through = np.unique(thin[bare])
    return np.asarray(core | ((thin > 0) & ~np.isin(thin, through)), np.bool_)


def _far(screen: Screen) -> float:
    """Distance of two colours that the screen's noise does not explain."""
    return float(np.clip(12 * screen.noise, 0.06, 0.2))


def _off_line(values: FloatImage, field: FloatImage, screen: Screen) -> FloatImage:
    """Distance of each colour from the screen's in any light that may fall on it: less in a shadow, hardly more."""
    darkest, brightest = (0.3, 1.3) if screen.noise > GRAINY else (1.0, 1.0)
    light = dot(values, field) / np.maximum(dot(field, field), 1e-6)
    return np.asarray(np.abs(values - np.clip(light, darkest, brightest)[..., None] * field).max(axis=2), np.float32)


def _stretch(small: FloatImage, rows: tuple[int, int], shape: tuple[int, int]) -> FloatImage:
    """Rows of a small map enlarged linearly to (height, width); outside its centres it is repeated."""
    height, width = shape
    y = (np.arange(*rows, dtype=np.float32) + 0.5) * np.float32(small.shape[0] / height) - 0.5
    x = (np.arange(width, dtype=np.float32) + 0.5) * np.float32(small.shape[1] / width) - 0.5
    map_x, map_y = np.meshgrid(x, y)
    return np.asarray(cv2.remap(small, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _unmix_rows(rgb: ByteImage, screen: Screen, state: FloatImage, sides: _Sides) -> FloatImage:
    """Alpha at full size; state, on the guide grid, is 1 where all is subject, 0 where all is screen, .5 between."""
    shape = height, width = rgb.shape[0], rgb.shape[1]
    alpha = np.empty((height, width), np.float32)
    for top in range(0, height, BAND_ROWS):
        rows = (top, min(top + BAND_ROWS, height))
        known = _stretch(state, rows, shape)
        open_ = (known > 0.25) & (known < 0.75)
        pixel = rgb[rows[0] : rows[1]][open_].astype(np.float32) / np.float32(255)
        subject, ground = (_stretch(side, rows, shape)[open_] for side in (sides.subject, sides.ground))
        mix = unmix(pixel, subject, ground, sides.light)
        dead = np.clip(3 * np.float32(screen.noise) * mix.slope, 0.004, 0.25)  # what the noise explains
        known[open_] = (mix.alpha - dead) / (1 - 2 * dead)
        known[~open_] = known[~open_] > 0.5
        alpha[rows[0] : rows[1]] = np.clip(known, 0, 1)
    return alpha
