"""Joining masks, on numbers whose answer is known."""

import numpy as np
import pytest

from loraset.ops.joining import Record, can_teach, consensus, misranked, overlap, records, zone_of
from loraset.ops.repair import Piece


def column(value):
    return np.full((2, 2), value, np.float32)


def test_the_consensus_is_sure_where_all_are_and_of_nothing_else():
    assert consensus([column(0.9)]) == pytest.approx(column(0.9))
    assert consensus([column(0.9), column(0.9)]) == pytest.approx(column(0.9))
    assert consensus([column(1), column(0)]) == pytest.approx(column(0.5), abs=1e-4)
    assert consensus([column(1), column(1)]).min() > 0.99


def test_masks_teach_where_they_share_a_subject_and_a_ground():
    left, right = np.array([[1, 1, 0, 0]], np.float32), np.array([[0, 0, 1, 1]], np.float32)
    assert can_teach([left, left])
    assert not can_teach([left, right])
    assert not can_teach([np.ones_like(left)] * 2)


def test_misranked_counts_pairs():
    mask = np.array([[1, 1, 0, 0]], np.float32)
    assert misranked(mask, np.array([[3, 2, 1, 0]], np.float32)) == 0
    assert misranked(mask, np.array([[0, 1, 2, 3]], np.float32)) == 1
    assert misranked(mask, np.array([[3, 0, 2, 1]], np.float32)) == 0.5
    assert misranked(mask, np.zeros((1, 4), np.float32)) == 0.5
    assert misranked(np.zeros((1, 4), np.float32), mask) == 0.5


def test_the_overlap_of_soft_masks():
    assert overlap(column(0.25), column(0.5)) == pytest.approx(0.5)
    assert overlap(column(0), column(0)) == 1


def test_who_fits_what_the_others_teach_has_the_better_record():
    evidence = np.array([[3, 2, -2, -3]], np.float32)
    right, wrong = np.array([[1, 1, 0, 0]], np.float32), np.array([[1, 0, 1, 0]], np.float32)
    found = records([{"a": right, "b": wrong}, {"a": right}], [evidence, evidence])
    assert found["a"].fit > found["b"].fit
    assert found["a"] == Record(pytest.approx(-np.log(0.02)), pytest.approx((1 / 3 + 1) / 2), 2)
    assert found["b"].masks == 1


def test_a_zone_reaches_a_little_round_its_pieces():
    where = np.zeros((20, 30), bool)
    where[8:10, 10:12] = True
    zone = zone_of([Piece(where, True, 0.1, {}, 9.0)], (60, 40))
    assert zone.shape == (40, 60)
    assert zone[16:20, 20:24].min() == 1
    assert zone[17, 25] == 1
    assert zone[17, 40] == zone[0, 0] == 0
