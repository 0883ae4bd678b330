"""What the colours round a pixel say about it: a local vote by colour.

In: a small Lab picture, a soft mask, the uncertain band. Out: the probability that a pixel's colour belongs to the
subject there. Never: randomness; the palette comes from a histogram, so a mirrored picture gets the mirrored answer.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from loraset.ops.geometry import area_weights
from loraset.types import BoolImage, FloatImage

COLORS = 24
SPREAD = 2.8  # Lab units within which two colours are the same
REACH = 0.09  # of the long side: how far a vote carries
FAR = 4.0  # times the reach: what is known there counts too, for a hole amid the subject has no background near
HEARSAY = 0.5  # weight of the far evidence
SHRINK = 6  # the votes are blurred on a grid this much smaller
DOUBT = 1e-3  # support below which the mask's own word counts
ROUNDS = 3
CERTAINTY = 2  # power of |2 mask - 1|: more mends fur a little and takes whole parts where a mask is soft inside
LEARN = 0.8  # share of the vote in the next round's mask, inside the band
CELL = 5.0  # Lab units of a histogram cell


@dataclass(frozen=True, slots=True, eq=False)
class ColorVote:
    """Evidence for subject and background, per palette colour and place.

    palette : float32 array of shape (K, 3), Lab.
    subject, background : float32 arrays of shape (K, h, w), blurred evidence on the small grid.
    """

    palette: FloatImage
    subject: FloatImage
    background: FloatImage


def palette_of(colors: FloatImage, count: int = COLORS) -> FloatImage:
    """Representative colours, float32 array of shape (at most `count`, 3).

    k-means on the cells of the colours' histogram, started from the cells that are farthest apart.

    colors : float32 array of shape (n, 3), n > 0.
    """
    cells = np.floor(colors / CELL).astype(np.int64) + 64  # Lab spans about 50 cells to either side of 0
    codes, weights = np.unique((cells[:, 0] * 128 + cells[:, 1]) * 128 + cells[:, 2], return_counts=True)
    cells = np.stack([codes >> 14, codes >> 7 & 127, codes & 127], axis=1) - 64
    points = ((cells + 0.5) * CELL).astype(np.float32)
    mass = weights.astype(np.float64)
    chosen = [int(np.argmax(mass))]
    distance = np.square(points - points[chosen[0]]).sum(axis=1)
    while len(chosen) < min(count, len(points)):
        chosen.append(int(np.argmax(distance * np.sqrt(mass))))
        distance = np.minimum(distance, np.square(points - points[chosen[-1]]).sum(axis=1))
    centers = points[chosen].astype(np.float64)
    nearest = np.full(len(points), -1)
    for _ in range(12):
        light, a, b = (np.square(points[:, axis, None] - centers[:, axis]) for axis in range(3))
        before, nearest = nearest, (light + a + b).argmin(axis=1)
        if np.array_equal(nearest, before):
            break
        total = np.bincount(nearest, mass, len(centers))
        for axis in range(3):
            moved = np.bincount(nearest, mass * points[:, axis], len(centers))
            centers[:, axis] = np.where(total > 0, moved / np.maximum(total, 1), centers[:, axis])
    return centers.astype(np.float32)


def _memberships(colors: FloatImage, palette: FloatImage) -> FloatImage:
    """Soft membership of each colour in each palette colour: (K, n), columns sum to 1."""
    parts = np.ascontiguousarray(colors.T)
    distance = np.stack(
        [sum(np.square(part - value) for part, value in zip(parts, center, strict=True)) for center in palette]
    )
    distance -= distance.min(axis=0)
    shares = np.exp(distance * np.float32(-0.5 / SPREAD**2))
    shares /= shares.sum(axis=0)
    return np.asarray(shares, dtype=np.float32)


def color_vote(lab: FloatImage, mask: FloatImage, unknown: BoolImage) -> ColorVote:
    """The vote, learnt from the mask and then from its own answer inside the band.

    lab : float32 array of shape (H, W, 3). mask : float32 array of shape (H, W), [0, 1].
    unknown : bool array of shape (H, W), not empty.
    """
    height, width = mask.shape
    reach = REACH * max(height, width)
    size = 2 * round(reach) + 1
    near = cv2.dilate(unknown.astype(np.uint8), np.ones((size, size), np.uint8)) > 0
    palette = palette_of(lab[near])
    shares = _memberships(lab.reshape(-1, 3), palette).reshape(-1, height, width)
    band = shares[:, unknown]
    current = mask.copy()
    vote = _evidence(shares, current, palette, reach)
    for _ in range(ROUNDS - 1):
        said = _answer(vote, band, unknown, mask[unknown])
        current[unknown] = LEARN * said + (1 - LEARN) * current[unknown]
        vote = _evidence(shares, current, palette, reach)
    return vote


def _evidence(shares: FloatImage, mask: FloatImage, palette: FloatImage, reach: float) -> ColorVote:
    height, width = mask.shape
    small = (max(2, round(width / SHRINK)), max(2, round(height / SHRINK)))
    sure = np.abs(2.0 * mask - 1.0) ** CERTAINTY
    inside = np.where(mask > 0.5, sure, np.float32(0))
    outside = sure - inside
    sigma = reach / SHRINK
    far_small = (max(2, round(small[0] / FAR)), max(2, round(small[1] / FAR)))

    rows, columns = (
        area_weights(0, height / small[1], small[1], height),
        area_weights(0, width / small[0], small[0], width),
    )

    def spread(weights: FloatImage) -> FloatImage:
        reduced = (columns @ (rows @ weights).T).T  # a fifth of the time of cv2.resize
        near = cv2.GaussianBlur(reduced, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
        coarse = cv2.resize(reduced, far_small, interpolation=cv2.INTER_AREA)  # here the far reach is `sigma` cells
        far = cv2.GaussianBlur(coarse, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
        return np.asarray(near + HEARSAY * cv2.resize(far, small, interpolation=cv2.INTER_LINEAR), dtype=np.float32)

    return ColorVote(
        palette,
        np.stack([spread(layer * inside) for layer in shares]),
        np.stack([spread(layer * outside) for layer in shares]),
    )


def _answer(
    vote: ColorVote,
    shares: FloatImage,
    unknown: BoolImage,
    mask: FloatImage,
) -> FloatImage:
    height, width = unknown.shape
    total = np.zeros(shares.shape[1], dtype=np.float32)
    subject = np.zeros(shares.shape[1], dtype=np.float32)
    for k in range(len(vote.palette)):
        inside = cv2.resize(vote.subject[k], (width, height), interpolation=cv2.INTER_LINEAR)[unknown]
        outside = cv2.resize(vote.background[k], (width, height), interpolation=cv2.INTER_LINEAR)[unknown]
        subject += shares[k] * inside
        total += shares[k] * (inside + outside)
    return np.asarray((subject + DOUBT * mask) / (total + DOUBT), dtype=np.float32)


def ask(vote: ColorVote, lab: FloatImage, mask: FloatImage, unknown: BoolImage) -> FloatImage:
    """Probability of "subject" for each unknown pixel, float32 array of shape (n,), row-major.

    Where no evidence carries the pixel's colour, it is the mask's own value.

    lab : float32 array of shape (H, W, 3), at any size. mask, unknown : of shape (H, W).
    """
    shares = _memberships(lab[unknown], vote.palette)
    return _answer(vote, shares, unknown, mask[unknown])


def misjudged(vote: ColorVote, lab: FloatImage, mask: FloatImage, subject: BoolImage, background: BoolImage) -> float:
    """How far the vote is wrong, on average, about pixels that are known: of the worse side, in [0, 1].

    Every second pixel of every second row is asked.

    lab : float32 array of shape (H, W, 3). mask, subject, background : of shape (H, W).
    """
    part = np.s_[::2, ::2]
    lab, mask = lab[part], mask[part]
    sides = ((subject[part], np.float32(1)), (background[part], np.float32(0)))
    return max(float(np.abs(ask(vote, lab, mask, side) - truth).mean()) if side.any() else 0.0 for side, truth in sides)
