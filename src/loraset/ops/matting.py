"""Fine alpha from a coarse mask: solved in a band round its edge at a small size, then carried up.

In: a photo and a soft mask of the same size, and how coarse the mask's grid was. Out: alpha, and what was done. Never:
settings, randomness or a system over the whole picture; where a solve is not to be trusted, the mask comes back.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from loraset.color import to_lab
from loraset.ops.agreement import agreeing, is_hard, trust_of
from loraset.ops.carry import carry_up
from loraset.ops.geometry import around, reduced
from loraset.ops.laplacian import band_system, solve_band
from loraset.ops.prior import Prior, prior_of
from loraset.ops.trimap import Trimap, trimap_of
from loraset.types import BoolImage, ByteImage, FloatImage, Json

BASE_SIDE = 400  # long side of the first solve, px; more where the mask's grid is finer
BASE_PIXELS = 1 << 20
MID_SIDE = 1024  # long side of the second solve
CELL_AT_BASE = 1.25  # px: a cell of the mask's grid is not made smaller than this
RADIUS_CELLS = 2.8  # the band reaches so far into what the mask is sure of
RADIUS_SHARE = 0.004  # of the long side: fur is that long even under a pixel-true mask
SURE_PER_BAND = 0.5  # less sure subject than this share of the band: the mask does not know
PASSES = 2  # the second starts from the first one's answer
HOLD = np.float32(0.05)  # of a decided alpha where a carried one is polished
HAZE = 0.03  # what the solve leaves of alpha where there should be none, and takes where all should be
SILENT = (0.7, 0.95)  # how little colour says where a mask of yes and no begins to be kept, and is kept wholly
MIN_SIDE = 8


@dataclass(frozen=True, slots=True, eq=False)
class Matte:
    """A fine alpha and how it came about.

    alpha : float32 array of shape (H, W), [0, 1].
    details : JSON. guard is "solved" or "kept: <why>"; band_px the width of the band on each side of the edge, in px of
        the picture; band_share its share of the picture; solver_size (width, height) and iterations of the first solve;
        trust the share of the mask's own word in the result; silent_share the part of the picture where a mask of yes
        and no is kept, since colour says nothing.
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
    box = around(inside)
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
    hard = is_hard(small_mask, cell_px * base)
    silence = np.zeros(small_mask.shape, dtype=np.float32)
    lab = to_lab(small)
    for number in range(PASSES):
        again = number > 0
        prior = prior_of(lab, alpha, band, radius_px=radius, cell_px=cell_px * base, hard=hard, again=again)
        alpha, done = _solved(small, prior)
        iterations += done
        silence = np.maximum(silence, prior.silence)
        band = trimap_of(alpha, radius)
    mid = max(base, min(1.0, MID_SIDE / long))
    middle = reduced(rgb, mid)
    alpha = _polished(middle, carry_up(small, alpha, middle))
    middle_mask = reduced(mask, mid)
    trust = trust_of(middle_mask, alpha, cell_px * mid)
    alpha = agreeing(_without_haze(alpha, HAZE * (1.0 - trust)), middle_mask, cell_px * mid, trust)
    alpha = _with_mask(carry_up(middle, alpha, rgb), mask, silence)
    details |= {"iterations": iterations, "trust": round(trust, 3), "guard": "solved"}
    return Matte(alpha, {**details, "silent_share": round(float((silence > SILENT[0]).mean()), 5)})


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


def _solved(rgb: ByteImage, prior: Prior) -> tuple[FloatImage, int]:
    """Alpha at the size of the first solve, and the iterations it took."""
    unknown = prior.band.unknown
    alpha = prior.band.subject.astype(np.float32)
    system = band_system(rgb.astype(np.float32) / np.float32(255), alpha, unknown)
    alpha[unknown], done = solve_band(system, prior.alpha, prior.weight, prior.alpha, iterations=50)
    return alpha, done


def _with_mask(alpha: FloatImage, mask: FloatImage, silence: FloatImage) -> FloatImage:
    """The alpha, and the mask where the colours of the small picture say nothing."""
    around = cv2.dilate(silence, np.ones((5, 5), np.uint8))  # polishing reaches so far beyond the band
    share = np.clip((around - SILENT[0]) / (SILENT[1] - SILENT[0]), 0.0, 1.0)
    if not share.any():
        return alpha
    share = cv2.resize(share, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(alpha + share * (mask - alpha), dtype=np.float32)


def _without_haze(alpha: FloatImage, haze: float) -> FloatImage:
    """The alpha stretched, so that what is within `haze` of 0 and 1 is 0 and 1."""
    return np.asarray(np.clip((alpha - np.float32(haze)) / np.float32(1 - 2 * haze), 0.0, 1.0), dtype=np.float32)


def _polished(rgb: ByteImage, alpha: FloatImage) -> FloatImage:
    """A few iterations of the Laplacian where a carried alpha is soft; what is nearly decided is held."""
    soft = ((alpha > 0.02) & (alpha < 0.98)).astype(np.uint8)
    unknown = cv2.dilate(soft, np.ones((5, 5), np.uint8)) > 0
    result = (alpha > 0.5).astype(np.float32)
    system = band_system(rgb.astype(np.float32) / np.float32(255), result, unknown)
    start = alpha[unknown]
    weight = HOLD * np.square(np.square(2 * start - 1))
    result[unknown], _ = solve_band(system, start, weight, start, iterations=20)
    return result
