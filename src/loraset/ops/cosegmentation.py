"""Cutting out the subject that a set of pictures shares, with no pretrained network.

In: reduced pictures of one set. Out: for each a soft mask and how stable it is. Never: paths, chance beyond the seed
given, or the order of the pictures in what is learnt from one of them.

Four steps, each a function: `look` describes a picture and guesses its subject by saliency; `learn` fits classifiers
of pixels and of regions to the guesses of all pictures; `evidence_of` is what those say of one picture; `outline` cuts
it in several ways, together with the picture's own colours, and takes the cut that is most like the others' subject.
It does so twice: the first cut says what the ground is, and the ground says more of what lies on it.
Masks do not teach again: what a cut took along by mistake, a next round would confirm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.color import to_lab
from loraset.ops.features import halved, pixel_features
from loraset.ops.forest import Forests, Lesson, grow
from loraset.ops.nearby import looked_again
from loraset.ops.outline import doubtful_cuts, overlap, refined_cut, sharpened, softened
from loraset.ops.proposals import USUAL, Proposal, best, proposals
from loraset.ops.saliency import centre_prior, decided, saliency
from loraset.ops.standout import standing_out
from loraset.ops.superpixels import LabelImage, region_means, superpixels
from loraset.ops.words import colour_words, histogram, spelled, surroundings
from loraset.types import BoolImage, ByteImage, FloatImage, Map

WORKING_SIDE = 320  # px, long side of a mask; all but its last cut is done at half of this
REGIONS = 600
SAMPLES = 2000  # pixels of each side that one picture teaches at most ...
LESSONS = 8000  # ... and all together: a large set needs no more to teach the same trees
SURE = 0.2, 0.8  # a mask below the first is surely background, above the second surely subject
PRIOR = np.float32(0.7)  # weight of place and saliency beside what the set says
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
    """What a set taught.

    pixels, regions : classifiers. words : float32 array of shape (K, 3), the set's colours. subjects : float array of
    shape (n, K), the share of each word on the subject of each picture that was learnt from.
    """

    pixels: Forests
    regions: Forests
    words: FloatImage
    subjects: NDArray[np.float64]

    def subject(self, place: int | None) -> NDArray[np.float64]:
        """Mean share of each word on the subject, over all pictures but the one at `place`."""
        others = [one for number, one in enumerate(self.subjects) if number != place and one.any()]
        return np.asarray(np.mean(others or self.subjects, axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A cut picture.

    probability : float32 array of shape (h, w), [0, 1]: over 0.5 where the best cut says "subject", soft over about two
        px of its edge, and nearer to 0.5 where a little more or less evidence would say otherwise.
    stability : how far the cuts of less and of more evidence overlap (IoU), [0, 1]; 0 where less leaves nothing. With
        a set, the geometric mean of that and of the overlap of all proposals with the one that was taken.
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
    return Look(fine, lab, saliency(labels, regions), pixels, labels, regions)


def learn(
    looks: Sequence[Look], seed: int, run: Map, taught: Mapping[int, FloatImage] = MappingProxyType({})
) -> Knowledge | None:
    """Fit the set to the guesses of all its pictures; None where no picture has anything that stands out.

    looks : at least two, in an order that does not depend on how the pictures were found. taught : what somebody knows
        of some pictures, by their place in `looks`: float32 arrays of the look's shape (h, w), 1 on the subject, 0 off
        it, NaN where nothing is known. What the classifiers make of it for the other pictures then teaches once more.
    """
    beliefs = [_corrected(item.start, taught.get(place)) for place, item in enumerate(looks)]
    limits = [_first_limits(item.start) for item in looks]
    if any((known >= SURE[1]).any() and (known <= SURE[0]).any() for known in taught.values()):
        # no guess need say what the subject is, and what nobody pointed at may be either
        limits = [SURE if place in taught else (-np.inf, np.inf) for place in range(len(looks))]
    if not any((belief >= limit[1]).any() for belief, limit in zip(beliefs, limits, strict=True)):
        return None
    true = [place in taught for place in range(len(looks))]
    words = colour_words([item.lab for item in looks])
    knowledge = _teach(looks, beliefs, limits, true, words, seed, run)
    if not taught:
        cuts = run(lambda place: _usual_cut(looks[place], knowledge, place), range(len(looks)))
        return replace(knowledge, subjects=_subjects(looks, cuts, words))
    said = np.where(np.array(true)[:, None], knowledge.subjects, 0)
    if said.any():
        knowledge = replace(knowledge, subjects=said)
    beliefs = run(lambda place: _belief(looks[place], knowledge, place, taught.get(place)), range(len(looks)))
    return _teach(looks, beliefs, [SURE] * len(looks), true, words, seed + 1, run)


def _usual_cut(item: Look, knowledge: Knowledge, place: int) -> BoolImage:
    """The cut that is right most often: what the subject looks like elsewhere need not be known for it."""
    return refined_cut(item.lab, item.start, _joint(item, knowledge, place) - np.float32(USUAL))


def _belief(item: Look, knowledge: Knowledge, place: int, known: FloatImage | None) -> FloatImage:
    """A mask of a picture that was learnt from; 0.5 where nothing is found.

    There the subject was not known by what is known so far: nothing is surely background.
    """
    mask = _best_cut(item, knowledge, place, known).mask
    return _corrected(softened(mask) if mask.any() else np.full(mask.shape, 0.5, np.float32), known)


def _best_cut(item: Look, knowledge: Knowledge, place: int | None, known: FloatImage | None = None) -> Proposal:
    """The cut that is most like the subject of the other pictures, of several; what is known of this one holds.

    Cut twice, the second time with what the first says of the ground.
    """
    text, subject = spelled(item.lab, knowledge.words), knowledge.subject(place)

    def choose(evidence: FloatImage) -> Proposal:
        given = evidence if known is None else _certain(evidence, known)
        return best(proposals(item.lab, item.start, given), item.lab, text, subject)

    first = choose(_joint(item, knowledge, place))
    return choose(looked_again(item.lab, item.labels, first.mask, first.evidence))


def _certain(evidence: FloatImage, known: FloatImage) -> FloatImage:
    """`evidence`, and certainty where something is known."""
    return np.where(np.isnan(known), evidence, CERTAIN * (2 * known - 1)).astype(np.float32)


def _corrected(belief: FloatImage, known: FloatImage | None) -> FloatImage:
    """`belief`, and what is known where something is."""
    return belief if known is None else np.where(np.isnan(known), belief, known).astype(np.float32)


def _subjects(looks: Sequence[Look], masks: Sequence[FloatImage | BoolImage], words: FloatImage) -> NDArray[np.float64]:
    """Share of every word inside the masks: array of shape (pictures, words)."""
    pairs = zip(looks, masks, strict=True)
    return np.stack([histogram(spelled(item.lab, words), mask > 0.5, len(words)) for item, mask in pairs])


def _described(item: Look, words: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Columns of the pixels (h, w, C) and of the regions (n, C): the look's own, and the words round each place."""
    shares = surroundings(spelled(item.lab, words), len(words))
    regions = region_means(shares.reshape(-1, shares.shape[2]), item.labels.ravel(), len(item.regions))
    return np.dstack([item.pixels, shares]), np.concatenate([item.regions, regions], axis=1)


