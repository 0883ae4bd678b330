"""Painted rooms without and with a subject, and cameras that look at them."""

import cv2
import numpy as np

SIDE = 320


def room(seed, side=SIDE):
    """A furnished room: float (side, side, 3), 0..255."""
    rng = np.random.default_rng(seed)
    rgb = np.full((side, side, 3), rng.uniform(110, 190, 3))
    for _ in range(70):
        x, y = rng.integers(0, side, 2)
        width, height = rng.integers(8, side // 5, 2)
        color = tuple(float(value) for value in rng.uniform(40, 220, 3))
        cv2.rectangle(rgb, (int(x), int(y)), (int(x + width), int(y + height)), color, -1)
    grain = cv2.GaussianBlur(rng.normal(0, 12, rgb.shape), (0, 0), 1.5)
    return np.clip(cv2.GaussianBlur(rgb + 3 * grain, (0, 0), 0.8), 0, 255)


def wall(seed, side=SIDE):
    """A plain wall whose light falls off."""
    y, x = np.mgrid[:side, :side] / side
    return np.array((170, 165, 150)) * (1 - 0.3 * np.hypot(x - 0.3, y - 0.2))[..., None]


def disc(side=SIDE, radius=0.25, middle=(0.5, 0.5)):
    """Alpha of an antialiased disc, float (side, side)."""
    big = np.zeros((side * 4, side * 4), np.uint8)
    cv2.circle(big, tuple(round(side * 4 * value) for value in middle), round(side * 4 * radius), 255, -1)
    return cv2.resize(big, (side, side), interpolation=cv2.INTER_AREA) / 255


def before(ground, alpha, color=(200, 60, 40)):
    """A subject with a pattern before a ground, mixed in sRGB."""
    y, x = np.mgrid[: len(ground), : len(ground)]
    pattern = 1 + 0.15 * np.sin(x / 5) * np.sin(y / 7)
    return alpha[..., None] * np.array(color) * pattern[..., None] + (1 - alpha[..., None]) * ground


def photo(rgb, seed=0, noise=1.5):
    """What a camera makes of it: noise and bytes."""
    return np.clip(rgb + np.random.default_rng(seed).normal(0, noise, rgb.shape) + 0.5, 0, 255).astype(np.uint8)


def seen_from(rgb, matrix):
    """The picture that a camera sees at `matrix`, which maps its pixels to those of `rgb`."""
    size = rgb.shape[1], rgb.shape[0]
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(rgb, np.asarray(matrix, float), size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
