"""Disjoint sets of numbers, joined pair by pair.

In: how many, pairs. Out: whether two are joined; the sets. Never: an answer that depends on the order of the pairs.
"""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]


class DisjointSets:
    """Sets of 0..count-1, each alone at first; a set's root is its least member."""

    def __init__(self, count: int) -> None:
        self._parents = np.arange(count)

    def root(self, index: int) -> int:
        """Return the least member of the index's set."""
        while (parent := int(self._parents[index])) != index:
            self._parents[index] = self._parents[parent]
            index = parent
        return index

    def join(self, first: int, second: int) -> None:
        """Make the sets of both one."""
        low, high = sorted((self.root(first), self.root(second)))
        self._parents[high] = low

    def roots(self, indices: Indices) -> Indices:
        """Return the least members of the indices' sets, an array of their shape."""
        found: Indices = self._parents[indices]
        while not np.array_equal(above := self._parents[found], found):
            found = above
        return found

    def firsts(self) -> list[int]:
        """Return the least member of each set, sorted."""
        return np.flatnonzero(self._parents == np.arange(self._parents.size)).tolist()

    def sets(self) -> list[list[int]]:
        """Return the sets of two and more, each sorted, in the order of their least members."""
        roots = self.roots(np.arange(self._parents.size))
        order = np.argsort(roots, kind="stable")
        starts = np.flatnonzero(np.diff(roots[order])) + 1
        return [members.tolist() for members in np.split(order, starts) if members.size > 1]
