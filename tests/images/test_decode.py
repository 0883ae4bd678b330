"""Every kind of samples, transparency and frames comes in as 8-bit sRGB with straight alpha."""

import numpy as np
import pytest
from PIL import Image
from reading import MANY, far_apart

from loraset.images import Unreadable, decode, write_picture


class TestDepth:
    def test_16_bit_colour_is_scaled(self, tmp_path, painted):
        write_picture(tmp_path / "a.png", painted.astype(np.uint16) * 257)
        assert np.abs(decode(tmp_path / "a.png", max_pixels=MANY).picture.rgb.astype(int) - painted).max() <= 1

    @pytest.mark.parametrize("suffix", ["png", "tif"])
    def test_16_bit_gray_is_scaled_and_not_clipped(self, tmp_path, suffix):
        ramp = np.linspace(0, 65535, 300).astype(np.uint16)[None].repeat(3, axis=0)
        Image.fromarray(ramp).save(tmp_path / f"a.{suffix}")
        rgb = decode(tmp_path / f"a.{suffix}", max_pixels=MANY).picture.rgb
        np.testing.assert_array_equal(rgb[0, :, 0], np.rint(ramp[0] / 257))

    @pytest.mark.parametrize("top", [1.0, 255.0, 7.5])
    def test_float_pictures_of_any_unit(self, tmp_path, top):
        values = (np.linspace(0, top, 64, dtype=np.float32))[None].repeat(3, axis=0)
        Image.fromarray(values).save(tmp_path / "a.tif")
        decoded = decode(tmp_path / "a.tif", max_pixels=MANY)
        assert np.abs(decoded.picture.rgb[0, :, 0] - values[0] * 255 / top).max() <= 0.51
        assert bool(decoded.notes) == (top == 7.5)

    def test_one_bit(self, tmp_path):
        Image.fromarray(np.eye(9) > 0).save(tmp_path / "a.png")
        np.testing.assert_array_equal(decode(tmp_path / "a.png", max_pixels=MANY).picture.rgb[..., 0], np.eye(9) * 255)


class TestAlpha:
    def test_straight_alpha_and_the_colour_under_it(self, tmp_path, painted):
        rgba = np.dstack([painted, np.arange(48, dtype=np.uint8)[:, None].repeat(64, axis=1)])
        write_picture(tmp_path / "a.png", rgba)
        picture = decode(tmp_path / "a.png", max_pixels=MANY).picture
        np.testing.assert_array_equal(picture.rgb, painted)
        np.testing.assert_array_equal(picture.alpha, rgba[..., 3])

    def test_opaque_alpha_is_none(self, tmp_path, painted):
        write_picture(tmp_path / "a.png", np.dstack([painted, np.full((48, 64), 255, np.uint8)]))
        assert decode(tmp_path / "a.png", max_pixels=MANY).picture.alpha is None

    def test_palette_with_one_transparent_colour(self, tmp_path):
        image = Image.fromarray(np.array([[0, 1, 2, 1]], np.uint8), "P")
        image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
        image.save(tmp_path / "a.png", transparency=1)
        picture = decode(tmp_path / "a.png", max_pixels=MANY).picture
        np.testing.assert_array_equal(picture.alpha, [[255, 0, 255, 0]])
        np.testing.assert_array_equal(picture.rgb[0], [[10, 20, 30], [40, 50, 60], [70, 80, 90], [40, 50, 60]])

    def test_gray_with_alpha_and_16_bit_gray_with_a_key(self, tmp_path):
        Image.merge("LA", [Image.new("L", (3, 3), 90), Image.new("L", (3, 3), 120)]).save(tmp_path / "la.png")
        assert decode(tmp_path / "la.png", max_pixels=MANY).picture.alpha[0, 0] == 120
        Image.fromarray(np.array([[500, 40000]], np.uint16)).save(tmp_path / "key.png", transparency=500)
        np.testing.assert_array_equal(decode(tmp_path / "key.png", max_pixels=MANY).picture.alpha, [[0, 255]])


class TestFrames:
    @pytest.fixture
    def animation(self, tmp_path, painted):
        path = tmp_path / "a.gif"
        write_picture(path, painted, frames=[painted[::-1], painted[:, ::-1]])
        return path

    def test_the_first_frame_is_taken_and_said(self, animation, painted):
        decoded = decode(animation, max_pixels=MANY)
        assert decoded.frames == 3
        assert far_apart(decoded.picture.rgb, painted) < 12  # 256 colours
        assert decoded.notes == ("3 frames or pages; the first is used",)

    def test_or_the_animation_is_skipped(self, animation):
        with pytest.raises(Unreadable, match="animation of 3 frames") as error:
            decode(animation, max_pixels=MANY, animated="skip")
        assert error.value.code == "animated"

    def test_pages_are_no_animation(self, tmp_path, painted):
        first, second = Image.fromarray(painted), Image.fromarray(painted[::-1])
        first.save(tmp_path / "a.tif", save_all=True, append_images=[second])
        assert far_apart(decode(tmp_path / "a.tif", max_pixels=MANY, animated="skip").picture.rgb, painted) == 0
