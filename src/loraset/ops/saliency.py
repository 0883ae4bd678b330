"""Where one picture alone says its subject is: what is not like the regions at the border, and not joined to them.

In: a picture's regions and their features. Out: a soft map. Never: knowledge of other pictures, or randomness. A
subject that fills the border, or looks like it, is missed here; the set has to find it.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.ops.superpixels import LabelImage, touching
from loraset.types import FloatImage

Matrix = NDArray[np.float64]
Sides = list[NDArray[np.int32]]

COLOUR_STEP = 10.0  # Lab units, and ...
FEATURE_STEP = 0.45  # ... deviations of the picture's own features, over which likeness falls to 1 / e
SPREAD = 0.99  # share of a region's rank that its neighbours decide
ROUNDING = 0.05  # a feature that deviates by less says nothing: a deviation of L comes from squares
GROUND = 1e-6  # keeps a region that is like none of its neighbours in the system


def border_regions(labels: LabelImage) -> Sides:
    """Labels of the regions at the top, bottom, left and right edge."""
    return [np.unique(edge) for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1])]


def differences(regions: FloatImage) -> Matrix | None:
    """How unlike two regions are, in deviations of the picture's own features (root mean square): array (n, n).

    None where all regions are alike.

    regions : float32 array of shape (n, C).
    """
    values = regions.astype(np.float64)
    deviation = values.std(axis=0)
    varied = deviation > ROUNDING
    if not varied.any():
        return None
    scaled = (values - values.mean(axis=0))[:, varied] / deviation[varied]
    return np.asarray(_distances(scaled) / np.sqrt(np.count_nonzero(varied)))


def _distances(points: Matrix) -> Matrix:
    squares = np.square(points).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(squares[:, None] + squares - 2 * points @ points.T, 0)))


def manifold_ranks(labels: LabelImage, colours: FloatImage, unlike: Matrix) -> Matrix:
    """How far every region belongs to what the border does not reach through like regions: array (n,).

    Manifold ranking (Yang et al., CVPR 2013), here by colour and texture: each side of the border is spread over the
    graph of like neighbours; what no side reaches is spread over it in turn.

    labels : int32 array of shape (H, W). colours : float32 array of shape (n, 3), CIE Lab. unlike : `differences`.
    """
    sides = border_regions(labels)
    likeness = np.exp(-_distances(colours.astype(np.float64)) / COLOUR_STEP - unlike / FEATURE_STEP)
    weights = likeness * _near(labels, len(colours), sides)
    spread = np.linalg.inv(np.diag(weights.sum(axis=1) + GROUND) - SPREAD * weights)
    np.fill_diagonal(spread, 0)  # a query says nothing of itself
    reached = np.stack([spread[:, side].sum(axis=1) for side in sides])
    reached = (reached - reached.min(axis=1, keepdims=True)) / (np.ptp(reached, axis=1)[:, None] + 1e-9)
    unreached = np.prod(1 - reached, axis=0)
    return np.asarray(spread[:, unreached > unreached.mean()].sum(axis=1))


def _near(labels: LabelImage, count: int, sides: Sides) -> NDArray[np.bool_]:
    """Which regions touch, or touch a region in common, or both lie on the border: bool array of shape (n, n)."""
    touches = np.zeros((count, count), np.float32)
    a, b = touching(labels)
    touches[a, b] = touches[b, a] = 1
    near = (touches + touches @ touches) > 0
    border = np.unique(np.concatenate(sides))  # so that a subject at the frame does not split the background
    near[np.ix_(border, border)] = True
    np.fill_diagonal(near, False)
    return near


def border_difference(unlike: Matrix, sides: Sides) -> Matrix:
    """How unlike its nearest region on the border every region is: array (n,).

    The mean of the two nearest sides counts: what is found on one side only may be a subject that the frame cuts.
    """
    nearest = np.stack([unlike[:, side].min(axis=1) for side in sides])
    return np.asarray(np.sort(nearest, axis=0)[:2].mean(axis=0))


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

    For a picture on its own: where a set can say what the subject is, the guess had better stay a guess.
    """
    threshold, _ = cv2.threshold((values * 255 + 0.5).astype(np.uint8), 0, 255, cv2.THRESH_OTSU)
    above = values * 255 + 0.5 >= threshold + 1
    if not above.any() or above.all():
        return np.zeros_like(values)
    middle = (values[above].mean() + values[~above].mean()) / 2
    return np.asarray(np.square(values) / (np.square(values) + np.square(middle)), dtype=np.float32)


def saliency(labels: LabelImage, regions: FloatImage) -> FloatImage:
    """Soft guess at the subject from one picture: float32 array of shape (H, W), [0, 1]; zeros where all is alike.

    labels : int32 array of shape (H, W), a few hundred regions. regions : float32 array of shape (n, C), the mean
        features of each region, the first three CIE Lab.
    """
    unlike = differences(regions)
    if unlike is None:
        return np.zeros(labels.shape, np.float32)
    cues = manifold_ranks(labels, regions[:, :3], unlike), border_difference(unlike, border_regions(labels))
    ranks, apart = (stretched(_rounded(cue)[labels]) for cue in cues)
    return stretched((ranks + apart) * (0.5 + 0.5 * centre_prior((labels.shape[0], labels.shape[1]))))


def _rounded(cue: Matrix) -> FloatImage:
    """A cue by its largest value, without the digits in which an inverse depends on the number of threads."""
    return np.asarray(np.round(cue / max(float(cue.max()), 1e-12), 6), np.float32)
