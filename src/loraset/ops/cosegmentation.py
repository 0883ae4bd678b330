"""Cutting out the subject that a set of pictures shares, with no pretrained network.

In: reduced pictures of one set. Out: for each a soft mask and how stable it is. Never: paths, chance beyond the seed
given, or the order of the pictures in what is learnt from one of them.

Four steps, each a function: `look` describes a picture and guesses its subject by saliency; `learn` fits classifiers
of pixels and of regions over all pictures, guesses first, then their own masks; `evidence_of` is what those say of one
picture; `outline` cuts it, together with the picture's own colours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np

from loraset.color import to_lab
from loraset.ops.features import halved, pixel_features
from loraset.ops.forest import Forests, Lesson, grow
from loraset.ops.outline import doubtful_cuts, overlap, refined_cut, sharpened, softened
from loraset.ops.saliency import centre_prior, saliency
from loraset.ops.superpixels import LabelImage, region_means, superpixels
from loraset.types import ByteImage, FloatImage, Map

WORKING_SIDE = 320  # px, long side of a mask; all but its last cut is done at half of this
REGIONS = 600
ROUNDS = 3
SAMPLES = 2000  # pixels of each side that one picture teaches at most ...
LESSONS = 8000  # ... and all together: a large set needs no more to teach the same trees
SURE = 0.2, 0.8  # a mask below the first is surely background, above the second surely subject
LEFT_OUT = 0.5  # weight of the classifier that never saw the picture
DRAWN = np.float32(0.5)  # how far a doubtful pixel is drawn towards a probability of 0.5
CERTAIN = 8.0  # log odds of what a person said
BIAS = 0.3  # log odds for "subject" everywhere: a lost part is worse than a rim too much


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture, described.

    fine : float32 array of shape (2 h, 2 w, 3), Lab at the working size. lab : the same at half size, (h, w, 3).
    start : float32 array of shape (h, w), the guess by saliency, [0, 1]. pixels : float32 features (h, w, C).
    labels, regions : label map (h, w) and features of its regions (n, C).
    """

    fine: FloatImage
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

    probability : float32 array of shape (h, w), [0, 1]: over 0.5 where the best cut says "subject", soft over about two
        px of its edge, and nearer to 0.5 where a little more or less evidence would say otherwise.
    stability : how far the cuts of less and of more evidence overlap (IoU), [0, 1]; 0 where less leaves nothing.
    """

    probability: FloatImage
    stability: float


def look(rgb: ByteImage, maps: FloatImage | None = None) -> Look:
    """Describe a picture: reduced to `WORKING_SIDE`.

    rgb : uint8 array of shape (H, W, 3), sRGB. maps : float32 array of shape (h', w', C), more features of the whole
        picture at any size, or None; every picture of a set has the same C.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, WORKING_SIDE / max(height, width)) / 2
    size = 2 * max(8, round(width * scale)), 2 * max(8, round(height * scale))
    fine = to_lab(np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8))
    lab, pixels = halved(fine), pixel_features(fine)
    if maps is not None:
        pixels = np.dstack([pixels, cv2.resize(maps, lab.shape[1::-1], interpolation=cv2.INTER_LINEAR)])
    labels = superpixels(lab, REGIONS)
    regions = region_means(pixels.reshape(-1, pixels.shape[2]), labels.ravel(), int(labels.max()) + 1)
    return Look(fine, lab, saliency(lab), pixels, labels, regions)


def learn(
    looks: Sequence[Look], seed: int, run: Map, taught: Mapping[int, FloatImage] = MappingProxyType({})
) -> Knowledge | None:
    """Fit the set: classifiers taught by the guesses, then `ROUNDS - 1` times by the masks that they themselves give.

    None where no picture has anything that stands out.

    looks : at least two, in an order that does not depend on how the pictures were found. taught : what somebody knows
        of some pictures, by their place in `looks`: float32 arrays of the look's shape (h, w), 1 on the subject, 0 off
        it, NaN where nothing is known. It holds in every round.
    """
    beliefs = [_corrected(item.start, taught.get(place)) for place, item in enumerate(looks)]
    limits = [_first_limits(item.start) for item in looks]
    if any((known >= SURE[1]).any() for known in taught.values()):  # no guess need say what the subject is
        limits = [SURE if place in taught else (low, np.inf) for place, (low, _) in enumerate(limits)]
    true = [place in taught for place in range(len(looks))]
    knowledge = None
    for turn in range(ROUNDS):
        if not any((belief >= limit[1]).any() for belief, limit in zip(beliefs, limits, strict=True)):
            break
        knowledge = _teach(looks, beliefs, limits, true, seed + turn, run)
        if turn < ROUNDS - 1:
            beliefs = _cut_all(looks, knowledge, taught, run)
            limits = [SURE] * len(looks)
    return knowledge


def _cut_all(
    looks: Sequence[Look], knowledge: Knowledge, taught: Mapping[int, FloatImage], run: Map
) -> list[FloatImage]:
    """Masks of the pictures that were learnt from."""

    def belief(place: int) -> FloatImage:
        item = looks[place]
        by_pixels, by_regions = evidence_of(item, knowledge, place)
        central, salient = _priors(item)
        evidence = central + salient + np.float32(0.5) * (by_pixels + by_regions)
        known = taught.get(place)
        if known is not None:
            evidence = np.where(np.isnan(known), evidence, CERTAIN * (2 * known - 1)).astype(np.float32)
        mask = refined_cut(item.lab, item.start, evidence)
        if not mask.any():  # the subject was not known by what is known so far: nothing here is surely background
            return _corrected(np.full(mask.shape, 0.5, np.float32), known)
        return _corrected(softened(mask), known)

    return run(belief, range(len(looks)))


