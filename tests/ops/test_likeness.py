import cv2
import numpy as np
import pytest

from loraset.ops.likeness import COLOR_BINS, FEWEST, LIGHTNESS_BINS, ORIENTATIONS, Look, fit_together, gaps, look_at


def figure(colors, dots=30, seed=0, side=240):
    """A round head on a body in two colours, with dots of the second on it; the seed moves all parts a little."""
    random = np.random.default_rng(seed)
    rgba = np.zeros((side, side, 4), np.float32)
    first, second = ((*color, 1.0) for color in colors)
    move = random.integers(-8, 9, (3, 2))
    cv2.ellipse(rgba, (120 + int(move[0, 0]), 150), (50, 70 + int(move[0, 1])), 0, 0, 360, first, -1, cv2.LINE_AA)
    cv2.circle(rgba, (120 + int(move[1, 0]), 70 + int(move[1, 1])), 40, first, -1, cv2.LINE_AA)
    for place in random.uniform((85, 100), (155, 200), (dots, 2)):
        cv2.circle(rgba, (int(place[0]), int(place[1])), 7, second, -1, cv2.LINE_AA)
    rgba[..., :3] *= rgba[..., 3:]
    return rgba


def look(rgba):
    return look_at(np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3]))


BROWN, BLUE = ((0.55, 0.35, 0.2), (0.95, 0.9, 0.8)), ((0.2, 0.35, 0.6), (0.95, 0.9, 0.8))


def gap(one, other):
    return float(gaps([one], [other])[0, 0])


def test_a_look_is_the_same_wherever_the_subject_stands_and_at_whatever_size():
    rgba = figure(BROWN)
    moved = cv2.copyMakeBorder(cv2.resize(rgba, None, fx=2, fy=2), 30, 0, 90, 10, cv2.BORDER_CONSTANT)
    moved[moved[..., 3] == 0, :3] = (0, 1, 0)
    assert gap(look(rgba), look(rgba)) == pytest.approx(0, abs=1e-3)
    assert gap(look(rgba), look(moved)) < 0.1 < gap(look(rgba), look(figure(BROWN, seed=1)))


def test_colours_are_roots_of_shares():
    found = look(figure(BROWN))
    assert found.colors.shape == (LIGHTNESS_BINS, COLOR_BINS**2) and found.colors.dtype == np.uint8
    assert np.sum((found.colors / 255) ** 2) == pytest.approx(1, abs=0.03)
    assert found.patches.shape[1] == 4 * ORIENTATIONS and len(found.patches) > 20


@pytest.mark.parametrize(
    "other", [figure(BLUE, seed=7), figure(BROWN, dots=0, seed=7)], ids=["other colour", "other pattern"]
)
def test_another_colour_and_another_pattern_are_farther_than_another_pose(other):
    base = look(figure(BROWN))
    poses = [gap(base, look(figure(BROWN, seed=seed))) for seed in range(1, 5)]
    assert gap(base, look(other)) > 1.15 * max(poses)


def test_a_part_is_nearer_to_the_whole_than_a_stranger_is():
    whole = look(figure(BROWN))
    part = look(figure(BROWN, seed=3)[:150])
    assert gap(part, whole) < gap(look(figure(BLUE, seed=3)), whole)


def test_it_does_not_matter_which_looks_are_measured_together():
    looks = [look(figure(BROWN, seed=seed)) for seed in range(4)]
    whole = gaps(looks, looks)
    for row in range(4):
        for column in range(4):
            assert gap(looks[row], looks[column]) == pytest.approx(whole[row, column], abs=1e-6)


def test_too_few_looks_have_no_fit():
    looks = [look(figure(BROWN, seed=seed)) for seed in range(FEWEST)]
    assert fit_together(looks[:-1]) is None
    assert len(fit_together(looks).fit) == FEWEST


def test_strangers_fit_least_also_when_there_are_more_looks_than_references():
    looks = [look(figure(BROWN, seed=seed)) for seed in range(60)]
    places = (7, 31)
    for place in places:
        looks[place] = look(figure(BLUE, dots=0, seed=90))
    fits = fit_together(looks)
    assert set(np.argsort(fits.fit)[:2].tolist()) == set(places)
    assert not any(fits.groups)  # two are no group


def test_two_subjects_are_two_groups_and_one_is_none():
    brown = [look(figure(BROWN, seed=seed)) for seed in range(7)]
    blue = [look(figure(BLUE, dots=0, seed=seed)) for seed in range(4)]
    assert fit_together([*blue, *brown]).groups == (1,) * 4 + (0,) * 7
    assert fit_together(brown).groups == (0,) * 7


def test_equal_looks_fit_fully():
    same = [look(figure(BROWN))] * 6
    assert fit_together(same).fit == (1.0,) * 6


def test_nothing_has_no_look_and_a_speck_and_far_specks_have():
    empty = np.zeros((900, 900), np.float32)
    rgb = np.full((900, 900, 3), 0.5, np.float32)
    assert look_at(rgb, empty) is None
    empty[20, 30] = 1
    assert isinstance(look_at(rgb, empty), Look)
    empty[880, 870] = 1
    assert len(look_at(rgb, empty).patches) >= 1
