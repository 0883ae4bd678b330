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
    near = np.stack(
        [
            np.maximum(y - 1, 0) * width + x,
            np.minimum(y + 1, height - 1) * width + x,
            y * width + np.maximum(x - 1, 0),
            y * width + np.minimum(x + 1, width - 1),
        ],
        axis=1,
    )
    part = flat[places]
    ties = SMOOTH + SMOOTH_AT_EDGES * np.abs(part[:, None] - flat[near])
    number = np.full(flat.size, -1, dtype=np.int32)
    number[places] = np.arange(places.size, dtype=np.int32)
    other = number[near]
    inner = np.where(other >= 0, ties, np.float32(0))
    columns = np.where(other >= 0, other, 0)
    starts = np.arange(places.size + 1) * 4
    tied = sparse.csr_array((inner.reshape(-1), columns.reshape(-1), starts), shape=(places.size, places.size))

    colors = np.ascontiguousarray(image.reshape(-1, 3)[places].T)
    right = np.empty((2, 3, places.size), dtype=np.float32)
    start = np.empty_like(right)
    own = []
    for side, (share, known) in enumerate(zip((part, 1 - part), guess, strict=True)):
        outer = ties - inner
        outer[(flat if side == 0 else 1 - flat)[near] < 0.5] = 0
        seen = known.reshape(-1, 3)
        right[side] = share * colors + np.einsum("nk,nkc->cn", outer, seen[near])
        start[side] = seen[places].T
        own.append(share * share + inner.sum(axis=1) + outer.sum(axis=1))
    colors = _solved(tied, own[0], part * (1 - part), own[1], right, start)
    faint = np.square(np.clip(1 - np.stack([part, 1 - part]) / FAINT, 0, 1))[:, None]
    return np.asarray(colors + faint * (start - colors), dtype=np.float32)


def _solved(
    tied: sparse.csr_array,
    front: NDArray[np.float32],
    both: NDArray[np.float32],
    back: NDArray[np.float32],
    right: Colors,
    colors: Colors,
) -> Colors:
    """Conjugate gradients on blocks [[front, both], [both, back]] less the ties, started from `colors`."""
    scale = 1 / (front * back - both * both)

    def applied(x: Colors) -> Colors:
        result = np.stack([[front * x[0], back * x[1]]]).reshape(x.shape)
        result += both * x[::-1]
        for side in range(2):
            for channel in range(3):
                result[side, channel] -= tied @ x[side, channel]
        return result

    def preconditioned(x: Colors) -> Colors:
        return np.asarray(np.stack([back * x[0] - both * x[1], front * x[1] - both * x[0]]) * scale, dtype=np.float32)

    residual = right - applied(colors)
    step = preconditioned(residual)
    direction = step
    first = energy = float((residual * step).sum())
    for _ in range(ITERATIONS):
        if energy <= ENOUGH * first:
            break
        image = applied(direction)
        length = np.float32(energy / float((direction * image).sum()))
        colors = colors + length * direction
        residual -= length * image
        step = preconditioned(residual)
        before, energy = energy, float((residual * step).sum())
        direction = step + np.float32(energy / before) * direction
    return np.asarray(np.clip(colors, 0, 1), dtype=np.float32)
