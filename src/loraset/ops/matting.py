"""Fine alpha from a coarse mask: solved in a band round its edge at a small size, then carried up.

In: a photo and a soft mask of the same size, and how coarse the mask's grid was. Out: alpha, and what was done. Never:
settings, randomness or a system over the whole picture; where a solve is not to be trusted, the mask comes back.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.color import to_lab
from loraset.ops.agreement import agreeing, is_hard, trust_of
from loraset.ops.carry import carry_up
from loraset.ops.geometry import reduced
from loraset.ops.laplacian import band_system, solve_band
from loraset.ops.trimap import Trimap, trimap_of
from loraset.ops.vote import ColorVote, ask, color_vote, misjudged
from loraset.types import BoolImage, ByteImage, FloatImage, Json

BASE_SIDE = 400  # long side of the first solve, px; more where the mask's grid is finer
BASE_PIXELS = 1 << 20
MID_SIDE = 1024  # long side of the second solve
CELL_AT_BASE = 1.25  # px: a cell of the mask's grid is not made smaller than this
RADIUS_CELLS = 2.8  # the band reaches so far into what the mask is sure of
RADIUS_SHARE = 0.004  # of the long side: fur is that long even under a pixel-true mask
SURE_PER_BAND = 0.5  # less sure subject than this share of the band: the mask does not know
FLIPS = (0.02, 0.06)  # share of the band where colour contradicts the mask: narrowest, widest band
PASSES = 2  # the second starts from the first one's answer
PRIOR = 0.02  # weight of a certain prior in the solve
NEAR_CELLS = 10  # so far round the band the vote is examined on what is known
DISBELIEF = 2.0  # times what the vote misjudges there: so much less its own echo in the next pass is believed
HAZE = 0.03  # what the solve leaves of alpha where there should be none, and takes where all should be
MIN_SIDE = 8


@dataclass(frozen=True, slots=True, eq=False)
class Matte:
    """A fine alpha and how it came about.

    alpha : float32 array of shape (H, W), [0, 1].
    details : JSON. guard is "solved" or "kept: <why>"; band_px the width of the band on each side of the edge, in px of
        the picture; band_share its share of the picture; solver_size (width, height) and iterations of the first solve;
        trust the share of the mask's own word in the result.
    """

    alpha: FloatImage
    details: Json = field(default_factory=dict)


def refine_alpha(
    rgb: ByteImage,
    mask: FloatImage,
    *,
    cell_px: float,
    exact: bool = False,
    inside: BoolImage | None = None,
) -> Matte:
    """Alpha with the edge that the picture shows.

    A closed-form solve (Levin, Lischinski, Weiss, PAMI 2008) with a prior from a local vote by colour, in the band that
    the mask leaves open. A mask that proves to be a true alpha seen coarsely is kept in its mean over each cell.

    rgb : uint8 array of shape (H, W, 3), sRGB.
    mask : float32 array of shape (H, W), [0, 1].
    cell_px : size in px of `rgb` of one cell of the grid that the mask was made at; 1 for a mask true to the pixel.
    exact : the mask has true soft edges and is returned as it is.
    inside : bool array of shape (H, W), false where a frame holds no photo; the true part is a rectangle. Alpha is 0
        outside, and the photo's border counts as no evidence.

    Raises
    ------
    ValueError
        If the shapes differ or `cell_px` is not positive.
    """
    if rgb.shape[:2] != mask.shape or (inside is not None and inside.shape != mask.shape):
        raise ValueError(f"shapes differ: picture {rgb.shape}, mask {mask.shape}")
    if not cell_px > 0:
        raise ValueError(f"cell_px must be positive, not {cell_px}")
    if inside is None or inside.all():
        return _refine(rgb, mask, cell_px, exact)
    alpha = np.zeros(mask.shape, dtype=np.float32)
    if not inside.any():
        return Matte(alpha, {"guard": "kept: no photo in the frame"})
    rows, cols = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1)
    matte = _refine(np.ascontiguousarray(rgb[box]), np.ascontiguousarray(mask[box]), cell_px, exact)
    alpha[box] = np.where(inside[box], matte.alpha, np.float32(0))
    return Matte(alpha, matte.details)


def _refine(rgb: ByteImage, mask: FloatImage, cell_px: float, exact: bool) -> Matte:
    if exact:
        return Matte(mask, {"guard": "kept: the mask is exact"})
    if min(mask.shape) < MIN_SIDE:
        return Matte(mask, {"guard": "kept: the picture is too small"})
    long = max(mask.shape)
    base = max(BASE_SIDE / long, CELL_AT_BASE / cell_px)
    base = min(1.0, base, (BASE_PIXELS / mask.size) ** 0.5)
    small, small_mask = reduced(rgb, base), reduced(mask, base)
    radius = max(RADIUS_CELLS * cell_px * base, RADIUS_SHARE * long * base, 1.0)
    band = trimap_of(small_mask, radius)
    details: Json = {
        "band_px": round(radius / base, 2),
        "band_share": round(float(band.unknown.mean()), 5),
        "solver_size": [small.shape[1], small.shape[0]],
    }
    doubt = _doubt(band)
    if doubt:
        return Matte(mask, {**details, "guard": f"kept: {doubt}"})
    alpha, iterations = small_mask, 0
    narrowing = not is_hard(small_mask, cell_px * base)  # a hard edge says nothing of how soft the true one is
    lab = to_lab(small)
    reach = round(NEAR_CELLS * cell_px * base)
    for number in range(PASSES):
        alpha, done = _solve(small, lab, alpha, band, radius, narrowing=narrowing, examined_px=reach if number else 0)
        iterations += done
        band = trimap_of(alpha, radius)
    mid = max(base, min(1.0, MID_SIDE / long))
    middle = reduced(rgb, mid)
    alpha = _polished(middle, carry_up(small, alpha, middle))
    middle_mask = reduced(mask, mid)
    trust = trust_of(middle_mask, alpha, cell_px * mid)
    alpha = agreeing(_without_haze(alpha, HAZE * (1.0 - trust)), middle_mask, cell_px * mid, trust)
    alpha = carry_up(middle, alpha, rgb)
    return Matte(alpha, {**details, "iterations": iterations, "trust": round(trust, 3), "guard": "solved"})


def _doubt(band: Trimap) -> str:
    """Why a solve is not to be trusted, or nothing."""
    if not band.unknown.any():
        return "the mask has no edge"
    if not band.subject.any():
        return "the mask has no sure subject"
    if not band.background.any():
        return "the mask has no sure background"
    if band.subject.sum() < SURE_PER_BAND * band.unknown.sum():
        return "the mask is unsure over most of the subject"
    return ""


def _solve(
    rgb: ByteImage,
    lab: FloatImage,
    mask: FloatImage,
    band: Trimap,
    radius: float,
    *,
    narrowing: bool,
    examined_px: int,
) -> tuple[FloatImage, int]:
    """Alpha at the size of the first solve, and the iterations it took.

    examined_px : so far round the band the vote is examined on what is known; 0: it is believed.
    """
    scale = min(1.0, BASE_SIDE / max(mask.shape))
    small_band = reduced(band.unknown.astype(np.float32), scale) > 0
    vote = color_vote(reduced(lab, scale), reduced(mask, scale), small_band)
    color = ask(vote, lab, mask, band.unknown)
    word = mask[band.unknown]
    if examined_px:
        doubt = _doubt_of(vote, lab, mask, band, examined_px)
        color = doubt + (1 - 2 * doubt) * color

    flips = float(((color > 0.5) != (word > 0.5)).mean())
    width = float(np.clip((flips - FLIPS[0]) / (FLIPS[1] - FLIPS[0]), 0.15, 1.0)) if narrowing else 1.0
    narrow = trimap_of(mask, radius * width)
    kept = narrow.unknown[band.unknown]
    prior = _joined(color[kept], np.clip(word[kept], 0.02, 0.98), 2.0 - width)
    weight = PRIOR * np.square(np.square(2.0 * prior - 1.0))

    alpha = narrow.subject.astype(np.float32)
    system = band_system(rgb.astype(np.float32) / np.float32(255), alpha, narrow.unknown)
    alpha[narrow.unknown], done = solve_band(system, prior, weight, prior, iterations=50)
    return alpha, done


def _doubt_of(vote: ColorVote, lab: FloatImage, mask: FloatImage, band: Trimap, reach_px: int) -> np.float32:
    """How little the vote is to be believed, by what it misjudges of what is known round the band: in [0, 1/2]."""
    near = cv2.dilate(band.unknown.astype(np.uint8), np.ones((2 * reach_px + 1,) * 2, np.uint8)) > 0
    wrong = misjudged(vote, lab, mask, band.subject & near, band.background & near)
    return np.float32(min(0.5, DISBELIEF * wrong))


def _joined(color: NDArray[np.float32], word: NDArray[np.float32], power: float) -> NDArray[np.float32]:
    """Product of the vote's and the mask's odds; the mask's are raised to `power`."""
    yes = color * word**power
    return np.asarray(yes / (yes + (1.0 - color) * (1.0 - word) ** power), dtype=np.float32)


def _without_haze(alpha: FloatImage, haze: float) -> FloatImage:
    """The alpha stretched, so that what is within `haze` of 0 and 1 is 0 and 1."""
    return np.asarray(np.clip((alpha - np.float32(haze)) / np.float32(1 - 2 * haze), 0.0, 1.0), dtype=np.float32)


def _polished(rgb: ByteImage, alpha: FloatImage) -> FloatImage:
    """A few iterations of the plain Laplacian where a carried alpha is soft."""
    soft = ((alpha > 0.02) & (alpha < 0.98)).astype(np.uint8)
    unknown = cv2.dilate(soft, np.ones((5, 5), np.uint8)) > 0
    result = (alpha > 0.5).astype(np.float32)
    system = band_system(rgb.astype(np.float32) / np.float32(255), result, unknown)
    start = alpha[unknown]
    result[unknown], _ = solve_band(system, start, np.zeros_like(start), start, iterations=20)
    return result
