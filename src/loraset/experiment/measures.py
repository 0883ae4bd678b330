"""Measures of one sample: how much of a training background it shows, and how like the set its subject is.

In: pixels, the training fills, what the set's subject looks like. Out: named numbers. Never: the prompt or the arm: a
picture is measured without knowing where it comes from.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.color import to_lab
from loraset.experiment.subject import border, find_subject, learn_colors
from loraset.images import reduce_to
from loraset.ops.descriptors import Descriptors, describe
from loraset.ops.geometry import around
from loraset.ops.mixture import Mixture
from loraset.types import BoolImage, ByteImage, FloatImage

SIDE = 256  # px, long side at which samples are measured
NEAR_FILL = 10.0  # Lab units from a fill: what a network paints is never the exact colour
FLAT, FLAT_PX = 3.0, 5  # deviation of lightness in a window: leaked fill is smooth, gray asphalt and stone are not
ONE_COLOR = 8.0  # Lab units within which a border counts as one colour
PLAIN_SHARE = 0.75  # of the border in one colour: a subject may reach over the rest
RIM_PX, CLEAR_PX, AROUND_PX = 4, 7, 14  # outside the subject's outline: the rim; from where to where its surroundings
NEAREST = 3  # references that a subject is compared with: poses differ
CELLS = 8  # cells on a side of the thumbnail that diversity compares

Embed = Callable[[ByteImage], NDArray[np.float64]]  # uint8 (H, W, 3) -> a vector of length 1


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The set's subject: its colours; for each picture descriptors, outline and, with a model, an embedding."""

    colors: Mixture
    descriptors: tuple[Descriptors, ...]
    outlines: tuple[NDArray[np.float64], ...]
    embeddings: tuple[NDArray[np.float64], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One sample in numbers, None where one cannot be had; its thumbnail: Lab, float32 of shape (CELLS**2 * 3,)."""

    values: Mapping[str, float | None]
    thumbnail: FloatImage


def make_reference(cutouts: Sequence[ByteImage], embed: Embed | None = None) -> Reference:
    """Return what the set's subject looks like. cutouts : uint8 arrays of shape (H, W, 4), straight."""
    descriptors, outlines, embeddings = [], [], []
    for rgba in cutouts:
        found = _describe(rgba[..., :3], rgba[..., 3] > 127)
        if found is not None:
            descriptors.append(found)
            outlines.append(outline_numbers(rgba[..., 3] > 127))
            if embed is not None:
                embeddings.append(embed(_on_gray(rgba[..., :3], rgba[..., 3] > 127)))
    return Reference(learn_colors(cutouts), tuple(descriptors), tuple(outlines), tuple(embeddings))


def measure(
    rgb: ByteImage, fills: Sequence[tuple[int, int, int]], reference: Reference, embed: Embed | None = None
) -> Measured:
    """Return a sample's numbers.

    rgb : uint8 array of shape (H, W, 3). fills : the plain colours that lay behind or under the training's subjects.
    """
    small = reduce_to(rgb, SIDE)
    lab = to_lab(small)
    ring = lab[border(small.shape[:2])]
    near = _near_fill(lab, fills)
    subject = find_subject(small, reference.colors)
    values: dict[str, float | None] = {
        "fill_share": float((near & _flat(lab))[border(small.shape[:2])].mean()) if fills else None,
        "deviation": float(np.sqrt(ring.var(axis=0, dtype=np.float64).sum())),
        "plain": float(_one_color(ring) >= PLAIN_SHARE),
        "fringe": _fringe(near, subject) if subject is not None and fills else None,
        "found": float(subject is not None),
        **_likeness(small, subject, reference, embed),
    }
    thumbnail = cv2.resize(lab, (CELLS, CELLS), interpolation=cv2.INTER_AREA).ravel()
    return Measured(values, np.asarray(thumbnail, np.float32))


def _near_fill(lab: FloatImage, fills: Sequence[tuple[int, int, int]]) -> BoolImage:
    near = np.zeros(lab.shape[:2], bool)
    for fill in fills:
        near |= np.linalg.norm(lab - to_lab(np.array([[fill]], np.uint8)), axis=2) <= NEAR_FILL
    return near


def _flat(lab: FloatImage) -> BoolImage:
    light = np.ascontiguousarray(lab[..., 0], np.float32)
    window = (FLAT_PX, FLAT_PX)
    variance = cv2.blur(light * light, window) - np.square(cv2.blur(light, window))
    return np.asarray(variance <= FLAT**2)


def _one_color(ring: FloatImage) -> float:
    """Return the share of border pixels, of shape (n, 3), in the colour of their median."""
    return float((np.linalg.norm(ring - np.median(ring, axis=0), axis=1) <= ONE_COLOR).mean())


def _fringe(near: BoolImage, subject: BoolImage) -> float | None:
    """Return how much more of a rim round the subject is near a fill than of what lies farther out, [-1, 1].

    A background in the fill's colour is no outline, so its share is taken off.
    """
    rim = _grown(subject, RIM_PX) & ~subject
    around = _grown(subject, AROUND_PX) & ~_grown(subject, CLEAR_PX)
    if not rim.any() or not around.any():
        return None
    return float(near[rim].mean() - near[around].mean())


def _grown(mask: BoolImage, reach_px: int) -> BoolImage:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach_px + 1, 2 * reach_px + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc) > 0)


