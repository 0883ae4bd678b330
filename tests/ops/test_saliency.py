import cv2
import numpy as np
import pytest

from loraset.color import to_lab
from loraset.ops.features import halved, pixel_features
from loraset.ops.saliency import (
    border_difference,
    border_regions,
    centre_prior,
    decided,
    differences,
    manifold_ranks,
    saliency,
    stretched,
)
from loraset.ops.superpixels import region_means, superpixels


def disc_picture(height=192, width=256, centre=(140, 100), radius=44, colour=(200, 40, 30), seed=0):
    """A disc on a blue-gray gradient with noise, and where the disc is at half the size."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(90, 150, width)[None, :, None] * np.array([0.8, 0.9, 1.0])
    rgb = np.broadcast_to(ramp, (height, width, 3)) + rng.normal(0, 4, (height, width, 3))
    y, x = np.mgrid[:height, :width]
    inside = np.hypot(x - centre[0], y - centre[1]) < radius
    rgb = np.where(inside[..., None], rng.normal(colour, 4, rgb.shape), rgb)
    return np.clip(rgb, 0, 255).astype(np.uint8), inside[::2, ::2]


def described(rgb, regions=300):
    """Labels and region features of a picture, as a look has them."""
    fine = to_lab(rgb)
    pixels = pixel_features(fine)
    labels = superpixels(halved(fine), regions)
    return labels, region_means(pixels.reshape(-1, pixels.shape[2]), labels.ravel(), int(labels.max()) + 1)


def grid(rows, columns):
    """Labels of square regions, each of 4 x 4 pixels."""
    return np.kron(np.arange(rows * columns).reshape(rows, columns), np.ones((4, 4))).astype(np.int32)


def test_differences_are_counted_in_deviations_of_the_picture():
    regions = np.float32([[0, 5], [2, 5], [4, 5]])  # deviation 1.63; the second column says nothing
    found = differences(regions)
    assert found[0, 2] == pytest.approx(4 / regions[:, 0].std())
    assert found[0, 1] == pytest.approx(found[0, 2] / 2)
    assert differences(regions[:, 1:]) is None


def test_differences_do_not_grow_with_the_number_of_features():
    regions = np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32)
    np.testing.assert_allclose(differences(np.hstack([regions, regions * 7 + 1])), differences(regions), atol=1e-6)


def test_border_regions_are_those_of_each_side():
    top, bottom, left, right = border_regions(grid(3, 4))
    assert top.tolist() == [0, 1, 2, 3]
    assert bottom.tolist() == [8, 9, 10, 11]
    assert left.tolist() == [0, 4, 8]
    assert right.tolist() == [3, 7, 11]


def test_border_difference_takes_the_two_nearest_sides():
    values = np.float32([0, 1, 3, 7])
    unlike = np.abs(values[:, None] - values)
    found = border_difference(unlike, [np.array([0]), np.array([1]), np.array([2]), np.array([3])])
    assert found[0] == pytest.approx((0 + 1) / 2)
    assert found[3] == pytest.approx((0 + 4) / 2)


def test_what_the_border_reaches_through_like_regions_ranks_below_what_it_does_not():
    labels = grid(9, 9)
    light = np.full((9, 9), 40.0)
    light[3:6, 3:6] = 80.0
    colours = np.zeros((81, 3), np.float32)
    colours[:, 0] = light.ravel()
    found = manifold_ranks(labels, colours, differences(colours)).reshape(9, 9)
    subject = light > 60
    assert found[subject].min() > 100 * found[~subject].max()
    np.testing.assert_allclose(found, found[::-1], rtol=1e-6)
    np.testing.assert_allclose(found, found.T, rtol=1e-6)


def test_saliency_ranks_the_disc_above_its_background():
    rgb, inside = disc_picture()
    found = saliency(*described(rgb))
    assert np.quantile(found[inside], 0.1) > np.quantile(found[~inside], 0.95)


def test_saliency_sees_texture_where_the_colour_is_the_same():
    rng = np.random.default_rng(1)
    _, inside = disc_picture()
    inside = np.kron(inside, np.ones((2, 2))) > 0
    rough = 120 + 45 * np.sign(cv2.GaussianBlur(rng.normal(size=inside.shape), (0, 0), 1.5))
    rgb = np.where(inside, rough, rng.normal(120, 4, inside.shape)).clip(0, 255).astype(np.uint8)
    found = saliency(*described(np.dstack([rgb] * 3)))
    inside = inside[::2, ::2]
    assert found[inside].mean() > found[~inside].mean() + 0.4


def test_saliency_finds_a_subject_that_the_frame_cuts():
    rgb, inside = disc_picture(centre=(128, 180), radius=80)
    found = saliency(*described(rgb))
    assert found[inside].mean() > found[~inside].mean() + 0.4


def test_saliency_finds_every_part_of_a_subject_of_two_colours():
    rgb, inside = disc_picture(radius=60)
    inner = disc_picture(radius=28)[1]
    rgb[np.kron(inner, np.ones((2, 2))) > 0] = 240, 200, 60
    found = saliency(*described(rgb))
    ring = inside & ~inner
    assert found[ring].mean() > found[~inside].mean() + 0.4
    assert found[inner].mean() > found[~inside].mean() + 0.4


def test_a_blank_picture_has_no_subject():
    found = saliency(*described(np.full((120, 160, 3), 127, np.uint8)))
    assert found.dtype == np.float32
    assert np.all(found == 0)


def test_saliency_knows_no_size_and_stays_in_range():
    rgb, _ = disc_picture()
    for size in ((320, 240), (66, 34), (16, 16)):
        labels, regions = described(cv2.resize(rgb, size))
        found = saliency(labels, regions)
        assert found.shape == labels.shape
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
