"""All pairs of 64-bit hashes that lie within a radius, without comparing all.

In: hashes, a radius in bits. Out: pairs of indices, in blocks, so that memory does not grow with their number. Never:
an approximation, or a pair named twice.

Three steps, each exact:

1. Equal hashes are one; their pairs are written out at the end.
2. Multi-index hashing: see `ops.multi_index`. Few hashes, or those under a wide radius, are all compared outright.
3. Crowds: where many hashes are nearly one, each of their pairs would be met in every table. They are gathered about
   centres instead, and two crowds are compared outright, or not at all where their centres are too far apart for any
   pair within the radius (the triangle inequality).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loraset.ops.multi_index import BITS, BLOCK, Hashes, Indices, Pairs, Part, blocks, met, parts_for, runs, sorted_by

BoolArray = NDArray[np.bool_]
STRIDE = 39  # odd, near BITS over the golden section: neighbouring bits, which say much the same, come into other parts
CROWD = 24  # distinct hashes under one key, beside four times the usual number: most are nearly one
RIM_BITS = 4  # of a crowd


def pairs_within(first: Hashes, second: Hashes, radius_bits: int) -> Pairs:
    """Yield indices into both arrays of all pairs that differ in at most `radius_bits` bits, each pair once.

    The order of the blocks and of the pairs in them is fixed by the hashes and their order.

    first : uint64 array of shape (N,). second : uint64 array of shape (M,). radius_bits : 0..64.
    """
    one, two = _Distinct.of(first), _Distinct.of(second)
    found = _near(_dealt(one.values), _dealt(two.values), radius_bits, among=False)
    for rows, columns in _gathered(found):
        yield from _members(one, two, rows, columns)


def pairs_among(hashes: Hashes, radius_bits: int) -> Pairs:
    """Yield indices of all pairs of hashes that differ in at most `radius_bits` bits, each pair once, the lesser first.

    It takes half as long as to search the same hashes in themselves. hashes : uint64 array of shape (N,).
    """
    one = _Distinct.of(hashes)
    followers = np.repeat(one.starts + one.counts, one.counts) - np.arange(hashes.size) - 1
    for some in blocks(followers):
        owner, place = runs(np.arange(hashes.size)[some] + 1, followers[some])
        yield one.order[some][owner], one.order[place]
    dealt = _dealt(one.values)
    for rows, columns in _gathered(_near(dealt, dealt, radius_bits, among=True)):
        for row, column in _members(one, one, rows, columns):
            yield np.minimum(row, column), np.maximum(row, column)


@dataclass(frozen=True, slots=True)
class _Distinct:
    """values : each hash once. order : indices of all hashes, equal ones together, from `starts` on, `counts` many.

    lead : the first index of each value. lone : whether it is the only one.
    """

    values: Hashes
    order: Indices
    starts: Indices
    counts: Indices
    lead: Indices
    lone: BoolArray

    @classmethod
    def of(cls, hashes: Hashes) -> "_Distinct":
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: hashes.size])
        counts = np.diff(np.append(starts, hashes.size))
        return cls(ordered[starts], order, starts, counts, order[starts], counts == 1)


def _gathered(pairs: Pairs) -> Pairs:
    """Yield the same pairs in blocks that are not small."""
    waiting: list[tuple[Indices, Indices]] = []
    count = 0
    for block in pairs:
        waiting.append(block)
        count += block[0].size
        if count >= BLOCK:
            yield _joined(waiting)
            waiting, count = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(pairs: list[tuple[Indices, Indices]]) -> tuple[Indices, Indices]:
    if len(pairs) == 1:
        return pairs[0]
    rows, columns = zip(*pairs, strict=True)
    return np.concatenate(rows), np.concatenate(columns)


def _members(one: _Distinct, two: _Distinct, rows: Indices, columns: Indices) -> Pairs:
    """Yield the pairs of all hashes that have the rows' and the columns' values."""
    lone = one.lone[rows] & two.lone[columns]
    if lone.all():
        yield one.lead[rows], two.lead[columns]
        return
    if lone.any():
        yield one.lead[rows[lone]], two.lead[columns[lone]]
        rows, columns = rows[~lone], columns[~lone]
    for some in blocks(one.counts[rows]):
        owner, place = runs(one.starts[rows[some]], one.counts[rows[some]])
        down, across = one.order[place], columns[some][owner]
        for few in blocks(two.counts[across]):
            owner, place = runs(two.starts[across[few]], two.counts[across[few]])
            yield down[few][owner], two.order[place]


def _dealt(hashes: Hashes) -> Hashes:
    """Return the hashes with their bits in another order, by STRIDE."""
    places = (np.arange(BITS) * STRIDE % BITS).astype(np.uint64).reshape(-1, 8)
    bits = np.arange(256, dtype=np.uint64)[:, None] >> np.arange(8, dtype=np.uint64) & np.uint64(1)
    dealt = np.zeros_like(hashes)
    for byte, place in enumerate(places):
        spread = (bits << place).sum(axis=1, dtype=np.uint64)
        dealt |= spread[(hashes >> np.uint64(8 * byte) & np.uint64(255)).astype(np.intp)]
    return dealt


def _near(first: Hashes, second: Hashes, radius_bits: int, *, among: bool) -> Pairs:
    """Yield the pairs of distinct hashes."""
    parts = parts_for(first.size, second.size, radius_bits)
    if not parts:
        yield from _outright(first, second, radius_bits, among=among)
        return
    crowds = _Crowds.of(second, parts)
    row_homes = crowds.homes(first)
    column_homes = row_homes if among else crowds.homes(second)
    rows, row_crowds = crowds.split(row_homes)
    columns, column_crowds = crowds.split(column_homes)
    crowded_rows, crowded_columns = (np.flatnonzero(homes >= 0) for homes in (row_homes, column_homes))
    searches = [(rows, columns, among), (crowded_rows, columns, False)]
    if not among:
        searches.append((rows, crowded_columns, False))
    for some, others, same in searches:
        for row, column in met(first[some], second[others], parts, radius_bits, among=same):
            yield some[row], others[column]
    reach = radius_bits + 2 * RIM_BITS
    for here, there in _outright(crowds.centres, crowds.centres, reach, among=among, itself=True):
        for one, two in zip(here.tolist(), there.tolist(), strict=True):
            some, others = row_crowds[one], column_crowds[two]
            same = among and one == two
            for row, column in _outright(first[some], second[others], radius_bits, among=same):
                yield some[row], others[column]


@dataclass(frozen=True, slots=True)
class _Crowds:
    """centres : of the crowds, distinct. tables : by part and key which of them lies there, -1 for none."""

    centres: Hashes
    parts: Sequence[Part]
    tables: list[Indices]

    @classmethod
    def of(cls, hashes: Hashes, parts: Sequence[Part]) -> "_Crowds":
        """Find the keys under which too many hashes lie, and what most of these are, bit by bit."""
        keys, centres = [], []
        for part in parts:
            key = part.keys(hashes)
            counts = np.bincount(key, minlength=1 << part.bits)
            inside = np.flatnonzero((counts > CROWD + 4 * hashes.size / counts.size)[key])
            inside = inside[sorted_by(key[inside])]
            crowded, starts = np.unique(key[inside], return_index=True)
            keys.append(crowded)
            centres.append(_majority(hashes[inside], starts, counts[crowded]))
        distinct, places = np.unique(np.concatenate(centres), return_inverse=True)
        tables = [np.full(1 << part.bits, -1, np.intp) for part in parts]
        ends = np.cumsum([key.size for key in keys])[:-1]
        for table, key, place in zip(tables, keys, np.split(places, ends), strict=True):
            table[key] = place
        return cls(distinct, parts, tables)

    def homes(self, hashes: Hashes) -> Indices:
        """Return the crowd of each hash, -1 where none has its centre within RIM_BITS."""
        homes = np.full(hashes.size, -1, np.intp)
        for part, table in zip(self.parts, self.tables, strict=True):
            place = table[part.keys(hashes)]
            asked = np.flatnonzero((place >= 0) & (homes < 0))
            asked = asked[np.bitwise_count(hashes[asked] ^ self.centres[place[asked]]) <= RIM_BITS]
            homes[asked] = place[asked]
        return homes

    def split(self, homes: Indices) -> tuple[Indices, list[Indices]]:
        """Return who is in no crowd, and the members of each."""
        order = np.argsort(homes, kind="stable")
        alone, *members = np.split(order, np.searchsorted(homes[order], np.arange(self.centres.size)))
        return alone, members


def _majority(hashes: Hashes, starts: Indices, counts: Indices) -> Hashes:
    """Return of each run of hashes one whose bits most of them have."""
    if not hashes.size:
        return hashes
    found = np.zeros(starts.size, np.uint64)
    for bit in np.arange(BITS, dtype=np.uint64):
        most = 2 * np.add.reduceat(hashes >> bit & np.uint64(1), starts) > counts
        found |= most.astype(np.uint64) << bit
    return found


def _outright(first: Hashes, second: Hashes, radius_bits: int, *, among: bool, itself: bool = False) -> Pairs:
    """Compare all with all; `among` the same ones each pair once, and each with `itself` only where that is asked."""
    step = max(1, BLOCK // max(1, second.size))
    for start in range(0, first.size, step):
        ahead = start if among else 0
        near = np.bitwise_count(first[start : start + step, None] ^ second[ahead:]) <= radius_bits
        if among:
            near[np.tril_indices(len(near), -1 if itself else 0)] = False
        row, column = np.nonzero(near)
        if row.size:
            yield row + start, column + ahead
