"""What a key keeps but does not mean: things beside a screen that does not cover the whole picture.

In: a keyed alpha, and where bare screen was seen or what another engine takes for the subject. Out: which of it is the
subject. Never: a finer edge than the key's, files, settings, randomness.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from loraset.types import BoolImage, FloatImage

LEAST = 0.005  # of the picture: bare areas that say how far the screen reaches
SIDE = 512  # px, long side at which two engines' masks are compared
REACH = 0.03  # of the long side: how far off the other engine's outline may be
STAND = 0.3  # of the largest piece: what reaches in and is no larger is no subject
WITHIN = 0.5  # share of a piece that lies before the screen, from which it may be the subject


@dataclass(frozen=True, slots=True, eq=False)
class Sorted:
    """subject : where the alpha counts. beyond : share of the subject that does not lie before the screen."""

    subject: BoolImage
    beyond: float


def before_the_screen(alpha: FloatImage, bare: BoolImage) -> Sorted:
    """Keep the pieces before the screen; what reaches the picture's border beside it is the room.

    Where the largest piece before the screen lies wholly in the picture, much smaller pieces that reach in from its
    border are the room too, such as a stand; a large one may be a second subject, which is not for the key to decide.
    The screen reaches as far as the convex hull of its bare areas: a subject that hides a part of it, or that the
    picture cuts off, lies inside.

    alpha : float32 array of shape (H, W), [0, 1]. bare : bool array of shape (H, W).
    """
    reach = _hull(bare)
    labels, count = ndimage.label(alpha > 0.5)
    if count == 0:
        return Sorted(np.ones_like(bare), 0.0)
    area = np.bincount(labels.ravel(), minlength=count + 1).astype(np.float64)
    inside = np.bincount(labels[reach], minlength=count + 1)
    area[0] = inside[0] = 0
    touching = np.zeros(count + 1, np.bool_)
    touching[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = True
    main = int(np.argmax(inside))
    stands = (area < STAND * area[main]) & (not touching[main])
    room = touching & ((inside < WITHIN * area) | stands)
    room[[0, main]] = False
    kept = ~room
    beyond = 1 - float(inside[kept].sum() / max(1.0, area[kept].sum()))
    if not room.any():
        return Sorted(np.ones_like(bare), beyond)
    index = ndimage.distance_transform_edt(labels == 0, return_distances=False, return_indices=True)
    return Sorted(np.asarray(kept[labels[index[0], index[1]]], np.bool_), beyond)


def _hull(bare: BoolImage) -> BoolImage:
    """Convex hull of the larger bare areas; the whole picture where there is none."""
    labels, count = ndimage.label(ndimage.binary_opening(bare, np.ones((5, 5), np.bool_)))
    large = np.flatnonzero(np.bincount(labels.ravel(), minlength=count + 1) >= LEAST * bare.size)
    points = np.argwhere(np.isin(labels, large[large > 0]))
    if len(points) < 3:
        return np.ones_like(bare)
    hull = np.zeros(bare.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(points[:, ::-1].astype(np.int32)), 1)
    return hull > 0


def where_said(alpha: FloatImage, said: FloatImage) -> FloatImage:
    """The key's alpha, but not where another engine sees nothing of a subject: float32 array of shape (H, W), [0, 1].

    Next to bare screen the key knows the edge, and what is said only has to be near. Away from it, as where a table
    stands before the screen and the subject on the table, the key knows nothing, and what is said counts.

    alpha : float32 array of shape (H, W), [0, 1]. said : float32 array of shape (h, w), [0, 1], over the same picture.
    """
    height, width = alpha.shape
    scale = min(1.0, SIDE / max(alpha.shape))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    shrinks = said.shape[1] > size[0]
    seen = cv2.resize(said, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    reach = max(2.0, REACH * max(size))
    subject = ndimage.binary_fill_holes(seen > 0.5)
    thick = _opened((small > 0.5) & ~subject, 0.5 * reach)  # a table's edge; fur that is not seen is thin
    near = (ndimage.distance_transform_edt(~subject) <= reach) & ~thick
    known = ndimage.distance_transform_edt(small > 0.1) <= reach
    counts = np.where(known, near, np.maximum(seen, subject)).astype(np.float32)
    return np.asarray(alpha * cv2.resize(counts, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _opened(region: BoolImage, radius: float) -> BoolImage:
    """The region without parts thinner than a disc; the border of the picture is no edge."""
    padded = np.pad(region, 1, mode="edge")
    deep = ndimage.distance_transform_edt(padded)[1:-1, 1:-1] > radius
    if not deep.any():
        return np.zeros_like(region)
    return np.asarray(region & (ndimage.distance_transform_edt(~deep) <= radius), np.bool_)
