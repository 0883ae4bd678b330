import cv2
import numpy as np
from soft_edges import SIZE, smooth, soft_disc

from loraset.ops.hidden import FILL_SIDE, extend_colour, fill_hidden


def as_bytes(color, alpha):
    return (np.dstack([color, alpha]) * 255 + 0.5).astype(np.uint8)


def red_on_hidden_green():
    alpha = soft_disc()
    color = np.where(alpha[..., None] > 0.5 / 255, (0.9, 0.1, 0.1), (0.0, 1.0, 0.0))
    return as_bytes(color, alpha)


def test_under_alpha_zero_lies_the_edge_colour_then_the_fill_and_no_background():
    rgba = red_on_hidden_green()
    seen = rgba[..., 3] > 0
    extended = extend_colour(rgba, reach_px=16, fill=(128, 128, 128))
    assert np.array_equal(extended[seen], rgba[seen]) and np.array_equal(extended[..., 3], rgba[..., 3])
    distance = cv2.distanceTransform((~seen).astype(np.uint8), cv2.DIST_L2, 5)
    near, far = (distance > 0) & (distance < 4), distance >= 16
    assert np.abs(extended[near, :3] - np.array((229.5, 25.5, 25.5))).max() < 8
    assert np.all(extended[far, :3] == 128)
    assert extended[~seen][:, 1].max() <= 128  # the green background is nowhere


def test_colour_is_extended_in_a_large_picture_as_in_a_small_one():
    alpha = soft_disc(softness=2)
    small = as_bytes(smooth(8), alpha)
    factor = -(-2 * FILL_SIDE // SIZE)
    large = cv2.resize(small, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
    reaches = [extend_colour(rgba, reach_px=12 * size, fill=(9, 9, 9)) for rgba, size in ((small, 1), (large, factor))]
    reduced = reaches[1][factor // 2 :: factor, factor // 2 :: factor]
    near = cv2.distanceTransform((small[..., 3] == 0).astype(np.uint8), cv2.DIST_L2, 5) < 5  # further out it fades
    assert np.abs(reduced[near].astype(int) - reaches[0][near]).max() < 12


def test_empty_and_full_alpha_give_the_fill_and_the_picture():
    picture = smooth(7)
    empty = extend_colour(as_bytes(picture, np.zeros((SIZE, SIZE))), reach_px=8, fill=(1, 2, 3))
    assert np.all(empty == (1, 2, 3, 0))
    full = as_bytes(picture, np.ones((SIZE, SIZE)))
    assert np.array_equal(extend_colour(full, reach_px=8, fill=(1, 2, 3)), full)


def test_in_place_and_in_any_chunks_it_is_the_same(monkeypatch):
    rgba = red_on_hidden_green()
    before, wanted = rgba.copy(), extend_colour(rgba, reach_px=20, fill=(9, 8, 7))
    assert np.array_equal(rgba, before)
    monkeypatch.setattr("loraset.ops.hidden.CHUNK", 111)
    monkeypatch.setattr("loraset.ops.hidden.FILL_ROWS", 3)
    fill_hidden(rgba, reach_px=20, fill=(9, 8, 7))
    assert np.array_equal(rgba, wanted)


def test_a_subject_at_the_border_is_extended_to_the_other_sides():
    alpha = np.zeros((60, 90), np.float32)
    alpha[:, :30] = 1
    rgba = extend_colour(as_bytes(np.full((60, 90, 3), (1.0, 0.0, 0.0)), alpha), reach_px=10, fill=(0, 0, 255))
    assert np.all(rgba[:, 30:33, 0] > 200)
    assert np.all(rgba[:, 41:, :3] == (0, 0, 255))
