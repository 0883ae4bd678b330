"""Cutting out the subject that a set of pictures shares, with no pretrained network.

In: reduced pictures of one set. Out: for each a soft mask and how far two ways of finding it agree. Never: paths,
chance beyond the seed given, or the order of the pictures in what is learnt from one of them.

Four steps, each a function: `look` describes a picture and guesses its subject by saliency; `learn` fits classifiers
of pixels and of regions over all pictures, guesses first, then their own masks; `evidence_of` is what those say of one
picture; `outline` cuts it, together with the picture's own colours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.color import to_lab
from loraset.ops.features import pixel_features
from loraset.ops.forest import Forests, Lesson, grow
from loraset.ops.graphcut import colour_evidence, cut
from loraset.ops.saliency import centre_prior, saliency
from loraset.ops.superpixels import LabelImage, region_means, superpixels
from loraset.types import BoolImage, ByteImage, FloatImage, Map

WORKING_SIDE = 320  # px, long side of the grid that masks are made on
STRIDE = 2  # pixels are classified on every second line and column; the cut finds the edge between
REGIONS = 600
ROUNDS = 3
SAMPLES = 2000  # columns of each side that one picture teaches
LEFT_OUT = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture at the working size, described.

    lab : float32 array of shape (h, w, 3). start : float32 array of shape (h, w), the guess by saliency, [0, 1].
    pixels : float32 features of every STRIDE-th pixel. labels, regions : label map (h, w) and features of its regions.
    """

    lab: FloatImage
    start: FloatImage
    pixels: FloatImage
    labels: LabelImage
    regions: FloatImage


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """What a set taught: classifiers of pixels and of regions."""

    pixels: Forests
    regions: Forests


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A cut picture.

    probability : float32 array of shape (h, w), [0, 1]: the mean of the ways to cut it, over 0.5 where the joint cut
        says "subject", soft over about two px of its edge.
    agreement : IoU of the two independent cuts, [0, 1].
    """

    probability: FloatImage
    agreement: float


def look(rgb: ByteImage) -> Look:
    """Describe a picture: reduced to `WORKING_SIDE`.

    rgb : uint8 array of shape (H, W, 3), sRGB.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, WORKING_SIDE / max(height, width))
    size = max(8, round(width * scale)), max(8, round(height * scale))
    lab = to_lab(np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8))
    features = pixel_features(lab)
    labels = superpixels(lab, REGIONS)
    regions = region_means(features.reshape(-1, features.shape[2]), labels.ravel(), int(labels.max()) + 1)
    pixels = np.ascontiguousarray(features[::STRIDE, ::STRIDE])
    return Look(lab, saliency(lab), pixels, labels, regions)


def learn(looks: Sequence[Look], seed: int, run: Map) -> Knowledge:
    """Fit the set: classifiers taught by the guesses, then `ROUNDS - 1` times by the masks that they themselves give.

    looks : at least two, in an order that does not depend on how the pictures were found.
    """
    guesses = [item.start for item in looks]
    knowledge = _teach(looks, guesses, [_first_limits(guess) for guess in guesses], seed, run)
    for turn in range(1, ROUNDS):
        masks = _cut_all(looks, knowledge, run)
        knowledge = _teach(looks, masks, [(0.2, 0.8)] * len(masks), seed + turn, run)
    return knowledge


def _cut_all(looks: Sequence[Look], knowledge: Knowledge, run: Map) -> list[FloatImage]:
    """Masks of the pictures that were learnt from."""
    return run(lambda place: outline(looks[place], knowledge, place).probability, range(len(looks)))


def _teach(
    looks: Sequence[Look],
    beliefs: Sequence[FloatImage],
    limits: Sequence[tuple[float, float]],
    seed: int,
    run: Map,
) -> Knowledge:
    """Fit both classifiers to what is surely background and surely subject: beliefs below and above `limits`."""
    taught = list(zip(looks, beliefs, limits, strict=True))
    pixels = [_pixel_lesson(*one, np.random.default_rng((seed, place))) for place, one in enumerate(taught)]
    regions = [_region_lesson(*one) for one in taught]
    return Knowledge(
        pixels=grow(pixels, trees=12, leaf=40, seed=seed, run=run),
        regions=grow(regions, trees=20, leaf=20, seed=seed, run=run),
    )


def _first_limits(start: FloatImage) -> tuple[float, float]:
    """Below which and above which a guess is surely background and surely subject."""
    return float(np.quantile(start, 0.55)), max(0.3, float(np.quantile(start, 0.88)))


def _pixel_lesson(item: Look, belief: FloatImage, limits: tuple[float, float], rng: np.random.Generator) -> Lesson:
    """A seeded sample of the sure pixels of one picture."""
    sparse = belief[::STRIDE, ::STRIDE].ravel()
    chosen = [rng.permutation(np.flatnonzero(sure))[:SAMPLES] for sure in (sparse <= limits[0], sparse >= limits[1])]
    columns = item.pixels.reshape(-1, item.pixels.shape[2])
    subject = np.repeat([False, True], [len(part) for part in chosen])
    return Lesson(columns[np.concatenate(chosen)], subject)


