"""Masks of different makers joined by what their set teaches: who is right where they differ.

In: described pictures of one set and the makers' masks of each. Out: how well a maker's masks fit what the other
pictures teach, and one mask per picture. Never: a maker's name, files, randomness beyond the seed given.

What all makers are sure of in a picture teaches the set. One maker's mask is the base and gives the edges; where
another one's differs from it, the difference falls into connected pieces, and each goes to the side for which more
speaks: the other pictures, this picture's colours and edges, and how often the makers agree in this set at all.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from loraset.ops.cosegmentation import SURE, Knowledge, Look, learn_from
from loraset.ops.repair import NOTHING, Piece, judged
from loraset.types import FloatImage, Map

FLOOR = 0.02  # share of wrongly ranked pixels below which no record is better than another
AGREEING = 0.9  # mean IoU of two makers who may both be right: only their edges differ
NEEDED = {True: 2.0, False: 0.0}  # log odds from which a piece is added or taken away where the makers agree
DISTRUST = 4.0  # how much less it takes to take a piece away, by the IoU that is missing to agreement
DOUBTED = 2.0  # how much more it takes, by how much worse the other's record is
SEAM_PX = 2  # px at the look's size: how far round a piece its maker gives the edge


@dataclass(frozen=True, slots=True)
class Record:
    """How a maker has done in a set.

    fit : -log of the share of pixels that its masks rank against what the other pictures teach; higher is better.
    agreement : mean IoU with the others' masks, [0, 1]. masks : in how many pictures.
    """

    fit: float
    agreement: float
    masks: int


UNKNOWN = Record(fit=0.0, agreement=1.0, masks=0)  # of a maker that cut no picture by which it could be judged


def consensus(maps: Sequence[FloatImage]) -> FloatImage:
    """The mean of masks of one picture in log odds: float32 array of shape (h, w), [0, 1].

    It is sure where all are; what they dispute lies between and teaches nothing, so that no member's habit is taught.

    maps : at least one float32 array of shape (h, w), [0, 1].
    """
    sure = np.clip(np.stack(maps), 1e-3, 1 - 1e-3)
    odds = np.log(sure / (1 - sure)).mean(axis=0)
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


def can_teach(maps: Sequence[FloatImage]) -> bool:
    """Whether masks of one picture agree on some subject and on some ground."""
    common = consensus(maps)
    return bool(np.mean(common >= SURE[1]) > NOTHING and (common <= SURE[0]).any())


def taught_by(looks: Sequence[Look], maps: Sequence[Mapping[str, FloatImage]], seed: int, run: Map) -> Knowledge:
    """What the makers' consensus teaches. maps : for each look the masks by maker, of its shape (h, w)."""
    return learn_from(looks, [consensus(list(of.values())) for of in maps], seed, run)


def records(maps: Sequence[Mapping[str, FloatImage]], evidence: Sequence[FloatImage]) -> dict[str, Record]:
    """Each maker's record over a set. maps : by picture and maker. evidence : of `others_say`, by picture."""
    found: dict[str, list[tuple[float, float]]] = {}
    for of, said in zip(maps, evidence, strict=True):
        for name, mask in of.items():
            beside = [overlap(mask, other) for key, other in of.items() if key != name]
            found.setdefault(name, []).append(
                (-math.log(FLOOR + misranked(mask, said)), float(np.mean(beside or [1.0])))
            )
    means = {name: np.mean(each, axis=0) for name, each in found.items()}
    return {name: Record(float(fit), float(agreement), len(found[name])) for name, (fit, agreement) in means.items()}


def settled(
    item: Look, base: FloatImage, other: FloatImage, evidence: FloatImage, own: Record, its: Record
) -> tuple[Piece, ...]:
    """The pieces in which a mask should follow another one.

    base, other, evidence : float32 arrays of the look's shape (h, w). own, its : the records of base's maker and of the
        other's.
    """
    missing = max(0.0, AGREEING - (own.agreement + its.agreement) / 2)
    shift = DOUBTED * max(0.0, own.fit - its.fit) - DISTRUST * missing
    needed = {True: NEEDED[True], False: NEEDED[False] + shift}
    return tuple(piece for piece in judged(item, base, evidence, other > 0.5) if piece.belief >= needed[piece.added])


def zone_of(pieces: Sequence[Piece], size: tuple[int, int]) -> FloatImage:
    """Where the pieces lie, and a little round them: float32 array of shape (height, width) of `size`, [0, 1]."""
    where = np.any([piece.where for piece in pieces], axis=0).astype(np.uint8)
    grown = cv2.dilate(where, np.ones((3, 3), np.uint8), iterations=SEAM_PX).astype(np.float32)
    return np.asarray(cv2.resize(grown, size, interpolation=cv2.INTER_LINEAR), np.float32)


def overlap(one: FloatImage, other: FloatImage) -> float:
    """Soft intersection over union of two masks; 1 for two empty ones."""
    union = float(np.maximum(one, other).sum(dtype=np.float64))
    return float(np.minimum(one, other).sum(dtype=np.float64)) / union if union > 0 else 1.0


def misranked(mask: FloatImage, evidence: FloatImage) -> float:
    """Share of pairs of a subject pixel and another that the evidence puts the wrong way round, [0, 1].

    0.5 where the mask has one side only. It is 1 - the area under the ROC curve.
    """
    inside, outside = evidence[mask > 0.5], np.sort(evidence[mask <= 0.5])
    if not len(inside) or not len(outside):
        return 0.5
    below, not_above = (np.searchsorted(outside, inside, side) for side in ("left", "right"))
    return 1.0 - float((below + not_above).mean()) / 2 / len(outside)