def _likeness(
    small: ByteImage, subject: BoolImage | None, reference: Reference, embed: Embed | None
) -> dict[str, float | None]:
    """Return how like the set's pictures the subject is, 1 for alike: the mean over the nearest of them."""
    found = None if subject is None else _describe(small, subject)
    if found is None or subject is None:
        return dict.fromkeys(("color", "texture", "shape", "embedding"))
    outline = outline_numbers(subject)
    colors = [1 - _hellinger(found.color, other.color) for other in reference.descriptors]
    textures = [_alike(found.texture, other.texture) for other in reference.descriptors]
    shapes = [float(np.exp(-np.linalg.norm(outline - other))) for other in reference.outlines]
    vector = embed(_on_gray(small, subject)) if embed is not None else None
    cosines = [float(vector @ other) for other in reference.embeddings] if vector is not None else []
    return {"color": _best(colors), "texture": _best(textures), "shape": _best(shapes), "embedding": _best(cosines)}


def _best(likeness: Sequence[float]) -> float | None:
    return float(np.mean(sorted(likeness)[-NEAREST:])) if likeness else None


def _describe(rgb: ByteImage, mask: BoolImage) -> Descriptors | None:
    return describe(rgb.astype(np.float32) / np.float32(255), mask.astype(np.float32))


def _hellinger(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the Hellinger distance of three histograms each, [0, 1]."""
    difference = np.sqrt(np.asarray(one)) - np.sqrt(np.asarray(other))
    return float(np.linalg.norm(difference) / np.sqrt(6.0))


def _alike(one: Sequence[float], other: Sequence[float]) -> float:
    """Return 1 for equal deviations, 1/2 where they are a factor of two apart at every scale."""
    ratio = np.log2((np.asarray(one) + 1e-3) / (np.asarray(other) + 1e-3))
    return float(2.0 ** -np.abs(ratio).mean())


def outline_numbers(mask: BoolImage) -> NDArray[np.float64]:
    """Return an outline in numbers free of place and size: log of the aspect, solidity, extent, roundness.

    mask : bool array of shape (H, W), not empty.
    """
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=cv2.contourArea)
    _, _, width, height = cv2.boundingRect(contour)
    area = max(1.0, cv2.contourArea(contour))
    hull = max(1.0, cv2.contourArea(cv2.convexHull(contour)))
    roundness = 4 * np.pi * area / max(1.0, cv2.arcLength(contour, True)) ** 2
    return np.array([np.log(width / height), area / hull, area / (width * height), roundness])


def _on_gray(rgb: ByteImage, mask: BoolImage) -> ByteImage:
    """Return the subject's box, square, on mid gray: uint8 array of shape (S, S, 3)."""
    box = around(mask)
    cut = np.where(mask[box][..., None], rgb[box], np.uint8(128))
    side = max(cut.shape[:2])
    square = np.full((side, side, 3), 128, np.uint8)
    top, left = (side - cut.shape[0]) // 2, (side - cut.shape[1]) // 2
    square[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
    return square


def mean_distance(thumbnails: Sequence[FloatImage]) -> float | None:
    """Return the mean distance between thumbnails, in Lab units for each cell; None for fewer than two."""
    if len(thumbnails) < 2:
        return None
    stacked = np.stack(thumbnails).astype(np.float64)
    pairs = [(i, j) for i in range(len(stacked)) for j in range(i)]
    return float(np.mean([np.linalg.norm(stacked[i] - stacked[j]) / CELLS for i, j in pairs]))