def _region_lesson(item: Look, belief: FloatImage, limits: tuple[float, float]) -> Lesson:
    """The sure regions of one picture."""
    mean = region_means(belief.reshape(-1, 1), item.labels.ravel(), len(item.regions))[:, 0]
    sure = (mean <= limits[0]) | (mean >= limits[1])
    return Lesson(item.regions[sure], mean[sure] >= limits[1])


def evidence_of(item: Look, knowledge: Knowledge, place: int | None) -> tuple[FloatImage, FloatImage]:
    """Log odds of "subject" by the set, as its pixels and as its regions say: two float32 arrays of shape (h, w).

    place : the picture's place in what was learnt from, None where it was not part of it.
    """
    size = (item.lab.shape[1], item.lab.shape[0])
    by_pixels = knowledge.pixels.log_odds(item.pixels, place, LEFT_OUT)
    by_regions = knowledge.regions.log_odds(item.regions, place, LEFT_OUT)[item.labels]
    return np.asarray(cv2.resize(by_pixels, size, interpolation=cv2.INTER_LINEAR), np.float32), by_regions


def outline(item: Look, knowledge: Knowledge | None, place: int | None = None) -> Outline:
    """Cut a picture by what the set knows, or by the picture alone where `knowledge` is None.

    The two ways whose agreement is measured: pixels against regions; alone: saliency against saliency with the
    picture's own colours.
    """
    prior = 0.5 * np.log(centre_prior(item.start.shape) + 0.05)
    prior += 1.1 * np.log((item.start + 0.1) / (1.1 - item.start))
    if knowledge is None:
        first = _tidy(cut(item.lab, 1.5 * prior), prior)
        joint = _refined(item.lab, 1.5 * prior)
        second = joint
    else:
        by_pixels, by_regions = evidence_of(item, knowledge, place)
        first, second, joint = (
            _refined(item.lab, prior + evidence) for evidence in (by_pixels, by_regions, (by_pixels + by_regions) / 2)
        )
    mean = 0.2 * first + 0.2 * second + 0.6 * joint
    soft = cv2.GaussianBlur(mean.astype(np.float32), (0, 0), 0.8)
    return Outline(np.asarray(np.clip(soft, 0, 1), np.float32), overlap(first, second))


def overlap(one: BoolImage, other: BoolImage) -> float:
    """Intersection over union of two masks, [0, 1]; 1 where both are empty."""
    union = int(np.count_nonzero(one | other))
    return int(np.count_nonzero(one & other)) / union if union else 1.0


def _refined(lab: FloatImage, evidence: FloatImage) -> BoolImage:
    """Cut, learn the colours and the place of what was cut, and cut again with those, twice."""
    evidence = np.asarray(cv2.GaussianBlur(evidence, (0, 0), 1.5), np.float32)
    mask = _tidy(cut(lab, evidence), evidence)
    for _ in range(2):
        colours = np.clip(colour_evidence(lab, mask.astype(np.float32)), -4, 4)
        joined = np.asarray(evidence + 0.5 * colours - _distance_from(mask), np.float32)
        mask = _tidy(cut(lab, joined), joined)
    return mask


def _distance_from(mask: BoolImage) -> FloatImage:
    """Log odds against far places: grows beyond two deviations of the mask's own place, at most 4."""
    rows, columns = np.nonzero(mask)
    if len(rows) < 20:
        return np.zeros(mask.shape, np.float32)
    covariance = np.cov(np.stack([rows, columns])) + 4.0 * np.eye(2)
    y, x = np.mgrid[: mask.shape[0], : mask.shape[1]].astype(np.float32)
    offset = np.dstack([y - rows.mean(), x - columns.mean()])
    whitened = offset @ np.linalg.inv(np.linalg.cholesky(covariance)).T
    return np.asarray(np.clip(np.square(whitened).sum(axis=2) / 4 - 1, 0, 4), dtype=np.float32)


def _tidy(mask: BoolImage, evidence: FloatImage) -> BoolImage:
    """Drop the pieces that carry little evidence beside the strongest one, fill the holes that carry little against."""
    count, pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    weight = np.bincount(pieces.ravel(), weights=np.maximum(evidence, 0).ravel() + 1e-6, minlength=count)
    weight[0] = 0
    kept = (weight >= 0.15 * weight.max()) & (weight > 0)
    mask = kept[pieces]
    count, holes, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    area = stats[:, cv2.CC_STAT_AREA]
    mean = np.bincount(holes.ravel(), weights=evidence.ravel(), minlength=count) / np.maximum(area, 1)
    fill = (area < 0.01 * mask.sum()) | (mean > -1.5)
    fill[0] = False
    fill[_on_border(np.asarray(holes, np.int32))] = False
    return np.asarray(mask | fill[holes])


def _on_border(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Labels that reach the picture's edge."""
    return np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
