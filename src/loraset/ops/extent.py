"""Where the subject is in the picture, and where the photo's edge cuts it.

In: a mask over the whole picture, at any size. Out: an `Extent` in px of the picture. Never: pixels of the picture, or
a choice of frame.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.ops.geometry import around
from loraset.types import BoolImage, FloatImage

SIDES = ("left", "top", "right", "bottom")

SPECK_SHARE = 0.05  # of the largest part's area: smaller parts are specks, unless they lie near it
NEAR_SHARE = 0.03  # of the mask's long side: what counts as near, for specks and for the soft rim
RIM_PROBABILITY = 0.1  # hair and fur near the subject count from here on; haze far from it never does
CONTACT_SHARE = 0.02  # of the subject's long side: a shorter touch of the photo's edge is no cut
EDGE_SHARE = 0.005  # of the mask's side: masks fade in the last cells, so the photo's edge is this wide
DEPTH_SHARE = 0.03  # of the subject's long side: how far in the outline is looked at
GONE_SHARE = 0.01  # of the subject's long side: less than this beyond the photo's edge is no cut


@dataclass(frozen=True, slots=True)
class Extent:
    """The subject in the picture.

    box : (x0, y0, x1, y1) in px of the picture, fractions allowed.
    contact : for each of `SIDES` the length in px over which the subject lies on the photo's edge; 0 where it only
        grazes it.
    outline_px : length of the subject's outline.
    share : the subject's share of the picture's area.
    """

    box: tuple[float, float, float, float]
    contact: tuple[float, float, float, float]
    outline_px: float
    share: float

    @property
    def cut_sides(self) -> tuple[str, ...]:
        """Names of the sides where the photo cuts the subject."""
        return tuple(side for side, length in zip(SIDES, self.contact, strict=True) if length > 0)

    @property
    def cut_share(self) -> float:
        """Share of the outline that lies on the photo's edge, [0, 1]."""
        return min(1.0, sum(self.contact) / self.outline_px)


def find_subject(probability: FloatImage, picture_size: tuple[int, int]) -> Extent | None:
    """Return where the subject is, or None where no pixel is more subject than not.

    Small parts far from the largest one are taken for specks; a soft rim counts near the subject only.

    Parameters
    ----------
    probability : float32 array of shape (h, w), [0, 1]
        Over the whole picture, at any size.
    picture_size : tuple of int
        (width, height) in px.
    """
    core = _without_specks(probability >= 0.5)
    if not core.any():
        return None
    h, w = core.shape
    cell = np.array([picture_size[0] / w, picture_size[1] / h])
    x0, y0, x1, y1 = _bounds(core | (_near(core) & (probability >= RIM_PROBABILITY)))
    box = (float(x0 * cell[0]), float(y0 * cell[1]), float(x1 * cell[0]), float(y1 * cell[1]))
    outlines, _ = cv2.findContours(core.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    # A contour runs through the centres of the outermost cells, half a cell inside on every side.
    outline_px = sum(cv2.arcLength((line * cell).astype(np.float32), True) + 2 * cell.sum() for line in outlines)
    contact = _contact(core, cell, max(box[2] - box[0], box[3] - box[1]))
    return Extent(box, contact, float(outline_px), float(core.mean()))


def _near(region: BoolImage) -> BoolImage:
    size = 2 * max(1, round(NEAR_SHARE * max(region.shape))) + 1
    return np.asarray(cv2.dilate(region.astype(np.uint8), np.ones((size, size), np.uint8)) > 0)


def _without_specks(core: BoolImage) -> BoolImage:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(core.astype(np.uint8), connectivity=8)
    if count <= 2:
        return core
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0  # the background's own label
    large = areas >= SPECK_SHARE * areas.max()
    near = np.bincount(labels[_near(large[labels])], minlength=count) > 0
    keep = large | near
    keep[0] = False
    return np.asarray(keep[labels])


def _bounds(region: BoolImage) -> tuple[int, int, int, int]:
    rows, columns = around(region)
    return columns.start, rows.start, columns.stop, rows.stop


def _contact(core: BoolImage, cell: NDArray[np.float64], side_px: float) -> tuple[float, float, float, float]:
    across, down = float(cell[0]), float(cell[1])
    lengths = (
        _cut_length(core.T, side_px / across) * down,
        _cut_length(core, side_px / down) * across,
        _cut_length(core.T[::-1], side_px / across) * down,
        _cut_length(core[::-1], side_px / down) * across,
    )
    left, top, right, bottom = (length if length >= CONTACT_SHARE * side_px else 0.0 for length in lengths)
    return left, top, right, bottom


def _cut_length(rows: BoolImage, side: float) -> int:
    """Return how many cells of the first row, the photo's edge, cut the subject; side is its long side in cells.

    A round outline that only touches the edge has a chord there too, but one that grows fast inwards: chord² is linear
    in the depth. Where that line, continued outwards, says that next to nothing is gone, it is no cut.
    """
    edge = max(1, round(EDGE_SHARE * len(rows)))
    depth = min(len(rows) - 1, max(edge + 1, round(DEPTH_SHARE * side)))
    touching = _runs(np.asarray(rows[:edge].any(axis=0)))
    grazing = set()
    for start, end in _runs(np.asarray(rows[depth])):
        above = [run for run in touching if run[0] < end and run[1] > start]
        if not above:
            continue
        first, last = above[0][0], above[-1][1]
        # What is farther to the side than twice the depth is another part of the subject.
        chord, inner = last - first, min(end, last + 2 * depth) - max(start, first - 2 * depth)
        growth = (inner**2 - chord**2) / (depth - edge)
        if growth > 0 and chord**2 / growth - edge < GONE_SHARE * side:
            grazing.update(above)
    return sum(end - start for start, end in touching if (start, end) not in grazing)


def _runs(row: BoolImage) -> list[tuple[int, int]]:
    """Return [start, end) of each stretch of True."""
    ends = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in zip(ends[::2], ends[1::2], strict=True)]
