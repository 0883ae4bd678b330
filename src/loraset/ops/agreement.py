"""A solved alpha against the mask it came from: what the mask's coarse grid would have shown of it.

In: the alpha, the mask at the same size, how coarse its grid was. Out: how far the mask is a true alpha seen coarsely;
the alpha moved to agree with it so far. Never: colours.
"""

import cv2
import numpy as np

from loraset.types import FloatImage

LOWPASS = 0.42  # sigma in cells of what a grid of cells, enlarged smoothly, leaves of an alpha
DETAIL = 0.5  # sigma in cells: what is finer is the detail of a mask
BELIEF = (0.90, 1.04)  # agreement of detail from which the mask begins to be believed, and is believed wholly
STEPS = 2
HARD = 0.92  # cells: a share of area needs an edge as wide as a cell; a yes/no mask, enlarged, has a narrower one


def seen_by_grid(alpha: FloatImage, cell_px: float) -> FloatImage:
    """What remains of an alpha after a grid of `cell_px` and smooth enlargement, float32 array of shape (H, W)."""
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), max(LOWPASS * cell_px, 0.1)), dtype=np.float32)


def _blurred(mask: FloatImage, cell_px: float) -> FloatImage:
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(DETAIL * cell_px, 0.1)), dtype=np.float32)


def trust_of(mask: FloatImage, alpha: FloatImage, cell_px: float) -> float:
    """How far the mask's values are shares of area in its cells, in [0, 1].

    A true alpha seen through a grid keeps the texture of its edge down to the cell: its detail is as strong as that
    of the solved alpha seen through the same grid, and in the same places. A network's guess is smoother, or its
    detail lies elsewhere. The measure asks for both: ratio of curvature times correlation of detail. A mask that knows
    only yes and no has no shares to be believed.

    mask, alpha : float32 arrays of shape (H, W), [0, 1].
    cell_px : side of one cell of the mask's grid in px.
    """
    if is_hard(mask, cell_px):
        return 0.0
    seen = seen_by_grid(alpha, cell_px)
    soft_mask, soft_seen = _blurred(mask, cell_px), _blurred(seen, cell_px)
    fine_mask, fine_seen = mask - soft_mask, seen - soft_seen
    strength = float(np.square(fine_mask).sum()) * float(np.square(fine_seen).sum())
    curvature = float(np.square(cv2.Laplacian(soft_seen, cv2.CV_32F)).sum())
    if strength <= 0.0 or curvature <= 0.0:
        return 0.0
    same = float((fine_mask * fine_seen).sum()) / strength**0.5
    ratio = float(np.square(cv2.Laplacian(soft_mask, cv2.CV_32F)).sum()) / curvature
    begin, full = BELIEF
    return float(np.clip((same * ratio - begin) / (full - begin), 0.0, 1.0))


def is_hard(mask: FloatImage, cell_px: float) -> bool:
    """Whether the mask knows only yes and no, at its own grid.

    The width of its edge is the area of its middle values over the length of its outline, in cells.
    """
    slope = np.hypot(np.diff(mask, axis=1)[:-1], np.diff(mask, axis=0)[:, :-1])
    length = float(slope.sum(dtype=np.float64))  # a full step from 0 to 1 adds its own length
    return float(((mask > 0.1) & (mask < 0.9)).sum()) < HARD * cell_px * length


def agreeing(alpha: FloatImage, mask: FloatImage, cell_px: float, trust: float) -> FloatImage:
    """The alpha moved, as far as the mask is trusted, to where the mask's grid would show it as the mask.

    Iterated back-projection (Irani, Peleg: Improving Resolution by Image Registration, 1991).
    """
    if trust == 0.0:
        return alpha
    for _ in range(STEPS):
        alpha = np.clip(alpha + np.float32(trust) * (mask - seen_by_grid(alpha, cell_px)), 0.0, 1.0)
    return alpha
