"""The radius search against brute force: the same pairs, each once, whatever the hashes and whichever way is taken."""

import numpy as np
import pytest

from loraset.ops import hamming, multi_index
from loraset.ops.hamming import pairs_among, pairs_within
from loraset.ops.multi_index import Part, met, parts_for


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


@pytest.fixture
def tables_pay(monkeypatch):
    """Asking tables costs nothing, and few hashes are a crowd: so small sets go every way of large ones."""
    for name in ("COST_ASK", "COST_MEET", "COST_TURN"):
        monkeypatch.setattr(multi_index, name, 0.0)
    monkeypatch.setattr(hamming, "CROWD", 3)


@pytest.mark.usefixtures("tables_pay")
@pytest.mark.parametrize("radius_bits", [0, 1, 4, 6, 9])
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_tables_and_crowds_miss_no_pair(make, radius_bits):
    random = np.random.default_rng(radius_bits)
    first, second = make(random, 300), make(random, 200)
    second[:60] = flipped(random, first[:60], radius_bits)
    assert parts_for(300, 200, radius_bits)
    pairs = found(first, second, radius_bits)
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == brute_force(first, second, radius_bits)


@pytest.mark.usefixtures("tables_pay")
@pytest.mark.parametrize("radius_bits", [0, 5, 6])
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_among_themselves_each_pair_is_named_once_the_lesser_first(make, radius_bits):
    random = np.random.default_rng(radius_bits)
    hashes = make(random, 240)
    hashes[:40] = flipped(random, hashes[40:80], radius_bits)
    blocks = list(pairs_among(hashes, radius_bits))
    pairs = [pair for rows, columns in blocks for pair in zip(rows.tolist(), columns.tolist(), strict=True)]
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == {(i, j) for i, j in brute_force(hashes, hashes, radius_bits) if i < j}


def test_crowds_are_compared_apart_from_the_tables(monkeypatch):
    random = np.random.default_rng(3)
    crowds = flipped(random, np.repeat(random_hashes(random, 3), 60), 2)
    hashes = np.concatenate([random_hashes(random, 3000), crowds])
    asked = []
    monkeypatch.setattr(hamming, "met", lambda first, *rest, **options: asked.append(first.size) or iter(()))
    pairs = found(hashes, hashes, 6)
    near = brute_force(hashes, hashes, 6)
    assert asked[0] < 3100  # rows in no crowd: those of the crowds that fell under quieter keys are few
    assert len(near) > 10_000 and set(pairs) <= near and len(pairs) > 0.9 * (len(near) - 3000)


@pytest.mark.parametrize("radius_bits", [0, 3, 6, 10])
def test_parts_leave_no_room_for_a_pair_that_is_not_met(radius_bits):
    parts = parts_for(50_000, 50_000, radius_bits)
    assert sum(part.turned + 1 for part in parts) == radius_bits + 1
    assert sum(int(part.mask).bit_count() for part in parts) == sum(part.bits for part in parts)
    assert np.bitwise_or.reduce([part.mask for part in parts]).bit_count() == sum(part.bits for part in parts)


def test_few_hashes_and_a_wide_radius_are_compared_outright():
    assert parts_for(300, 300, 6) == [] and parts_for(100_000, 100_000, 32) == []


def test_a_table_meets_what_turned_bits_lead_to():
    part = Part(low_bit=8, bits=8, turned=1)
    hashes = np.array([0x0100, 0x0300, 0x0F00, 0x8101], np.uint64)
    asked = np.array([0x0100], np.uint64)
    rows, columns = zip(*met(asked, hashes, [part], 6, among=False), strict=True)
    assert sorted(np.concatenate(columns).tolist()) == [0, 1, 3] and set(np.concatenate(rows).tolist()) == {0}


@pytest.mark.parametrize("count", [0, 1])
def test_no_hashes_and_one(count):
    hashes = np.full(count, 5, np.uint64)
    assert found(hashes, hashes, 6) == [(0, 0)] * count
    assert found(hashes, np.zeros(0, np.uint64), 6) == []


def test_equal_hashes_come_in_blocks_that_do_not_grow(monkeypatch):
    monkeypatch.setattr(hamming, "BLOCK", 1000)
    hashes = np.zeros(300, np.uint64)
    blocks = [rows.size for rows, _ in pairs_within(hashes, hashes, 6)]
    assert sum(blocks) == 300 * 300 and max(blocks) <= 1000 + 300
    blocks = [rows.size for rows, _ in pairs_among(hashes, 6)]
    assert sum(blocks) == 300 * 299 // 2 and max(blocks) <= 1000 + 300


def test_few_random_hashes_are_compared(monkeypatch):
    compared = []
    runs = multi_index.runs

    def counting(starts, counts):
        compared.append(int(counts.sum()))
        return runs(starts, counts)

    monkeypatch.setattr(multi_index, "runs", counting)
    hashes = random_hashes(np.random.default_rng(0), 20_000)
    assert sum(rows.size for rows, _ in pairs_among(hashes, 6)) == 0
    heads = multi_index.HEADS * hashes.size * sum(1 for part in parts_for(20_000, 20_000, 6) for _ in part.turns())
    assert sum(compared) + heads < 0.02 * 20_000**2
