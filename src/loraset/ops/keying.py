"""Keying: a soft alpha from a plain background, evenly lit or not, and the removal of its spill.

In: arrays. Out: the screen (its colour over the picture), the alpha at the picture's own size, despilled colour.
Never: files, settings, randomness, or a decision for the user: `why_not_plain` says why a screen is not to be trusted.

The screen's colour is a smooth field, so that a light fall-off is no subject. The alpha is found by unmixing every
pixel between the screen and the nearest sure subject colour, with the brightness of the screen left free, so that a
soft shadow on the screen is no subject either. Work at full size goes in bands of rows: memory stays bounded.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from loraset.color import to_lab, to_linear
from loraset.types import BoolImage, ByteImage, FloatImage

FIELD_SIDE = 384  # px, long side of the grid on which the screen is fitted
GUIDE_SIDE = 1024  # px, long side of the grid on which sure subject colours are collected
BAND_ROWS = 256
LIGHT_TOLERANCE = np.array([0.35, 1, 1], np.float32)  # weights of Lab where light may differ and hue may not
SATURATED = 40.0  # Lab chroma from which a background counts as a coloured screen
GRAINY = 1 / 255  # noise from which a screen is a photo's: mixed in linear light, and shadows fall on it
SHADOW_FREEDOM = 0.01  # there, weight of "amounts of subject and screen add up to 1" against the colour's error


@dataclass(frozen=True, slots=True, eq=False)
class Screen:
    """A plain background.

    field : float32 array of shape (h, w, 3), [0, 1]: its colour over the picture, on a small grid.
    color : its median, three floats in [0, 1] sRGB.
    noise : robust deviation of its pixels from the field, [0, 1].
    border_share : share of the picture's border that it fills, [0, 1].
    variation : largest difference of the field from its median along the border, [0, 1].
    chroma : Lab chroma of `color`; from `SATURATED` on it is a coloured screen.
    hue_spread : degrees, deviation of the hue over the field where it is coloured.
    """

    field: FloatImage
    color: tuple[float, float, float]
    noise: float
    border_share: float
    variation: float
    chroma: float
    hue_spread: float

    @property
    def saturated(self) -> bool:
        """Whether the screen has a colour that a subject rarely has and that spills."""
        return self.chroma >= SATURATED


def find_screen(rgb: ByteImage, color: tuple[float, float, float] | None = None) -> Screen:
    """Screen of a picture: the dominant colour of its border as a smooth field.

    rgb : uint8 array of shape (H, W, 3). color : where the screen's colour is known, three floats in [0, 1].

    The field is a quadratic fitted by re-weighted least squares to the pixels that agree with it, first along the
    border, then everywhere, plus what is left of them smoothed. It is fitted to any picture; ask `why_not_plain`.
    """
    small = _shrink(rgb, FIELD_SIDE)
    values = small.astype(np.float32) / np.float32(255)
    strip = _border(small.shape[:2], 0.04)
    inside = _like_the_border(small, strip, color)
    basis = _quadratic(small.shape[:2])
    field, noise = values, 0.0
    for step in range(8):
        field = _fit(basis, values, inside)
        error = np.abs(values - field).max(axis=2)
        near = error[inside & strip] if (inside & strip).any() else error[inside]
        noise = 1.4826 * float(np.median(near)) if near.size else 1.0
        agrees = error < np.clip(4 * noise, 4 / 255, 0.12)
        inside = (agrees & strip) if step < 3 else agrees
        if not inside.any():
            break
    field = _follow(field, values, inside)
    error = np.abs(values - field).max(axis=2)
    on_strip = inside & strip
    noise = 1.4826 * float(np.median(error[on_strip])) if on_strip.any() else 1.0
    middle = np.median(field[on_strip] if on_strip.any() else field[strip], axis=0)
    spread = np.percentile(np.abs(field[strip] - middle).max(axis=1), 95)
    lab = to_lab((np.clip(field, 0, 1) * 255 + 0.5).astype(np.uint8))
    hue = np.arctan2(lab[..., 2], lab[..., 1])[strip]
    return Screen(
        field=np.clip(field, 0, 1).astype(np.float32),
        color=(float(middle[0]), float(middle[1]), float(middle[2])),
        noise=noise,
        border_share=float(on_strip.sum() / strip.sum()),
        variation=float(spread),
        chroma=float(np.hypot(*np.median(lab[strip][:, 1:], axis=0))),
        hue_spread=float(np.degrees(np.abs(np.angle(np.exp(1j * (hue - np.median(hue))))).mean())),
    )


def why_not_plain(screen: Screen) -> str | None:
    """Return why the border is no screen to key on, in words, or None where it is one.

    A coloured screen may be lit unevenly and be grainy; white, gray and pale colours are common in subjects and photos,
    so there only a background as flat as a drawing's is taken.
    """
    if screen.saturated:
        limits = (0.6, 10 / 255, 12.0)
    else:
        limits = (0.85, 2 / 255, 180.0)
        if screen.variation > 8 / 255:
            return f"the border's colour is not flat (it varies by {screen.variation * 255:.0f} of 255)"
    share, noise, hue = limits
    if screen.border_share < share:
        return f"only {screen.border_share:.0%} of the border has one smooth colour"
    if screen.noise > noise:
        return f"the border is not smooth (deviation {screen.noise * 255:.1f} of 255)"
    if screen.hue_spread > hue:
        return f"the border has several hues (spread {screen.hue_spread:.0f} degrees)"
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A keyed picture.

    alpha : float32 array of shape (H, W), [0, 1].
    unsure : half-transparent area (.1 to .9) deeper in the subject than its outline, in shares of the subject's area:
        there the subject has the screen's colour.
    enclosed : area of the screen's colour walled in by the subject, in shares of the subject's area.
    kept_enclosed : whether that area counts as subject (the white of an eye) or as a hole.
    """

    alpha: FloatImage
    unsure: float
    enclosed: float
    kept_enclosed: bool


