"""Whether two cut-outs are copies: the same subject in the same pose, whatever stood behind it.

In: small cut-outs of one form. Out: how far they differ once one is laid on the other, and a yes or no. Never: files,
the background, or another colour taken for the same: a toy in another colourway is another toy.

Masks of one subject before two backdrops differ along its edge, so the outline may differ in thin strips but not in
thick pieces, and colours are compared inside only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.color import to_lab
from loraset.ops.descriptors import subject_box
from loraset.types import BoolImage, ByteImage, FloatImage

SIDE = 64  # px of a small cut-out
BORDER = 6  # px round the subject's box in it
LAYOUT_SIDE = 8  # of the coarse layout that proposes copies
MAX_TURN_DEG, MAX_STRETCH, MAX_SCALE = 8.0, 1.12, 1.2  # of the map that lays one on the other
# Of copies with masks of IoU over .93, 98 % stay under 0.015, 9 and 2.5; other views begin at 25 and 8 in colour alone,
# a toy a fifth lighter at 7 and 4.4, one with a recoloured limb at 13 in that place.
MAX_MISSING = 0.018  # of the union: thick pieces that only one has
MAX_COLOR = 11.0  # in Lab: the worst spot inside
MAX_MEAN_COLOR = 3.0  # in Lab: the whole inside
MAX_LAYOUT = 0.25  # of coarse layouts that may be copies
MOST_COMPARED = 8


@dataclass(frozen=True, slots=True)
class Difference:
    """What is left between two small cut-outs.

    missing : share of the union that is a thick piece of only one of them. worst, mean : Lab distances inside both, the
    worst of a spot of 3x3 px, all of which differs so much.
    """

    missing: float
    worst: float
    mean: float

    @property
    def is_copy(self) -> bool:
        """Whether no more is left than other backdrops, sizes and encodings leave."""
        return self.missing <= MAX_MISSING and self.worst <= MAX_COLOR and self.mean <= MAX_MEAN_COLOR


@dataclass(frozen=True, slots=True)
class Copy:
    """That a picture is a copy: the index of which, what is left between them, whether mirrored."""

    of: int
    left: Difference
    mirrored: bool


def find_copies(smalls: Sequence[ByteImage], *, mirrored: bool) -> list[Copy | None]:
    """Return for each small cut-out which earlier one it is a copy of, or None.

    Only those that are no copies themselves are compared with, so copies do not chain. Coarse layouts propose; of those
    near enough the nearest `MOST_COMPARED` are laid on each other.

    smalls : as `small_cutout` makes them, the best first. mirrored : a mirror image is a copy too.
    """
    found: list[Copy | None] = []
    kept: list[int] = []
    layouts = np.empty((len(smalls), 4 * LAYOUT_SIDE**2), np.float32)
    for index, small in enumerate(smalls):
        copy = _copy_of(small, smalls, kept, layouts[: len(kept)], mirrored=mirrored)
        found.append(copy)
        if copy is None:
            layouts[len(kept)] = layout(small)
            kept.append(index)
    return found


def _copy_of(
    small: ByteImage, smalls: Sequence[ByteImage], kept: Sequence[int], layouts: NDArray[np.float32], *, mirrored: bool
) -> Copy | None:
    proposed: list[tuple[float, int, bool]] = []
    turned = (small, np.ascontiguousarray(small[:, ::-1]))
    for flip in (False, True)[: 1 + mirrored]:
        apart = np.linalg.norm(layouts - layout(turned[flip]), axis=1)
        proposed += [(float(apart[row]), kept[row], flip) for row in np.flatnonzero(apart <= MAX_LAYOUT).tolist()]
    for _, index, flip in sorted(proposed)[:MOST_COMPARED]:
        left = difference(smalls[index], turned[flip])
        if left is not None and left.is_copy:
            return Copy(index, left, flip)
    return None


def small_cutout(rgb: FloatImage, alpha: FloatImage) -> ByteImage | None:
    """uint8 (SIDE, SIDE, 4), straight: the subject's box scaled to fit and centred; None where alpha is never over 1/2.

    rgb : float32 array of shape (H, W, 3), [0, 1], straight sRGB. alpha : float32 array of shape (H, W), [0, 1].
    """
    box = subject_box(alpha)
    if box is None:
        return None
    height, width = alpha[box].shape
    scale = (SIDE - 2 * BORDER) / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    layers = np.dstack([rgb[box] * alpha[box][..., None], alpha[box]])
    out = np.zeros((SIDE, SIDE, 4), np.float32)
    left, top = (SIDE - size[0]) // 2, (SIDE - size[1]) // 2
    out[top : top + size[1], left : left + size[0]] = cv2.resize(layers, size, interpolation=method)
    out[..., :3] /= np.maximum(out[..., 3:], 1e-3)
    return (np.clip(out, 0, 1) * 255 + 0.5).astype(np.uint8)


def layout(small: ByteImage) -> NDArray[np.float32]:
    """Coarse layout of colour and alpha: copies lie within `MAX_LAYOUT` of each other; of length 4 * LAYOUT_SIDE**2.

    small : as `small_cutout` makes it.
    """
    premultiplied = _premultiplied(small)
    coarse = cv2.resize(premultiplied, (LAYOUT_SIDE, LAYOUT_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(coarse.ravel() / LAYOUT_SIDE, dtype=np.float32)


def difference(first: ByteImage, second: ByteImage) -> Difference | None:
    """Return what is left when the second is laid on the first; None where that takes more than a small similarity map.

    Registered by ECC (Evangelidis and Psarakis 2008) on alpha and lightness together, from equal centres and areas.

    first, second : as `small_cutout` makes them.
    """
    a, b = _premultiplied(first), _premultiplied(second)
    start = _by_moments(a[..., 3], b[..., 3])
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-4)
    try:
        _, warp = cv2.findTransformECC(_shade(a), _shade(b), start.copy(), cv2.MOTION_AFFINE, stop)
    except cv2.error:
        return None
    found = np.asarray(warp, dtype=np.float32)
    if not _is_small(found, start):
        return None
    moved = cv2.warpAffine(b, found, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return _left(a, moved.astype(np.float32, copy=False))


def _premultiplied(small: ByteImage) -> FloatImage:
    values = small.astype(np.float32) / np.float32(255)
    values[..., :3] *= values[..., 3:]
    return values


def _shade(premultiplied: FloatImage) -> FloatImage:
    """Lightness over black with a floor under the subject, so that even a black one has an outline."""
    luma = premultiplied[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.asarray(cv2.GaussianBlur(0.2 * premultiplied[..., 3] + 0.8 * luma, (0, 0), 1.0), dtype=np.float32)


def _by_moments(first: FloatImage, second: FloatImage) -> NDArray[np.float32]:
    """Map (2, 3) from the first's px to the second's that makes centre and area of the alphas agree."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    places = []
    for alpha in (first, second):
        area = float(alpha.sum(dtype=np.float64))
        places.append((area, float((columns * alpha).sum() / area), float((rows * alpha).sum() / area)))
    (area_1, x1, y1), (area_2, x2, y2) = places
    scale = float(np.sqrt(area_2 / area_1))
    return np.array([[scale, 0, x2 - scale * x1], [0, scale, y2 - scale * y1]], np.float32)


