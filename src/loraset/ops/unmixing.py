"""Two colours for each mixed pixel: what its neighbours of known colour, and the mixture itself, say of both.

In: a picture, its alpha, first guesses of foreground and background. Out: both colours of the mixed pixels. Never: a
change of a pixel that is not mixed.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from loraset.types import BoolImage, FloatImage

SMOOTH = np.float32(1e-5)  # ties of neighbours of equal alpha
SMOOTH_AT_EDGES = np.float32(0.1)  # more ties where alpha changes
FAINT = np.float32(0.3)  # share below which a side leans on its guess: an alpha a little off would colour it
ITERATIONS = 24
ENOUGH = 1e-7  # of the first step's energy

Colors = NDArray[np.float32]  # (2, 3, n): foreground and background, channels, mixed pixels in row-major order


def unmixed(image: FloatImage, alpha: FloatImage, mixed: BoolImage, guess: tuple[FloatImage, FloatImage]) -> Colors:
    """Foreground and background of the mixed pixels, float32 array of shape (2, 3, n), [0, 1], row-major.

    Minimises |alpha F + (1 - alpha) B - I|^2 plus the differences between neighbours, tied more where alpha changes
    (Germer et al.: Fast Multi-Level Foreground Estimation, 2020), by conjugate gradients preconditioned with the
    pixels' own 2x2 blocks. A pixel that is not mixed holds its guess, where it shows that side at all: the foreground
    is not tied to pixels of alpha 0, nor the background to those of alpha 1. A side that hardly shows leans on its
    guess.

    image : float32 array of shape (H, W, 3), [0, 1]. alpha : float32 array of shape (H, W), [0, 1].
    mixed : bool array of shape (H, W). guess : two float32 arrays of shape (H, W, 3).
    """
    height, width = alpha.shape
    flat, places = alpha.reshape(-1), np.flatnonzero(mixed)
    y, x = np.divmod(places, width)
    left, right = places - (x > 0), places + (x < width - 1)
    near = np.stack([places - width * (y > 0), places + width * (y < height - 1), left, right])
    part, around = flat[places], flat[near]
    ties = SMOOTH + SMOOTH_AT_EDGES * np.abs(part - around)
    number = np.full(flat.size, -1, dtype=np.int32)
    number[places] = np.arange(places.size, dtype=np.int32)
    other = number[near]
    inner = np.where(other >= 0, ties, np.float32(0))
    starts = np.arange(places.size + 1, dtype=np.int32) * 4
    columns = np.maximum(other, 0).T.reshape(-1)
    tied = sparse.csr_array((inner.T.reshape(-1), columns, starts), shape=(places.size, places.size))

    wanted = np.empty((2, 3, places.size), dtype=np.float32)
    start = np.empty_like(wanted)
    own = []
    outer = ties - inner
    for side, (share, shares, known) in enumerate(zip((part, 1 - part), (around, 1 - around), guess, strict=True)):
        shown = np.where(shares < 0.5, np.float32(0), outer)
        own.append(share * share + inner.sum(axis=0) + shown.sum(axis=0))
        for channel in range(3):
            plane = np.ascontiguousarray(known[..., channel]).reshape(-1)
            color = image.reshape(-1, 3)[places, channel]
            wanted[side, channel] = share * color + np.einsum("kn,kn->n", shown, plane[near])
            start[side, channel] = plane[places]
    colors = _solved(tied, own[0], part * (1 - part), own[1], wanted, start)
    faint = np.square(np.clip(1 - np.stack([part, 1 - part]) / FAINT, 0, 1))[:, None]
    return np.asarray(colors + faint * (start - colors), dtype=np.float32)


def _solved(
    tied: sparse.csr_array,
    front: NDArray[np.float32],
    both: NDArray[np.float32],
    back: NDArray[np.float32],
    wanted: Colors,
    start: Colors,
) -> Colors:
    """Conjugate gradients on blocks [[front, both], [both, back]] less the ties, from `start`; in place, for speed."""
    scale = 1 / (front * back - both * both)
    inverse = [[back * scale, both * scale], [both * scale, front * scale]]
    colors, scratch, image, step = start.copy(), *(np.empty_like(start) for _ in range(3))

    def apply(x: Colors) -> None:
        np.multiply(x[0], front, out=image[0])
        np.multiply(x[1], back, out=image[1])
        np.add(image, np.multiply(x[::-1], both, out=scratch), out=image)
        for side in range(2):
            for channel in range(3):
                image[side, channel] -= tied @ x[side, channel]

    def precondition(x: Colors) -> None:
        for side in range(2):
            np.multiply(x[side], inverse[side][side], out=step[side])
            step[side] -= np.multiply(x[1 - side], inverse[side][1 - side], out=scratch[side])

    def product(x: Colors, y: Colors) -> float:
        return float(np.multiply(x, y, out=scratch).sum())

    apply(start)
    residual = wanted - image
    precondition(residual)
    direction = step.copy()
    first = energy = product(residual, step)
    for _ in range(ITERATIONS):
        if energy <= ENOUGH * first:
            break
        apply(direction)
        length = np.float32(energy / product(direction, image))
        colors += np.multiply(direction, length, out=scratch)
        residual -= np.multiply(image, length, out=scratch)
        precondition(residual)
        before, energy = energy, product(residual, step)
        direction *= np.float32(energy / before)
        direction += step
    return np.clip(colors, 0, 1, out=colors)