def soft_key(rgb: ByteImage, screen: Screen) -> Key:
    """Alpha of everything that is not the screen, at the picture's own size.

    rgb : uint8 array of shape (H, W, 3).

    A coloured screen is cut wherever it shows. White, gray, black and pale backgrounds are cut where they reach the
    border; enclosed by the subject white and black stay (the white of an eye), others are holes. A picture of at most
    32 colours on a screen without noise is pixel art: its alpha is 0 or 1.
    """
    guide = _shrink(rgb, GUIDE_SIDE)
    values = guide.astype(np.float32) / np.float32(255)
    height, width = guide.shape[:2]
    field = _stretch(screen.field, (0, height), (height, width))
    amount = screen_amount(values, field, screen)
    full = 1 - np.clip(16 * screen.noise, 0.06, 0.4)
    bare = (amount > full) & (_off_line(values, field, screen) < _far(screen))
    outside = _touching_border(bare)
    kept = not screen.saturated and max(screen.color) - min(screen.color) < 0.06 and _extreme(screen.color)
    enclosed = bare & ~outside
    if kept:
        bare = outside
    core, colors = _core(values, field, bare, kept, screen)
    alpha = _unmix_rows(rgb, screen, core, colors) if core.any() else np.zeros(rgb.shape[:2], np.float32)
    subject = max(1, int((~bare).sum()))
    return Key(alpha, _half_inside(alpha), float(enclosed.sum() / subject), kept)


