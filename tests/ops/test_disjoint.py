"""Disjoint sets against the components of the same graph."""

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from loraset.ops.disjoint import DisjointSets


@pytest.mark.parametrize("seed", range(5))
def test_the_sets_are_the_components_of_the_pairs(seed):
    random = np.random.default_rng(seed)
    pairs = random.integers(0, 60, (40, 2))
    joined = DisjointSets(60)
    for first, second in pairs.tolist():
        joined.join(first, second)
    _, labels = connected_components(coo_array((np.ones(40), pairs.T), (60, 60)))
    found = joined.sets()
    assert sorted(index for members in found for index in members) == sorted(
        index for index in range(60) if (labels == labels[index]).sum() > 1
    )
    for members in found:
        assert members == np.flatnonzero(labels == labels[members[0]]).tolist()
        assert {joined.root(member) for member in members} == {members[0]}
    assert joined.firsts() == sorted(set(joined.roots(np.arange(60)).tolist()))
    assert joined.roots(np.arange(60)).tolist() == [joined.root(index) for index in range(60)]


def test_nothing_joined_is_no_set():
    assert DisjointSets(3).sets() == []
    assert DisjointSets(0).sets() == []
