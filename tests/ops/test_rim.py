"""The colour of the outermost pixels."""

import numpy as np
import pytest

from loraset.ops.rim import DEPTH_PX, rim_color


def square(rim, inner, side=60):
    """A square of one colour with a frame of another, `DEPTH_PX` thick, before green."""
    rgb = np.zeros((side, side, 3), np.float32)
    rgb[:] = (0, 1, 0)
    alpha = np.zeros((side, side), np.float32)
    deep = round(DEPTH_PX)
    rgb[10:50, 10:50], alpha[10:50, 10:50] = rim, 1
    rgb[10 + deep : 50 - deep, 10 + deep : 50 - deep] = inner
    return rgb, alpha


def test_it_is_the_rims_own_and_neither_what_lies_inside_nor_the_ground():
    assert rim_color(*square((0, 0, 0), (1, 1, 1))) == pytest.approx((0, 0, 0), abs=1)
    assert rim_color(*square((1, 1, 1), (0, 0, 0))) == pytest.approx((100, 0, 0), abs=1)


def test_where_the_photo_cuts_the_subject_there_is_no_rim():
    rgb, alpha = square((0, 0, 0), (1, 1, 1))
    assert rim_color(rgb[20:40, 20:40], alpha[20:40, 20:40]) is None
    assert rim_color(rgb[10 : 50 - 3], alpha[10 : 50 - 3]) == pytest.approx((0, 0, 0), abs=1)


def test_no_subject_has_no_rim():
    assert rim_color(np.ones((8, 8, 3), np.float32), np.zeros((8, 8), np.float32)) is None
