"""Tests of `loraset.ops.carry`: what the larger picture's colours say, strip by strip."""

import cv2
import numpy as np
import pytest

from loraset.ops import carry


def painted(height, width):
    """A picture of two flat colours, and the alpha of a slanted soft edge between them."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    share = np.clip((x + 0.4 * y - 0.55 * width) / (0.05 * width) + 0.5, 0, 1)
    front, back = np.array([230, 180, 40], np.float32), np.array([30, 60, 120], np.float32)
    mixed = share[..., None] * front + (1 - share[..., None]) * back
    return np.round(mixed).astype(np.uint8), share


def reduced(image, factor):
    return cv2.resize(image, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)


def test_a_mixture_of_two_colours_is_found_again_at_the_larger_size():
    rgb, alpha = painted(403, 530)
    small = cv2.resize(rgb, (133, 101), interpolation=cv2.INTER_AREA)
    made = carry.carry_up(small, cv2.resize(alpha, (133, 101), interpolation=cv2.INTER_AREA), rgb)
    assert made.shape == alpha.shape
    assert made.dtype == np.float32
    assert np.abs(made - alpha).max() < 0.02


def test_where_all_round_agree_alpha_is_exactly_0_or_1_whatever_the_colours():
    rgb, alpha = painted(320, 400)
    small, small_alpha = reduced(rgb, 4), reduced(alpha, 4)
    rgb = cv2.add(rgb, np.random.default_rng(0).integers(0, 40, rgb.shape, dtype=np.uint8))
    made = carry.carry_up(small, small_alpha, rgb)
    far = cv2.erode((alpha == 1).astype(np.uint8), np.ones((41, 41))) > 0
    none = cv2.erode((alpha == 0).astype(np.uint8), np.ones((41, 41))) > 0
    assert far.any()
    assert none.any()
    assert (made[far] == 1).all()
    assert (made[none] == 0).all()


@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_strips_of_any_height_give_the_same_bytes(monkeypatch, rows):
    rgb, alpha = painted(211, 173)
    rgb = cv2.add(rgb, np.random.default_rng(1).integers(0, 30, rgb.shape, dtype=np.uint8))
    small, small_alpha = reduced(rgb, 2.5), reduced(alpha, 2.5)
    before = carry.carry_up(small, small_alpha, rgb)
    monkeypatch.setattr(carry, "STRIP", rows)
    monkeypatch.setattr(carry, "CHUNK", 37)
    assert np.array_equal(carry.carry_up(small, small_alpha, rgb), before)


def test_a_picture_of_its_own_size_keeps_its_alpha():
    rgb, alpha = painted(50, 60)
    assert np.array_equal(carry.carry_up(rgb, alpha, rgb), alpha)


def test_upside_down_is_carried_upside_down():
    rgb, alpha = painted(240, 280)
    small, small_alpha = reduced(rgb, 4), reduced(alpha, 4)
    made = carry.carry_up(small, small_alpha, rgb)
    turned = carry.carry_up(*(np.ascontiguousarray(image[::-1, ::-1]) for image in (small, small_alpha, rgb)))
    assert np.abs(made - turned[::-1, ::-1]).max() < 1e-4
