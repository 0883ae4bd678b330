"""Spill: the light that a coloured screen throws on the subject, and its removal.

In: straight foreground colour, its alpha, the screen's colour. Out: the colour without the spill. Never: a change for a
screen without chroma, alpha, files, settings, randomness.

Two kinds are taken away. An even share lies on all of the subject, as a veil or a drawing program puts it there: only
what is black or gray in truth shows how much, so it is read from there and taken from every colour, a yellow one too,
on which it cannot be seen. What is left over neutral is spill where the rest is gray or the edge is near; where a
coloured rest lies deep inside (olive, teal, a ribbon of the screen's own hue), it is the subject's own and stays.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.ops.foreground import pull_push
from loraset.ops.screen import channels, excess
from loraset.types import BoolImage, FloatImage

SOLID = np.float32(0.99)
EDGE, SKIN = 1 / 256, 1 / 64  # of the long side: depths to which the edge and the light at the edge reach
TOLD = 0.15  # of a channel of the screen from which it bounds the spill
MOST = 0.3  # share of the screen's colour from which it is the subject's own
DARK, PALE = 0.12, 0.04  # black up to this value; gray up to this difference of the channels
FEWEST = 0.003  # of the subject's inside: black or gray that can tell
EVEN = 0.2  # even share at most
LOW = 0.3  # quantile of what it tells: what is darkest green may be green
VEIL = 0.06  # even share from which whites may be dulled by it
PILED = 0.001  # of the subject's inside at one highest value: whites that were cut off


def despill(rgb: FloatImage, alpha: FloatImage, key_color: tuple[float, float, float]) -> FloatImage:
    """Colours without the light that a coloured screen threw on them: float32 array of shape (H, W, 3), sRGB, [0, 1].

    rgb : float32 array of shape (H, W, 3), [0, 1], straight foreground colour. alpha : float32 array of shape (H, W).
    key_color : three floats in [0, 1] sRGB; a colour without chroma spills nothing that could be told: unchanged.

    The spill is taken away along the screen's own colour, as it was added. Where whites have become exactly so much
    darker as the even share takes, it was mixed in and not added: the rest is brightened until they are white again.
    """
    key = np.asarray(key_color, np.float32)
    strong, weak = channels(key_color)
    full = float(key[strong].min() - key[weak].max())
    if full < 0.1:
        return rgb
    over = excess(rgb, strong, weak) / np.float32(full)
    depth = cv2.distanceTransform((alpha >= SOLID).astype(np.uint8), cv2.DIST_L2, 5)
    inside = depth > max(2.0, EDGE * max(alpha.shape))
    even = _even(rgb[inside], over[inside], key)
    spill = np.clip(_at_most(rgb, key), 0, even)
    left = np.maximum(over - spill, 0)
    deep = depth > min(max(2.0, SKIN * max(alpha.shape)), 0.5 * float(depth.max()))
    spill += left - _own(rgb - (spill + left)[..., None] * key, over, left, deep)
    clean = np.asarray(rgb - spill[..., None] * key, np.float32)
    return np.asarray(np.clip(clean / np.float32(_white(clean, inside, even)), 0, 1), np.float32)


def _even(colors: NDArray[np.float32], over: NDArray[np.float32], key: NDArray[np.float32]) -> float:
    """Share of the screen's colour that lies on everything, by the black in the subject, else by its gray."""
    rest = colors - np.clip(over, 0, MOST)[:, None] * key
    top, told = rest.max(axis=1), over < MOST
    gray = (top >= DARK) & (top - rest.min(axis=1) < PALE) & (colors.max(axis=1) < 0.98)
    for plain in (told & (top < DARK), told & gray):
        if plain.sum() > max(50, FEWEST * len(colors)):
            most = float(np.quantile(_at_most(colors, key), 0.001))
            return max(0.0, min(float(np.quantile(over[plain], LOW)), most, EVEN))
    return 0.0


def _at_most(colors: FloatImage, key: NDArray[np.float32]) -> FloatImage:
    """How much of the screen's colour a colour can hold at all: no channel of the rest may fall below 0."""
    bound = key > TOLD
    return np.asarray((colors[..., bound] / key[bound]).min(axis=-1), np.float32)


def _own(rest: FloatImage, over: FloatImage, left: FloatImage, deep: BoolImage) -> FloatImage:
    """What of the excess over neutral is the subject's own; near its edge no more than deeper inside."""
    top = rest.max(axis=2)
    chroma = (top - rest.min(axis=2)) / np.maximum(top, np.float32(0.25))
    sure = np.maximum(np.clip((chroma - 0.15) / 0.2, 0, 1), np.clip((over - MOST) / MOST, 0, 1))
    own = np.asarray(left * sure, np.float32)
    around = pull_push(own[..., None], deep.astype(np.float32))[..., 0]
    return np.asarray(np.where(deep, own, np.minimum(left, around)), np.float32)


def _white(clean: FloatImage, inside: BoolImage, even: float) -> float:
    """What has become of white: less than 1 only where the brightest colours pile up where a veil would put them."""
    if even < VEIL:
        return 1.0
    top = clean[inside].max(axis=1)
    peak = float(top.max())
    piled = float(np.mean(top > peak - 0.01)) > PILED
    return peak if piled and 0.6 * even < 1 - peak < 1.2 * even else 1.0
