"""Superpixels: a picture as a few hundred small regions of one colour, and how those touch.

In: a Lab picture. Out: a label map, region means, the pairs of touching regions. Never: randomness, so the same
picture gives the same regions everywhere. Regions may consist of several pieces: they carry averages, not outlines.
"""

import numpy as np
from numpy.typing import NDArray

from loraset.types import FloatImage

LabelImage = NDArray[np.int32]


def superpixels(lab: FloatImage, regions: int, compactness: float = 12.0, rounds: int = 5) -> LabelImage:
    """Label map of about `regions` regions: int32 array of shape (H, W), labels 0 .. n-1 without gaps.

    k-means over colour and place in which a pixel may only join the nine grid cells about its own (SLIC: Achanta et
    al., TPAMI 2012), without the later joining of loose pieces.

    lab : float32 array of shape (H, W, 3), CIE Lab.
    compactness : the colour difference that weighs as much as one cell's width.
    """
    height, width = lab.shape[:2]
    cell = max(1.0, (height * width / regions) ** 0.5)
    rows, columns = max(1, round(height / cell)), max(1, round(width / cell))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    place = compactness / cell
    points = np.dstack([lab, x * place, y * place]).reshape(-1, 5).astype(np.float32)
    row = np.minimum((y.ravel() * rows / height).astype(np.int32), rows - 1)
    column = np.minimum((x.ravel() * columns / width).astype(np.int32), columns - 1)
    neighbours = [
        np.clip(row + i, 0, rows - 1) * columns + np.clip(column + j, 0, columns - 1)
        for i in (-1, 0, 1)
        for j in (-1, 0, 1)
    ]
    labels = row * columns + column
    for _ in range(rounds):
        centres = region_means(points, labels, rows * columns)
        best = np.full(len(points), np.inf, np.float32)
        for candidate in neighbours:
            distance = np.square(points - centres[candidate]).sum(axis=1)
            closer = distance < best
            best[closer] = distance[closer]
            labels[closer] = candidate[closer]
    labels = np.unique(labels, return_inverse=True)[1]
    return np.asarray(labels.reshape(height, width), dtype=np.int32)


def region_means(values: FloatImage, labels: NDArray[np.int32], count: int) -> FloatImage:
    """Mean of every column in every region: float32 array of shape (count, C); zeros for a region without points.

    values : float32 array of shape (N, C). labels : int32 array of shape (N,).
    """
    size = np.maximum(np.bincount(labels, minlength=count), 1)
    sums = [np.bincount(labels, weights=column, minlength=count) for column in values.T]
    return np.asarray((np.stack(sums, axis=1) / size[:, None]), dtype=np.float32)


def touching(labels: LabelImage) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Pairs of touching regions, each once: int32 arrays a, b with a < b."""
    across = np.stack([labels[:, :-1].ravel(), labels[:, 1:].ravel()])
    down = np.stack([labels[:-1].ravel(), labels[1:].ravel()])
    pairs = np.sort(np.concatenate([across, down], axis=1), axis=0)
    pairs = np.unique(pairs[:, pairs[0] != pairs[1]], axis=1)
    return np.asarray(pairs[0], np.int32), np.asarray(pairs[1], np.int32)
