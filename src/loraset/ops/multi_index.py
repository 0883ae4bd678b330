"""Multi-index hashing: tables by a part of the bits, in which hashes that are near another one are met.

In: 64-bit hashes, a radius in bits. Out: pairs of indices. Never: an
approximation, a pair met twice, or a choice whether tables pay: see `parts_for`.

Norouzi, Punjani, Fleet: Fast search in Hamming space with multi-index hashing (CVPR 2012). The bits are cut into parts.
Two hashes that differ in no more bits than the radius differ in few bits of one part at least: in parts that allow t1,
t2, ... bits, where (t1 + 1) + (t2 + 1) + ... = radius + 1, since else they would differ in more. So each part has a
table, and a hash is compared with those that lie where its part leads when so many of its bits are turned.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]
Hashes = NDArray[np.uint64]
Pairs = Iterator[tuple[Indices, Indices]]
BITS = 64
KEY_BITS = 16  # of a part at most: its table stays in a processor's cache, its keys are sorted by counting
HEADS = 2  # hashes of each key that lie in arrays of their own, and are met without a search
BLOCK = 1 << 17  # comparisons at once
# Measured, in units of comparing two rows of hashes outright: to ask a table, to compare what is met, to start a turn.
COST_ASK, COST_MEET, COST_TURN = 6.0, 15.0, 100_000.0


@dataclass(frozen=True, slots=True)
class Part:
    """Neighbouring bits of a hash from `low_bit` on; pairs that differ there in at most `turned` are met in it."""

    low_bit: int
    bits: int
    turned: int

    @property
    def mask(self) -> np.uint64:
        """The part's bits in a hash."""
        return np.uint64(((1 << self.bits) - 1) << self.low_bit)

    def turns(self) -> Iterator[int]:
        """Yield all changes of a key by at most `turned` bits, none first."""
        for count in range(self.turned + 1):
            for bits in combinations(range(self.bits), count):
                yield sum(1 << bit for bit in bits)

    def keys(self, hashes: Hashes) -> Indices:
        """Return the part's bits of each hash as a number."""
        return ((hashes & self.mask) >> np.uint64(self.low_bit)).astype(np.intp)

    def cost(self, rows: int, columns: int) -> float:
        """Return about what it costs to find rows' neighbours among columns here, were the hashes random."""
        turns = sum(comb(self.bits, count) for count in range(self.turned + 1))
        return turns * (rows * (COST_ASK + COST_MEET * columns / (1 << self.bits)) + COST_TURN)


