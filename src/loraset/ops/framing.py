"""Framing: which part of the photo the output shows, how large, and where padding is needed.

In: the subject's extent and plain numbers. Out: a `Frame`. Never: pixels, files or settings; never a frame that cuts
the subject where the photo shows it whole.
"""

import math
from dataclasses import dataclass
from typing import Literal

from loraset.ops.extent import Extent
from loraset.types import Frame

FrameMode = Literal["bucket", "square", "keep"]


@dataclass(frozen=True, slots=True)
class BucketTable:
    """What `bucket_sizes` is made of for a base model."""

    resolution: int
    step: int


# The area that each base model is trained at, and a step that the trainers' own grids divide: 64 is a multiple of every
# grid met for still pictures; Wan's smaller area is cut finer, to 32, which its trainers take.
TARGETS = {
    "sd15": BucketTable(512, 64),
    "sdxl": BucketTable(1024, 64),
    "flux": BucketTable(1024, 64),
    "qwen-image": BucketTable(1024, 64),
    "wan": BucketTable(720, 32),
}

MAX_ASPECT = 2.1  # takes in 704x1472 at 1024, the bucket nearest to 1:2
TRIM = 0.12  # share of an axis that may go where the photo cuts the subject on all sides: half the gap at 512 and 64


def bucket_sizes(resolution: int, step: int) -> tuple[tuple[int, int], ...]:
    """Return the sizes (width, height) of a trainer's aspect buckets, from tall to wide.

    Sides are multiples of step, the area is at most resolution², aspects reach from about 1:2 to 2:1. To each short
    side belongs the longest long side that fits, which is the list that kohya's trainer makes: it resizes no picture
    of such a size. At 1024 and 64 that holds SDXL's 1024x1024, 896x1152, 832x1216 and 768x1344.
    """
    square = resolution // step * step
    sizes = {(square, square)}
    for short in range(step, square, step):
        long = resolution * resolution // short // step * step
        if long <= short * MAX_ASPECT:
            sizes |= {(short, long), (long, short)}
    return tuple(sorted(sizes, key=lambda size: size[0] / size[1]))


@dataclass(frozen=True, slots=True)
class _Axis:
    """What one axis of a photo of this length must show: the subject [low, high) and, where there is room, a margin.

    cut_low, cut_high : over which length the photo cuts the subject there; 0 where it does not.
    """

    length: int
    low: float
    high: float
    cut_low: float
    cut_high: float
    margin: float

    @property
    def cut_both(self) -> bool:
        return self.cut_low > 0 and self.cut_high > 0

    @property
    def subject(self) -> float:
        return self.high - self.low

    @property
    def need(self) -> float:
        return self.subject + self.margin


def _axis(length: int, low: float, high: float, cuts: tuple[float, float], margin: float, inside_photo: bool) -> _Axis:
    first, last = 0.0 if cuts[0] else low, float(length) if cuts[1] else high
    before, after = (0.0 if cut else margin for cut in cuts)
    if inside_photo:
        before, after = min(before, first), min(after, length - last)
    return _Axis(length, first, last, *cuts, margin=before + after)


