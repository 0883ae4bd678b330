"""A second look at a cut picture: what is unlike the ground near by, and parted from it by edges.

In: a Lab picture, a mask of it and the evidence that it was cut by. Out: log odds. Never: knowledge of other pictures,
or randomness.

What a set teaches is vague near an outline, for it asks for the surroundings of a place. Once most of the ground is
known, the picture can say more itself: a white hand on a black table is nothing that the table could be, though there
may be white elsewhere.
"""

import heapq

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from loraset.ops.superpixels import LabelImage, region_means, touching
from loraset.types import BoolImage, FloatImage

UNLIKELY = 0.7  # share of what is outside a mask that is surely ground: where the evidence is least ...
FAR = 0.5  # ... and whatever is farther from the mask than this share of its side
LIKELY = 0.6  # share of a mask that is surely subject
TAKEN = 3000  # pixels of either side that are compared with
PLACE = 0.25  # Lab units that one px apart counts as
NEAREST = 4  # pixels of a side that are asked
SPREAD = 3.0  # Lab units between pixels of one thing
FLAT = 5.0  # Lab units: a step below is hardly an edge
EDGE = 8.5  # Lab units: an edge from there on speaks for the subject
COLOUR, PARTED, SAID = 0.75, 0.6, 0.5  # weights of the colours, of the edges round a place, and of the evidence
BIAS = 0.75  # log odds for "subject" everywhere, which the proposals ask back


def looked_again(lab: FloatImage, labels: LabelImage, mask: BoolImage, evidence: FloatImage) -> FloatImage:
    """Log odds of "subject" by the evidence and by the ground round the mask: float32 array of shape (H, W).

    `evidence` comes back where the mask leaves too little of either side to compare with.

    lab : float32 array of shape (H, W, 3), CIE Lab. labels : int32 array of shape (H, W), regions of the picture.
    mask, evidence : bool and float32 arrays of shape (H, W).
    """
    if min(np.count_nonzero(mask), np.count_nonzero(~mask)) < 10 * NEAREST:
        return evidence
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    unlikely = evidence < np.quantile(evidence[~mask], UNLIKELY)
    ground = ~mask & (unlikely | (away > FAR * np.sqrt(np.count_nonzero(mask))))
    subject = mask & (evidence >= np.quantile(evidence[mask], 1 - LIKELY))
    if min(np.count_nonzero(ground), np.count_nonzero(subject)) < NEAREST:
        return evidence
    place = np.moveaxis(np.indices(mask.shape, np.float32), 0, 2) * np.float32(PLACE)
    points = np.dstack([lab, place]).reshape(-1, 5)
    from_ground, from_subject = (_distances(points, side.ravel()).reshape(mask.shape) for side in (ground, subject))
    colour = np.log((from_ground + SPREAD) / (from_subject + SPREAD))
    parted = np.log((_steps_from(lab, labels, ground) + FLAT) / (EDGE + FLAT))[labels]
    return np.asarray(SAID * evidence + COLOUR * colour + PARTED * parted + BIAS, np.float32)


def _distances(points: FloatImage, side: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean distance of every point (N, C) to the nearest of those on a side, a bool array of shape (N,)."""
    known = points[side]
    tree = cKDTree(known[:: max(1, len(known) // TAKEN)])
    found, _ = tree.query(points, k=NEAREST)
    return np.asarray(np.mean(found, axis=1))


def _steps_from(lab: FloatImage, labels: LabelImage, ground: BoolImage) -> NDArray[np.float64]:
    """The largest step of colour that a way from the ground to each region must take: Lab units, array of shape (n,).

    The way with the smallest such step counts (the minimum barrier; Strand et al., CVIU 2013, on regions). Where no
    region is ground for the most part, all steps are zero.
    """
    count = int(labels.max()) + 1
    means = region_means(np.dstack([lab, ground]).reshape(-1, 4).astype(np.float32), labels.ravel(), count)
    edges: list[list[tuple[float, int]]] = [[] for _ in range(count)]
    for one, other in zip(*touching(labels), strict=True):
        step = float(np.linalg.norm(means[one, :3] - means[other, :3]))
        edges[one].append((step, int(other)))
        edges[other].append((step, int(one)))
    found = np.where(means[:, 3] > UNLIKELY, 0.0, np.inf)
    ways = [(0.0, int(region)) for region in np.flatnonzero(found == 0)]
    while ways:
        largest, region = heapq.heappop(ways)
        if largest > found[region]:
            continue
        for step, other in edges[region]:
            if max(largest, step) < found[other]:
                found[other] = max(largest, step)
                heapq.heappush(ways, (found[other], other))
    return np.where(np.isfinite(found), found, 0.0)
