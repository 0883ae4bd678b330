"""The empty set: aligned, exposed, subtracted."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from empty_sets import SIDE, before, disc, photo, room, seen_from, wall

from loraset.ops.alignment import as_it_lies, by_features, features
from loraset.ops.difference import Strangeness, outline, shaded_ground, strangeness
from loraset.ops.known_ground import alpha_before
from loraset.ops.plate import expected_background, why_another_set

LIES = as_it_lies((SIDE, SIDE), (SIDE, SIDE))
MOVED = np.array([[1.01, 0.02, -7], [-0.015, 0.99, 5], [2e-5, -1e-5, 1]])


def cut(picture, plate, alignment=LIES):
    background = expected_background(picture, plate, alignment)
    strange = strangeness(picture.astype(np.float32) / np.float32(255), background)
    area = outline(picture, strange, background.rgb, background.there)
    ground = shaded_ground(background, strange.depth, area)
    return area, alpha_before(picture, area, ground, background.deviation, background.there)


@pytest.mark.parametrize("paint", [room, wall], ids=["room", "wall"])
def test_what_was_not_in_the_empty_set_is_cut_out(paint):
    ground, alpha = paint(1), disc()
    _, found = cut(photo(before(ground, alpha), 1), photo(ground, 2))
    assert np.abs(found - alpha).mean() < 0.005
    assert found[alpha == 0].max() < 0.5


def test_nothing_new_is_nothing():
    area, found = cut(photo(room(1), 1), photo(room(1), 2))
    assert not area.any()
    assert not found.any()


@pytest.mark.parametrize("gain", [(1.25, 1.1, 0.9), (0.7, 0.75, 0.85)], ids=str)
def test_another_exposure_and_white_balance_are_no_subject(gain):
    ground, alpha = wall(0), disc()
    picture, plate = photo(before(ground, alpha) * gain, 1), photo(ground, 2)
    background = expected_background(picture, plate, LIES)
    assert background.exposure == pytest.approx(gain, rel=0.04)
    assert np.abs(cut(picture, plate)[1] - alpha).mean() < 0.006


def test_a_soft_shadow_on_the_wall_is_no_subject():
    ground, alpha = wall(0), disc(radius=0.2)
    shade = cv2.GaussianBlur(1 - 0.35 * disc(radius=0.2, middle=(0.72, 0.6)), (0, 0), 12)
    area, _ = cut(photo(before(ground * shade[..., None], alpha), 1), photo(ground, 2))
    assert (area & (alpha == 0)).sum() < 0.06 * (alpha > 0.5).sum()
    assert (area & (alpha == 1)).sum() > 0.98 * (alpha == 1).sum()


@pytest.mark.parametrize("light", [0.75, 1.3])
def test_a_gray_thing_before_a_gray_wall_is_no_shadow(light):
    ground, alpha = wall(0), disc(radius=0.2)
    thing = ground * (1 + (light - 1) * alpha[..., None])
    _, found = cut(photo(thing, 1), photo(ground, 2))
    assert np.abs(found - alpha).mean() < 0.006


def test_a_hard_shadow_beside_its_subject_is_no_subject():
    ground, alpha = room(2), disc(radius=0.2, middle=(0.4, 0.4))
    shade = 1 - np.array((0.5, 0.45, 0.4)) * disc(radius=0.2, middle=(0.62, 0.62))[..., None]
    area, found = cut(photo(before(ground * shade, alpha), 1), photo(ground, 2))
    assert (area & (alpha == 0)).sum() < 0.15 * (alpha > 0.5).sum()
    assert np.abs(found - alpha).mean() < 0.01


def test_a_background_out_of_focus_is_no_subject():
    ground, alpha = room(3), disc()
    soft = cv2.GaussianBlur(ground, (0, 0), 1.8)
    picture, plate = photo(before(soft, alpha), 1), photo(ground, 2)
    assert expected_background(picture, plate, LIES).blur_px == pytest.approx(1.8, abs=0.6)
    assert np.abs(cut(picture, plate)[1] - alpha).mean() < 0.008


def test_stripes_as_fine_as_pixels_are_recorded_anew_and_are_no_subject():
    alpha = disc(radius=0.2)
    across = np.arange(SIDE, dtype=np.float32)

    def corrugated(phase):
        stripes = np.zeros((SIDE, SIDE, 3), np.float32)
        stripes[:, : SIDE // 3] = 14 * np.sin(across[: SIDE // 3] * 2.1 + phase)[None, :, None]
        return np.clip(room(1) + stripes, 0, 255)

    by_hand = replace(LIES, inliers=100)
    area, found = cut(photo(before(corrugated(0.9), alpha), 1), photo(corrugated(0), 2), by_hand)
    assert not area[:, : SIDE // 4].any()
    assert np.abs(found - alpha).mean() < 0.01


def test_a_white_overexposed_set_is_a_background():
    ground, alpha = np.full((SIDE, SIDE, 3), 254.0), disc()
    picture = photo(before(ground, alpha), 1)
    background = expected_background(picture, photo(ground, 2), LIES)
    assert background.exposure == pytest.approx((1, 1, 1), abs=0.02)
    assert why_another_set(background) is None
    assert np.abs(cut(picture, photo(ground, 2))[1] - alpha).mean() < 0.006


def test_what_was_taken_away_from_the_empty_set_is_no_subject():
    ground, alpha = wall(0), disc(radius=0.2)
    plate = ground.copy()
    plate[20:70, 20:70] = (60, 90, 180)
    _, found = cut(photo(before(ground, alpha), 1), photo(plate, 2))
    assert found[15:75, 15:75].max() == 0
    assert np.abs(found - alpha).mean() < 0.006


def test_an_inked_line_round_the_subject_stays():
    ground, alpha = wall(0), disc()
    inked = before(ground, alpha)
    ring = disc(radius=0.25) - disc(radius=0.238)
    picture = photo((1 - ring[..., None]) * inked + ring[..., None] * np.array((250, 250, 90)), 1)
    found = cut(picture, photo(ground, 2))[1]
    assert found[ring > 0.95].min() > 0.8


def test_features_find_how_the_camera_moved():
    large = room(3)
    alignment = by_features(features(photo(seen_from(large, MOVED), 1)), features(photo(large, 2)))
    assert alignment is not None
    corners = np.array([[20, 20, 1], [300, 20, 1], [300, 300, 1], [20, 300, 1]], float)
    found, true = corners @ alignment.matrix.T, corners @ MOVED.T
    assert np.abs(found[:, :2] / found[:, 2:] - true[:, :2] / true[:, 2:]).max() < 0.8
    assert alignment.error_px < 0.5


def test_a_plate_by_hand_is_aligned_and_then_fits():
    ground, alpha = room(3), disc()
    picture, plate = photo(before(seen_from(ground, MOVED), alpha), 1), photo(ground, 2)
    alignment = by_features(features(picture), features(plate))
    aligned = expected_background(picture, plate, alignment)
    assert aligned.misfit < 0.7 * expected_background(picture, plate, LIES).misfit
    assert why_another_set(aligned) is None
    area, _ = cut(picture, plate, alignment)
    assert (area & (alpha > 0.5)).sum() / (area | (alpha > 0.5)).sum() > 0.95


def test_two_rooms_have_no_homography_and_no_texture_in_common():
    picture, plate = photo(before(room(4), disc()), 1), photo(room(5), 2)
    assert by_features(features(picture), features(plate)) is None
    assert "texture is found again in" in why_another_set(expected_background(picture, plate, LIES))


def test_a_burnt_out_picture_fits_no_plate():
    white = np.full((SIDE, SIDE, 3), 255, np.uint8)
    assert why_another_set(expected_background(white, photo(room(1), 2), LIES)) is not None


def test_a_wall_in_another_light_is_another_set():
    plate = photo(wall(0) * 0.25, 2)
    assert "times as bright" in why_another_set(expected_background(photo(wall(0), 1), plate, LIES))


def test_a_picture_without_features_is_not_aligned():
    flat = np.full((SIDE, SIDE, 3), 90, np.uint8)
    assert by_features(features(flat), features(flat)) is None


def test_a_plate_of_another_size_lies_behind_the_whole_picture():
    ground, alpha = room(1), disc()
    half = cv2.resize(ground, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    background = expected_background(
        photo(before(ground, alpha), 1), photo(half, 2), as_it_lies((320, 320), (160, 160))
    )
    assert background.there.mean() > 0.98
    assert np.abs(background.rgb - cv2.GaussianBlur(ground, (0, 0), 1) / 255)[alpha == 0].mean() < 0.02


def test_where_the_plate_does_not_reach_nothing_is_claimed():
    ground, alpha = room(1), disc()
    picture = photo(before(ground, alpha), 1)
    cropped = as_it_lies((SIDE, SIDE), (SIDE, SIDE))
    cropped.matrix[1, 2] -= 40
    background = expected_background(picture, photo(ground, 2), cropped)
    everywhere = np.full((SIDE, SIDE), 15, np.float32)
    area = outline(picture, Strangeness(everywhere, everywhere, 0 * everywhere), background.rgb, background.there)
    assert not background.there[:39].any()
    assert not area[:36].any()
