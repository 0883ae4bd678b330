"""Which way each subject of a set turns or reaches, by mirrored symmetry.

In: small cut-outs. Out: a number for each, its sign the side, 0 for what is even. Never: a word for the side: that a
number is negative says that a picture is unlike those with positive ones in the way their mirror images are.

A figure seen from the front or from behind is nearly its own mirror image; one that turns aside or stretches out a limb
is not. What is left when a mirror image is taken away has one sign for one side and the other for the other; the axis
along which the set has most of it is its first principal component.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.color import to_lab
from loraset.types import ByteImage, FloatImage

COARSE_PX = 16  # of the field that is compared with its mirror image
BLUR_PX = 2.0  # of the small cut-out before it is made coarse
OUTLINE_WEIGHT = 60.0  # of alpha, in units of Lab
MID_LIGHTNESS = 50.0


def turns(smalls: Sequence[ByteImage]) -> NDArray[np.float64]:
    """Return how far each turns or reaches to a side: within -1..1, seldom over 0.4; array of shape (N,).

    The one that does so most is positive.

    smalls : uint8 arrays of shape (H, W, 4) as `subject_copies.small_cutout` makes them.
    """
    if not smalls:
        return np.zeros(0)
    fields = np.stack([_field(small) for small in smalls]).astype(np.float64)
    left, right = fields[:, :, : COARSE_PX // 2], fields[:, :, : COARSE_PX // 2 - 1 : -1]
    odd, even = ((part / 2).reshape(len(smalls), -1) for part in (left - right, left + right))
    said = odd / np.sqrt(np.maximum(np.linalg.norm(odd, axis=1, keepdims=True), 1e-9))
    axis = np.linalg.eigh(said.T @ said)[1][:, -1]
    along = np.round(odd @ axis / np.maximum(np.linalg.norm(even, axis=1), 1e-9), 6)
    return np.asarray(along * (np.sign(along[np.argmax(np.abs(along))]) or 1.0))


def _field(small: ByteImage) -> FloatImage:
    """Alpha and Lab of a small cut-out, coarse, its centre of area in the middle: float32 (COARSE_PX, COARSE_PX, 4)."""
    alpha = small[..., 3:].astype(np.float32) / np.float32(255)
    inner = to_lab(small[..., :3]) - np.array([MID_LIGHTNESS, 0, 0], np.float32)
    layers = np.dstack([OUTLINE_WEIGHT * alpha, alpha * inner]).astype(np.float32)
    width = alpha.shape[1]
    columns = alpha[..., 0].sum(axis=0, dtype=np.float64)
    shift = (width - 1) / 2 - float(columns @ np.arange(width)) / max(float(columns.sum()), 1e-9)
    moved = cv2.warpAffine(layers, np.array([[1, 0, shift], [0, 1, 0]], np.float32), (width, alpha.shape[0]))
    smooth = cv2.GaussianBlur(moved, (0, 0), BLUR_PX)
    return np.asarray(cv2.resize(smooth, (COARSE_PX, COARSE_PX), interpolation=cv2.INTER_AREA), dtype=np.float32)