def _is_small(warp: NDArray[np.float32], start: NDArray[np.float32]) -> bool:
    linear = warp[:, :2].astype(np.float64)
    if not np.isfinite(warp).all() or np.linalg.det(linear) <= 0:
        return False
    left, (most, least), right = np.linalg.svd(linear)
    turn = left @ right
    scale = np.sqrt(most * least) / float(start[0, 0])
    turned = abs(np.degrees(np.arctan2(turn[1, 0], turn[0, 0])))
    return bool(turned <= MAX_TURN_DEG and most / least <= MAX_STRETCH and 1 / MAX_SCALE <= scale <= MAX_SCALE)


def _left(a: FloatImage, b: FloatImage) -> Difference:
    own, other = a[..., 3], b[..., 3]
    differs = cv2.morphologyEx((np.abs(own - other) > 0.5).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    union = float(np.maximum(own, other).sum(dtype=np.float64))
    inside = np.asarray((own > 0.9) & (other > 0.9), dtype=bool)
    if not inside.any():
        return Difference(1.0, np.inf, np.inf)
    gap = _mean_inside(a, inside) - _mean_inside(b, inside)
    distance = np.where(inside, np.linalg.norm(gap, axis=2), 0).astype(np.float32)
    spots = cv2.erode(distance, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    core = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0  # a rim has some of the old backdrop
    mean = float(distance[core if core.any() else inside].mean(dtype=np.float64))
    return Difference(float(differs.sum()) / union, float(spots.max()), mean)


def _mean_inside(premultiplied: FloatImage, inside: BoolImage) -> FloatImage:
    """Lab, float32 of shape (SIDE, SIDE, 3), blurred without what lies outside."""
    straight = np.clip(premultiplied[..., :3] / np.maximum(premultiplied[..., 3:], 1e-3), 0, 1)
    lab = to_lab((straight * 255 + 0.5).astype(np.uint8))
    weight = inside.astype(np.float32)
    blurred = cv2.GaussianBlur(lab * weight[..., None], (0, 0), 1.5)
    return np.asarray(blurred / np.maximum(cv2.GaussianBlur(weight, (0, 0), 1.5), 1e-3)[..., None], dtype=np.float32)
