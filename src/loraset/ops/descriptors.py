"""What the subject looks like, in few numbers: to choose pictures that differ.

In: a cut-out; points. Out: `Descriptors` of aspect, colour, texture and pose; the point at which they stand; a choice
of points. Never: the background, where the subject stands in the picture, or its size there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.color import to_lab
from loraset.ops.geometry import around
from loraset.types import FloatImage, Json

SIDE = 32  # px of the thumbnail whose frequencies are the pose
NEUTRAL = 0.5  # gray round the subject
POSE_SIDE = 5  # lowest frequencies kept as the pose
COLOR_BINS = 8
COLOR_RANGES = ((0.0, 100.0), (-60.0, 60.0), (-60.0, 60.0))
TEXTURE_SCALES_PX = (0.5, 1.0, 2.0)  # of the thumbnail four times as large
MOST_STOOD_FOR = 256  # points that stand for all of a large set where pictures are chosen
DISTANCE_SHARE = 0.1  # of one point's weight
POSITION_SIZE = POSE_SIDE**2 - 1 + 3 * COLOR_BINS + 1 + len(TEXTURE_SCALES_PX)


@dataclass(frozen=True, slots=True)
class Descriptors:
    """A subject in numbers.

    aspect : width / height of the subject's box.
    color : soft histograms of L, a and b, 8 numbers each; each sums to 1.
    texture : deviation of lightness at three scales, of full scale.
    pose : 24 low frequencies of the thumbnail, scaled to length 1.
    """

    aspect: float
    color: tuple[float, ...]
    texture: tuple[float, ...]
    pose: tuple[float, ...]

    def to_json(self) -> Json:
        """Return the stored form: numbers to 4 digits."""
        numbers = {name: [round(v, 4) for v in getattr(self, name)] for name in ("color", "texture", "pose")}
        return {"aspect": round(self.aspect, 4), **numbers}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Descriptors":
        """Read what `to_json` wrote."""
        color, texture, pose = (tuple(map(float, data[name])) for name in ("color", "texture", "pose"))
        return cls(float(data["aspect"]), color, texture, pose)


def describe(rgb: FloatImage, alpha: FloatImage) -> Descriptors | None:
    """Return the descriptors of a cut-out, or None where alpha is nowhere over 1/2.

    rgb : float32 array of shape (H, W, 3), [0, 1], straight sRGB. alpha : float32 array of shape (H, W), [0, 1].
    """
    box = subject_box(alpha)
    if box is None:
        return None
    height, width = alpha[box].shape
    detail = _thumbnail(rgb[box], alpha[box], 4 * SIDE)
    small = cv2.resize(detail, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    luma = np.asarray(cv2.cvtColor(small[..., :3], cv2.COLOR_RGB2GRAY), dtype=np.float32)
    return Descriptors(width / height, _color(detail), _texture(detail), _pose(luma))


def subject_box(alpha: FloatImage) -> tuple[slice, slice] | None:
    """Rows and columns of the box of alpha over 1/2, or None where it is nowhere.

    alpha : float32 array of shape (H, W), [0, 1].
    """
    subject = np.asarray(alpha > 0.5)
    return around(subject) if subject.any() else None


def position(subject: Descriptors) -> NDArray[np.float64]:
    """Return the point of `POSITION_SIZE` numbers at which a picture stands; Euclidean distances say how unlike.

    Pose counts most, as what a set most often repeats: two unrelated poses are 1 apart, two unlike colours 0.7, a box
    twice as wide 0.3. Histograms enter by their roots (Hellinger distance).
    """
    pose = np.asarray(subject.pose) / np.sqrt(2.0)
    color = 0.5 * np.sqrt(np.asarray(subject.color) / 3.0)
    shape = 0.3 * np.log2([subject.aspect])
    texture = 2.0 * np.asarray(subject.texture)
    return np.concatenate([pose, color, shape, texture])


def choose_different(
    points: NDArray[np.float64], worth: NDArray[np.float64], first: NDArray[np.bool_], most: int
) -> list[int]:
    """Return the indices of at most `most` points, good ones that stand for all: first of `first`, then of others.

    A point stands for another the better the nearer it is: for itself by its whole worth, for one as far as two points
    mostly are not at all. Each next one is the one that adds most to how well all are stood for (facility location:
    Cornuejols, Fisher, Nemhauser: Location of bank accounts to optimize float, 1977). Its distance from those chosen
    adds a little; alone that would collect what is odd, and the badly cut is. Ties go to the earlier.

    points : of shape (N, D). worth : of shape (N,), [0, 1]. first : of shape (N,).
    """
    chosen: list[int] = []
    for group in (np.flatnonzero(first), np.flatnonzero(~first)):
        if group.size == 0:
            continue
        typical = _typical(points[group])
        some = group[np.unique(np.linspace(0, group.size - 1, min(group.size, MOST_STOOD_FOR)).round().astype(np.intp))]
        before = np.array(chosen, dtype=np.intp)
        gap = _distances(points[group], points[before]).min(axis=1, initial=typical) / typical
        offered = _nearness(points[some], points[group], typical) * worth[group]
        stood = (_nearness(points[some], points[before], typical) * worth[before]).max(axis=1, initial=0.0)
        free = np.ones(group.size, dtype=bool)
        while len(chosen) < most and free.any():
            gain = np.maximum(offered - stood[:, None], 0).sum(axis=0) + DISTANCE_SHARE * worth[group] * gap
            best = int(np.argmax(np.where(free, np.round(gain, 9), -1.0)))
            free[best] = False
            chosen.append(int(group[best]))
            stood = np.maximum(stood, offered[:, best])
            gap = np.minimum(gap, _distances(points[group], points[group[[best]]])[:, 0] / typical)
    return chosen


def _distances(ones: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(ones, others))


def _nearness(ones: NDArray[np.float64], others: NDArray[np.float64], typical: float) -> NDArray[np.float64]:
    """1 for the same point, 0 from the typical distance on: array of shape (ones, others)."""
    return np.asarray(np.maximum(1 - np.square(_distances(ones, others) / typical), 0.0))


def variety_covered(points: NDArray[np.float64], chosen: NDArray[np.float64]) -> float:
    """Return how well the chosen stand for the points, [0, 1]: 1 where each has its like among them.

    A point counts 1 less its squared distance to the nearest chosen one over that of two points on average, at least 0.

    points : of shape (N, D). chosen : of shape (M, D), M at least 1.
    """
    return float(_nearness(points, chosen, _typical(points)).max(axis=1).mean())


def _typical(points: NDArray[np.float64]) -> float:
    """Root mean square distance of two points, 1 where all are one."""
    return float(np.sqrt(2 * np.square(points - points.mean(axis=0)).sum(axis=1).mean())) or 1.0


def _thumbnail(rgb: FloatImage, alpha: FloatImage, side: int) -> FloatImage:
    """RGB on neutral gray with alpha, float32 of shape (side, side, 4): the box scaled to fit and centred."""
    height, width = alpha.shape
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    premultiplied = cv2.resize(np.dstack([rgb * alpha[..., None], alpha]), size, interpolation=method)
    out = np.zeros((side, side, 4), np.float32)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    out[top : top + size[1], left : left + size[0]] = premultiplied
    out[..., :3] += np.float32(NEUTRAL) * (1 - out[..., 3:])
    return out


def _pose(luma: FloatImage) -> tuple[float, ...]:
    low = cv2.dct(luma)[:POSE_SIDE, :POSE_SIDE].ravel()[1:].astype(np.float64)
    return tuple((low / max(float(np.linalg.norm(low)), 1e-6)).tolist())


def _color(thumbnail: FloatImage) -> tuple[float, ...]:
    solid = thumbnail[thumbnail[..., 3] > 0.9]
    if solid.size == 0:
        return (1.0 / COLOR_BINS,) * (3 * COLOR_BINS)
    lab = to_lab((np.clip(solid[None, :, :3], 0, 1) * 255 + 0.5).astype(np.uint8))[0]
    parts = [_soft_histogram(lab[:, axis], *span) for axis, span in enumerate(COLOR_RANGES)]
    return tuple(np.concatenate(parts).tolist())


def _soft_histogram(values: FloatImage, low: float, high: float) -> FloatImage:
    """Histogram whose pixels are shared between the two nearest bins, so that a small shift is a small change."""
    place = np.clip((values.astype(np.float64) - low) / (high - low), 0, 1) * (COLOR_BINS - 1)
    first = np.minimum(place.astype(np.intp), COLOR_BINS - 2)
    rest = place - first
    counts = np.bincount(first, 1 - rest, COLOR_BINS) + np.bincount(first + 1, rest, COLOR_BINS)
    return np.asarray(counts / len(values), dtype=np.float32)


def _texture(thumbnail: FloatImage) -> tuple[float, ...]:
    """Deviation of lightness left between successive blurs, inside the subject."""
    luma = np.asarray(cv2.cvtColor(thumbnail[..., :3], cv2.COLOR_RGB2GRAY), dtype=np.float32)
    solid = cv2.erode((thumbnail[..., 3] > 0.9).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if not solid.any():
        return (0.0,) * len(TEXTURE_SCALES_PX)
    finer = luma
    deviations: list[float] = []
    for sigma in TEXTURE_SCALES_PX:
        coarser: FloatImage = np.asarray(cv2.GaussianBlur(luma, (0, 0), sigma), dtype=np.float32)
        deviations.append(float(np.std((finer - coarser)[solid], dtype=np.float64)))
        finer = coarser
    return tuple(deviations)
