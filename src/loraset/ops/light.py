"""The light in which a picture's soft edges were mixed.

In: a picture and its alpha. Out: "linear" (a camera's lens) or "srgb" (a drawing program, or an alpha that was itself
solved on sRGB values), and why. Never: a guess from what the picture shows; the edge is asked.
"""

import numpy as np

from loraset.color import to_floats, to_linear, to_srgb
from loraset.ops.foreground import MARGIN, two_sides
from loraset.ops.geometry import around
from loraset.types import ByteImage, FloatImage, Light

LONG_SIDE = 1024  # larger pictures are thinned out, never averaged: an average would be a mixture of its own
MIXED = (0.15, 0.85)  # alphas that tell the lights apart
LINEAR = 0.3  # share of the difference between the lights from which an edge counts as mixed in linear light
ENOUGH = 32  # pixels


def edge_light(rgb: ByteImage, alpha: ByteImage | FloatImage) -> tuple[Light, str]:
    """The light in which mixing the colours on both sides of the edge gives the edge, and why in words.

    Linear light mixes brighter than sRGB does, the more so the more the two sides differ. The edge's brightness over a
    mixture in sRGB is fitted with that difference (its share is 1 in linear light, 0 in sRGB), and with alpha (1 -
    alpha), which takes what makes edges brighter or darker whatever lies behind them: rims, shadows, other fur.

    rgb : uint8 array of shape (H, W, 3), sRGB. alpha : float32 array of shape (H, W), [0, 1], or the same in bytes.
    """
    step = -(-max(alpha.shape) // LONG_SIDE)
    part = to_floats(alpha[::step, ::step])
    edge = (part > MIXED[0]) & (part < MIXED[1])
    if edge.sum() < ENOUGH:
        return "srgb", "no soft edge to tell the light by"
    box = around(edge, MARGIN)
    picture = to_floats(rgb[::step, ::step][box])
    part, edge = np.ascontiguousarray(part[box]), edge[box]
    places = np.flatnonzero(edge)
    share = part.take(places)[:, None]
    front, back = (np.clip(side.reshape(-1, 3).take(places, axis=0), 0, 1) for side in two_sides(picture, part))
    mixed = share * front + (1 - share) * back
    brighter = to_srgb(share * to_linear(front) + (1 - share) * to_linear(back)) - mixed
    found = _fitted(
        picture.reshape(-1, 3).take(places, axis=0) - mixed, brighter, np.broadcast_to(share * (1 - share), mixed.shape)
    )
    light: Light = "linear" if found > LINEAR else "srgb"
    return light, f"the edge is {found:.2f} of the way from a mixture in sRGB to one in linear light"


def _fitted(values: FloatImage, wanted: FloatImage, other: FloatImage) -> float:
    """Least squares: how often `wanted` is in `values` beside `other`; 0 where the two cannot be told apart."""
    one, two = wanted.astype(np.float64), other.astype(np.float64)
    cross, size = float((one * two).sum()), float(np.square(two).sum())
    left = float(np.square(one).sum()) * size - cross * cross
    if left <= 1e-9 * size * size:
        return 0.0
    return (float((one * values).sum()) * size - float((two * values).sum()) * cross) / left
