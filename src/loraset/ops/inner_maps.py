"""What a saliency network sees inside, as evidence for the subject that a set shares.

In: the inner maps of a network for some pictures of a set, and guesses of where their subjects are. Out: the linear
combination of the maps that parts subject from ground, and what it says of a picture. Never: a network, files, or a
picture's own guess in what is said of it.

A network's map of saliency says "something stands out here"; its inner maps say how that looks. Which looks are the
subject's only the set knows: what is salient in one picture alone does not recur in the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.ops.cosegmentation import Look
from loraset.ops.superpixels import region_means
from loraset.types import BoolImage, FloatImage

GRID = 40  # cells on a side that the combination is learnt from
RIDGE = 0.1  # of the mean variance: how little a direction counts along which the maps hardly differ
SUBJECT, GROUND = 0.7, 0.2  # the network's own mask above the first may be subject, below the second is ground
SALIENT = 0.8  # quantile of the picture's own saliency from which a masked cell is taken for the subject
FEW = 8  # cells: with fewer, the network's mask alone says where the subject is
SHARPNESS = 2.0  # log odds to one deviation of the evidence
STEPS = 256.0  # evidence is rounded to such parts, so that the last bits of a sum do not decide

InnerMaps = Sequence[NDArray[np.float16]]  # of one picture, each of shape (C, h, w)


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """The moments of one picture's columns, its ground and its subject weighing the same.

    ground, subject : float32 arrays of shape (C,), the means. seconds : float32 array of shape (C, C), the mean of both
        sides' second moments about zero.
    """

    ground: FloatImage
    subject: FloatImage
    seconds: FloatImage


@dataclass(frozen=True, slots=True, eq=False)
class Discriminant:
    """Linear evidence by the columns of inner maps, in deviations.

    weights : float32 array of shape (n + 1, C). biases : float32 array of shape (n + 1,). A row for each picture that
        taught, learnt from the others, and last the one learnt from all.
    """

    weights: FloatImage
    biases: FloatImage

    def evidence(self, maps: InnerMaps, place: int | None, size: tuple[int, int]) -> FloatImage:
        """Evidence for "subject" as float32 array of shape (height, width): `size` is (width, height).

        place : the picture's place among those that taught, whose own lesson is then left out; None for another one.
        """
        row = len(self.biases) - 1 if place is None else place
        total = np.full(size[::-1], self.biases[row], np.float32)
        start = 0
        for values in maps:
            part = self.weights[row, start : start + len(values)]
            small = np.tensordot(part, values.astype(np.float32), axes=1)
            total += cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
            start += len(values)
        return np.asarray(np.round(total * STEPS) / STEPS, np.float32)


def lesson_of(maps: InnerMaps, mask: FloatImage, saliency: FloatImage) -> Lesson | None:
    """What one picture teaches; None where its mask is all subject or all ground.

    mask : float32 array of shape (h, w), [0, 1], by the network. saliency : float32 array of shape (h', w'), [0, 1], a
        guess that knows nothing of the network: of several things in the mask the one that both see is taken.
    """
    grid = GRID, GRID
    cells = [
        cv2.resize(values.astype(np.float32).transpose(1, 2, 0), grid, interpolation=cv2.INTER_LINEAR)
        for values in maps
    ]
    columns = np.concatenate([part.reshape(GRID * GRID, -1) for part in cells], axis=1)
    masked, salient = _on_grid(mask), _on_grid(saliency)
    subject: BoolImage = masked > SUBJECT
    both = subject & (salient >= np.quantile(salient, SALIENT))
    sides = [columns[masked < GROUND], columns[both if both.sum() >= FEW else subject]]
    if not all(len(side) for side in sides):
        return None
    ground, inside = (side.mean(axis=0) for side in sides)
    return Lesson(ground, inside, np.mean([side.T @ side / len(side) for side in sides], axis=0))


def _on_grid(values: FloatImage) -> FloatImage:
    """Means of the cells of the grid, one after the other: float32 array of shape (GRID * GRID,)."""
    return np.asarray(cv2.resize(values, (GRID, GRID), interpolation=cv2.INTER_AREA), np.float32).ravel()


def teach(lessons: Sequence[Lesson | None]) -> Discriminant:
    """Learn the combination of columns that parts subject from ground: for each picture from the others, and from all.

    Fisher's linear discriminant with a ridge (Friedman, JASA 1989); every picture weighs the same. Where nobody else
    teaches anything the weights are zeros.
    """
    rows = [
        _discriminant([other for j, other in enumerate(lessons) if j != i and other]) for i in range(len(lessons) + 1)
    ]
    count = max(len(weights) for weights, _ in rows)
    weights = [row if len(row) else np.zeros(count, np.float32) for row, _ in rows]
    return Discriminant(np.stack(weights), np.array([bias for _, bias in rows], np.float32))


def _discriminant(lessons: Sequence[Lesson]) -> tuple[FloatImage, float]:
    """Weights (C,), none where there is no lesson, and the bias that puts zero half way between the sides."""
    if not lessons:
        return np.zeros(0, np.float32), 0.0
    ground, subject, seconds = (
        np.mean([getattr(lesson, part) for lesson in lessons], axis=0, dtype=np.float64)
        for part in ("ground", "subject", "seconds")
    )
    middle, apart = (ground + subject) / 2, (subject - ground) / 2
    whole = seconds - np.outer(middle, middle)
    scale = np.sqrt(np.maximum(whole.diagonal(), 1e-12))
    within = (whole - np.outer(apart, apart)) / np.outer(scale, scale)
    ridge = RIDGE * within.diagonal().mean() + 1e-9
    weights = np.linalg.solve(within + ridge * np.eye(len(scale)), apart / scale) / scale
    weights /= max(float(weights @ whole @ weights) ** 0.5, 1e-12)
    return weights.astype(np.float32), -float(weights @ middle)


def informed(item: Look, evidence: FloatImage) -> Look:
    """A look that knows the evidence: as a feature, and in its start, which is salient by both.

    evidence : float32 array of shape (h, w), the look's own, in deviations.
    """
    likely = 1 / (1 + np.exp(-SHARPNESS * evidence))
    column = region_means(evidence.reshape(-1, 1), item.labels.ravel(), len(item.regions))
    return replace(
        item,
        start=np.asarray(np.sqrt(item.start * likely), np.float32),
        pixels=np.dstack([item.pixels, evidence]),
        regions=np.hstack([item.regions, column]),
    )
