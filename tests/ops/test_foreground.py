import cv2
import numpy as np
import pytest
from soft_edges import SIZE, smooth, soft_disc

from loraset.color import to_bytes, to_floats, to_linear, to_srgb
from loraset.ops.foreground import MID_SIDE, estimate_foreground, pull_push, with_own_edge


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
    eight = to_bytes(alpha)
    found = estimate_foreground(rgb, to_floats(eight), light=light)
    in_bytes = with_own_edge(rgb, eight, light=light)
    assert np.array_equal(in_bytes, np.dstack([(found * 255 + 0.5).astype(np.uint8), eight]))
    assert np.array_equal(in_bytes[still, :3], rgb[still])


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
