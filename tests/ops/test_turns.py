"""Which way a figure turns: mirror images have opposite signs, an even figure has none."""

import cv2
import numpy as np
import pytest

from loraset.ops.turns import turns


def figure(arm, belly=32, color=(180, 120, 60)):
    """uint8 (64, 64, 4): a body, an arm that reaches `arm` px to the right, a light belly at a place."""
    small = np.zeros((64, 64, 4), np.uint8)
    cv2.ellipse(small, (32, 38), (12, 18), 0, 0, 360, (*color, 255), -1)
    cv2.circle(small, (belly, 42), 5, (230, 220, 200, 255), -1)
    if arm:
        cv2.line(small, (32, 30), (32 + arm, 20), (*color, 255), 5)
    return small


def mirrored(small):
    return np.ascontiguousarray(small[:, ::-1])


SET = [figure(0), figure(24), mirrored(figure(22)), figure(20), figure(23), figure(0, color=(60, 120, 180))]


def test_sides_are_told_apart_and_the_even_are_even():
    found = turns(SET)
    assert found[[1, 3, 4]].min() > 0.12
    assert found[2] < -0.12
    assert np.abs(found[[0, 5]]).max() < 0.05
    assert np.abs(found).max() == found.max()


def test_a_mirrored_set_is_turned_the_other_way_but_for_the_sign_of_the_most_turned():
    assert turns([mirrored(small) for small in SET]) == pytest.approx(turns(SET), abs=0.02)


def test_what_shows_inside_counts_too():
    found = turns([figure(0, belly) for belly in (24, 25, 32, 39, 40)])
    assert np.sign(found[:2]).tolist() == (-np.sign(found[3:])).tolist()
    assert abs(found[2]) < np.abs(found[[0, 1, 3, 4]]).min()


def test_none_one_and_only_even_ones():
    assert turns([]).shape == (0,)
    assert turns([figure(20)])[0] > 0.1
    assert np.abs(turns([figure(0)] * 3)).max() < 0.02
