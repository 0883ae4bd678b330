import cv2
import numpy as np
import pytest

from loraset.color import to_linear, to_srgb
from loraset.ops.foreground import (
    FILL_SIDE,
    MID_SIDE,
    estimate_foreground,
    extend_colour,
    pull_push,
    with_own_edge,
)

SIZE = 160


def soft_disc(size=SIZE, softness=14):
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return np.clip((size * 0.3 - np.hypot(x, y)) / softness + 0.5, 0, 1).astype(np.float32)


def smooth(seed, low=0.1, high=0.9, size=SIZE):
    """A colourful picture without texture."""
    noise = np.random.default_rng(seed).standard_normal((size, size, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), size / 5)
    return low + (high - low) * (blurred - blurred.min()) / np.ptp(blurred)


def bright_on_dark():
    return smooth(1, 0.6, 0.95), smooth(2, 0.05, 0.3)


def mixed(front, back, alpha, light):
    part = alpha[..., None]
    if light == "linear":
        result = to_srgb(part * to_linear(front) + (1 - part) * to_linear(back))
    else:
        result = part * front + (1 - part) * back
    return (np.clip(result, 0, 1) * 255 + 0.5).astype(np.uint8)


def ring_error(found, front, alpha):
    """Alpha-weighted colour error of the soft edge, of 255."""
    ring = (alpha > 0.02) & (alpha < 0.98)
    return float((np.abs(found - front).mean(axis=2) * alpha)[ring].mean() * 255)


def as_bytes(color, alpha):
    return (np.dstack([color, alpha]) * 255 + 0.5).astype(np.uint8)


@pytest.mark.parametrize("light", ["linear", "srgb"])
def test_compose_then_estimate_returns_the_colour(light):
    (front, back), alpha = bright_on_dark(), soft_disc()
    rgb = mixed(front, back, alpha, light)
    found = estimate_foreground(rgb, alpha, light=light)
    assert ring_error(found, front, alpha) < 1.5
    assert ring_error(rgb / np.float32(255), front, alpha) > 8 * ring_error(found, front, alpha)


@pytest.mark.parametrize("light", ["linear", "srgb"])
def test_the_other_light_is_worse(light):
    (front, back), alpha = bright_on_dark(), soft_disc()
    rgb = mixed(front, back, alpha, light)
    other = "srgb" if light == "linear" else "linear"
    right, wrong = (estimate_foreground(rgb, alpha, light=name) for name in (light, other))
    assert ring_error(right, front, alpha) < 0.7 * ring_error(wrong, front, alpha)


def test_drawing_with_a_thin_soft_edge_is_recovered():
    alpha = soft_disc(softness=2)
    front = np.broadcast_to(np.array([0.9, 0.1, 0.1], np.float32), (SIZE, SIZE, 3))
    rgb = mixed(front, smooth(4), alpha, "srgb")
    assert ring_error(estimate_foreground(rgb, alpha, light="srgb"), front, alpha) < 1.0


@pytest.mark.parametrize("light", ["linear", "srgb"])
def test_solid_and_clear_pixels_keep_the_photos_colour_bit_for_bit(light):
    alpha = soft_disc()
    rgb = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    found = estimate_foreground(rgb, alpha, light=light)
    still = (alpha == 1) | (alpha == 0)
    assert np.array_equal(found[still], (rgb.astype(np.float32) / np.float32(255))[still])
    assert found.dtype == np.float32 and found.min() >= 0 and found.max() <= 1
    in_bytes = with_own_edge(rgb, alpha, light=light)
    assert np.array_equal(in_bytes, (found * 255 + 0.5).astype(np.uint8)) and np.array_equal(
        in_bytes[still], rgb[still]
    )


def test_large_picture_is_as_good_as_a_small_one():
    side = MID_SIDE + 220  # so that the solve is made smaller and carried up
    alpha = soft_disc(side, softness=40)
    front, back = (cv2.resize(smooth(seed), (side, side), interpolation=cv2.INTER_LINEAR) for seed in (1, 2))
    rgb = mixed(front, back, alpha, "srgb")
    assert ring_error(estimate_foreground(rgb, alpha, light="srgb"), front, alpha) < 1.5


def test_mirrored_input_gives_the_mirrored_colour():
    (front, back), alpha = bright_on_dark(), soft_disc()
    rgb = mixed(front, back, alpha, "srgb")
    found = estimate_foreground(rgb, alpha, light="srgb")
    mirrored = estimate_foreground(
        np.ascontiguousarray(rgb[:, ::-1]), np.ascontiguousarray(alpha[:, ::-1]), light="srgb"
    )
    assert np.abs(found - mirrored[:, ::-1]).max() < 1e-3


def test_pull_push_keeps_what_is_known_and_stays_in_its_range():
    image, weight = smooth(5), (np.random.default_rng(6).random((SIZE, SIZE)) > 0.9).astype(np.float32)
    filled = pull_push(image, weight)
    assert np.allclose(filled[weight == 1], image[weight == 1], atol=1e-6)
    assert filled.min() >= image[weight == 1].min() - 1e-5 and filled.max() <= image[weight == 1].max() + 1e-5


def test_under_alpha_zero_lies_the_edge_colour_then_the_fill_and_no_background():
    alpha = soft_disc()
    rgb = mixed(
        np.full((SIZE, SIZE, 3), (0.9, 0.1, 0.1), np.float32),
        np.full((SIZE, SIZE, 3), (0, 1, 0), np.float32),
        alpha,
        "srgb",
    )
    foreground = estimate_foreground(rgb, alpha, light="srgb")
    rgba = as_bytes(foreground, alpha)
    extended = extend_colour(rgba, reach_px=16, fill=(128, 128, 128))
    seen = rgba[..., 3] > 0
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
