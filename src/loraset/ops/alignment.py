"""Where a photo of the empty set lies behind a picture: a homography found by features, and how sure it is.

In: two small sRGB pictures. Out: the matrix from the picture's pixels to the plate's, with what speaks for it; a plate
laid on the picture's grid. Never: files, settings, or randomness (OpenCV's RANSAC draws from a fixed seed).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.types import BoolImage, ByteImage

FEATURES = 3000
RATIO = 0.8  # of the nearest descriptor's distance to the second's (Lowe, IJCV 2004)
REPROJECTION_PX = 2.5
MIN_INLIERS = 16
MIN_INLIER_SHARE = 0.12  # of the matches: what a subject in front of the set leaves
AREA = (0.25, 4.0)  # of the picture after the mapping, in shares of it

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """A mapping of a picture's pixels to those of a plate.

    matrix : float64 array of shape (3, 3), homography on centres of pixels. inliers : matched features that agree with
    it. error_px : their median distance; 0 where the plate was taken as it lies.
    """

    matrix: Matrix
    inliers: int
    error_px: float


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Places that are found again: points float32 (n, 2) in px, described float32 (n, 128), size (width, height)."""

    points: NDArray[np.float32]
    described: NDArray[np.float32]
    size: tuple[int, int]


def features(rgb: ByteImage) -> Features:
    """Features of a picture, uint8 array of shape (H, W, 3): SIFT (Lowe, IJCV 2004), compared by their roots."""
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    keypoints, described = cv2.SIFT.create(nfeatures=FEATURES, contrastThreshold=0.02).detectAndCompute(gray, None)
    size = (rgb.shape[1], rgb.shape[0])
    if described is None:
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32), size)
    points = np.array([point.pt for point in keypoints], np.float32)
    return Features(points, np.sqrt(described / 512).astype(np.float32), size)


def as_it_lies(size: tuple[int, int], plate_size: tuple[int, int]) -> Alignment:
    """Alignment of a camera that did not move: the plate scaled to the picture. Sizes are (width, height)."""
    return Alignment(_scaling((plate_size[0] / size[0], plate_size[1] / size[1])), 0, 0.0)


def _scaling(factors: tuple[float, float]) -> Matrix:
    """Homography that scales pixel areas by (horizontal, vertical) factors, for coordinates at pixel centres."""
    x, y = factors
    return np.array([[x, 0, x / 2 - 0.5], [0, y, y / 2 - 0.5], [0, 0, 1]], np.float64)


def by_features(picture: Features, plate: Features) -> Alignment | None:
    """Alignment by matched features, or None where too few of them agree on one that a camera could have made.

    The homography is found by RANSAC (Fischler and Bolles, CACM 1981).
    """
    if min(len(picture.points), len(plate.points)) < MIN_INLIERS:
        return None
    pairs = _matched(picture.described, plate.described)
    if len(pairs) < MIN_INLIERS:
        return None
    source, target = picture.points[pairs[:, 0]], plate.points[pairs[:, 1]]
    found, kept = cv2.findHomography(source, target, cv2.RANSAC, REPROJECTION_PX, maxIters=5000, confidence=0.999)
    if found is None:
        return None
    matrix = np.asarray(found, np.float64)
    inside = kept.ravel() > 0
    count = int(inside.sum())
    if count < max(MIN_INLIERS, MIN_INLIER_SHARE * len(pairs)) or not _possible(matrix, picture.size, plate.size):
        return None
    error = np.linalg.norm(_mapped(source[inside], matrix) - target[inside], axis=1)
    return Alignment(matrix, count, float(np.median(error)))


def _matched(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.intp]:
    """Pairs (n, 2) of descriptors that are each other's nearest, by a margin."""
    near = cv2.BFMatcher(cv2.NORM_L2).knnMatch(one, other, k=2)
    back = {match[0].queryIdx: match[0].trainIdx for match in cv2.BFMatcher(cv2.NORM_L2).knnMatch(other, one, k=1)}
    pairs = [
        (first.queryIdx, first.trainIdx)
        for first, second in near
        if first.distance < RATIO * second.distance and back[first.trainIdx] == first.queryIdx
    ]
    return np.array(pairs, np.intp).reshape(-1, 2)


def _mapped(points: NDArray[np.float32], matrix: Matrix) -> NDArray[np.float32]:
    return np.asarray(cv2.perspectiveTransform(points.reshape(-1, 1, 2), matrix).reshape(-1, 2), np.float32)


def _possible(matrix: Matrix, size: tuple[int, int], plate_size: tuple[int, int]) -> bool:
    """Whether the picture's corners stay a convex figure of a like size, not mirrored."""
    width, height = size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    figure = _mapped(corners, matrix)
    sides = np.roll(figure, -1, axis=0) - figure
    turns = sides[:, 0] * np.roll(sides, -1, axis=0)[:, 1] - sides[:, 1] * np.roll(sides, -1, axis=0)[:, 0]
    area = cv2.contourArea(figure) / (plate_size[0] * plate_size[1])
    return bool((turns > 0).all() and AREA[0] < area < AREA[1])


def laid(plate: ByteImage, matrix: Matrix, size: tuple[int, int]) -> tuple[ByteImage, BoolImage]:
    """The plate on a picture's grid, uint8 (H, W, 3), and where it has pixels, bool (H, W).

    matrix : maps the picture's pixels to the plate's. size : (width, height) of the picture.
    """
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    result = cv2.warpPerspective(plate, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    ones = np.ones(plate.shape[:2], np.uint8)
    there = cv2.warpPerspective(ones, matrix, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    return np.asarray(result, np.uint8), np.asarray(there > 0, np.bool_)
