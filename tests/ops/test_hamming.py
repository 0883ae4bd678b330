"""The radius search against brute force: the same pairs, each once, whatever the hashes."""

import numpy as np
import pytest

from loraset.ops import hamming
from loraset.ops.hamming import pairs_within


def random_hashes(random, count):
    return random.integers(0, 2**64, count, dtype=np.uint64)


def flipped(random, hashes, bits):
    for _ in range(bits):
        hashes = hashes ^ (np.uint64(1) << random.integers(0, 64, hashes.size, dtype=np.uint64))
    return hashes


MAKERS = {
    "random": random_hashes,
    "clustered": lambda random, count: flipped(
        random, random_hashes(np.random.default_rng(9), 7)[random.integers(0, 7, count)], 4
    ),
    "all equal": lambda random, count: np.full(count, 0xF0F0, np.uint64),
    "of flat pictures": lambda random, count: np.where(random.random(count) < 0.5, 0, 2**64 - 1).astype(np.uint64),
}


def brute_force(first, second, radius_bits):
    return set(zip(*np.nonzero(np.bitwise_count(first[:, None] ^ second) <= radius_bits), strict=True))


def found(first, second, radius_bits):
    return [
        pair for rows, columns in pairs_within(first, second, radius_bits) for pair in zip(rows, columns, strict=True)
    ]


@pytest.mark.parametrize("radius_bits", [0, 1, 5, 6, 12, 15, 32, 64])
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_all_pairs_are_found_each_once(make, radius_bits):
    random = np.random.default_rng(radius_bits)
    first, second = make(random, 160), make(random, 130)
    second[:30] = flipped(random, first[:30], radius_bits)
    pairs = found(first, second, radius_bits)
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == brute_force(first, second, radius_bits)


@pytest.mark.parametrize("count", [0, 1])
def test_no_hashes_and_one(count):
    hashes = np.full(count, 5, np.uint64)
    assert found(hashes, hashes, 6) == [(0, 0)] * count
    assert found(hashes, np.zeros(0, np.uint64), 6) == []


def test_equal_hashes_come_in_blocks_that_do_not_grow(monkeypatch):
    monkeypatch.setattr(hamming, "BLOCK", 1000)
    hashes = np.zeros(300, np.uint64)
    blocks = [rows.size for rows, _ in pairs_within(hashes, hashes, 6)]
    assert (sum(blocks), max(blocks)) == (300 * 300, 900)


def test_few_random_hashes_are_compared(monkeypatch):
    compared = []
    near = hamming._near

    def counting(first, second, *rest):
        compared.append(first.size * second.size)
        return near(first, second, *rest)

    monkeypatch.setattr(hamming, "_near", counting)
    hashes = random_hashes(np.random.default_rng(0), 20_000)
    for _ in pairs_within(hashes, hashes, 6):
        pass
    assert sum(compared) < 0.02 * 20_000**2
