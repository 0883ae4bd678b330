import numpy as np
import pytest

from loraset.ops.nearby import looked_again
from loraset.ops.superpixels import superpixels

DARK, WHITE, RED = (15, 0, 0), (92, 0, 0), (45, 60, 40)


@pytest.fixture
def scene():
    """A red body with a white hand on dark ground, far off a white lamp: Lab, body, hand, lamp."""
    body, hand, lamp = (np.zeros((80, 120), bool) for _ in range(3))
    body[20:60, 40:70] = True
    hand[34:44, 70:78] = True
    lamp[5:20, 100:118] = True
    lab = np.random.default_rng(0).normal(0, 1, (80, 120, 3))
    for part, colour in ((~(body | hand | lamp), DARK), (body, RED), (hand | lamp, WHITE)):
        lab[part] += colour
    return lab.astype(np.float32), body, hand, lamp


def again(lab, mask, evidence):
    return looked_again(lab, superpixels(lab, 150), mask, evidence.astype(np.float32))


def test_a_part_unlike_the_ground_near_by_gains_though_the_far_ground_has_its_colour(scene):
    lab, body, hand, lamp = scene
    ring = np.zeros_like(body)
    ring[18:62, 38:82] = True
    evidence = np.where(body, 3, np.where(ring, -1, -3))  # the set cannot tell the hand from the ground round the body
    found = again(lab, body, evidence)
    assert found[body].min() > 0
    assert found[hand].mean() > found[ring & ~body & ~hand].mean() + 1.5
    assert found[lamp].mean() < found[hand].mean() - 1.5


def test_ground_that_is_taken_along_loses_where_the_same_lies_farther_off(scene):
    lab, body, hand, _ = scene
    taken = body.copy()
    taken[45:60, 70:84] = True
    found = again(lab, taken, np.where(body, 3, np.where(taken, 0.5, -3)))
    assert found[taken & ~body & ~hand].mean() < -0.5
    assert found[body].mean() > 2


def test_the_evidence_keeps_its_word(scene):
    lab, body, hand, _ = scene
    evidence = np.where(body, 3.0, -3.0)
    more = again(lab, body, evidence + 2 * hand)
    less = again(lab, body, evidence)
    assert (more - less)[hand].mean() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("area", [0, 20, 80 * 120 - 20])
def test_nothing_to_compare_with_leaves_the_evidence(scene, area):
    lab = scene[0]
    mask = (np.arange(lab[..., 0].size) < area).reshape(lab.shape[:2])
    evidence = np.where(mask, 2, -2).astype(np.float32)
    assert np.array_equal(again(lab, mask, evidence), evidence)


def test_a_picture_of_one_colour_has_numbers():
    mask = np.zeros((60, 60), bool)
    mask[20:40, 20:40] = True
    found = again(np.full((60, 60, 3), 50, np.float32), mask, np.where(mask, 2, -2))
    assert np.isfinite(found).all()
    assert found[mask].min() > found[~mask].max()
