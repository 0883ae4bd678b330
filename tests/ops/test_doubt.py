"""How sure masks are of themselves and of each other."""

import numpy as np
import pytest

from loraset.ops.doubt import expected_overlap, undecided


def box(start, stop, value=1.0):
    mask = np.zeros((40, 40), np.float32)
    mask[start:stop, 10:30] = value
    return mask


def test_an_answer_that_stays_is_expected_whole():
    assert expected_overlap(box(10, 30), [box(10, 30)] * 3) == 1.0


def test_two_answers_that_share_half_are_expected_by_their_mean():
    """The mask is 400 px; the mean holds 300 of them and 100 beyond. The disc rounds the doubt's corners."""
    assert expected_overlap(box(10, 30), [box(10, 30), box(20, 40)]) == pytest.approx(300 / 500, abs=0.02)


def test_a_mask_alone_is_taken_at_its_word():
    mask = box(10, 30, 0.8)
    assert expected_overlap(mask, [mask]) == pytest.approx(0.8, abs=0.01)


def test_the_seam_along_an_outline_is_no_doubt_and_a_lost_part_of_the_same_area_is():
    """A rim of 2 px half decided, and a block of as many px."""
    whole = np.zeros((160, 160), np.float32)
    whole[40:120, 40:120] = 1
    soft, lost = whole.copy(), whole.copy()
    soft[40:42] = soft[118:120] = whole[40:42] * 0.6
    lost[100:120, 40:56] = 0.6
    assert expected_overlap(soft, [soft]) == 1.0
    assert expected_overlap(lost, [lost]) == pytest.approx(1 - 0.4 * 20 * 16 / 80**2, abs=0.003)


def test_the_size_of_the_grid_changes_nothing():
    mask = np.zeros((160, 120), np.float32)
    mask[30:120, 20:90], mask[60:90, 20:50] = 1, 0.7
    large = np.kron(mask, np.ones((4, 4), np.float32))
    assert expected_overlap(large, [large]) == pytest.approx(expected_overlap(mask, [mask]), abs=1e-6)


def test_what_the_answer_leaves_out_and_what_it_adds_are_both_doubt():
    """Of 400 px the answer has 200, and as many elsewhere."""
    assert expected_overlap(box(10, 30), [box(20, 40)]) == pytest.approx(200 / 600, abs=0.02)


def test_nothing_overlaps_nothing():
    nothing = np.zeros((8, 8), np.float32)
    assert expected_overlap(nothing, [nothing]) == 0.0


def test_a_clear_mask_is_decided_and_an_empty_one_is_not():
    assert undecided(box(10, 30)) == 0.0
    assert undecided(np.zeros((8, 8), np.float32)) == 1.0
    assert undecided(box(10, 30, 0.6)) > 0.4