def parts_for(rows: int, columns: int, radius_bits: int) -> list[Part]:
    """Return the parts by which neighbours cost least to find, none where it costs less to compare all outright."""
    best: list[Part] = []
    least = float(rows) * columns
    for count in range(1, min(radius_bits + 1, BITS) + 1):
        ends = [BITS * at // count for at in range(count + 1)]
        each, over = divmod(radius_bits + 1, count)
        parts = [
            Part(low, min(high - low, KEY_BITS), each - 1 + (at < over))
            for at, (low, high) in enumerate(pairwise(ends))
            if each - 1 + (at < over) <= KEY_BITS
        ]
        cost = sum(part.cost(rows, columns) for part in parts)
        if len(parts) == count and cost < least:
            best, least = parts, cost
    return best


def met(first: Hashes, second: Hashes, parts: Sequence[Part], radius_bits: int, *, among: bool) -> Pairs:
    """Yield indices into both of all pairs within the radius, each once.

    among : both are the same hashes; of each pair the lesser index is the first.
    """
    if not (first.size and second.size):
        return
    for at, part in enumerate(parts):
        wanted = _Wanted(radius_bits, parts[:at])
        table = _Table.of(second, part)
        if among:
            yield from _met_among(first, table, part, wanted)
            continue
        for rows, hashes, keys in _sorted(first, part):
            for turn in part.turns():
                for row, column in table.within(hashes, keys ^ turn, wanted):
                    yield rows[row], column


def _met_among(hashes: Hashes, table: "_Table", part: Part, wanted: "_Wanted") -> Pairs:
    """Yield the pairs of one part among the same hashes: a turn leads from one to the other and back, so half ask."""
    for rows, some, keys in _sorted(hashes, part):
        for row, column in table.within(some, keys, wanted):
            later = rows[row] < column
            yield rows[row[later]], column[later]
        halves = [np.flatnonzero(keys >> bit & 1 == 0) for bit in range(part.bits)]
        asking = [(rows[half], some[half], keys[half]) for half in halves]
        for turn in part.turns():
            if turn:
                from_rows, from_hashes, from_keys = asking[turn.bit_length() - 1]
                for row, column in table.within(from_hashes, from_keys ^ turn, wanted):
                    row = from_rows[row]
                    yield np.minimum(row, column), np.maximum(row, column)


def _sorted(hashes: Hashes, part: Part) -> Iterator[tuple[Indices, Hashes, Indices]]:
    """Yield indices, hashes and keys in blocks, by key, so that what is asked for lies together."""
    keys = part.keys(hashes)
    order = sorted_by(keys)
    for start in range(0, order.size, BLOCK):
        rows = order[start : start + BLOCK]
        yield rows, hashes[rows], keys[rows]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which differing bits make a pair: no more than the radius, and not met in an earlier part."""

    radius_bits: int
    earlier: Sequence[Part]

    def among(self, apart: Hashes) -> Indices:
        """Return where the differing bits are such."""
        near = np.flatnonzero(np.bitwise_count(apart) <= self.radius_bits)
        for part in self.earlier if near.size else ():
            near = near[np.bitwise_count(apart[near] & part.mask) > part.turned]
        return near


@dataclass(frozen=True, slots=True)
class _Table:
    """Hashes by a part of their bits.

    order : their indices, by key. hashes : in that order. starts, counts : of each key in it. heads : the first hash of
    each key, the second, ...; where there is none, one that differs in all bits of the part.
    """

    order: Indices
    hashes: Hashes
    starts: Indices
    counts: Indices
    heads: list[Hashes]
    longer: NDArray[np.bool_]

    @classmethod
    def of(cls, hashes: Hashes, part: Part) -> "_Table":
        keys = part.keys(hashes)
        order = sorted_by(keys)
        ordered = hashes[order]
        counts = np.bincount(keys, minlength=1 << part.bits)
        starts = np.cumsum(counts) - counts
        heads = []
        for nth in range(HEADS):
            head = ~(np.arange(counts.size, dtype=np.uint64) << np.uint64(part.low_bit))
            known = counts > nth
            head[known] = ordered[starts[known] + nth]
            heads.append(head)
        return cls(order, ordered, starts, counts, heads, counts > HEADS)

    def within(self, hashes: Hashes, keys: Indices, wanted: _Wanted) -> Pairs:
        """Yield the wanted pairs of the hashes and what lies under their keys."""
        for nth, head in enumerate(self.heads):
            near = wanted.among(head.take(keys) ^ hashes)
            near = near[self.counts[keys[near]] > nth] if near.size else near
            if near.size:
                yield near, self.order[self.starts[keys[near]] + nth]
        asking = np.flatnonzero(self.longer.take(keys))
        keys = keys[asking]
        starts, counts = self.starts[keys] + HEADS, self.counts[keys] - HEADS
        for some in blocks(counts):
            run, place = runs(starts[some], counts[some])
            row = asking[some][run]
            near = wanted.among(hashes[row] ^ self.hashes[place])
            if near.size:
                yield row[near], self.order[place[near]]


def sorted_by(keys: Indices) -> Indices:
    """Return the indices that sort keys of at most KEY_BITS; numpy sorts these by counting."""
    return np.argsort(keys.astype(np.uint16), kind="stable")


def blocks(sizes: Indices) -> Iterator[slice]:
    """Yield slices of a row of things, in each of which their sizes are about BLOCK in all."""
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if ends.size else 0
    cuts = [0, *(np.searchsorted(ends, np.arange(BLOCK, total, BLOCK)) + 1).tolist(), sizes.size]
    return (slice(low, high) for low, high in pairwise(cuts) if low < high)


def runs(starts: Indices, counts: Indices) -> tuple[Indices, Indices]:
    """Return which run each number is of, and the numbers: of each run `counts` from `starts` on."""
    owners = np.repeat(np.arange(counts.size), counts)
    return owners, np.arange(owners.size) + (starts - np.cumsum(counts) + counts)[owners]
