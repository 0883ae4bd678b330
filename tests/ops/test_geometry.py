from functools import cache

import numpy as np
import pytest

from loraset.color import to_linear
from loraset.ops.geometry import crop, crop_mask, crop_rgba
from loraset.types import Frame

FRAMES = {
    "reduced": Frame((31, 17, 331, 267), 0.4, (0, 0, 0, 0), (120, 100)),
    "reduced with padding": Frame((0, 17, 300, 300), 0.37, (9, 0, 0, 15), (120, 120)),
    "as it is": Frame((40, 30, 240, 180), 1.0, (0, 0, 0, 0), (200, 150)),
    "enlarged": Frame((60, 40, 160, 140), 2.4, (0, 0, 0, 0), (240, 240)),
}


@cache
def disc(width, height, centre, radius):
    """Share of each pixel that a disc covers; all lengths as parts of the width."""
    n = max(4, 1600 // width)
    y, x = np.mgrid[: height * n, : width * n] + 0.5
    inside = np.hypot(x / n / width - centre[0], y / n / width - centre[1]) < radius
    return inside.reshape(height, n, width, n).mean(axis=(1, 3)).astype(np.float32)


def centroid(values):
    y, x = np.mgrid[: values.shape[0], : values.shape[1]] + 0.5
    return np.array([(x * values).sum(), (y * values).sum()]) / values.sum()


def gray(values):
    return np.repeat((values * 255 + 0.5).astype(np.uint8)[..., None], 3, axis=2)


def in_frame(point, frame):
    x0, y0, x1, y1 = frame.source_box
    left, top, right, bottom = frame.inner_box
    across, down = (right - left) / (x1 - x0), (bottom - top) / (y1 - y0)
    return np.array([left + (point[0] - x0) * across, top + (point[1] - y0) * down])


def test_at_scale_1_pixels_are_copied_and_outside_repeats_the_border():
    rgb = np.random.default_rng(0).integers(0, 256, (50, 60, 3), dtype=np.uint8)
    pixels, inside = crop(rgb, Frame((0, 10, 40, 50), 1.0, (8, 0, 0, 16), (48, 56)))
    np.testing.assert_array_equal(pixels[:40, 8:], rgb[10:50, :40])
    np.testing.assert_array_equal(pixels[:40, 0], rgb[10:50, 0])
    np.testing.assert_array_equal(pixels[-1, 8:], rgb[49, :40])
    expected = np.zeros((56, 48), bool)
    expected[:40, 8:] = True
    np.testing.assert_array_equal(inside, expected)


def test_reduction_is_in_linear_light():
    rgb = gray(np.indices((64, 64)).sum(axis=0) % 2)
    pixels, _ = crop(rgb, Frame((0, 0, 64, 64), 0.25, (0, 0, 0, 0), (16, 16)))
    assert set(pixels.ravel()) == {188}  # half the light, not half the code value


def test_plain_colours_survive_any_scale():
    for level in range(0, 256, 5):
        rgb = np.full((60, 60, 3), level, np.uint8)
        for side in (23, 60, 101):
            pixels, _ = crop(rgb, Frame((0, 0, 60, 60), side / 60, (0, 0, 0, 0), (side, side)))
            assert set(pixels.ravel()) == {level}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("grid_width", [400, 160, 48])
def test_a_painted_disc_lies_where_geometry_says_in_pixels_and_mask(frame, grid_width):
    centre, radius = (0.27, 0.23), 0.09
    photo = disc(400, 300, centre, radius)
    light = to_linear(np.arange(256, dtype=np.float32) / 255)
    shown = light[crop(gray(np.interp(photo, light, np.arange(256)) / 255), frame)[0][..., 0]]
    mask = crop_mask(disc(grid_width, grid_width * 3 // 4, centre, radius), (400, 300), frame)
    expected = in_frame(np.array(centre) * 400, frame)
    np.testing.assert_allclose(centroid(mask), expected, atol=0.06 * max(1, frame.scale))
    if frame.scale < 1:  # enlarged pixels are filtered in sRGB, which moves the light of an edge a little
        np.testing.assert_allclose(centroid(shown), expected, atol=0.1)
    assert mask.sum() == pytest.approx(np.pi * (radius * 400 * frame.inner_scale) ** 2, rel=0.02)


def test_mask_of_the_photos_own_size_agrees_with_the_pixels():
    edge = np.tile(np.clip(np.arange(400) - 150.3, 0, 1).astype(np.float32), (300, 1))
    frame = FRAMES["reduced"]
    light = to_linear(np.arange(256, dtype=np.float32) / 255)
    shown = light[crop(gray(np.interp(edge, light, np.arange(256)) / 255), frame)[0][..., 0]]
    np.testing.assert_allclose(crop_mask(edge, (400, 300), frame), shown, atol=0.01)


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("grid", [(300, 400), (77, 103), (900, 1200)])
def test_full_mask_is_1_inside_and_0_outside_the_photo(frame, grid):
    mask = crop_mask(np.ones(grid, np.float32), (400, 300), frame)
    _, inside = crop(np.zeros((300, 400, 3), np.uint8), frame)
    assert mask.dtype == np.float32 and mask.shape == frame.output_size[::-1]
    np.testing.assert_allclose(mask, inside, atol=1e-5)


def test_mask_stays_in_range_where_the_cubic_filter_overshoots():
    grid = np.zeros((30, 40), np.float32)
    grid[:, 11:] = 1
    mask = crop_mask(grid, (400, 300), FRAMES["enlarged"])
    assert mask.min() == 0 and mask.max() == 1


def test_hidden_colour_reaches_no_visible_pixel():
    cover = disc(400, 300, (0.3, 0.3), 0.1)
    rgb = np.where(cover[..., None] > 0, (20, 200, 90), (255, 0, 0)).astype(np.uint8)
    alpha = (cover * 255 + 0.5).astype(np.uint8)
    for name, frame in FRAMES.items():
        rgba = crop_rgba(rgb, alpha, frame)
        assert rgba.shape == (*frame.output_size[::-1], 4)
        solid = rgba[..., 3] >= 8
        assert np.abs(rgba[solid][:, :3].astype(int) - (20, 200, 90)).max() <= 2, name
        assert not rgba[rgba[..., 3] == 0].any()
        if frame.scale <= 1:
            mask = crop_mask(alpha / np.float32(255), (400, 300), frame)
            np.testing.assert_allclose(rgba[..., 3] / 255, mask, atol=0.51 / 255)
