"""White noise of a known deviation, on what is smooth and on what is not."""

import cv2
import numpy as np
import pytest

from loraset.ops.noise import deviation

SIDE = 256
ALL = np.ones((SIDE, SIDE), bool)


def cloth(seed=0):
    """Random patterns whose amplitudes fall with frequency, as those of pictures do, through a lens."""
    side, random = 4 * SIDE, np.random.default_rng(seed)
    across, down = np.fft.fftfreq(side), np.fft.fftfreq(side)[:, None]
    falling = np.fft.fft2(random.normal(size=(side, side))) / np.maximum(np.hypot(across, down), 1 / side)
    pattern = cv2.resize(np.real(np.fft.ifft2(falling)), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    pattern = cv2.GaussianBlur(pattern, (0, 0), 0.5)
    return (0.5 + 0.1 * (pattern - pattern.mean()) / pattern.std()).astype(np.float32)


@pytest.mark.parametrize("planted", [0.01, 0.03])
def test_the_deviation_is_found_on_a_plain_ground(planted):
    grain = np.random.default_rng(1).normal(0, planted, (SIDE, SIDE)).astype(np.float32)
    assert deviation(np.full((SIDE, SIDE), 0.5, np.float32) + grain, ALL) == pytest.approx(planted, rel=0.15)


def test_noise_as_strong_as_the_finest_of_a_pattern_is_found_under_it():
    grain = np.random.default_rng(1).normal(0, 0.03, (SIDE, SIDE)).astype(np.float32)
    assert deviation(cloth() + grain, ALL) == pytest.approx(0.03, rel=0.3)


def test_a_pattern_is_no_noise():
    luma = cloth()
    differences = luma[::2, ::2] - luma[::2, 1::2] - luma[1::2, ::2] + luma[1::2, 1::2]
    alone = np.median(np.abs(differences)) / 2 / 0.6745  # what these differences say of it by themselves
    assert deviation(luma, ALL) < 0.35 * alone


def test_too_small_a_core_says_nothing():
    core = np.zeros_like(ALL)
    core[:30, :30] = True
    assert deviation(cv2.GaussianBlur(cloth(), (0, 0), 1), core) is None