def _half_inside(alpha: FloatImage) -> float:
    scale = min(1.0, FIELD_SIDE / max(alpha.shape))
    small = cv2.resize(alpha, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    depth = ndimage.distance_transform_edt(~_touching_border(small < 0.5))
    half = (small > 0.1) & (small < 0.9) & (depth > 0.02 * max(small.shape))
    return float(half.sum() / max(1, (small > 0.5).sum()))


def screen_amount(values: FloatImage, screen_rgb: FloatImage, screen: Screen) -> FloatImage:
    """How much of the screen's colour is in each pixel: float32 (H, W), 1 on the screen, 0 where there is none.

    values, screen_rgb : float32 arrays of shape (H, W, 3), [0, 1].

    A coloured screen is measured by colour difference (its strong channels over its weak ones, after Vlahos), which no
    neutral colour has, whatever the light; any other by the distance of the colours.
    """
    if screen.saturated:
        strong, weak = _channels(screen.color)
        there = _excess(values, strong, weak)
        full = np.maximum(_excess(screen_rgb, strong, weak), 0.02)
        return np.asarray(np.clip(there / full, 0, 1), np.float32)
    reach = np.float32(np.clip(12 * screen.noise, 0.04, 0.15))
    distance = np.abs(values - screen_rgb).max(axis=2)
    return np.asarray(np.clip(1 - distance / reach, 0, 1), np.float32)


def despill(rgb: FloatImage, alpha: FloatImage, key_color: tuple[float, float, float]) -> FloatImage:
    """Colours without the light that a coloured screen threw on them.

    rgb : float32 array of shape (H, W, 3), [0, 1], straight foreground colour. alpha : float32 array of shape (H, W).
    key_color : three floats in [0, 1] sRGB; a colour without chroma spills nothing that could be told: unchanged.

    The screen's excess over the colour's other channels is taken away along the screen's own colour, as it was added,
    so what remains keeps its own hue. Where the subject is opaque and the excess is large, the colour is the subject's
    own (a green ribbon) and stays.
    """
    key = np.asarray(key_color, np.float32)
    strong, weak = _channels(key_color)
    full = float(key[strong].min() - key[weak].max())
    if full < 0.1:
        return rgb
    spill = np.clip(_excess(rgb, strong, weak) / np.float32(full), 0, 1)
    own = np.clip((spill - 0.3) / 0.3, 0, 1) * np.clip((alpha - 0.9) / 0.1, 0, 1)
    taken = (spill * (1 - own))[..., None] * key
    return np.asarray(np.clip(rgb - taken, 0, 1), np.float32)


def _channels(color: tuple[float, float, float]) -> tuple[list[int], list[int]]:
    """Split a colour's channels at their largest gap: (strong, weak)."""
    order = sorted(range(3), key=lambda channel: (color[channel], channel))
    if color[order[1]] - color[order[0]] > color[order[2]] - color[order[1]]:
        return order[1:], order[:1]
    return order[2:], order[:2]


def _excess(values: FloatImage, strong: list[int], weak: list[int]) -> FloatImage:
    return np.asarray(values[..., strong].min(axis=-1) - values[..., weak].max(axis=-1), np.float32)


def _extreme(color: tuple[float, float, float]) -> bool:
    """Whether a neutral colour is nearly white or black: enclosed, such areas are rarely holes."""
    return min(color) > 0.94 or max(color) < 0.06


def _shrink(rgb: ByteImage, side: int) -> ByteImage:
    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _border(shape: tuple[int, ...], share: float) -> BoolImage:
    depth = max(1, round(share * min(shape)))
    strip = np.ones(shape, np.bool_)
    strip[depth : shape[0] - depth, depth : shape[1] - depth] = False
    return strip


def _like_the_border(rgb: ByteImage, strip: BoolImage, color: tuple[float, float, float] | None) -> BoolImage:
    """Pixels of the strip near its most frequent colour (or the one given): light may differ, hue may not."""
    lab = to_lab(rgb) * LIGHT_TOLERANCE
    if color is None:
        samples = lab[strip]
        cells, index = np.unique(np.floor(samples / 8), axis=0, return_inverse=True)
        counts = np.bincount(index.ravel())
        near = np.abs(cells[:, None] - cells[None]).max(axis=2) <= 1 if len(cells) < 2000 else np.eye(len(cells)) > 0
        best = cells[int(np.argmax(near @ counts))]
        center = samples[np.abs(samples - (best + 0.5) * 8).max(axis=1) <= 12].mean(axis=0)
    else:
        named = (np.asarray([[color]], np.float32) * 255 + 0.5).astype(np.uint8)
        center = to_lab(named)[0, 0] * LIGHT_TOLERANCE
    inside = strip & (np.linalg.norm(lab - center, axis=2) < 18)
    return inside if inside.any() else strip


def _quadratic(shape: tuple[int, ...]) -> NDArray[np.float32]:
    y, x = np.meshgrid(np.linspace(-1, 1, shape[0]), np.linspace(-1, 1, shape[1]), indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).astype(np.float32)


def _fit(basis: NDArray[np.float32], values: FloatImage, inside: BoolImage) -> FloatImage:
    rows = basis[inside].astype(np.float64)
    ridge = 1e-6 * len(rows) * np.eye(rows.shape[1])
    weights = np.linalg.solve(rows.T @ rows + ridge, rows.T @ values[inside].astype(np.float64))
    return np.asarray(basis @ weights.astype(np.float32), np.float32)


def _follow(field: FloatImage, values: FloatImage, inside: BoolImage) -> FloatImage:
    """Add to the quadratic what the screen's pixels still differ by, smoothed; it dies out away from the screen."""
    sigma = 0.04 * max(inside.shape)
    weight = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), sigma)[..., None] + np.float32(0.05)
    rest = cv2.GaussianBlur((values - field) * inside[..., None].astype(np.float32), (0, 0), sigma)
    return np.asarray(field + rest / weight, np.float32)


