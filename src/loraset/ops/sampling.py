"""Which pictures of a set teach, where not all of them can.

In: names of contents. Out: a seeded choice of them. Never: the order in which they were found.
"""

from collections.abc import Callable, Iterable

import numpy as np


def chosen(names: Iterable[str], most: int, seed: int, first: Callable[[str], bool] = lambda name: False) -> list[str]:
    """At most `most` of the names, sorted: those of which `first` is true before any other, else as the seed has it."""
    ordered = sorted(names)
    shuffled = [ordered[index] for index in np.random.default_rng(seed).permutation(len(ordered))]
    return sorted(sorted(shuffled, key=lambda name: not first(name))[:most])
