"""Where one picture alone says its subject is: what differs from the picture's border and is not connected to it.

In: a Lab picture. Out: a soft map. Never: knowledge of other pictures, or randomness. A subject that fills the border,
or has its colour, is missed here; the set has to find it.
"""

import cv2
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from loraset.ops.mixture import fit_mixture
from loraset.ops.superpixels import region_means, superpixels, touching
from loraset.types import FloatImage


def barrier_distance(lab: FloatImage, passes: int = 3) -> FloatImage:
    """Minimum barrier distance of every pixel to the border, the channels' sum: float32 array of shape (H, W).

    The cheapest way to the border costs its highest minus its lowest value. Found by sweeps in four directions, each
    pixel asking the one before it (after Zhang et al., ICCV 2015, who sweep in raster order).

    lab : float32 array of shape (H, W, 3).
    """
    values = np.moveaxis(lab, 2, 0).astype(np.float32)
    cost = np.full(values.shape, np.inf, np.float32)
    for edge in (np.s_[:, 0], np.s_[:, -1], np.s_[:, :, 0], np.s_[:, :, -1]):
        cost[edge] = 0
    high, low = values.copy(), values.copy()
    for _ in range(passes):
        for axis in (1, 2):
            for step in (1, -1):
                arrays = (np.moveaxis(array, axis, 0)[::step] for array in (values, cost, high, low))
                _sweep(*arrays)
    return np.asarray(cost.sum(axis=0), dtype=np.float32)


def _sweep(values: FloatImage, cost: FloatImage, high: FloatImage, low: FloatImage) -> None:
    """Let every line take the way through the line before it where that is cheaper; changes all but `values`."""
    for line in range(1, len(values)):
        top = np.maximum(high[line - 1], values[line])
        bottom = np.minimum(low[line - 1], values[line])
        cheaper = top - bottom < cost[line]
        np.copyto(cost[line], top - bottom, where=cheaper)
        np.copyto(high[line], top, where=cheaper)
        np.copyto(low[line], bottom, where=cheaper)


def border_difference(lab: FloatImage, strip: float = 0.06, clusters: int = 4) -> FloatImage:
    """Mahalanobis distance of every pixel's colour to the border's colours: float32 array of shape (H, W).

    Each side has its own colours, and the mean of the two nearest sides counts: what is found on one side only may be
    a subject that the frame cuts.

    lab : float32 array of shape (H, W, 3). strip : the border's width as a share of the short side.
    """
    px = max(1, round(strip * min(lab.shape[:2])))
    sides = (lab[:px], lab[-px:], lab[:, :px], lab[:, -px:])
    distances = []
    for side in sides:
        mixture = fit_mixture(side.reshape(-1, 3), clusters, spread=4.0)
        distances.append(mixture.squared_distances(lab).min(axis=0))
    nearest = np.sqrt(np.sort(distances, axis=0)[:2])
    return np.asarray(nearest.mean(axis=0), dtype=np.float32)


def contrast_off_border(lab: FloatImage, regions: int = 250) -> FloatImage:
    """How much a region differs from regions that belong to the background: float32 array of shape (H, W).

    A region is background as far as its like-coloured surroundings lie on the border (boundary connectivity and
    background-weighted contrast: Zhu et al., CVPR 2014).
    """
    labels = superpixels(lab, regions)
    count = int(labels.max()) + 1
    y, x = np.mgrid[: lab.shape[0], : lab.shape[1]] / max(lab.shape[:2])
    means = region_means(np.dstack([lab, x, y]).reshape(-1, 5), labels.ravel(), count)
    colour, place = means[:, :3], means[:, 3:]
    on_border = np.zeros(count, bool)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        on_border[edge] = True
    a, b = touching(labels)
    ring = np.flatnonzero(on_border)  # these all touch, so a subject at the frame does not split the background
    a, b = np.concatenate([a, ring[:-1]]), np.concatenate([b, ring[1:]])
    step = np.linalg.norm(colour[a] - colour[b], axis=1)
    slack = np.sort(step)[len(step) // 5] if len(step) else 0.0  # steps within one surface cost nothing
    graph = coo_array((np.maximum(step - slack, 0) + 1e-6, (a, b)), shape=(count, count)).tocsr()
    geodesic = dijkstra(graph, directed=False)
    same = np.exp(-np.square(geodesic) / (2 * 10.0**2))
    connectivity = same @ on_border / np.sqrt(same.sum(axis=1))
    background = 1 - np.exp(-np.square(connectivity) / 2)
    apart = np.linalg.norm(colour[:, None] - colour, axis=2)
    near = np.exp(-np.square(place[:, None] - place).sum(axis=2) / (2 * 0.25**2))
    contrast = (apart * near * background).sum(axis=1)
    return np.asarray((contrast * (1 - background))[labels], dtype=np.float32)


def centre_prior(shape: tuple[int, int]) -> FloatImage:
    """How likely a subject is by place alone: float32 array of `shape`, 1 in the middle, falling as a Gaussian."""
    y = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, shape[1], dtype=np.float32)[None]
    return np.asarray(np.exp(-(np.square(x) + np.square(y)) / (2 * 0.5**2)), dtype=np.float32)


def stretched(values: FloatImage) -> FloatImage:
    """`values` with their 2nd to 98th percentile on [0, 1]: float32, clipped; zeros where they are all alike."""
    low, high = np.percentile(values, (2, 98))
    if high - low < 1e-6:
        return np.zeros_like(values, dtype=np.float32)
    return np.asarray(np.clip((values - low) / (high - low), 0, 1), dtype=np.float32)


def decided(values: FloatImage) -> FloatImage:
    """`values` in [0, 1] pushed apart about the middle of Otsu's two classes, which becomes 0.5: float32, [0, 1].

    The strongest colour of a subject would else make its other colours look like background.
    """
    threshold, _ = cv2.threshold((values * 255 + 0.5).astype(np.uint8), 0, 255, cv2.THRESH_OTSU)
    above = values * 255 + 0.5 >= threshold + 1
    if not above.any() or above.all():
        return np.zeros_like(values)
    middle = (values[above].mean() + values[~above].mean()) / 2
    return np.asarray(np.square(values) / (np.square(values) + np.square(middle)), dtype=np.float32)


def saliency(lab: FloatImage) -> FloatImage:
    """Soft guess at the subject from one picture: float32 array of shape (H, W), [0, 1].

    lab : float32 array of shape (H, W, 3), CIE Lab, long side about 160 px.
    """
    barrier = stretched(barrier_distance(lab))
    different = stretched(border_difference(lab))
    contrast = stretched(contrast_off_border(lab))
    return decided(stretched((barrier + different + contrast) / 3 * (0.3 + 0.7 * centre_prior(lab.shape[:2]))))