def _touching_border(region: BoolImage) -> BoolImage:
    labels, _ = ndimage.label(region)
    rim = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    return np.asarray(np.isin(labels, rim[rim > 0]), np.bool_)


def _core(
    values: FloatImage, field: FloatImage, bare: BoolImage, kept: bool, screen: Screen
) -> tuple[BoolImage, FloatImage]:
    """Sure subject on the guide grid, and everywhere the colour of its nearest pixel."""
    reach = 2 if screen.noise > GRAINY else 1
    amount = screen_amount(values, field, screen)
    inner = _erode(~bare, reach + 2)
    white = 0.1
    if screen.saturated and inner.any():
        white = float(np.clip(np.percentile(amount[inner & (amount < 0.5)], 90) + 0.02, 0.03, 0.4))
    solid = (amount < white) & ~bare
    colors = _nearest(values, _erode(solid, reach) if _erode(solid, reach).any() else solid)
    alpha, unlike = _unmix(values, colors, field, screen.noise)
    strange = (unlike > _far(screen)) & (alpha < 0.9) & ~bare
    solid |= ndimage.binary_opening(strange, np.ones((5, 5), np.bool_))
    source = _erode(solid, reach)
    colors = _nearest(values, source if source.any() else solid)
    if kept:
        return inner, colors
    core = _erode(solid, reach - 1 if screen.saturated else reach)
    alpha, _ = _unmix(values, colors, field, screen.noise)
    thin, _ = ndimage.label((alpha < 0.95) & ~core)
    through = np.unique(thin[bare])
    return core | ((thin > 0) & ~np.isin(thin, through)), colors


def _far(screen: Screen) -> float:
    """Distance of two colours that the screen's noise does not explain."""
    return float(np.clip(12 * screen.noise, 0.06, 0.2))


def _off_line(values: FloatImage, field: FloatImage, screen: Screen) -> FloatImage:
    """Distance of each colour from the screen's in any light that may fall on it: less in a shadow, hardly more."""
    darkest, brightest = (0.3, 1.3) if screen.noise > GRAINY else (1.0, 1.0)
    light = (values * field).sum(axis=2) / np.maximum((field * field).sum(axis=2), 1e-6)
    return np.asarray(np.abs(values - np.clip(light, darkest, brightest)[..., None] * field).max(axis=2), np.float32)


