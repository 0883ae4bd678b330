"""How far the edges in a picture are blurred: how steep they are for their height.

In: luma and where to look. Out: variances in px^2. Never: alpha, thresholds, a word on what is blurred too much.

A step of height h, blurred by sigma, has where it is steepest a gradient of h / (sqrt(2 pi) sigma). A picture blurred
by sigma can hardly be steeper anywhere: strands of fur blurred alike lose height as they lose steepness and so have
about the ratio of a step, where comparing fine with coarse detail takes them for sharp. This is the edge's width of
Marziliano et al., "Perceptual blur and ringing metrics", Signal Processing: Image Communication 2004, but in means of
squares, from which the share that noise has can be taken, and with the range of luma nearby as the height, which noise
hardly moves. Edges are chosen at a coarser scale than the one they are measured at.
"""

from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.ops.geometry import around
from loraset.types import BoolImage, FloatImage

Values = NDArray[np.float32]

FINE_PX, COARSE_PX = 1.0, 2.0
REACH_PX = 8  # to either side: the range of luma there, within `core`, is an edge's height
SEEN_PX = 16  # as far as all filters together see
EDGE_SHARE = 0.1  # of the pixels looked at: the strongest edges at the coarse scale
STRONG_SHARE = 0.3  # of them: those that can be among the strongest in some direction
FAINTEST = 0.004  # gradient per px, of full scale: below it there is no edge to measure
LOWEST = 0.03  # height, of full scale, below which what is left is shading or noise
SPREAD = 4.0  # range nearby of normal noise of deviation 1, smoothed by `FINE_PX`


class Blur(NamedTuple):
    """How far edges are blurred: variance of the Gaussian in px^2; and their squared height, of full scale."""

    variance: float
    height: float


class Edges:
    """The strongest edges of a picture within `core`.

    luma : float32 array of shape (H, W), [0, 1]. core : bool array of shape (H, W). noise : standard deviation of the
    white noise in luma.
    """

    def __init__(self, luma: FloatImage, core: BoolImage, noise: float) -> None:
        self._count = 0
        if not core.any():
            return
        box = around(core, SEEN_PX)
        luma, core = luma[box], core[box]
        across, down = _gradient(_smooth(luma, COARSE_PX))
        strength = across * across + down * down
        found = strength[core]
        least = float(np.partition(found, -_share(found.size, STRONG_SHARE))[-_share(found.size, STRONG_SHARE)])
        strong = core & (strength >= max(least, FAINTEST**2))
        self._count = _share(found.size, EDGE_SHARE)
        fine = _smooth(luma, FINE_PX)
        self._coarse = across[strong], down[strong]
        self._height = np.square(_range(fine, core)[strong])
        fine_across, fine_down = _gradient(fine)
        self._fine = fine_across[strong], fine_down[strong]
        values, gradients = _gain(FINE_PX)
        self._noise = SPREAD**2 * values * noise**2, gradients * noise**2

    @cached_property
    def variance(self) -> float | None:
        """Variance in px^2 of the Gaussian that these edges were blurred by, or None where there is no edge.

        Its root is true to about half a pixel: of edges that stand close only the steepest part is looked at.
        """
        if not self._count:
            return None
        coarse, fine = (part[0] ** 2 + part[1] ** 2 for part in (self._coarse, self._fine))
        blur = self._blur(coarse, fine, self._height, self._noise[1])
        return None if blur is None else blur.variance

    def along(self, radians: float) -> Blur | None:
        """Return how far edges are blurred in one direction, or None where no edge is across it."""
        if not self._count:
            return None
        way = np.float32(np.cos(radians)), np.float32(np.sin(radians))
        coarse, fine = (np.square(part[0] * way[0] + part[1] * way[1]) for part in (self._coarse, self._fine))
        facing = coarse / (self._coarse[0] ** 2 + self._coarse[1] ** 2)  # of an edge aslant both count for less
        return self._blur(coarse, fine, self._height * facing, self._noise[1] / 2)

    def _blur(self, coarse: Values, fine: Values, height: Values, noise: float) -> Blur | None:
        """Of squared gradients at both scales, squared heights, and the share that noise has in the fine gradients."""
        if coarse.size > self._count:
            strongest = np.argpartition(coarse, -self._count)[-self._count :]
            coarse, fine, height = coarse[strongest], fine[strongest], height[strongest]
        edges = coarse >= FAINTEST**2
        if not edges.any():
            return None
        say = coarse[edges] / coarse[edges].sum(dtype=np.float64)
        steep = float(np.sum(say * fine[edges])) - noise
        high = float(np.sum(say * height[edges])) - self._noise[0]
        if high < LOWEST**2:
            return None
        return Blur(_of_step(high / max(2 * np.pi * steep, 1e-12)), high)


def _of_step(ratio: float) -> float:
    """The x at which a step has this ratio of squared height to 2 pi times its squared gradient, at least 0.

    Seen through a Gaussian of a = `FINE_PX` and weighed by its squares through one of b = `COARSE_PX`, a step blurred
    by a variance of x has the ratio sqrt((x + a^2) (2 x + a^2 + b^2)).
    """
    near, both = FINE_PX**2, FINE_PX**2 + COARSE_PX**2
    half = 2 * near + both
    return float(max(0.0, (np.sqrt(max(half**2 - 8 * (near * both - ratio**2), 0.0)) - half) / 4))


def _range(luma: FloatImage, core: BoolImage) -> FloatImage:
    """Greatest less least of luma within `REACH_PX`, of pixels in `core`: a faint edge beside the background is low."""
    square = np.ones((2 * REACH_PX + 1, 2 * REACH_PX + 1), np.uint8)
    most = cv2.dilate(np.where(core, luma, np.float32(-1)), square)
    least = cv2.erode(np.where(core, luma, np.float32(2)), square)
    return np.asarray(most - least, np.float32)


def _share(count: int, share: float) -> int:
    return max(1, round(count * share))


def _smooth(luma: FloatImage, sigma_px: float) -> FloatImage:
    return np.asarray(cv2.GaussianBlur(luma, (0, 0), sigma_px), np.float32)


def _gradient(smooth: FloatImage) -> tuple[FloatImage, FloatImage]:
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *way, ksize=1, scale=0.5) for way in ((1, 0), (0, 1)))
    return np.asarray(across, np.float32), np.asarray(down, np.float32)


def _gain(sigma_px: float) -> tuple[float, float]:
    """Variance of values and of gradients that white noise of variance 1 has left when smoothed."""
    kernel = cv2.getGaussianKernel(2 * round(4 * sigma_px) + 1, sigma_px).ravel()
    slope = np.convolve(kernel, [0.5, 0.0, -0.5])
    return float(np.sum(kernel**2) ** 2), float(2 * np.sum(slope**2) * np.sum(kernel**2))
