"""How well each subject of a set fits the others: by their colours, and by the patches that they are made of.

In: cut-outs. Out: `Look`s, small arrays of bytes; distances between them; fits and groups. Never: the background, the
place or size in the picture, or a verdict.

A colour histogram alone takes two brown toys for one; local gradients alone take any two smooth ones. Together they
tell subjects apart in other poses, lights and crops, because a patch of one may lie anywhere in the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.color import to_lab
from loraset.ops.descriptors import subject_box
from loraset.types import ByteImage, FloatImage

SIDE_PX = 96  # root of the subject's area
MOST_PX = 384  # longer side of a subject that is nearly all gaps
LIGHTNESS_BINS, COLOR_BINS = 4, 9
CHROMA_KNEE, CHROMA_MOST = 12.0, 80.0  # bins are narrow about gray, where most of the subjects' colours lie
PATCH_PX, STEP_PX = 36, 12
ORIENTATIONS = 8
COVERED = 0.6  # of a patch that is subject
PATCH_WEIGHT = 4.0  # of patches against colour
FEWEST = 5  # looks that say what is usual
MOST_REFERENCES = 48  # looks that stand for the set
LEAST_TYPICAL = 0.25  # distance below which all are alike; views of one toy lie at 0.3 to 0.5 of each other
FEWEST_IN_GROUP = 3
APART = 0.17  # separation of two subjects: views of one thing seldom come over it,
LEAST_APART = 0.03  # and then not all of them are clearly on one side
FLAT_LEVELS = 8.0  # mean gradient, in levels of L, under which a patch counts as flat rather than as pure direction


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A subject's look.

    colors : uint8 array of shape (LIGHTNESS_BINS, COLOR_BINS**2): roots of the shares of (L, a, b), 255 is 1.
    patches : uint8 array of shape (N, 4 * ORIENTATIONS): gradients by direction in each patch's quarters, 255 is 1.
    """

    colors: ByteImage
    patches: ByteImage