def _corrected(belief: FloatImage, known: FloatImage | None) -> FloatImage:
    """`belief`, and what is known where something is."""
    return belief if known is None else np.where(np.isnan(known), belief, known).astype(np.float32)


def _teach(
    looks: Sequence[Look],
    beliefs: Sequence[FloatImage],
    limits: Sequence[tuple[float, float]],
    true: Sequence[bool],
    seed: int,
    run: Map,
) -> Knowledge:
    """Fit both classifiers to what is surely background and surely subject: beliefs below and above `limits`."""
    taught = list(zip(looks, beliefs, limits, true, strict=True))
    count = min(SAMPLES, LESSONS // len(looks))
    pixels = [_pixel_lesson(*one, count, np.random.default_rng((seed, place))) for place, one in enumerate(taught)]
    regions = [_region_lesson(*one) for one in taught]
    return Knowledge(
        pixels=grow(pixels, trees=8, leaf=40, seed=seed, run=run),
        regions=grow(regions, trees=12, leaf=20, seed=seed, run=run),
    )


def _first_limits(start: FloatImage) -> tuple[float, float]:
    """Below which and above which a guess is surely background and surely subject."""
    return float(np.quantile(start, 0.55)), max(0.3, float(np.quantile(start, 0.88)))


def _pixel_lesson(
    item: Look,
    belief: FloatImage,
    limits: tuple[float, float],
    true: bool,
    count: int,
    rng: np.random.Generator,
) -> Lesson:
    """A seeded sample of the sure pixels of one picture, at most `count` of each side."""
    flat = belief.ravel()
    sides = (flat <= limits[0], flat >= limits[1])
    chosen = [rng.permutation(np.flatnonzero(sure))[:count] for sure in sides]
    columns = item.pixels.reshape(-1, item.pixels.shape[2])
    subject = np.repeat([False, True], [len(part) for part in chosen])
    return Lesson(columns[np.concatenate(chosen)], subject, true)


def _region_lesson(item: Look, belief: FloatImage, limits: tuple[float, float], true: bool) -> Lesson:
    """The sure regions of one picture."""
    mean = region_means(belief.reshape(-1, 1), item.labels.ravel(), len(item.regions))[:, 0]
    sure = (mean <= limits[0]) | (mean >= limits[1])
    return Lesson(item.regions[sure], mean[sure] >= limits[1], true)


def learn_from(
    looks: Sequence[Look], masks: Sequence[FloatImage], seed: int, run: Map, true: Sequence[bool] = ()
) -> Knowledge:
    """Fit the set to masks that somebody else made, once: what they are sure of teaches.

    masks : float32 arrays of the looks' own shapes (h, w), [0, 1]. true : for each whether a person made it; none did
        where this is left out.
    """
    return _teach(looks, masks, [SURE] * len(looks), true or [False] * len(looks), seed, run)


def evidence_of(
    item: Look, knowledge: Knowledge, place: int | None, left_out: float = LEFT_OUT
) -> tuple[FloatImage, FloatImage]:
    """Log odds of "subject" by the set, as its pixels and as its regions say: two float32 arrays of shape (h, w).

    place : the picture's place in what was learnt from, None where it was not part of it. left_out : weight of the
        classifier that never saw the picture.
    """
    by_pixels = knowledge.pixels.log_odds(item.pixels, place, left_out)
    by_regions = knowledge.regions.log_odds(item.regions, place, left_out)[item.labels]
    return by_pixels, by_regions


def outline(item: Look, knowledge: Knowledge | None, place: int | None = None) -> Outline:
    """Cut a picture by what the set knows, or by the picture alone where `knowledge` is None."""
    central, salient = _priors(item)
    evidence = central + salient
    if knowledge is not None:
        by_pixels, by_regions = evidence_of(item, knowledge, place)
        evidence = evidence + np.float32(0.5) * (by_pixels + by_regions)
    joint = refined_cut(item.lab, item.start, evidence)
    less, more = doubtful_cuts(item.lab, item.start, evidence, joint)
    fine = sharpened(item.fine, item.lab, item.start, evidence, joint)
    doubt = cv2.resize((more & ~less).astype(np.float32), fine.shape[::-1], interpolation=cv2.INTER_LINEAR)
    sure = softened(fine)
    probability = sure + DRAWN * doubt * (np.float32(0.5) - sure)
    return Outline(probability, overlap(less, more) if less.any() else 0.0)


def _priors(item: Look) -> tuple[FloatImage, FloatImage]:
    """Log odds of "subject" by place, and by saliency: two float32 arrays of shape (h, w)."""
    central = BIAS + 0.5 * np.log(centre_prior((item.lab.shape[0], item.lab.shape[1])) + 0.05)
    salient = 1.1 * np.log((item.start + 0.1) / (1.1 - item.start))
    return np.asarray(central, np.float32), np.asarray(salient, np.float32)
