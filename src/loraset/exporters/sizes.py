"""The sizes that trainers train at: from a picture's size to the one that is left of it.

In: sizes and a trainer's settings. Out: functions from size to size. Never: pixels.
"""

import math
from collections.abc import Callable, Sequence

from loraset.exporters.interface import Size
from loraset.ops.framing import bucket_sizes


def side_of(resolution: int | Sequence[int]) -> int:
    """Return the side of the square of a resolution's area, which configurations write as a side or as two."""
    return resolution if isinstance(resolution, int) else math.isqrt(resolution[0] * resolution[1])


def whole_steps(resolution: int, step: int) -> Callable[[Size], Size]:
    """Return the rule of trainers that do not enlarge: each side is cut to whole steps, if the area is not too large.

    What is larger goes into the bucket nearest in aspect.
    """

    def fit(size: Size) -> Size:
        width, height = size
        if width * height <= resolution * resolution and min(size) >= step:
            return width // step * step, height // step * step
        return _nearest(size, bucket_sizes(resolution, step))

    return fit


def listed(sizes: Sequence[Size]) -> Callable[[Size], Size]:
    """Return the rule of trainers with a list of sizes: the nearest in aspect, enlarged or reduced to it."""
    return lambda size: _nearest(size, sizes)


def rounded(step: int) -> Callable[[Size], Size]:
    """Return the rule of trainers that were told the size: its sides are rounded to whole steps."""
    return lambda size: (round(size[0] / step) * step, round(size[1] / step) * step)


def by_area(resolution: int, step: int) -> Callable[[Size], Size]:
    """Return the rule of trainers that keep the aspect and set the area, then round the sides to whole steps."""
    edge = max(step, round(resolution / step) * step)

    def fit(size: Size) -> Size:
        root = math.sqrt(round(size[0] / size[1], 2))
        return max(step, round(edge * root / step) * step), max(step, round(edge / root / step) * step)

    return fit


def _nearest(size: Size, sizes: Sequence[Size]) -> Size:
    aspect = math.log(size[0] / size[1])
    return min(sizes, key=lambda each: (abs(math.log(each[0] / each[1]) - aspect), each), default=size)