def look_at(rgb: FloatImage, alpha: FloatImage) -> Look | None:
    """Return the look of a cut-out, or None where alpha is nowhere over 1/2.

    rgb : float32 array of shape (H, W, 3), [0, 1], straight sRGB. alpha : float32 array of shape (H, W), [0, 1].
    """
    box = subject_box(alpha)
    if box is None:
        return None
    height, width = alpha[box].shape
    scale = min(SIDE_PX / float(np.sqrt(alpha[box].sum(dtype=np.float64))), MOST_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(np.dstack([rgb[box] * alpha[box][..., None], alpha[box]]), size, interpolation=method)
    cover = np.asarray(small[..., 3], dtype=np.float32)
    straight = np.clip(small[..., :3] / np.maximum(cover, 1e-3)[..., None], 0, 1)
    lab = to_lab((straight * 255 + 0.5).astype(np.uint8))
    return Look(color_shares(lab[cover > min(0.8, float(cover.max()) / 2)]), _patches(lab[..., 0], cover))


def color_shares(lab: FloatImage) -> ByteImage:
    """uint8 (LIGHTNESS_BINS, COLOR_BINS**2): roots of a joint histogram; 255 is 1.

    A pixel is shared among neighbouring bins; those of a and b widen outwards.

    lab : float32 array of shape (N, 3), CIE Lab.
    """
    chroma = np.arcsinh(lab[:, 1:] / CHROMA_KNEE) / np.arcsinh(CHROMA_MOST / CHROMA_KNEE) * 0.5 + 0.5
    shape = np.array([LIGHTNESS_BINS, COLOR_BINS, COLOR_BINS])
    place = np.clip(np.column_stack([lab[:, 0] / 100, chroma]).astype(np.float64), 0, 1) * (shape - 1)
    first = np.minimum(place.astype(np.intp), shape - 2)
    rest = place - first
    counts = np.zeros(int(shape.prod()))
    for corner in np.ndindex(2, 2, 2):
        bins = np.ravel_multi_index(tuple((first + corner).T), tuple(shape))
        counts += np.bincount(bins, np.prod(np.where(corner, rest, 1 - rest), axis=1), counts.size)
    roots = np.sqrt(counts / max(1, len(lab)))
    return (roots * 255 + 0.5).astype(np.uint8).reshape(LIGHTNESS_BINS, -1)


def _patches(lightness: FloatImage, cover: FloatImage) -> ByteImage:
    mean = float((lightness * cover).sum(dtype=np.float64) / max(float(cover.sum(dtype=np.float64)), 1e-6))
    filled = np.pad(cover * lightness + (1 - cover) * mean, PATCH_PX, constant_values=mean)
    smooth = cv2.GaussianBlur(filled.astype(np.float32), (0, 0), 0.8)
    dx, dy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    turn = np.arctan2(dy, dx) / (2 * np.pi) * ORIENTATIONS % ORIENTATIONS
    planes = np.zeros((*smooth.shape, 1 + ORIENTATIONS))
    planes[..., 0] = np.pad(cover, PATCH_PX)
    strength, first = np.hypot(dx, dy), turn.astype(np.intp) % ORIENTATIONS
    rest = turn - np.floor(turn)
    np.put_along_axis(planes, 1 + first[..., None], (strength * (1 - rest))[..., None], axis=2)
    np.put_along_axis(planes, 1 + (first[..., None] + 1) % ORIENTATIONS, (strength * rest)[..., None], axis=2)
    cell = PATCH_PX // 2
    total = np.pad(planes, ((1, 0), (1, 0), (0, 0))).cumsum(0).cumsum(1)
    cells = total[cell:, cell:] - total[:-cell, cell:] - total[cell:, :-cell] + total[:-cell, :-cell]
    rows = np.arange(0, smooth.shape[0] - PATCH_PX + 1, STEP_PX)
    columns = np.arange(0, smooth.shape[1] - PATCH_PX + 1, STEP_PX)
    quarters = np.stack([cells[rows + y][:, columns + x] for y in (0, cell) for x in (0, cell)], axis=2)
    quarters = quarters.reshape(-1, 4, 1 + ORIENTATIONS)
    covered = quarters[..., 0].sum(axis=1)
    chosen = quarters[covered >= COVERED * min(PATCH_PX**2, float(covered.max())), :, 1:].reshape(-1, 4 * ORIENTATIONS)
    length = np.linalg.norm(chosen, axis=1, keepdims=True)
    return np.asarray(chosen / (length + FLAT_LEVELS * cell**2) * 255 + 0.5, dtype=np.uint8)


def _mirrored(patches: ByteImage) -> ByteImage:
    """Return the patches of the mirror image: left and right quarters change places, and so do their directions."""
    quarters = patches.reshape(-1, 2, 2, ORIENTATIONS)[:, :, ::-1]
    turned = (ORIENTATIONS // 2 - np.arange(ORIENTATIONS)) % ORIENTATIONS
    return np.ascontiguousarray(quarters[..., turned].reshape(patches.shape))


def gaps(looks: Sequence[Look], references: Sequence[Look]) -> NDArray[np.float64]:
    """How unlike each look is to each reference: array of shape (looks, references), 0 for itself, seldom over 0.7.

    A fifth of it is the Hellinger distance of the colours. The rest says how badly the look is made of the reference's
    patches: the mean distance of a patch to the nearest one there (Boiman, Shechtman, Irani: In defense of
    nearest-neighbor based image classification, 2008), of the look or of its mirror image, whichever is nearer.
    """
    pool = np.concatenate([look.patches for look in references]).astype(np.float32)  # whole numbers: sums are exact
    starts = np.cumsum([0, *(len(look.patches) for look in references)])[:-1]
    squares = (pool**2).sum(axis=1)
    colors = np.stack([look.colors.ravel() for look in references]).astype(np.float64) / 255
    found = np.empty((len(looks), len(references)))
    for row, look in enumerate(looks):
        nearest = np.full(len(references), np.inf)
        for patches in (look.patches, _mirrored(look.patches)):
            own = patches.astype(np.float32)
            distances = squares - 2 * own @ pool.T + (own**2).sum(axis=1)[:, None]
            least = np.minimum.reduceat(distances, starts, axis=1)
            nearest = np.minimum(nearest, np.sqrt(least.astype(np.float64)).mean(axis=0) / 255)
        color = np.linalg.norm(colors - look.colors.ravel() / 255.0, axis=1) / np.sqrt(2)
        found[row] = (color + PATCH_WEIGHT * nearest) / (1 + PATCH_WEIGHT)
    return found


@dataclass(frozen=True, slots=True)
class Fits:
    """How the looks of a set fit together.

    fit : of each, in (0, 1]: 1 where it is no farther from the others than the median look is; 1/2 twice as far.
    groups : 0 or 1 of each, 0 the larger group, where the set looks like two subjects; else all 0.
    separation : of the two groups, -1 to 1 (mean silhouette).
    """

    fit: tuple[float, ...]
    groups: tuple[int, ...]
    separation: float


def fit_together(looks: Sequence[Look]) -> Fits | None:
    """Return how the looks fit together, or None where there are too few to tell; the order of the looks decides ties.

    A look is compared with the nearer half of the others but for the nearest: two strangers cannot vouch for each
    other, and the back view of a toy need not be like its front. In a large set, an even choice stands for the others.
    """
    if len(looks) < FEWEST:
        return None
    chosen = np.unique(np.linspace(0, len(looks) - 1, min(len(looks), MOST_REFERENCES)).round().astype(np.intp))
    references = [looks[index] for index in chosen]
    blocks = (looks[start : start + MOST_REFERENCES] for start in range(0, len(looks), MOST_REFERENCES))
    back = np.concatenate([gaps(references, block) for block in blocks], axis=1).T
    between = (gaps(looks, references) + back) / 2  # the patches of a plain stranger lie in every subject
    others = between.copy()
    others[chosen, np.arange(chosen.size)] = np.inf
    half = max(1, (chosen.size - 1) // 2)
    distance = np.sort(others, axis=1)[:, 1 : 1 + half].mean(axis=1)
    typical = max(float(np.median(distance)), LEAST_TYPICAL)
    fit = np.minimum(1.0, typical / np.maximum(distance, 1e-9))
    groups, separation = _two_groups(between, chosen)
    return Fits(tuple(fit.tolist()), tuple(groups.tolist()), separation)


def _two_groups(between: NDArray[np.float64], chosen: NDArray[np.intp]) -> tuple[NDArray[np.intp], float]:
    """Ward's two groups of the references, and the nearer one of each look, if they lie apart."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    square = between[chosen]
    np.fill_diagonal(square, 0.0)
    of_chosen = fcluster(linkage(squareform(square, checks=False), "ward"), 2, "maxclust") - 1
    inside = np.stack([(of_chosen == group) for group in (0, 1)], axis=1).astype(np.float64)
    sizes = inside.sum(axis=0)
    one = np.zeros(len(between), dtype=np.intp)
    if sizes.min() < FEWEST_IN_GROUP:
        return one, 0.0
    means = square @ inside / (sizes - inside)  # without itself
    rows = np.arange(chosen.size)
    own, other = means[rows, of_chosen], means[rows, 1 - of_chosen]
    silhouette = (other - own) / np.maximum(np.maximum(own, other), LEAST_TYPICAL)
    separation = float(silhouette.mean())
    if separation < APART or silhouette.min() < LEAST_APART:
        return one, separation
    nearer = np.argmin(between @ inside / sizes, axis=1)
    nearer[chosen] = of_chosen
    larger = int(np.argmax(np.bincount(nearer, minlength=2)))
    return np.asarray(nearer != larger, dtype=np.intp), separation
