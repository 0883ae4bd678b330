"""How sure masks are of themselves and of each other."""

import numpy as np
import pytest

from loraset.ops.doubt import expected_overlap, undecided


def box(start, stop, value=1.0):
    mask = np.zeros((40, 40), np.float32)
    mask[start:stop, 10:30] = value
    return mask


def test_an_answer_that_stays_is_expected_whole():
    assert expected_overlap(box(10, 30), [box(10, 30)] * 2) == 1.0


def test_two_answers_that_share_half_are_expected_by_their_mean():
    """The mask is 400 px; the mean holds 300 of them and 100 beyond."""
    assert expected_overlap(box(10, 30), [box(20, 40)]) == pytest.approx(300 / 500)


def test_a_mask_alone_is_taken_at_its_word():
    assert expected_overlap(box(10, 30, 0.8)) == pytest.approx(0.8)


def test_nothing_overlaps_nothing():
    assert expected_overlap(np.zeros((8, 8), np.float32)) == 0.0


def test_a_clear_mask_is_decided_and_an_empty_one_is_not():
    assert undecided(box(10, 30)) == 0.0
    assert undecided(np.zeros((8, 8), np.float32)) == 1.0
    assert undecided(box(10, 30, 0.6)) > 0.4