def _erode(region: BoolImage, steps: int) -> BoolImage:
    if steps == 0:
        return region
    return np.asarray(ndimage.binary_erosion(region, iterations=steps, border_value=1), np.bool_)


def _nearest(values: FloatImage, source: BoolImage) -> FloatImage:
    """Everywhere the colour of the nearest pixel of `source`, averaged with its neighbours there."""
    if not source.any():
        return values
    weight = cv2.blur(source.astype(np.float32), (3, 3))[..., None]
    smooth = cv2.blur(values * source[..., None].astype(np.float32), (3, 3)) / np.maximum(weight, 1e-6)
    index = ndimage.distance_transform_edt(~source, return_distances=False, return_indices=True)
    return np.asarray(smooth[index[0], index[1]], np.float32)


def _stretch(small: FloatImage, rows: tuple[int, int], shape: tuple[int, int]) -> FloatImage:
    """Rows of a small map enlarged linearly to (height, width); outside its centres it is repeated."""
    height, width = shape
    y = (np.arange(*rows, dtype=np.float32) + 0.5) * np.float32(small.shape[0] / height) - 0.5
    x = (np.arange(width, dtype=np.float32) + 0.5) * np.float32(small.shape[1] / width) - 0.5
    map_x, map_y = np.meshgrid(x, y)
    return np.asarray(cv2.remap(small, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _unmix_rows(rgb: ByteImage, screen: Screen, core: BoolImage, colors: FloatImage) -> FloatImage:
    height, width = rgb.shape[:2]
    alpha = np.empty((height, width), np.float32)
    solid = core.astype(np.float32)
    for top in range(0, height, BAND_ROWS):
        rows = (top, min(top + BAND_ROWS, height))
        shape = (height, width)
        band = rgb[rows[0] : rows[1]].astype(np.float32) / np.float32(255)
        mixed, _ = _unmix(band, _stretch(colors, rows, shape), _stretch(screen.field, rows, shape), screen.noise)
        mixed[_stretch(solid, rows, shape) > 0.5] = 1
        alpha[rows[0] : rows[1]] = mixed
    return alpha


def _unmix(pixel: FloatImage, subject: FloatImage, screen: FloatImage, noise: float) -> tuple[FloatImage, FloatImage]:
    """Amount a of the subject in pixel = a subject + b screen by least squares, and how unlike the mixture a pixel is.

    a + b is held near 1: tightly on a drawing's screen, loosely on a photo's, where a shadow only makes b smaller. What
    the screen's noise explains is cut off at both ends. Unlike: distance of the colours, [0, ...), or the excess of
    a + b over 1 (brighter than the screen).
    """
    loose = noise > GRAINY
    if loose:
        pixel, subject, screen = to_linear(pixel), to_linear(subject), to_linear(screen)
    kk = (screen * screen).sum(axis=2)
    free = np.maximum(kk, 0.01) * np.float32(SHADOW_FREEDOM) if loose else np.full_like(kk, 100)
    ss = (subject * subject).sum(axis=2) + free
    sk = (subject * screen).sum(axis=2) + free
    kk += free
    sp = (subject * pixel).sum(axis=2) + free
    kp = (screen * pixel).sum(axis=2) + free
    det = np.maximum(ss * kk - sk * sk, 1e-7)
    alpha = (sp * kk - sk * kp) / det
    beta = (ss * kp - sk * sp) / det
    mixture = alpha[..., None] * subject + beta[..., None] * screen
    unlike = np.abs(pixel - mixture).max(axis=2)
    unlike = np.maximum(unlike, alpha + beta - (1.3 if loose else 1.0))
    slope = np.linalg.norm(kk[..., None] * subject - sk[..., None] * screen, axis=2) / det
    dead = np.clip(3 * np.float32(noise) * slope, 0.004, 0.25)
    alpha = np.clip((alpha - dead) / (1 - 2 * dead), 0, 1)
    return np.asarray(alpha, np.float32), np.asarray(unlike, np.float32)