def _teach(
    looks: Sequence[Look],
    beliefs: Sequence[FloatImage],
    limits: Sequence[tuple[float, float]],
    true: Sequence[bool],
    words: FloatImage,
    seed: int,
    run: Map,
) -> Knowledge:
    """Fit both classifiers to what is surely background and surely subject: beliefs below and above `limits`."""
    count = min(SAMPLES, LESSONS // len(looks))

    def lessons(place: int) -> tuple[Lesson, Lesson]:
        pixels, regions = _described(looks[place], words)
        belief, limit = beliefs[place], limits[place]
        chosen, subject = _sure_pixels(belief, limit, count, np.random.default_rng((seed, place)))
        of_pixels = Lesson(pixels.reshape(-1, pixels.shape[2])[chosen], subject, true[place])
        mean = region_means(belief.reshape(-1, 1), looks[place].labels.ravel(), len(regions))[:, 0]
        sure = (mean <= limit[0]) | (mean >= limit[1])
        return of_pixels, Lesson(regions[sure], mean[sure] >= limit[1], true[place])

    found = run(lessons, range(len(looks)))
    return Knowledge(
        pixels=grow([one for one, _ in found], trees=8, leaf=40, seed=seed, run=run),
        regions=grow([one for _, one in found], trees=12, leaf=20, seed=seed, run=run),
        words=words,
        subjects=_subjects(looks, beliefs, words),
    )


def _first_limits(start: FloatImage) -> tuple[float, float]:
    """Below which and above which a guess is surely background and surely subject."""
    return float(np.quantile(start, 0.55)), max(0.3, float(np.quantile(start, 0.92)))


def _sure_pixels(
    belief: FloatImage, limits: tuple[float, float], count: int, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Places of a seeded sample of the sure pixels, at most `count` of each side, and whether each is subject."""
    flat = belief.ravel()
    sides = (flat <= limits[0], flat >= limits[1])
    chosen = [rng.permutation(np.flatnonzero(sure))[:count] for sure in sides]
    return np.concatenate(chosen), np.repeat([False, True], [len(part) for part in chosen])


def learn_from(
    looks: Sequence[Look], masks: Sequence[FloatImage], seed: int, run: Map, true: Sequence[bool] = ()
) -> Knowledge:
    """Fit the set to masks that somebody else made, once: what they are sure of teaches.

    masks : float32 arrays of the looks' own shapes (h, w), [0, 1]. true : for each whether a person made it; none did
        where this is left out.
    """
    words = colour_words([item.lab for item in looks])
    return _teach(looks, masks, [SURE] * len(looks), true or [False] * len(looks), words, seed, run)


def evidence_of(
    item: Look, knowledge: Knowledge, place: int | None, left_out: float | None = None
) -> tuple[FloatImage, FloatImage]:
    """Log odds of "subject" by the set, as its pixels and as its regions say: two float32 arrays of shape (h, w).

    place : the picture's place in what was learnt from, None where it was not part of it. left_out : weight of the
        classifier that never saw the picture; by itself the larger, the more other pictures taught it.
    """
    weight = 1 - 1 / len(knowledge.subjects) if left_out is None else left_out
    pixels, regions = _described(item, knowledge.words)
    by_pixels = knowledge.pixels.log_odds(pixels, place, weight)
    by_regions = knowledge.regions.log_odds(regions, place, weight)[item.labels]
    return by_pixels, by_regions


def others_say(item: Look, knowledge: Knowledge, place: int | None) -> FloatImage:
    """Log odds of "subject" by the other pictures alone: float32 array of shape (h, w). place : of `evidence_of`."""
    by_pixels, by_regions = evidence_of(item, knowledge, place, left_out=1.0)
    return np.asarray((by_pixels + by_regions) / 2, np.float32)


def outline(item: Look, knowledge: Knowledge | None, place: int | None = None) -> Outline:
    """Cut a picture by what the set knows, or by the picture alone where `knowledge` is None."""
    found = None if knowledge is None else _best_cut(item, knowledge, place)
    if found is None:
        item = replace(item, start=decided(item.start))
        joint, evidence = standing_out(item.lab, item.start, _prior(item))
    else:
        joint, evidence = found.mask, found.evidence
    less, more = doubtful_cuts(item.lab, item.start, evidence, joint)
    fine = sharpened(item.fine, item.lab, item.start, evidence, joint)
    doubt = cv2.resize((more & ~less).astype(np.float32), fine.shape[::-1], interpolation=cv2.INTER_LINEAR)
    sure = softened(fine)
    probability = sure + DRAWN * doubt * (np.float32(0.5) - sure)
    steady = overlap(less, more) if less.any() else 0.0
    return Outline(probability, steady if found is None else (steady * found.agreement) ** 0.5)


def _joint(item: Look, knowledge: Knowledge, place: int | None) -> FloatImage:
    """Log odds of "subject" by the set and by the picture: float32 array of shape (h, w); their order is better than
    their zero.
    """
    by_pixels, by_regions = evidence_of(item, knowledge, place)
    return np.asarray((by_pixels + by_regions) / 2 + PRIOR * _prior(item), np.float32)


def _prior(item: Look) -> FloatImage:
    """Log odds of "subject" by place and by saliency: float32 array of shape (h, w)."""
    central = BIAS + 0.5 * np.log(centre_prior((item.lab.shape[0], item.lab.shape[1])) + 0.05)
    salient = 1.1 * np.log((item.start + 0.1) / (1.1 - item.start))
    return np.asarray(central + salient, np.float32)
