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
    cell = max(1, round((height * width / regions) ** 0.5))
    rows, columns = -(-height // cell), -(-width // cell)
    padded = np.pad(lab, ((0, rows * cell - height), (0, columns * cell - width), (0, 0)), mode="edge")
    place = np.indices(padded.shape[:2], np.float32) * np.float32(compactness / cell)
    points = _by_cell(np.dstack([padded, *place]), cell)
    near = _neighbours(rows, columns)
    labels = np.repeat(np.arange(rows * columns, dtype=np.int32)[:, None], cell * cell, axis=1)
    for _ in range(rounds):
        centres = region_means(points.reshape(-1, 5), labels.ravel(), rows * columns)[near]
        # squared distance less the pixel's own square, which is the same for all nine
        distance = np.square(centres).sum(axis=2)[:, None] - 2 * points @ centres.transpose(0, 2, 1)
        labels = np.take_along_axis(near, distance.argmin(axis=2), axis=1)
    image = labels.reshape(rows, columns, cell, cell).swapaxes(1, 2).reshape(padded.shape[:2])[:height, :width]
    return np.asarray(np.unique(image, return_inverse=True)[1].reshape(height, width), dtype=np.int32)


def _by_cell(points: FloatImage, cell: int) -> FloatImage:
    """The columns of (H, W, C) as (cells, cell * cell, C), cells in raster order."""
    height, width, count = points.shape
    blocks = points.reshape(height // cell, cell, width // cell, cell, count).swapaxes(1, 2)
    return np.ascontiguousarray(blocks.reshape(-1, cell * cell, count), dtype=np.float32)


def _neighbours(rows: int, columns: int) -> NDArray[np.int32]:
    """The nine cells about each cell, itself among them: int32 array of shape (rows * columns, 9)."""
    row, column = np.divmod(np.arange(rows * columns, dtype=np.int32)[:, None], columns)
    down, right = np.divmod(np.arange(9, dtype=np.int32), 3)
    near = np.clip(row + down - 1, 0, rows - 1) * columns + np.clip(column + right - 1, 0, columns - 1)
    return np.asarray(near, np.int32)


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
