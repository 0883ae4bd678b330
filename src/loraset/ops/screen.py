"""The screen: a plain background as a smooth field of colour, found from the picture's border.

In: arrays. Out: the field and what tells how far it is to be trusted. Never: files, settings, randomness, or a decision
for the user: `why_not_plain` says in words why a screen is not one to key on.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from loraset.color import to_lab
from loraset.ops.field import fitted, followed, quadratic
from loraset.types import BoolImage, ByteImage, FloatImage

FIELD_SIDE = 384  # px, long side of the grid on which the screen is fitted
SATURATED = 40.0  # Lab chroma from which a background counts as a coloured screen
GRAINY = 1 / 255  # noise from which a screen is a photo's: mixed in linear light, and shadows fall on it
DRAWN = 0.35 / 255  # noise up to which a background without colour is a drawing's
LIGHT_TOLERANCE = np.array([0.35, 1, 1], np.float32)  # weights of Lab where light may differ and hue may not


@dataclass(frozen=True, slots=True, eq=False)
class Screen:
    """A plain background.

    field : float32 array of shape (h, w, 3), [0, 1]: its colour over the picture, on a small grid.
    color : its median, three floats in [0, 1] sRGB.
    noise : robust deviation of its pixels from the field, [0, 1].
    border_share : share of the picture's border that it fills, [0, 1]; of the whole picture, where it may lie anywhere.
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


def find_screen(rgb: ByteImage, color: tuple[float, float, float] | None = None, *, anywhere: bool = False) -> Screen:
    """Screen of a picture: the dominant colour of its border as a smooth field.

    rgb : uint8 array of shape (H, W, 3). color : where the screen's colour is known, three floats in [0, 1].
    anywhere : look for a coloured screen in the whole picture instead, such as a cloth with the room around it.

    The field is a quadratic fitted by re-weighted least squares to the pixels that agree with it, first along the
    border, then everywhere, plus what is left of them smoothed. It is fitted to any picture; ask `why_not_plain`.
    """
    small = shrink(rgb, FIELD_SIDE)
    values = small.astype(np.float32) / np.float32(255)
    strip = _cold(small) if anywhere and color is None else _border(small.shape[:2], 1.0 if anywhere else 0.04)
    inside = _like_the_border(small, strip, color)
    basis = quadratic(small.shape[:2])
    field, noise = values, 0.0
    for step in range(8):
        field = fitted(basis, values, inside)
        error = np.abs(values - field).max(axis=2)
        near = error[inside & strip] if (inside & strip).any() else error[inside]
        noise = 1.4826 * float(np.median(near)) if near.size else 1.0
        agrees = error < np.clip(4 * noise, 4 / 255, 0.12)
        inside = (agrees & strip) if step < 3 else agrees
        if not inside.any():
            break
    field = followed(field, values, inside)
    error = np.abs(values - field).max(axis=2)
    on_strip = inside & strip
    noise = 1.4826 * float(np.median(error[on_strip])) if on_strip.any() else 1.0
    middle = np.median(field[on_strip] if on_strip.any() else field[strip], axis=0)
    share = float(on_strip.sum() / (strip.size if anywhere else strip.sum()))
    strip = on_strip if anywhere and on_strip.any() else strip
    spread = np.percentile(np.abs(field[strip] - middle).max(axis=1), 95)
    lab = to_lab((np.clip(field, 0, 1) * 255 + 0.5).astype(np.uint8))
    hue = np.arctan2(lab[..., 2], lab[..., 1])[strip]
    return Screen(
        field=np.clip(field, 0, 1).astype(np.float32),
        color=(float(middle[0]), float(middle[1]), float(middle[2])),
        noise=noise,
        border_share=share,
        variation=float(spread),
        chroma=float(np.hypot(*np.median(lab[strip][:, 1:], axis=0))),
        hue_spread=float(np.degrees(np.abs(np.angle(np.exp(1j * (hue - np.median(hue))))).mean())),
    )


def why_not_plain(screen: Screen, *, least_share: float | None = None) -> str | None:
    """Return why the border is no screen to key on, in words, or None where it is one.

    least_share : share of the border, or of wherever the screen was looked for, that is enough; None: most of it.

    A coloured screen may be lit unevenly and be grainy; white, gray and pale colours are common in subjects and photos,
    so there only a background as flat as a drawing's is taken.
    """
    if screen.saturated:
        limits = (0.6, 10 / 255, 12.0)
        if screen.noise > GRAINY and 0 in channels(screen.color)[0] and 2 in channels(screen.color)[1]:
            return "the border is plain but of a warm colour, which skin, fur and wood have too"
    else:
        limits = (0.85, DRAWN, 180.0)
        if screen.variation > 8 / 255:
            return f"the border's colour is not flat (it varies by {screen.variation * 255:.0f} of 255)"
    share, noise, hue = limits
    if screen.border_share < (share if least_share is None else least_share):
        return f"only {screen.border_share:.0%} of the border has one smooth colour"
    if screen.noise > noise:
        words = "" if screen.saturated else ": a photo, whose shadows and white parts are like its background"
        return f"the border is not smooth (deviation {screen.noise * 255:.1f} of 255{words})"
    if screen.hue_spread > hue:
        return f"the border has several hues (spread {screen.hue_spread:.0f} degrees)"
    return None


def screen_amount(values: FloatImage, screen_rgb: FloatImage, screen: Screen) -> FloatImage:
    """How much of the screen's colour is in each pixel: float32 (H, W), 1 on the screen, 0 where there is none.

    values, screen_rgb : float32 arrays of shape (H, W, 3), [0, 1].

    A coloured screen is measured by colour difference (its strong channels over its weak ones, after Vlahos), which no
    neutral colour has, whatever the light; any other by the distance of the colours.
    """
    if screen.saturated:
        strong, weak = channels(screen.color)
        there = excess(values, strong, weak)
        full = np.maximum(excess(screen_rgb, strong, weak), 0.02)
        return np.asarray(np.clip(there / full, 0, 1), np.float32)
    reach = np.float32(np.clip(12 * screen.noise, 0.04, 0.15))
    distance = np.abs(values - screen_rgb).max(axis=2)
    return np.asarray(np.clip(1 - distance / reach, 0, 1), np.float32)


def channels(color: tuple[float, float, float]) -> tuple[list[int], list[int]]:
    """Split a colour's channels at their largest gap: (strong, weak)."""
    order = sorted(range(3), key=lambda channel: (color[channel], channel))
    if color[order[1]] - color[order[0]] > color[order[2]] - color[order[1]]:
        return order[1:], order[:1]
    return order[2:], order[:2]


def excess(values: FloatImage, strong: list[int], weak: list[int]) -> FloatImage:
    """How much the weakest strong channel is over the strongest weak one: float32 (H, W)."""
    return np.asarray(values[..., strong].min(axis=-1) - values[..., weak].max(axis=-1), np.float32)


def shrink(rgb: ByteImage, side: int) -> ByteImage:
    """Return the picture with its long side reduced to at most `side` px, by area."""
    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _cold(rgb: ByteImage) -> BoolImage:
    """Pixels of a screen's usual colours, from green to magenta; the border where there are none."""
    lab = to_lab(rgb)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    cold = (chroma >= SATURATED) & ((lab[..., 1] < -0.5 * chroma) | (lab[..., 2] < -0.4 * chroma))
    return np.asarray(cold, np.bool_) if cold.any() else _border(rgb.shape[:2], 0.04)


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
