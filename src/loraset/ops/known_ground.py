"""Alpha before a background whose colour is known at every pixel.

In: a picture, the subject's area, the background's colours. Out: alpha. Never: files, settings, randomness.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from loraset.ops.laplacian import band_system, solve_band
from loraset.ops.mixing import Mix, unmix
from loraset.types import BoolImage, ByteImage, FloatImage

RING = 0.02  # of the long side: fur reaches so far into the subject's area
LEAST_RING_PX = 3
ALIKE = 1.5  # deviations from the background of a hole in the subject
STEADY = 2.0  # of the least deviation: where it is larger it tells no hole
BLURRED_PX, BLURRED, MOST = 9, 0.4, 30.0  # window, and share of the largest deviation in it (at most): codecs smear
SMEARED = 0.05  # the same share, where the subject has the hole's colour too
OWN_COLOR = 3.0  # deviations from a colour of the subject that explains a pixel alone
SUBJECT = 6.0  # deviations from which a pixel's colour may be the subject's alone
PURE, RIDGE = 0.4, 0.9  # of the largest deviation nearby: deep in the subject, and in its rim, such as an inked line
REACH_PX = (4, 10, 20)  # how far off the subject's colours are looked for
FAR_PX = 15.0  # distance that counts as much as a colour one deviation off
SEPARATION = 5.0  # deviations between subject and background from which they can be told apart
DEAD = 6.0  # deviations that are no mixture
PRIOR, FLOOR = 1.0, 0.5  # weight of the mixture in the solve: certain, and half and half


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """The picture and what is known of it: arrays of shape (H, W) or (H, W, 3).

    own : deviations from the ground. peak : their largest nearby. inside_px : depth in the subject's area.
    """

    picture: FloatImage
    ground: FloatImage
    deviation: FloatImage
    own: FloatImage
    peak: FloatImage
    inside_px: FloatImage


def alpha_before(
    rgb: ByteImage, area: BoolImage, ground: FloatImage, deviation: FloatImage, there: BoolImage
) -> FloatImage:
    """Alpha of what is in the area: float32 array of shape (H, W), [0, 1].

    Each pixel of the subject's rim is unmixed between the known background and the subject's colours nearby, of which
    the one is taken that explains it best (as in Gastal and Oliveira: Shared Sampling for Real-Time Alpha Matting,
    EUROGRAPHICS 2010, but with one side known); the mixture is the prior of a closed-form solve.

    rgb : uint8 array of shape (H, W, 3). area : bool array of shape (H, W). ground : float32 array of shape (H, W, 3),
    [0, 1]. deviation : float32 array of shape (H, W), what a channel differs by where nothing has changed.
    there : bool array of shape (H, W), where the background is known.
    """
    seen = _looked_at(rgb.astype(np.float32) / np.float32(255), area, ground, deviation)
    ring_px = max(LEAST_RING_PX, round(RING * max(area.shape)))
    # at edges of the ground that may lie beside their place even a subject seems alike
    own = seen.own * deviation / np.minimum(deviation, STEADY * deviation.min())
    steady = np.minimum(own, cv2.blur(own, (3, 3)))
    smeared = np.minimum(seen.peak, np.float32(MOST))
    solid = (seen.inside_px > ring_px) & (steady > ALIKE + BLURRED * smeared)
    open_ = (cv2.dilate(area.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & ~solid & there
    if not open_.any():
        return np.asarray(solid, np.float32)
    far_in, ridge = seen.inside_px > ring_px / 2, area & (seen.own >= RIDGE * seen.peak)
    source = (far_in | ridge) & (seen.own > np.maximum(SUBJECT, PURE * smeared))
    mix, alone = _best_mix(seen, source if source.any() else area, open_)
    filled = (seen.inside_px > ring_px) & (steady > ALIKE + SMEARED * smeared)
    hole = ~(filled[open_] & (alone < OWN_COLOR * deviation[open_]))
    mix = Mix(mix.alpha[hole], mix.slope[hole], mix.unlike[hole])
    solid[open_] |= ~hole
    open_ &= ~solid
    return _solved(seen, mix, solid, open_)


def _looked_at(picture: FloatImage, area: BoolImage, ground: FloatImage, deviation: FloatImage) -> _Seen:
    own = np.asarray(np.sqrt(np.square(picture - ground).mean(axis=2)) / deviation, np.float32)
    peak = cv2.dilate(own, np.ones((BLURRED_PX, BLURRED_PX), np.uint8))
    framed = np.pad(area, 1, mode="edge").astype(np.uint8)  # the border of the picture is no edge
    inside = cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1]
    return _Seen(picture, ground, deviation, own, np.asarray(peak, np.float32), np.asarray(inside, np.float32))


def _solved(seen: _Seen, mix: Mix, solid: BoolImage, open_: BoolImage) -> FloatImage:
    """Alpha by a closed-form solve that leans on the mixtures of the open pixels."""
    alpha: FloatImage = solid.astype(np.float32)
    error = seen.deviation[open_] * mix.slope
    dead = np.clip(DEAD * error, 0.004, 0.25)
    word = np.clip((mix.alpha - dead) / (1 - 2 * dead), 0, 1).astype(np.float32)
    weight = (PRIOR * (FLOOR + np.square(2 * word - 1)) / (1 + np.square(4 * error))).astype(np.float32)
    alpha[open_], _ = solve_band(band_system(seen.picture, alpha, open_), word, weight, word, iterations=40)
    return alpha


def _best_mix(seen: _Seen, source: BoolImage, open_: BoolImage) -> tuple[Mix, NDArray[np.float32]]:
    """The mixture of each open pixel that explains it best, among the subject's colours around it.

    With it how far the pixel lies from the nearest of these colours (root of the mean square).
    """
    weight = cv2.blur(source.astype(np.float32), (3, 3))[..., None]
    smooth = cv2.blur(seen.picture * source[..., None].astype(np.float32), (3, 3)) / np.maximum(weight, 1e-6)
    distance, nearest = ndimage.distance_transform_edt(~source, return_indices=True)
    rows, columns = np.nonzero(open_)
    pixel, behind, spread = seen.picture[open_], seen.ground[open_], seen.deviation[open_]
    best = Mix(np.zeros_like(spread), np.ones_like(spread), np.zeros_like(spread))
    least: NDArray[np.float32] = np.full(spread.shape, np.inf, np.float32)
    alone = least
    for down, across in _around():
        row = np.clip(rows + down, 0, source.shape[0] - 1)
        column = np.clip(columns + across, 0, source.shape[1] - 1)
        at = nearest[0][row, column], nearest[1][row, column]
        mix = unmix(pixel, smooth[at], behind, "srgb")
        farther_px = np.hypot(at[0] - rows, at[1] - columns) - distance[open_]
        cost = np.square(mix.unlike / spread) + np.square(farther_px / FAR_PX)
        cost += np.square(SEPARATION * spread * mix.slope)
        better = cost < least
        least = np.where(better, cost, least).astype(np.float32)
        best = Mix(
            *(np.where(better, getattr(mix, name), getattr(best, name)) for name in ("alpha", "slope", "unlike"))
        )
        alone = np.minimum(alone, np.sqrt(np.square(pixel - seen.picture[at]).mean(axis=1)))
    return best, alone


def _around() -> list[tuple[int, int]]:
    ways = [(down, across) for down in (-1, 0, 1) for across in (-1, 0, 1) if down or across]
    return [(0, 0), *((reach * down, reach * across) for reach in REACH_PX for down, across in ways)]
