"""Marks on painted pictures: what is pointed at comes or goes as a whole, and nothing else does."""

import cv2
import numpy as np
import pytest

from loraset.ops.marks import hold
from loraset.types import Marks

SIDE = 240
BODY, ARM, STICK, WALL = (170, 90, 60), (235, 225, 190), (40, 70, 160), (120, 150, 120)


def disc(x, y, radius):
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.circle(mask, (x, y), radius, 1, -1)
    return mask > 0


def box(left, top, right, bottom):
    mask = np.zeros((SIDE, SIDE), bool)
    mask[top:bottom, left:right] = True
    return mask


BODY_AT, ARM_AT, STICK_AT = disc(110, 130, 55), box(160, 120, 205, 140), box(50, 0, 70, 90) & ~disc(110, 130, 55)


@pytest.fixture(scope="module")
def photo():
    """A toy with a pale arm; a blue stick stands behind it."""
    noise = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 14, (SIDE, SIDE, 3)), (0, 0), 2)
    rgb = np.full((SIDE, SIDE, 3), WALL, float)
    for where, color in ((STICK_AT, STICK), (ARM_AT, ARM), (BODY_AT, BODY)):
        rgb[where] = color
    return np.clip(cv2.GaussianBlur(rgb + noise, (0, 0), 0.7), 0, 255).astype(np.uint8)


def soft(mask, side=SIDE):
    return cv2.resize(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1), (side, side), interpolation=cv2.INTER_AREA)


def at(x, y):
    return (x + 0.5) / SIDE, (y + 0.5) / SIDE


def iou(probability, truth):
    mask = cv2.resize(probability, (SIDE, SIDE)) > 0.5
    return (mask & truth).sum() / (mask | truth).sum()


TOY = BODY_AT | ARM_AT


@pytest.mark.parametrize("side", [SIDE, 80, 480])
def test_a_lost_arm_comes_back_with_one_point(photo, side):
    held = hold(soft(BODY_AT & ~ARM_AT, side), photo, Marks(keep=(at(185, 130),)))
    assert iou(held.probability, TOY) > (0.97 if side >= SIDE else 0.93)
    assert held.probability.shape == (side, side)
    assert held.removed < 1e-4
    assert abs(held.added - (ARM_AT & ~BODY_AT).mean()) < 0.005


def test_a_grabbed_stick_goes_with_one_point(photo):
    held = hold(soft(TOY | STICK_AT), photo, Marks(drop=(at(60, 40),)))
    assert iou(held.probability, TOY) > 0.97
    assert held.added == 0


def test_both_at_once_and_the_order_of_points_does_not_count(photo):
    start = soft((BODY_AT & ~ARM_AT) | STICK_AT)
    held = hold(start, photo, Marks(keep=(at(185, 130), at(110, 130)), drop=(at(60, 40), at(10, 10))))
    turned = hold(start, photo, Marks(keep=(at(110, 130), at(185, 130)), drop=(at(10, 10), at(60, 40))))
    assert iou(held.probability, TOY) > 0.96
    assert np.array_equal(held.probability, turned.probability)


def test_a_point_does_not_eat_the_picture(photo):
    """On a wall that is all alike a point speaks for its surroundings only."""
    held = hold(soft(TOY), photo, Marks(keep=(at(25, 220),)))
    assert 0 < held.added < 0.15
    assert held.probability[220, 25] == 1


def test_what_obeys_already_is_left_as_it_is(photo):
    right = soft(TOY)
    marks = Marks(keep=(at(110, 130),), drop=(at(60, 40),), keep_boxes=((0.1, 0.1, 0.95, 0.95),))
    held = hold(right, photo, marks)
    assert (held.added, held.removed) == (0, 0)
    assert np.abs(held.probability - right).max() < 0.01
    once = hold(soft(TOY | STICK_AT), photo, marks)
    assert np.array_equal(hold(once.probability, photo, marks).probability, once.probability)


def test_the_rest_of_the_mask_keeps_its_soft_values(photo):
    start = np.where(BODY_AT & ~ARM_AT, 0.8, 0.3).astype(np.float32)
    held = hold(start, photo, Marks(keep=(at(185, 130),)))
    far = ~(cv2.dilate(ARM_AT.astype(np.uint8), np.ones((25, 25))) > 0)
    assert np.array_equal(held.probability[far], start[far])
    assert held.probability[130, 170:195].min() > 0.95


def test_a_box_to_drop_takes_the_stick_and_leaves_the_toy_that_reaches_into_it(photo):
    held = hold(soft(TOY | STICK_AT), photo, Marks(drop_boxes=((*at(45, 0), *at(85, 110)),)))
    assert iou(held.probability, TOY) > 0.97


def test_a_point_to_keep_is_stronger_than_a_box_to_drop(photo):
    marks = Marks(keep=(at(185, 130),), drop_boxes=((*at(160, 110), *at(215, 150)),))
    assert iou(hold(soft(TOY), photo, marks).probability, TOY) > 0.95
    without = hold(soft(TOY), photo, Marks(drop_boxes=marks.drop_boxes))
    assert iou(without.probability, TOY & ~ARM_AT) > 0.95


def test_outside_the_boxes_to_keep_is_nothing_and_inside_is_something(photo):
    frame = (*at(50, 70), *at(210, 190))
    outside = ~box(50, 70, 211, 191)
    for start in (soft(TOY | STICK_AT), np.zeros((SIDE, SIDE), np.float32), np.ones((SIDE, SIDE), np.float32)):
        held = hold(start, photo, Marks(keep_boxes=(frame,)))
        assert held.probability[outside].max() == 0
    found = hold(np.zeros((SIDE, SIDE), np.float32), photo, Marks(keep_boxes=(frame,)))
    assert iou(found.probability, TOY) > 0.9


def test_points_on_the_edge_and_tiny_pictures(photo):
    corners = ((0.0, 0.0), (1.0, 1.0))
    held = hold(np.zeros((3, 5), np.float32), photo[:6, :9], Marks(keep=corners, drop=((0.5, 0.5),)))
    assert held.probability[0, 0] == held.probability[2, 4] == 1
    assert held.probability[1, 2] == 0
