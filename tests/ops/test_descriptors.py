import cv2
import numpy as np
import pytest

from loraset.ops.descriptors import (
    POSITION_SIZE,
    Descriptors,
    choose_different,
    describe,
    position,
    variety_covered,
)


def figure(seed=0, side=300, background=0.0):
    """A painted figure of ellipses, and its alpha; what is under alpha 0 has the background's value."""
    random = np.random.default_rng(seed)
    rgb = np.full((side, side, 3), background, np.float32)
    alpha = np.zeros((side, side), np.float32)
    for _ in range(7):
        centre = random.uniform(0.3, 0.7, 2) * side
        axes = random.uniform(0.06, 0.2, 2) * side
        ellipse = tuple(map(int, centre)), tuple(map(int, axes)), float(random.uniform(0, 180)), 0, 360
        cv2.ellipse(rgb, *ellipse, random.uniform(0.1, 0.9, 3).tolist(), -1, cv2.LINE_AA)
        cv2.ellipse(alpha, *ellipse, 1.0, -1, cv2.LINE_AA)
    return rgb, alpha


@pytest.mark.parametrize("seed", range(5))
def test_the_same_subject_elsewhere_smaller_and_on_another_background_is_the_same(seed):
    rgb, alpha = figure(seed)
    one = describe(rgb, alpha)
    other_rgb, _ = figure(seed, background=1.0)
    moved = cv2.copyMakeBorder(other_rgb, 40, 10, 90, 0, cv2.BORDER_CONSTANT, value=(0, 1, 0))
    small = cv2.resize(moved, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    small_alpha = cv2.resize(
        cv2.copyMakeBorder(alpha, 40, 10, 90, 0, cv2.BORDER_CONSTANT),
        None,
        fx=0.7,
        fy=0.7,
        interpolation=cv2.INTER_AREA,
    )
    other = describe(small, small_alpha)
    assert other.aspect == pytest.approx(one.aspect, rel=0.03)
    assert np.linalg.norm(position(one) - position(other)) < 0.15


def test_different_figures_are_far_apart():
    looks = [describe(*figure(seed)) for seed in range(8)]
    pairs = [(a, b) for i, a in enumerate(looks) for b in looks[:i]]
    assert min(np.linalg.norm(position(a) - position(b)) for a, b in pairs) > 0.3


def test_another_colour_is_another_place():
    rgb, alpha = figure(1)
    one, tinted = describe(rgb, alpha), describe(rgb[..., [2, 1, 0]].copy(), alpha)
    assert np.linalg.norm(position(one) - position(tinted)) > 0.2
    assert one.aspect == tinted.aspect


def test_histograms_are_shares():
    look = describe(*figure(2))
    assert np.sum(np.reshape(look.color, (3, -1)), axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert position(look).shape == (POSITION_SIZE,)


def test_descriptors_survive_json():
    look = describe(*figure(3))
    again = Descriptors.from_json(look.to_json())
    assert np.allclose(position(again), position(look), atol=1e-3)
    assert again.to_json() == look.to_json()


def test_nothing_has_no_descriptors_and_a_speck_has():
    empty = np.zeros((50, 50), np.float32)
    assert describe(np.zeros((50, 50, 3), np.float32), empty) is None
    empty[20, 30] = 1
    assert describe(np.zeros((50, 50, 3), np.float32), empty).aspect == 1.0


def test_the_choice_begins_with_the_best_and_goes_on_with_the_farthest():
    points, scores = np.array([[0.0], [0.1], [1.0], [5.0]]), np.array([0.9, 1.0, 0.9, 0.9])
    everyone = np.ones(4, bool)
    assert choose_different(points, scores, everyone, 3) == [1, 3, 2]
    assert choose_different(points, scores, np.array([True, False, True, False]), 3) == [0, 2, 3]
    assert choose_different(points, scores, everyone, 9) == [1, 3, 2, 0]


def test_a_worse_picture_does_not_come_in_for_being_odd():
    random = np.random.default_rng(0)
    points = np.concatenate([random.normal(size=(20, 3)), [[9.0, 9, 9]]])
    worth = np.append(np.ones(20), 0.05)
    assert 20 not in choose_different(points, worth, np.ones(21, bool), 6)
    assert 20 in choose_different(points, np.ones(21), np.ones(21, bool), 6)


def test_the_choice_covers_more_than_chance_and_more_with_each():
    random = np.random.default_rng(1)
    points = random.normal(size=(40, 4))
    chosen = choose_different(points, np.ones(40), np.ones(40, bool), 40)
    assert sorted(chosen) == list(range(40))
    covered = [variety_covered(points, points[chosen[:count]]) for count in range(1, 41)]
    assert covered == sorted(covered)
    assert covered[-1] == 1
    by_chance = [variety_covered(points, points[random.choice(40, 10, replace=False)]) for _ in range(50)]
    assert covered[9] > max(by_chance)


def test_what_a_chosen_point_stands_for():
    points = np.array([[0.0], [1.0]])  # two points are sqrt(1/2) apart on average, each with itself counted
    assert variety_covered(points, points[:1]) == 0.5
    assert variety_covered(points[:1], points) == 1
