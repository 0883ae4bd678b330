"""Shared backgrounds: one place is one group whatever stands before it, another place or another light is another."""

import cv2
import numpy as np
import pytest

from loraset.ops.backdrop import backdrop_colors, same_backdrops


def place(seed, light=1.0):
    """A ground of two colours with a coarse pattern."""
    random = np.random.default_rng(seed)
    first, second = random.uniform(20, 235, (2, 3))
    pattern = cv2.resize(random.uniform(0, 1, (9, 9)), (300, 240), interpolation=cv2.INTER_CUBIC)[..., None]
    return np.clip(light * (first * pattern + second * (1 - pattern)), 0, 255).astype(np.uint8)


def shot(ground, x, color):
    """The ground with a ball of one colour before it, and the ball's mask."""
    rgb, mask = ground.copy(), np.zeros(ground.shape[:2], np.float32)
    cv2.circle(rgb, (x, 130), 50, color, -1)
    cv2.circle(mask, (x, 130), 50, 1.0, -1)
    return rgb, mask


def test_one_place_is_one_group_whatever_stands_where():
    shots = [shot(place(seed), 80 + 40 * n, color) for seed in (1, 2) for n, color in enumerate([(255, 0, 0)] * 2)]
    shots.append(shot(place(1), 200, (0, 0, 255)))
    assert same_backdrops([backdrop_colors(*each) for each in shots]) == [[0, 1, 4], [2, 3]]


def test_another_light_is_another_background():
    shots = [shot(place(1, light), 100, (255, 0, 0)) for light in (1.0, 0.4)]
    assert same_backdrops([backdrop_colors(*each) for each in shots]) == [[0], [1]]


def test_a_picture_full_of_subject_has_none():
    assert backdrop_colors(place(1), np.ones((24, 30), np.float32)) is None
    assert backdrop_colors(np.zeros((3, 3, 3), np.uint8), np.zeros((3, 3), np.float32)) is None


@pytest.mark.parametrize("count", [0, 1])
def test_of_none_or_one_there_is_no_pair(count):
    colors = [backdrop_colors(*shot(place(1), 100, (255, 0, 0)))] * count
    assert same_backdrops(colors) == [[0]] * count
