"""What a key keeps beside the screen is sorted out; what is the subject's stays."""

import cv2
import numpy as np
import pytest

from loraset.ops.garbage import before_the_screen, where_said

SIDE = 200
TABLE = np.s_[150:, :]


def toy():
    """A disc with a thin tail, on a screen: alpha."""
    alpha = np.zeros((SIDE, SIDE), np.uint8)
    cv2.circle(alpha, (100, 100), 50, 255, -1, cv2.LINE_AA)
    cv2.line(alpha, (100, 100), (30, 40), 255, 2, cv2.LINE_AA)
    return alpha / np.float32(255)


def kept(alpha):
    """The alpha that is left, where all that is clear is bare screen."""
    found = before_the_screen(alpha, alpha < 0.05)
    return alpha * found.subject, found.beyond


@pytest.mark.parametrize("room", [np.s_[:, :20], np.s_[:15, :], np.s_[:, 185:]], ids=str)
def test_a_wall_beside_the_screen_is_left_out(room):
    seen = toy()
    seen[room] = 1
    alpha, beyond = kept(seen)
    assert np.array_equal(alpha, toy() * (seen == toy()))
    assert beyond == pytest.approx(0, abs=0.01)


def test_a_room_all_round_a_cloth_is_left_out():
    seen = np.pad(toy()[20:180, 20:180], 20, constant_values=1)
    assert np.array_equal(kept(seen)[0][25:175, 25:175], toy()[25:175, 25:175])
    assert kept(seen)[0][:15].max() == 0


def test_a_stand_that_reaches_in_is_left_out_and_a_part_of_its_own_is_not():
    seen = toy()
    seen[120:, 185:190] = 1
    seen[30:40, 150:160] = 1
    alpha, _ = kept(seen)
    assert alpha[120:, 185:190].max() == 0
    assert alpha[30:40, 150:160].min() == 1


def test_a_second_thing_that_the_border_cuts_is_not_decided_here():
    seen = np.zeros((SIDE, 2 * SIDE), np.float32)
    seen[:, :SIDE] = toy()
    cv2.circle(seen, (2 * SIDE - 30, 100), 48, 1, -1)
    assert np.array_equal(kept(seen)[0], seen)


def test_a_subject_that_the_picture_cuts_off_stays_whole_with_all_its_parts():
    seen = np.roll(toy(), 70, axis=0)
    seen[:70] = 0
    seen[190:, 20:40] = 1
    alpha, beyond = kept(seen)
    assert np.array_equal(alpha, seen)
    assert beyond < 0.1


def test_a_table_that_the_subject_stands_on_is_told():
    seen = toy()
    seen[TABLE] = 1
    assert kept(seen)[1] > 0.3


def test_another_engine_says_that_the_table_is_not_the_subject_and_the_key_keeps_its_edge():
    seen = np.maximum(toy(), 0)
    seen[TABLE] = 1
    coarse = cv2.resize((toy() > 0.9).astype(np.float32), (50, 50), interpolation=cv2.INTER_AREA)
    alpha = where_said(seen, cv2.GaussianBlur(coarse, (0, 0), 1))
    assert np.array_equal(alpha[50:140, 60:180], toy()[50:140, 60:180])
    assert alpha[160:].max() < 0.05


def test_a_hole_stays_a_hole_though_another_engine_fills_it():
    ring = toy()
    cv2.circle(ring, (100, 100), 12, 0, -1, cv2.LINE_AA)
    assert where_said(ring, toy())[100, 100] == 0


def test_where_nothing_is_said_nothing_is_left():
    assert where_said(toy(), np.zeros((50, 50), np.float32)).max() == 0


def test_an_empty_key_is_no_error():
    found = before_the_screen(np.zeros((SIDE, SIDE), np.float32), np.ones((SIDE, SIDE), np.bool_))
    assert found.subject.all()
    assert found.beyond == 0
