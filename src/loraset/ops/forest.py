"""A classifier of looks: which columns of features are the subject's, learnt from several pictures.

In: columns and labels by picture. Out: log odds. Never: the order of pictures or the number of threads in a result.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loraset.types import FloatImage, Map

_CERTAIN = 0.98  # a share of leaves says no more than this
_FOLDS = 5
_TRUE = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Labelled columns of one picture: features float32 (N, C), subject bool (N,); true where a person said so."""

    features: FloatImage
    subject: NDArray[np.bool_]
    true: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Forests:
    """One forest (a tuple of scikit-learn trees) for each fold of the pictures, grown without that fold's pictures."""

    folds: tuple[tuple[Any, ...], ...]

    def log_odds(self, features: FloatImage, index: int | None, left_out: float) -> FloatImage:
        """Natural log odds of "subject": float32 array of shape (...) for features (..., C).

        index : the picture's place among the lessons, or None for a picture that taught nothing.
        left_out : weight of the forest that never saw this picture; the rest goes to those that did. A picture's own
            vote confirms its own mistakes, but it alone knows what is new in it.
        """
        columns = np.ascontiguousarray(features.reshape(-1, features.shape[-1]), dtype=np.float32)
        votes = np.stack([_share(forest, columns) for forest in self.folds])
        if index is None or len(votes) == 1:
            odds = _odds(votes.mean(axis=0))
        else:
            fold = index % len(votes)
            own = np.delete(votes, fold, axis=0).mean(axis=0)
            odds = left_out * _odds(votes[fold]) + (1 - left_out) * _odds(own)
        return np.asarray(odds.reshape(features.shape[:-1]), dtype=np.float32)


def _share(forest: Sequence[Any], columns: FloatImage) -> NDArray[np.float64]:
    """Mean share of "subject" in the leaves that the columns fall into, added in the trees' order."""
    return np.asarray(sum(tree.predict(columns)[:, 1] for tree in forest) / len(forest), dtype=np.float64)


def grow(lessons: Sequence[Lesson], trees: int, leaf: int, seed: int, run: Map) -> Forests:
    """Forests fitted to all lessons, every picture counting the same on either side; those that are true are taught to
    every fold, and together count twice as much as the others.

    Extremely randomised trees (Geurts et al., Machine Learning 2006). leaf : fewest columns in a leaf; a forest that
    can single out one picture confirms that picture's errors, so this is large. Trees are grown one by one, not by
    scikit-learn's forest, whose sum over trees depends on its threads.
    """
    from sklearn.tree import ExtraTreeClassifier

    features = np.concatenate([lesson.features for lesson in lessons])
    subject = np.concatenate([lesson.subject for lesson in lessons])
    picture = np.repeat(np.arange(len(lessons)), [len(lesson.subject) for lesson in lessons])
    weights = np.concatenate([_weights(lesson.subject) for lesson in lessons])
    true = np.array([lesson.true for lesson in lessons])
    share = np.where(true, np.maximum(1.0, _TRUE * (~true).sum() / np.maximum(true.sum(), 1)), 1.0)
    weights *= share[picture]
    folds = min(_FOLDS, len(lessons))

    def fit(number: int) -> Any:
        taught = (picture % folds != number % folds) | true[picture] | (folds == 1)
        tree = ExtraTreeClassifier(min_samples_leaf=leaf, max_features="sqrt", random_state=seed * 10_000 + number)
        return tree.fit(features[taught], subject[taught], weights[taught]).tree_

    grown = run(fit, range(folds * trees))
    return Forests(tuple(tuple(grown[fold::folds]) for fold in range(folds)))


def _weights(subject: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weights that sum to one on the subject and to one off it."""
    share = np.bincount(subject.astype(np.intp), minlength=2)
    return 1.0 / np.maximum(share, 1)[subject.astype(np.intp)]


def _odds(share: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(share, 1 - _CERTAIN, _CERTAIN)
    return np.asarray(np.log(clipped / (1 - clipped)))
