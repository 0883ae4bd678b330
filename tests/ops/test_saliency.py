import cv2
import numpy as np
import pytest

from loraset.color import to_lab
from loraset.ops.saliency import (
    barrier_distance,
    border_difference,
    centre_prior,
    contrast_off_border,
    decided,
    saliency,
    stretched,
)


def disc_picture(height=96, width=128, centre=(70, 50), radius=22, seed=0):
    """A red disc on a blue-gray gradient with noise, and where the disc is."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(90, 150, width)[None, :, None] * np.array([0.8, 0.9, 1.0])
    rgb = np.broadcast_to(ramp, (height, width, 3)) + rng.normal(0, 4, (height, width, 3))
    y, x = np.mgrid[:height, :width]
    inside = np.hypot(x - centre[0], y - centre[1]) < radius
    rgb = np.where(inside[..., None], rng.normal((200, 40, 30), 4, rgb.shape), rgb)
    return np.clip(rgb, 0, 255).astype(np.uint8), inside


def test_barrier_distance_is_the_cheapest_wall_on_the_way_out():
    lab = np.zeros((21, 31, 3), np.float32)
    lab[4:17, 5:26, 0] = 30.0  # a wall ...
    lab[6:15, 7:24, 0] = 10.0  # ... round a court of another lightness
    found = barrier_distance(lab)
    assert found[10, 15] == pytest.approx(30.0)  # out of the court means over the wall
    assert found[5, 10] == pytest.approx(30.0)
    assert found[1, 1] == 0.0
    lab[10, 24:26, 0] = 10.0  # a gate as low as the court
    assert barrier_distance(lab)[10, 15] == pytest.approx(10.0)


def test_barrier_distance_turns_with_the_picture():
    rgb, _ = disc_picture()
    lab = to_lab(rgb)
    np.testing.assert_allclose(barrier_distance(lab)[::-1], barrier_distance(lab[::-1].copy()), atol=3.0)


def test_border_difference_counts_deviations_from_the_border():
    lab = np.zeros((40, 40, 3), np.float32)
    lab[15:25, 15:25, 1] = 40.0
    found = border_difference(lab)
    assert found[2, 2] == pytest.approx(0.0)
    assert found[20, 20] == pytest.approx(10.0, rel=1e-3)  # 40 units at the least deviation of 4


@pytest.mark.parametrize("way", [contrast_off_border, barrier_distance, border_difference, saliency])
def test_every_cue_ranks_the_disc_above_its_background(way):
    rgb, inside = disc_picture()
    found = way(to_lab(rgb))
    assert np.quantile(found[inside], 0.1) > np.quantile(found[~inside], 0.95)


def test_saliency_finds_a_subject_that_the_frame_cuts():
    rgb, inside = disc_picture(centre=(64, 90), radius=40)
    found = saliency(to_lab(rgb))
    assert found[inside].mean() > found[~inside].mean() + 0.4


def test_a_blank_picture_has_no_subject():
    found = saliency(to_lab(np.full((60, 80, 3), 127, np.uint8)))
    assert found.dtype == np.float32
    assert np.all(found == 0)


def test_saliency_knows_no_size_and_stays_in_range():
    rgb, _ = disc_picture()
    for size in ((160, 120), (33, 17), (8, 8)):
        found = saliency(to_lab(cv2.resize(rgb, size)))
        assert found.shape == size[::-1]
        assert found.min() >= 0 and found.max() <= 1


def test_stretched_maps_percentiles_to_the_range():
    values = np.arange(101, dtype=np.float32)
    found = stretched(values)
    assert found[2] == pytest.approx(0.0)
    assert found[98] == pytest.approx(1.0)
    assert found[50] == pytest.approx(0.5)
    assert np.all(stretched(np.full((4, 4), 3.0, np.float32)) == 0)


def test_decided_pushes_apart_what_the_strongest_colour_leaves_behind():
    values = np.repeat(np.float32([[0.04, 0.5, 1.0]]), [800, 100, 100], axis=1)
    found = decided(values)
    assert found[0, 0] < 0.05
    assert found[0, 850] > 0.5
    assert np.all(np.diff(found) >= 0)


def test_centre_prior_is_one_in_the_middle():
    prior = centre_prior((11, 21))
    assert prior[5, 10] == pytest.approx(1.0)
    assert prior[0, 0] == prior.min() == pytest.approx(np.exp(-4), rel=1e-3)
