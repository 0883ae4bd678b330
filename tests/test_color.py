"""Tests of `loraset.color`."""

import numpy as np
import pytest

from loraset.color import to_bytes, to_floats, to_lab, to_linear, to_srgb

EVERY = np.arange(256, dtype=np.float32) / np.float32(255)


def test_every_byte_comes_back_through_linear_light():
    assert np.array_equal(to_bytes(to_srgb(to_linear(EVERY))), np.arange(256))


@pytest.mark.parametrize("shape", [(1, 5), (33, 4, 3), (0, 7)])
def test_bytes_are_clipped_then_rounded_whatever_the_shape(shape):
    values = np.random.default_rng(0).uniform(-0.5, 1.5, shape).astype(np.float32)
    before = values.copy()
    made = to_bytes(values)
    assert np.array_equal(made, np.floor(np.clip(values, 0, 1) * np.float32(255) + np.float32(0.5)))
    assert np.array_equal(values, before)


def test_middle_gray_in_linear_light_is_188():
    assert to_bytes(to_srgb(np.full((1, 1), 0.5, np.float32)))[0, 0] == 188


def test_lab_of_white_black_and_red():
    lab = to_lab(np.array([[[255, 255, 255], [0, 0, 0], [255, 0, 0]]], np.uint8))[0]
    assert np.allclose(lab, [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.2]], atol=0.1)


def test_bytes_become_floats_and_floats_stay():
    assert np.array_equal(to_floats(np.arange(256, dtype=np.uint8)[None]), EVERY[None])
    assert np.array_equal(to_floats(EVERY[None]), EVERY[None])
