"""All pairs of 64-bit hashes that lie within a radius, without comparing all.

In: two arrays of hashes, a radius in bits. Out: pairs of indices, in blocks, so that memory does not grow with their
number. Never: an approximation, or a pair named twice.

Multi-index hashing (Norouzi, Punjani, Fleet: Fast search in Hamming space with multi-index hashing, CVPR 2012) in its
plainest form: the bits are dealt out to radius + 1 parts, and two hashes that differ in no more bits than the radius
agree in one part at least. So only hashes that agree in a part are compared, bucket by bucket. Where that would be more
work than to compare all, as among nearly equal hashes or under a wide radius, all are compared.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]
BITS = 64
MOST_KEY_BITS = 10  # of a part: 1024 buckets; more would hold too few hashes each to fill a block
BLOCK = 1 << 19  # comparisons at once: they stay in a processor's cache


def pairs_within(
    first: NDArray[np.uint64], second: NDArray[np.uint64], radius_bits: int
) -> Iterator[tuple[Indices, Indices]]:
    """Yield indices into both arrays of all pairs that differ in at most `radius_bits` bits, each pair once.

    The order of the blocks and of the pairs in them is fixed by the hashes and their order.

    first : uint64 array of shape (N,). second : uint64 array of shape (M,). radius_bits : 0..64.
    """
    keys = _keys(radius_bits + 1)
    tables = [_buckets(first & key, second & key) for key in keys]
    if sum(_comparisons(table) for table in tables) >= first.size * second.size:
        keys, tables = [np.uint64(0)], [_buckets(first & np.uint64(0), second & np.uint64(0))]
    work = np.empty(max(BLOCK, second.size), np.uint64), np.empty(max(BLOCK, second.size), np.uint8)
    for place, table in enumerate(tables):
        for rows, columns in table:
            step = max(1, BLOCK // columns.size)
            for start in range(0, rows.size, step):
                some = rows[start : start + step]
                row, column = _near(first[some], second[columns], radius_bits, keys[:place], work)
                if row.size:
                    yield some[row], columns[column]


def _keys(parts: int) -> list[np.uint64]:
    """Masks of the parts' bits. Neighbouring bits of a hash say much the same, so they are dealt out in turn."""
    chosen = [range(part, BITS, parts)[:MOST_KEY_BITS] for part in range(min(parts, BITS))]
    return [np.uint64(sum(1 << bit for bit in bits)) for bits in chosen]


def _buckets(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> list[tuple[Indices, Indices]]:
    """Indices of equal values in both arrays, a pair of arrays for each value that both have."""
    rows, columns = np.argsort(first, kind="stable"), np.argsort(second, kind="stable")
    values, starts = np.unique(first[rows], return_index=True)
    ends = np.append(starts[1:], rows.size)
    ordered = second[columns]
    left, right = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    shared = np.flatnonzero(right > left)
    return [(rows[starts[at] : ends[at]], columns[left[at] : right[at]]) for at in shared]


def _comparisons(table: list[tuple[Indices, Indices]]) -> int:
    return sum(rows.size * columns.size for rows, columns in table)


def _near(
    first: NDArray[np.uint64],
    second: NDArray[np.uint64],
    radius_bits: int,
    earlier: list[np.uint64],
    work: tuple[NDArray[np.uint64], NDArray[np.uint8]],
) -> tuple[Indices, Indices]:
    """Compare all with all; leave out what agrees in an earlier part: it was found there. work : arrays to write to."""
    count = first.size * second.size
    differing, bits = work[0][:count], work[1][:count]
    shape = first.size, second.size
    np.bitwise_xor(first[:, None], second, out=differing.reshape(shape))
    np.bitwise_count(differing, out=bits)
    found = np.flatnonzero(bits <= radius_bits)
    if earlier and found.size:
        found = found[((differing[found] & np.array(earlier)[:, None]) != 0).all(axis=0)]
    return np.divmod(found, second.size)
