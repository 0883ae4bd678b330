"""A disc with a soft edge, and colours without texture: what edges are told from."""

import cv2
import numpy as np

SIZE = 160


def soft_disc(size=SIZE, softness=14):
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return np.clip((size * 0.3 - np.hypot(x, y)) / softness + 0.5, 0, 1).astype(np.float32)


def smooth(seed, low=0.1, high=0.9, size=SIZE):
    """A colourful picture without texture."""
    noise = np.random.default_rng(seed).standard_normal((size, size, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), size / 5)
    return low + (high - low) * (blurred - blurred.min()) / np.ptp(blurred)
