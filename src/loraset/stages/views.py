"""What is known of each picture's view of the subject, and the point at which it stands among the others.

In: numbers and small pictures that `score` keeps. Out: `View`s; points whose distances say how unlike views are. Never:
a verdict, or the background in a point.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loraset.ops.descriptors import POSITION_SIZE, Descriptors, position
from loraset.ops.turns import turns
from loraset.types import ByteImage

# Of a point: two unrelated poses are 1 apart, see `ops.descriptors.position`.
SHOWN_WEIGHT, LIGHT_WEIGHT, TURN_WEIGHT = 0.6, 1.5, 1.0
WHOLE, PART, CLOSE = "whole", "in part", "close-up"
GRAZED = 0.06  # of the outline on the photo's edge: up to here it is a whole figure still
CLOSE_SHARE = 0.6  # of the photo: what is cut and fills more is a close-up; half figures fill about a half


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What one picture shows; what is not known is None.

    lightness : of the subject, [0, 1]. cut_share : of its outline, on the photo's edge. subject_share : of the photo.
    small : as `subject_copies.small_cutout` makes it. backdrop : as `backdrop.backdrop_colors` makes it.
    """

    id: str
    source: str
    look: Descriptors | None = None
    lightness: float | None = None
    cut_share: float = 0.0
    subject_share: float = 0.0
    small: ByteImage | None = None
    backdrop: ByteImage | None = None

    @property
    def shown(self) -> str:
        """How much of the figure it shows: `WHOLE`, `PART` or `CLOSE`."""
        if self.cut_share <= GRAZED:
            return WHOLE
        return CLOSE if self.subject_share >= CLOSE_SHARE else PART


def points(views: Sequence[View]) -> NDArray[np.float64]:
    """Return where each view stands by pose, colour, light, turn and how much is shown: one row each.

    What is not known is where the others are on average.
    """
    rows = np.full((len(views), POSITION_SIZE + 3), np.nan)
    rows[:, -1] = TURN_WEIGHT * turns_of(views)
    for row, view in zip(rows, views, strict=True):
        if view.look is not None:
            row[:POSITION_SIZE] = position(view.look)
            row[POSITION_SIZE] = SHOWN_WEIGHT * (WHOLE, PART, CLOSE).index(view.shown) / 2
        if view.lightness is not None:
            row[POSITION_SIZE + 1] = LIGHT_WEIGHT * view.lightness
    known = ~np.isnan(rows)
    means = np.where(known, rows, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known, rows, means)


def turns_of(views: Sequence[View]) -> NDArray[np.float64]:
    """Return how far each turns to a side, see `ops.turns`; NaN where it is not known.

    Whole figures alone are asked: what the photo's edge cuts off makes the rest one-sided.
    """
    found = np.full(len(views), np.nan)
    seen = [(at, view.small) for at, view in enumerate(views) if view.small is not None and view.shown == WHOLE]
    found[[at for at, _ in seen]] = turns([small for _, small in seen])
    return found
