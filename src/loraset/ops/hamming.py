"""All pairs of 64-bit hashes that lie within a radius, without comparing all.

In: hashes, a radius in bits. Out: pairs of indices, in blocks, so that memory does not grow with their number. Never:
an approximation, or a pair named twice.

Two ways, both exact:

1. Multi-index hashing: see `ops.multi_index`. Few hashes, or those under a wide radius, are all compared outright.
2. Crowds: where many hashes are one or nearly one, each of their pairs would be met in every table. They are gathered
   about centres instead, and two crowds are compared outright, or not at all where their centres are too far apart for
   any pair within the radius (the triangle inequality).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loraset.ops.multi_index import BITS, Hashes, Indices, Pairs, Part, met, parts_for, sorted_by

STRIDE = 39  # odd, near BITS over the golden section: neighbouring bits, which say much the same, come into other parts
CROWD = 24  # hashes under one key, beside four times the usual number: most are nearly one
RIM_BITS = 4  # of a crowd
BLOCK = 1 << 16  # hashes compared outright at once: what is found of them stays in a processor's cache


def pairs_within(first: Hashes, second: Hashes, radius_bits: int) -> Pairs:
    """Yield indices into both arrays of all pairs that differ in at most `radius_bits` bits, each pair once.

    The order of the blocks and of the pairs in them is fixed by the hashes and their order.

    first : uint64 array of shape (N,). second : uint64 array of shape (M,). radius_bits : 0..64.
    """
    yield from _near(_dealt(first), _dealt(second), radius_bits, among=False)


def pairs_among(hashes: Hashes, radius_bits: int) -> Pairs:
    """Yield indices of all pairs of hashes that differ in at most `radius_bits` bits, each pair once, the lesser first.

    It takes half as long as to search the same hashes in themselves. hashes : uint64 array of shape (N,).
    """
    dealt = _dealt(hashes)
    yield from _near(dealt, dealt, radius_bits, among=True)


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
    """Yield the pairs; `among` the same hashes each once, the lesser first."""
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
            yield _ordered(some[row], others[column], among=among and not same)
    reach = radius_bits + 2 * RIM_BITS
    for here, there in _outright(crowds.centres, crowds.centres, reach, among=among, itself=True):
        for one, two in zip(here.tolist(), there.tolist(), strict=True):
            some, others, same = row_crowds[one], column_crowds[two], among and one == two
            for row, column in _outright(first[some], second[others], radius_bits, among=same, names=(some, others)):
                yield _ordered(row, column, among=among and not same)


def _ordered(rows: Indices, columns: Indices, *, among: bool) -> tuple[Indices, Indices]:
    """Put the lesser index of each pair first, where both are `among` the same."""
    return (np.minimum(rows, columns), np.maximum(rows, columns)) if among else (rows, columns)


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


def _outright(
    first: Hashes,
    second: Hashes,
    radius_bits: int,
    *,
    among: bool,
    itself: bool = False,
    names: tuple[Indices, Indices] | None = None,
) -> Pairs:
    """Compare all with all; `among` the same ones each pair once, and each with `itself` only where that is asked.

    names : what is yielded for each of both; their indices where not given.
    """
    rows, columns = names or (np.arange(first.size), np.arange(second.size))
    step = max(1, BLOCK // max(1, second.size))
    for start in range(0, first.size, step):
        ahead = start if among else 0
        near = np.bitwise_count(first[start : start + step, None] ^ second[ahead:]) <= radius_bits
        if among:
            near[np.tril_indices(len(near), -1 if itself else 0)] = False
        found = np.count_nonzero(near, axis=1)
        if found.any():
            begins = np.repeat(np.arange(len(near)) * near.shape[1] - ahead, found)
            yield np.repeat(rows[start : start + step], found), columns[np.flatnonzero(near) - begins]
