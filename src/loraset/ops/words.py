"""Colour words: the few colours that a set is made of, and how much of each there is round a place.

In: Lab pictures of one set. Out: words, which of them each pixel is, columns for a classifier, histograms. Never:
randomness, place, or the order of the pictures.

A mean of colours round a pixel changes with the ground behind the subject; the share of each word does not: yellow
near black near grey stays that, whatever lies beside it.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.ops.features import halved
from loraset.ops.vote import palette_of
from loraset.types import BoolImage, FloatImage

COUNT = 32
LESS_LIGHT = np.array([0.6, 1.0, 1.0], np.float32)  # light and shade part two places of one colour
REACHES_PX = (2.0, 6.0)  # deviations of the surroundings that are counted
TAKEN = 3000  # pixels of one picture that choose the words

WordImage = NDArray[np.intp]


def colour_words(pictures: Sequence[FloatImage]) -> FloatImage:
    """Colours that stand for all of a set's: float32 array of shape (at most `COUNT`, 3), Lab.

    pictures : float32 arrays of shape (h, w, 3), CIE Lab; each is asked equally often.
    """
    columns = [lab.reshape(-1, 3) for lab in pictures]
    taken = [column[:: max(1, len(column) // TAKEN)] for column in columns]
    return palette_of(np.concatenate(taken) * LESS_LIGHT, COUNT) / LESS_LIGHT


def spelled(lab: FloatImage, words: FloatImage) -> WordImage:
    """Index of the word nearest to every pixel: array of shape (h, w).

    lab : float32 array of shape (h, w, 3). words : float32 array of shape (K, 3).
    """
    scaled = words * LESS_LIGHT
    # squared distance less the pixel's own square, which is the same for all words
    distance = np.square(scaled).sum(axis=1) - 2 * (lab * LESS_LIGHT).reshape(-1, 3) @ scaled.T
    return np.asarray(distance.argmin(axis=1).reshape(lab.shape[:2]), np.intp)


def surroundings(text: WordImage, count: int) -> FloatImage:
    """Square roots of every word's share round each pixel, near and far: float32 array of shape (h, w, 2 `count`).

    The roots make Euclidean steps of what differs in rare words too (Hellinger). text : of `spelled`, h and w of any
    size; the shares are counted on a grid of half that.
    """
    height, width = text.shape
    even = np.pad(text, ((0, height % 2), (0, width % 2)), mode="edge")
    cells = halved((even[..., None] == np.arange(count)).astype(np.float32))
    shares = [cv2.GaussianBlur(cells, (0, 0), reach / 2, borderType=cv2.BORDER_REFLECT) for reach in REACHES_PX]
    roots = np.sqrt(np.maximum(np.dstack(shares), 0))
    return np.asarray(cv2.resize(roots, even.shape[::-1], interpolation=cv2.INTER_LINEAR)[:height, :width], np.float32)


def histogram(text: WordImage, mask: BoolImage, count: int) -> NDArray[np.float64]:
    """Share of every word inside a mask: array of shape (count,), of sum 1, or zeros for an empty mask."""
    found = np.bincount(text[mask], minlength=count)
    return np.asarray(found / max(1, found.sum()), np.float64)
