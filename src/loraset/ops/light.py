"""The light in which a picture's soft edges were mixed.

In: a picture and its alpha. Out: "linear" (a camera's lens) or "srgb" (a drawing program, or an alpha that was itself
solved on sRGB values), and why. Never: a guess from what the picture shows; the edge is asked.
"""

import numpy as np

from loraset.color import to_linear, to_srgb
from loraset.ops.foreground import PURITY, pull_push
from loraset.types import BoolImage, ByteImage, FloatImage, Light

LONG_SIDE = 1024  # larger pictures are thinned out, never averaged: an average would be a mixture of its own
MIXED = (0.15, 0.85)  # alphas that tell the lights apart
CLEARLY = 0.9  # linear must explain the edge this much better; sRGB is what solved alphas and viewers use
ENOUGH = 32  # pixels


def edge_light(rgb: ByteImage, alpha: FloatImage) -> tuple[Light, str]:
    """The light in which mixing the colours on both sides of the edge gives the edge, and why in words.

    The colours are extended from both sides, mixed by alpha in either light, and compared with the picture, in sRGB,
    weighted by how different the two sides are.

    rgb : uint8 array of shape (H, W, 3), sRGB. alpha : float32 array of shape (H, W), [0, 1].
    """
    step = -(-max(alpha.shape) // LONG_SIDE)
    picture = rgb[::step, ::step].astype(np.float32) / np.float32(255)
    part = np.ascontiguousarray(alpha[::step, ::step])
    edge = (part > MIXED[0]) & (part < MIXED[1])
    if edge.sum() < ENOUGH:
        return "srgb", "no soft edge to tell the light by"
    linear = _misfit(to_linear(picture), part, edge, picture, linear=True)
    srgb = _misfit(picture, part, edge, picture, linear=False)
    light: Light = "linear" if linear < CLEARLY * srgb else "srgb"
    return light, f"misfit of the edge mixed in linear light {255 * linear:.1f}, in sRGB {255 * srgb:.1f} of 255"


def _misfit(colors: FloatImage, part: FloatImage, edge: BoolImage, picture: FloatImage, *, linear: bool) -> float:
    """Mean difference between the edge and its two sides mixed, in sRGB, [0, 1]."""
    front = pull_push(colors, part**PURITY)[edge]
    back = pull_push(colors, (1 - part) ** PURITY)[edge]
    share = part[edge][:, None]
    mixed = share * front + (1 - share) * back
    if linear:
        front, back, mixed = to_srgb(front), to_srgb(back), to_srgb(mixed)
    contrast = np.abs(front - back).mean(axis=1, dtype=np.float64)
    error = np.abs(mixed - picture[edge]).mean(axis=1, dtype=np.float64)
    return float((error * contrast).sum() / max(float(contrast.sum()), 1e-9))
