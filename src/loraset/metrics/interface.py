"""What a metric is, and all that it may look at.

In: one framed cut-out with the photo and the mask it came from. Out: one number, or None where the question does not
apply. Never: a verdict; thresholds live in the recipe and are read by `select`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import cv2
import numpy as np

from loraset.metrics.beside_edge import Sides, reduced
from loraset.ops.blur import Edges
from loraset.ops.noise import deviation
from loraset.types import BoolImage, ByteImage, FloatImage, Frame

CORE_DEPTH_PX = 8.0  # three sigma of the widest filter that `sharpness` uses


@dataclass(frozen=True, eq=False)
class Specimen:
    """One cut-out, beside what it was cut from.

    rgb : float32 array of shape (H, W, 3), [0, 1], straight: the cut-out's colour at output size.
    alpha : float32 array of shape (H, W), [0, 1]: the cut-out's.
    photo : uint8 array of shape (H, W, 3), sRGB: the photo in the same frame.
    inside : bool array of shape (H, W): where the photo has pixels; elsewhere is padding.
    mask : float32 array of shape (h, w), [0, 1]: what the engine said, over the whole photo at its own grid.
    subject_share : of the photo's area, as the frame stage found it.
    cut_share : of the subject's outline, lying on the photo's edge, as the frame stage found it.
    exact : the mask has true soft edges (see `types.Mask`).
    confidence : the engine's own, [0, 1]; None where it has none.
    disagreement : of joined engines, [0, 1]; None where one worked alone.
    format : of the file, such as "JPEG"; None where there is none.
    stays, from_afar : IoU to be expected of the mask by its maker's answers when asked again, about the picture
        mirrored and from afar, [0, 1]; None where it was not.
    """

    rgb: FloatImage
    alpha: FloatImage
    photo: ByteImage
    inside: BoolImage
    mask: FloatImage
    frame: Frame
    subject_share: float
    cut_share: float
    exact: bool = False
    confidence: float | None = None
    disagreement: float | None = None
    stays: float | None = None
    from_afar: float | None = None
    format: str | None = None

    @cached_property
    def luma(self) -> FloatImage:
        """Array of float32, shape (H, W), [0, 1]: the photo's luma."""
        return cv2.cvtColor(self.photo, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(255.0)

    @cached_property
    def edges(self) -> Edges:
        """The strongest edges of the core."""
        return Edges(self.luma, self.core, self.noise or 0.0)

    @cached_property
    def noise(self) -> float | None:
        """Standard deviation of the luma's white noise in the core, of full scale; None where that is too small."""
        return deviation(self.luma, self.core)

    @cached_property
    def sides(self) -> Sides:
        """The pictures reduced, for colours to either side of the outline."""
        return reduced(self.rgb, self.alpha, self.photo, self.inside)

    @cached_property
    def depth(self) -> FloatImage:
        """Array of float32, shape (H, W): distance in px to the nearest pixel outside the subject (alpha under 1/2)."""
        return np.asarray(cv2.distanceTransform(self.subject.astype(np.uint8), cv2.DIST_L2, 5), dtype=np.float32)

    @cached_property
    def subject(self) -> BoolImage:
        """Boolean array of shape (H, W): alpha of at least 1/2."""
        return np.asarray(self.alpha >= 0.5)

    @cached_property
    def core(self) -> BoolImage:
        """Boolean array of shape (H, W): the subject without its rim, where filters do not see the background.

        A thin subject keeps the deeper half of itself.
        """
        rim = min(CORE_DEPTH_PX, float(self.depth.max()) / 2)
        return np.asarray((self.depth > rim) & (self.alpha > 0.95) & self.inside)


@dataclass(frozen=True, slots=True)
class Metric:
    """A named number of a cut-out.

    better : which direction is good.
    range : the least and the greatest value; inf where there is no limit.
    measure : the function, which returns None where the metric does not apply.
    """

    name: str
    better: Literal["higher", "lower"]
    range: tuple[float, float]
    measure: Callable[[Specimen], float | None]
