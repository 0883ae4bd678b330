"""What the mask and the colours say together of each pixel of the band, before alpha is solved.

In: a small Lab picture, a mask, its band. Out: the expected alpha of the pixels left open, its weight in the solve, and
where colour says nothing. Never: the picture's edges; those are the solver's.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.ops.geometry import reduced
from loraset.ops.trimap import Trimap, trimap_of
from loraset.ops.vote import ColorVote, ask, color_vote, misjudged
from loraset.types import BoolImage, FloatImage

VOTE_SIDE = 400  # long side at which colours are counted, px
FLIPS = (0.02, 0.06)  # share of the band where colour contradicts the mask: narrowest, widest band
CERTAIN = 0.02  # weight of a certain prior in the solve
STAND = 1.0  # added for a mask of yes and no where colour says nothing: an even ground would smear it
NEAR_CELLS = 10  # so far round the band the vote is examined on what is known
DISBELIEF = 2.0  # times what the vote misjudges there, it is doubted


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """What is expected of the band.

    band : the trimap, narrowed where colour agrees with the mask.
    alpha, weight : float32 arrays of shape (n,), of the band's unknown pixels in row-major order.
    silence : float32 array of shape (H, W), [0, 1]: how little colour says there; 0 outside the band.
    """

    band: Trimap
    alpha: NDArray[np.float32]
    weight: NDArray[np.float32]
    silence: FloatImage


def prior_of(
    lab: FloatImage, mask: FloatImage, band: Trimap, *, radius_px: float, cell_px: float, hard: bool, again: bool
) -> Prior:
    """The prior of a band.

    lab : float32 array of shape (H, W, 3). mask : float32 array of shape (H, W), [0, 1].
    radius_px : of the band. cell_px : size of a cell of the grid that the mask was made at.
    hard : the mask knows only yes and no; a hard edge says nothing of how soft the true one is.
    again : the mask is the answer to an earlier prior; the vote, its echo, is believed only as far as it is right about
        what is known.
    """
    scale = min(1.0, VOTE_SIDE / max(mask.shape))
    small_band = reduced(band.unknown.astype(np.float32), scale) > 0
    vote = color_vote(reduced(lab, scale), reduced(mask, scale), small_band)
    color = ask(vote, lab, mask, band.unknown)
    word = mask[band.unknown]
    silence = np.zeros(mask.shape, dtype=np.float32)
    believed = color
    if hard or again:
        doubt = _doubt(vote, lab, mask, band, round(NEAR_CELLS * cell_px))
        believed = doubt + (1 - 2 * doubt) * color
    if hard:
        silence[band.unknown] = _silence(believed, band.unknown, radius_px)
    if again:
        color = believed

    flips = float(((color > 0.5) != (word > 0.5)).mean())
    width = 1.0 if hard else float(np.clip((flips - FLIPS[0]) / (FLIPS[1] - FLIPS[0]), 0.15, 1.0))
    narrow = trimap_of(mask, radius_px * width)
    kept = narrow.unknown[band.unknown]
    alpha = _joined(color[kept], np.clip(word[kept], 0.02, 0.98), 2.0 - width)
    strength = CERTAIN + STAND * np.square(silence[band.unknown][kept])
    return Prior(narrow, alpha, strength * np.square(np.square(2.0 * alpha - 1.0)), silence)


def _doubt(vote: ColorVote, lab: FloatImage, mask: FloatImage, band: Trimap, reach_px: int) -> np.float32:
    """How little the vote is to be believed, by what it misjudges of what is known round the band: in [0, 1/2]."""
    near = cv2.dilate(band.unknown.astype(np.uint8), np.ones((2 * reach_px + 1,) * 2, np.uint8)) > 0
    wrong = misjudged(vote, lab, mask, band.subject & near, band.background & near)
    return np.float32(min(0.5, DISBELIEF * wrong))


def _silence(said: NDArray[np.float32], unknown: BoolImage, radius_px: float) -> NDArray[np.float32]:
    """How undecided the vote is at each pixel of the band and round it, (n,), in [0, 1]."""
    decided = np.zeros(unknown.shape, dtype=np.float32)
    decided[unknown] = np.abs(2 * said - 1)
    around = cv2.GaussianBlur(decided, (0, 0), radius_px)[unknown]
    share = cv2.GaussianBlur(unknown.astype(np.float32), (0, 0), radius_px)[unknown]
    return np.asarray(1 - around / share, dtype=np.float32)


def _joined(color: NDArray[np.float32], word: NDArray[np.float32], power: float) -> NDArray[np.float32]:
    """Product of the vote's and the mask's odds; the mask's are raised to `power`."""
    yes = color * word**power
    return np.asarray(yes / (yes + (1.0 - color) * (1.0 - word) ** power), dtype=np.float32)
