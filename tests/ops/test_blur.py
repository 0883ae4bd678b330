"""Edges of a known blur, in all directions and in one."""

import cv2
import numpy as np
import pytest

from loraset.ops.blur import Edges

SIDE = 240
CORE = np.zeros((SIDE, SIDE), bool)
CORE[20:-20, 20:-20] = True


def rings(low=0.2, high=0.8):
    """Discs within each other: steps 24 px apart, in every direction, without stairs."""
    rows, columns = np.mgrid[0 : 4 * SIDE, 0 : 4 * SIDE]
    far = np.hypot(rows - 2 * SIDE, columns - 2 * SIDE)
    large = np.where((far // 96) % 2 == 0, low, high).astype(np.float32)
    return cv2.resize(large, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("sigma_px", [1.0, 2.0, 3.0])
def test_the_variance_is_that_of_the_blur_whatever_the_contrast(sigma_px):
    high, low = (Edges(cv2.GaussianBlur(rings(high=high), (0, 0), sigma_px), CORE, 0.0).variance for high in (0.8, 0.3))
    assert np.sqrt(high) == pytest.approx(sigma_px, abs=0.6)
    assert low == pytest.approx(high, rel=0.02)


def test_noise_does_not_change_it():
    luma = cv2.GaussianBlur(rings(), (0, 0), 2.0)
    noisy = luma + np.random.default_rng(0).normal(0, 0.03, luma.shape).astype(np.float32)
    assert Edges(noisy, CORE, 0.03).variance == pytest.approx(Edges(luma, CORE, 0.0).variance, rel=0.2)


def test_blur_in_one_direction_is_found_in_that_direction():
    luma = cv2.GaussianBlur(rings(), (0, 0), sigmaX=4.0, sigmaY=1.0)
    across, down = (Edges(luma, CORE, 0.0).along(radians).variance for radians in (0.0, np.pi / 2))
    assert across > 3 * down


def test_a_plain_picture_and_an_empty_core_have_no_edges():
    plain = np.full((SIDE, SIDE), 0.5, np.float32)
    for edges in (Edges(plain, CORE, 0.0), Edges(rings(), np.zeros_like(CORE), 0.0)):
        assert edges.variance is None and edges.along(0.0) is None


def test_a_background_beside_the_core_lends_no_height_to_what_is_faint_there():
    """A thin flat bar with faint shading before white: nothing in it can be called blurred."""
    luma = np.full((SIDE, SIDE), 0.95, np.float32)
    luma[110:130] = 0.3 + 0.03 * np.sin(np.arange(SIDE, dtype=np.float32) / 3)
    bar = np.zeros((SIDE, SIDE), bool)
    bar[115:125, 20:-20] = True
    assert Edges(luma, bar, 0.0).variance is None or Edges(luma, bar, 0.0).variance < 4


def test_shading_is_no_edge():
    """A slope of 4 levels in 8 px is steep enough to be looked at, and too low to be an edge."""
    slope = np.tile(np.linspace(0, 1.0, SIDE, dtype=np.float32), (SIDE, 1))
    assert Edges(slope * np.float32(0.4), CORE, 0.0).variance is None