def plan_frame(
    extent: Extent,
    picture_size: tuple[int, int],
    *,
    mode: FrameMode = "bucket",
    resolution: int = 1024,
    step: int = 64,
    margin: float = 0.06,
    upscale: bool = False,
    inside_photo: bool = False,
) -> Frame:
    """Return the frame that shows the whole subject with a margin, in the size of the bucket nearest in aspect.

    A side where the photo cuts the subject has neither margin nor padding: it lies on the output's edge. Where the
    photo cuts two opposite sides, shape and scale are chosen so that both lie there; where that cannot be (the photo is
    too small, the shape too far from any bucket), the side with the longer cut does. Otherwise the subject is centred
    and real photo is shown around it as far as the photo goes; the rest is padding.

    Parameters
    ----------
    extent : Extent
        Where the subject is.
    picture_size : tuple of int
        (width, height) of the photo in px.
    mode : {"bucket", "square", "keep"}
        keep: the photo's own frame and size.
    resolution, step : int
        See `bucket_sizes`.
    margin : float
        Free space on each side, as a share of the subject's longer side.
    upscale : bool
        Whether the scale may exceed 1.
    inside_photo : bool
        The photo's own background will be seen: the frame is moved, and its shape chosen, to need the least padding.
    """
    width, height = picture_size
    if mode == "keep":
        return Frame((0, 0, width, height), 1.0, (0, 0, 0, 0), (width, height))
    x0, y0, x1, y1 = extent.box
    margin_px = margin * max(x1 - x0, y1 - y0)
    left, top, right, bottom = extent.contact
    axes = (
        _axis(width, x0, x1, (left, right), margin_px, inside_photo),
        _axis(height, y0, y1, (top, bottom), margin_px, inside_photo),
    )
    sizes = bucket_sizes(resolution, step) if mode == "bucket" else ((resolution // step * step,) * 2,)
    size = _choose_size(axes, sizes, upscale, inside_photo)
    scale = _scale(axes, size, upscale)
    x_low, x_high, x_before, x_after = _window(axes[0], size[0], scale, inside_photo)
    y_low, y_high, y_before, y_after = _window(axes[1], size[1], scale, inside_photo)
    return Frame((x_low, y_low, x_high, y_high), scale, (x_before, y_before, x_after, y_after), size)


def _choose_size(
    axes: tuple[_Axis, _Axis], sizes: tuple[tuple[int, int], ...], upscale: bool, inside_photo: bool
) -> tuple[int, int]:
    """Return the size that costs least: no cut side off the edge, then a whole margin, then the nearest aspect."""
    wanted = axes[0].need / axes[1].need

    def cost(size: tuple[int, int]) -> tuple[float, bool, float, float]:
        scale = _scale(axes, size, upscale)
        filled = [min(1.0, axis.length * scale / side) for axis, side in zip(axes, size, strict=True)]
        floating = sum(1 - share for axis, share in zip(axes, filled, strict=True) if axis.cut_both)
        bare = 1 - math.prod(filled) if inside_photo else 0.0
        squeezed = any(axis.need * scale > side + 0.5 for axis, side in zip(axes, size, strict=True))
        return round(floating, 2), squeezed, round(bare, 2), abs(math.log(size[0] / size[1] / wanted))

    return min(sizes, key=cost)


def _scale(axes: tuple[_Axis, _Axis], size: tuple[int, int], upscale: bool) -> float:
    """Return the largest scale that shows what is needed, or the larger one that brings two cut sides to the edges."""
    scale = min(side / axis.need for axis, side in zip(axes, size, strict=True))
    flush = [side / axis.length for axis, side in zip(axes, size, strict=True) if axis.cut_both]
    whole = min(side / axis.subject for axis, side in zip(axes, size, strict=True))
    if len(flush) == 1 and flush[0] <= whole:
        scale = flush[0]  # at the cost of some margin on the other axis
    elif len(flush) == 2 and max(flush) * (1 - TRIM) <= min(flush):
        scale = max(flush)  # the subject goes on beyond all four edges: better a strip less of it than a bare strip
    return scale if upscale else min(scale, 1.0)


def _window(axis: _Axis, side: int, scale: float, inside_photo: bool) -> tuple[int, int, int, int]:
    """Return (low, high) of the photo on this axis, and the padding in output px before and after."""
    span = side / scale
    free = axis.length - span  # negative: the output shows more than the photo has
    if axis.cut_both and free >= 0:
        start = free / 2
    elif axis.cut_low or axis.cut_high:
        start = 0.0 if axis.cut_low >= axis.cut_high else free
    else:
        start = (axis.low + axis.high - span) / 2
        if inside_photo:
            start = min(max(start, 0.0), free) if free >= 0 else free / 2
    if scale == 1:
        start = math.floor(start + 0.5)  # whole pixels are copied, not resampled
    low, high = max(0, _round(start)), min(axis.length, _round(start + span))
    before, after = max(0, _round(-start * scale)), max(0, _round((start - free) * scale))
    return low, high, before, after


def _round(value: float) -> int:
    return math.floor(value + 0.5)
