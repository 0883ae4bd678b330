"""A person's marks brought into a mask: what was pointed at is subject, or is not, together with what belongs to it.

In: a soft mask from anywhere, its picture, `Marks`. Out: the mask that obeys them, and how much they changed. Never:
files, randomness, or a change to a mask that obeys already.

A point speaks for its surroundings as far as they look alike on the way there; a minimum cut then finds the outline. In
the order keep boxes, drop boxes, points: what is said more exactly has the last word.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from loraset.color import to_lab
from loraset.ops.graphcut import colour_evidence, cut
from loraset.ops.outline import softened
from loraset.ops.superpixels import LabelImage, region_means, superpixels, touching
from loraset.types import BoolImage, Box, ByteImage, FloatImage, Json, Marks, Point

SIDE = 400  # px, long side of the picture that is cut
REGIONS = 1000
REACH = 14.0  # difference in Lab, summed along the way from a point, at which it has lost most of its say
FARTHER = 60.0  # such difference that a whole picture's length of distance counts as
MASK_STEP = 15.0  # ... and that lies between a mask's 0 and 1
ALIKE = 0.3  # weight of the difference in colour to the point itself
PUSH, TRUST = 8.0, 2.0  # log odds of a point's own place, and at most of the mask
BOX = 3.0  # log odds against "subject" inside a box to drop
EMPTY = 0.05  # of a box to keep: less subject in it is none
SMOOTHNESS = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A mask that obeys the marks.

    probability : float32 array of the mask's own shape, [0, 1]. added, removed : share of the picture that became
        subject, or ceased to be.
    """

    probability: FloatImage
    added: float
    removed: float

    def to_json(self) -> Json:
        """Return the manifest's form."""
        return {"added": round(self.added, 5), "removed": round(self.removed, 5)}


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """A reduced picture: Lab (h, w, 3), its regions' label map, and how they touch."""

    lab: FloatImage
    labels: LabelImage
    pairs: tuple[NDArray[np.int32], NDArray[np.int32]]

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in px."""
        return self.lab.shape[0], self.lab.shape[1]


def hold(probability: FloatImage, rgb: ByteImage, marks: Marks) -> Held:
    """Return a mask that obeys a person's marks; it changes near them only.

    Points hold exactly in the cells they lie in, and so do the outsides of boxes to keep. A point to keep inside a box
    to drop is kept.

    probability : float32 array of shape (h, w), [0, 1], over the whole picture. rgb : uint8 array of shape (H, W, 3),
    sRGB, the picture at any size.
    """
    scene = _scene(rgb)
    reduced = _resized(probability, scene.shape)
    before = mask = reduced > 0.5
    if marks.keep_boxes:
        mask = _kept_inside(scene, mask, marks.keep_boxes)
    if marks.drop_boxes:
        mask = _without(scene, mask, marks.drop_boxes)
    mask = _pointed(scene, np.where(mask == before, reduced, mask).astype(np.float32), mask, marks)
    held = _exactly(_joined(probability, before, mask), marks)
    change = (held > 0.5).astype(np.int8) - (probability > 0.5)
    return Held(held, float(np.mean(change > 0)), float(np.mean(change < 0)))


def _scene(rgb: ByteImage) -> _Scene:
    scale = min(1.0, SIDE / max(rgb.shape[:2]))
    size = max(8, round(rgb.shape[1] * scale)), max(8, round(rgb.shape[0] * scale))
    lab = to_lab(np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8))
    labels = superpixels(lab, REGIONS)
    return _Scene(lab, labels, touching(labels))


def _pointed(scene: _Scene, probability: FloatImage, mask: BoolImage, marks: Marks) -> BoolImage:
    """Return the mask with the pieces changed that hold a point which it contradicts."""
    cells = [_cell(point, scene.shape) for point in (*marks.keep, *marks.drop)]
    wrong = [cell for index, cell in enumerate(cells) if mask[cell] != (index < len(marks.keep))]
    if not wrong:
        return mask
    keep, drop = _nearness(scene, probability, marks.keep, marks.drop)
    evidence = np.log((probability + np.float32(1e-4)) / (np.float32(1 + 1e-4) - probability))
    evidence = np.clip(evidence, -TRUST, TRUST) + PUSH * (keep - drop)[scene.labels]
    for index, cell in enumerate(cells):
        evidence[cell] = PUSH if index < len(marks.keep) else -PUSH
    wanted = cut(scene.lab, np.asarray(evidence, np.float32), SMOOTHNESS)
    for index, cell in enumerate(cells):
        wanted[cell] = index < len(marks.keep)
    _, pieces = cv2.connectedComponents((wanted != mask).astype(np.uint8), connectivity=8)
    return np.asarray(np.where(np.isin(pieces, [pieces[cell] for cell in wrong]), wanted, mask))


def _nearness(
    scene: _Scene, probability: FloatImage, keep: Sequence[Point], drop: Sequence[Point]
) -> tuple[FloatImage, FloatImage]:
    """How much of a say the points to keep, and those to drop, have in each region: two float32 arrays (n,), [0, 1].

    A region listens only to the kind of points that is nearer.
    """
    y, x = np.indices(scene.shape, np.float32) / np.float32(max(scene.shape))
    columns = np.dstack([scene.lab, MASK_STEP * probability, x, y]).reshape(-1, 6)
    means = region_means(np.asarray(columns, np.float32), scene.labels.ravel(), int(scene.labels.max()) + 1)
    one, other = scene.pairs
    steps = np.linalg.norm(means[one, :4] - means[other, :4], axis=1)
    slack = np.quantile(steps, 0.2)  # steps within one surface cost nothing
    graph = coo_array((np.maximum(steps - slack, 0) + 0.01, (one, other)), shape=(len(means), len(means))).tocsr()
    near_keep, near_drop = (_distance(scene, graph, means, points) for points in (keep, drop))
    says = [np.exp(-np.square(near / REACH)).astype(np.float32) for near in (near_keep, near_drop)]
    return np.where(near_keep < near_drop, says[0], 0), np.where(near_drop < near_keep, says[1], 0)


def _distance(scene: _Scene, graph: csr_array, means: FloatImage, points: Sequence[Point]) -> NDArray[np.float64]:
    """Least distance of each region to one of the points: along the way, in colour, and in place."""
    nearest = np.full(len(means), np.inf)
    for seed in sorted({int(scene.labels[_cell(point, scene.shape)]) for point in points}):
        colour = np.linalg.norm(means[:, :3] - means[seed, :3], axis=1)
        place = np.linalg.norm(means[:, 4:] - means[seed, 4:], axis=1)
        way = dijkstra(graph, directed=False, indices=np.array([seed]))[0]
        nearest = np.minimum(nearest, way + ALIKE * colour + FARTHER * place)
    return nearest


def _kept_inside(scene: _Scene, mask: BoolImage, boxes: Sequence[Box]) -> BoolImage:
    """Return the part of the mask in the boxes; where that is almost nothing, what differs there from all around."""
    inside = _inside(boxes, scene.shape)
    kept = mask & inside
    if kept.sum() >= EMPTY * inside.sum():
        return np.asarray(kept)
    found = inside
    for _ in range(3):
        evidence = np.where(inside, np.clip(colour_evidence(scene.lab, found, scene.lab), -4, 4), -2 * PUSH)
        found = cut(scene.lab, np.asarray(evidence, np.float32), SMOOTHNESS) & inside
    return found if found.sum() >= EMPTY * inside.sum() else inside


def _without(scene: _Scene, mask: BoolImage, boxes: Sequence[Box]) -> BoolImage:
    """Return the mask without what lies in the boxes; what clearly has the colours of the rest of it stays."""
    inside = _inside(boxes, scene.shape)
    colour = np.clip(colour_evidence(scene.lab, mask & ~inside, scene.lab), -2 * BOX, 2 * BOX)
    evidence = np.where(inside & mask, colour - BOX, np.where(mask, PUSH, -PUSH))
    stays = cut(scene.lab, np.asarray(evidence, np.float32), SMOOTHNESS)
    return np.asarray(mask & (stays | ~inside))


def _joined(probability: FloatImage, before: BoolImage, after: BoolImage) -> FloatImage:
    """Return the mask with the new outline where it changed, and itself everywhere else."""
    if np.array_equal(before, after):
        return probability.copy()
    zone = cv2.dilate((before != after).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    outline, weight = (_resized(softened(part), probability.shape) for part in (after, zone))
    return np.asarray(probability + weight * (outline - probability), np.float32)


def _exactly(probability: FloatImage, marks: Marks) -> FloatImage:
    """Return the mask with the marks' own cells as they say."""
    shape = probability.shape[0], probability.shape[1]
    if marks.keep_boxes:
        probability[~_inside(marks.keep_boxes, shape)] = 0
    for points, value in ((marks.drop, 0), (marks.keep, 1)):
        for point in points:
            probability[_cell(point, shape)] = value
    return probability


def _cell(point: Point, shape: tuple[int, int]) -> tuple[int, int]:
    """(row, column) of a point."""
    return min(shape[0] - 1, int(point[1] * shape[0])), min(shape[1] - 1, int(point[0] * shape[1]))


def _inside(boxes: Sequence[Box], shape: tuple[int, int]) -> BoolImage:
    """Where the middles of pixels lie in any of the boxes; each holds one pixel at least."""
    inside = np.zeros(shape, bool)
    for left, top, right, bottom in boxes:
        rows = [min(shape[0] - 1, round(top * shape[0])), round(bottom * shape[0])]
        columns = [min(shape[1] - 1, round(left * shape[1])), round(right * shape[1])]
        inside[rows[0] : max(rows[1], rows[0] + 1), columns[0] : max(columns[1], columns[0] + 1)] = True
    return inside


def _resized(values: FloatImage, shape: tuple[int, ...]) -> FloatImage:
    """Values stretched to (height, width): float32, [0, 1]."""
    shrinks = values.shape[1] > shape[1] and values.shape[0] > shape[0]
    resized = cv2.resize(values, (shape[1], shape[0]), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(np.clip(resized, 0, 1), np.float32)
