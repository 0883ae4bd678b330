"""The door to Pillow: what comes in is upright sRGB whatever the file did, or an `Unreadable` in plain words."""

import io
import os
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from loraset import images
from loraset.color import to_linear, to_srgb
from loraset.images import Unreadable, css_color, decode, encode_png, read_png, reduce_to, write_picture

MANY = 10_000_000
# Linear Display P3 to linear sRGB, D65 (CSS Color 4).
P3_TO_SRGB = np.array(
    [[1.2249402, -0.2249402, 0.0], [-0.0420570, 1.0420570, 0.0], [-0.0196376, -0.0786361, 1.0982736]], np.float32
)
# Linear Adobe RGB (1998) to linear sRGB, D65 (its specification's matrices).
ADOBE_TO_SRGB = np.array([[1.39836, -0.39836, 0.0], [0.0, 1.0, 0.0], [0.0, -0.04293, 1.04293]], np.float32)


@pytest.fixture
def painted():
    """A picture without any symmetry, 64x48."""
    y, x = np.mgrid[0:48, 0:64]
    return np.dstack([x * 4, y * 5, (x + y) * 2]).astype(np.uint8)


def far_apart(ours, truth) -> float:
    assert ours.shape == truth.shape
    return float(np.abs(ours.astype(int) - truth).mean())


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


class TestUpright:
    @pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "heic", "avif"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_every_exif_orientation_in_every_format(self, tmp_path, painted, suffix, orientation):
        path = tmp_path / f"a.{suffix}"
        write_picture(path, painted, orientation=orientation)
        decoded = decode(path, max_pixels=MANY)
        assert far_apart(decoded.picture.rgb, painted) < 4
        assert decoded.orientation == orientation

    def test_the_stored_pixels_of_orientation_6_lie_on_their_side(self, tmp_path, painted):
        write_picture(tmp_path / "a.png", painted, orientation=6)
        stored = read_png(tmp_path / "a.png")
        assert stored.shape == (64, 48, 3)
        np.testing.assert_array_equal(stored[0, 0], painted[0, -1])  # EXIF 6: row 0 is the right side, column 0 the top

    def test_alpha_turns_with_the_colour(self, tmp_path, painted):
        alpha = np.where(np.arange(64) < 20, 0, 255).astype(np.uint8)[None].repeat(48, axis=0)
        write_picture(tmp_path / "a.png", np.dstack([painted, alpha]), orientation=8)
        np.testing.assert_array_equal(decode(tmp_path / "a.png", max_pixels=MANY).picture.alpha, alpha)

    def test_broken_exif_is_a_note(self, tmp_path, painted):
        Image.fromarray(painted).save(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
        assert decode(tmp_path / "a.jpg", max_pixels=MANY).picture.size == (64, 48)


class TestColour:
    def test_display_p3_is_the_known_matrix(self, tmp_path):
        stored = np.array([[[200, 60, 60], [60, 190, 80], [70, 80, 200], [128, 128, 128], [255, 255, 255]]], np.uint8)
        Image.fromarray(stored).save(tmp_path / "a.png", icc_profile=images.display_p3_profile())
        linear = to_linear(stored.astype(np.float32) / 255) @ P3_TO_SRGB.T
        truth = np.rint(to_srgb(np.clip(linear, 0, 1)) * 255)
        decoded = decode(tmp_path / "a.png", max_pixels=MANY)
        assert np.abs(decoded.picture.rgb - truth).max() <= 1
        assert decoded.profile == "Display P3"

    def test_adobe_rgb_that_only_exif_tells_of(self, tmp_path):
        stored = np.array([[[200, 100, 60], [90, 190, 80], [70, 80, 200], [128, 128, 128]]], np.uint8)
        exif = Image.Exif()
        exif[ExifTags.IFD.Exif] = {0xA005: {1: "R03"}}  # the interoperability index of DCF's option file
        Image.fromarray(stored).save(tmp_path / "a.png", exif=exif.tobytes())
        linear = ((stored / 255.0) ** (563 / 256)).astype(np.float32) @ ADOBE_TO_SRGB.T
        decoded = decode(tmp_path / "a.png", max_pixels=MANY)
        assert np.abs(decoded.picture.rgb - np.rint(to_srgb(np.clip(linear, 0, 1)) * 255)).max() <= 1
        assert decoded.profile == "Adobe RGB (1998)"

    @pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "heic"])
    def test_a_p3_file_looks_like_what_was_painted(self, tmp_path, painted, suffix):
        write_picture(tmp_path / f"a.{suffix}", painted, icc="display-p3", quality=98)
        assert far_apart(decode(tmp_path / f"a.{suffix}", max_pixels=MANY).picture.rgb, painted) < 2

    def test_an_srgb_profile_changes_no_pixel(self, tmp_path, painted):
        write_picture(tmp_path / "a.png", painted, icc="srgb")
        np.testing.assert_array_equal(decode(tmp_path / "a.png", max_pixels=MANY).picture.rgb, painted)

    def test_gray_with_a_gray_profile(self, tmp_path):
        ramp = np.arange(256, dtype=np.uint8)[None].repeat(4, axis=0)
        gray = struct.pack(">I4sI4s4s4s", 0, bytes(4), 0x02400000, b"mntr", b"GRAY", b"XYZ ") + bytes(12) + b"acsp"
        gray += bytes(28) + struct.pack(">3i", 63190, 65536, 54061) + bytes(48)
        curve = b"curv" + bytes(4) + struct.pack(">IHH", 1, 256, 0)  # gamma 1.0: the values are linear light
        white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
        gray += struct.pack(">I", 2) + b"kTRC" + struct.pack(">II", 156, 14) + b"wtpt" + struct.pack(">II", 172, 20)
        gray = struct.pack(">I", 192) + (gray + curve + white)[4:]
        Image.fromarray(ramp).save(tmp_path / "a.png", icc_profile=gray)
        rgb = decode(tmp_path / "a.png", max_pixels=MANY).picture.rgb
        truth = np.rint(to_srgb(np.arange(256, dtype=np.float32) / 255) * 255)
        assert np.abs(rgb[0, :, 1] - truth).max() <= 1

    def test_lab(self, tmp_path):
        red = [Image.new("L", (4, 4), value) for value in (138, 209, 198)]  # L 54, a 81, b 70: sRGB's red under D50
        Image.merge("LAB", red).save(tmp_path / "a.tif")
        rgb = decode(tmp_path / "a.tif", max_pixels=MANY).picture.rgb
        assert np.abs(rgb[0, 0].astype(int) - (255, 0, 0)).max() <= 5

    def test_cmyk_without_profile(self, tmp_path, painted):
        write_picture(tmp_path / "a.jpg", painted, cmyk=True, quality=98)
        decoded = decode(tmp_path / "a.jpg", max_pixels=MANY)
        assert decoded.mode == "CMYK"
        assert far_apart(decoded.picture.rgb, painted) < 3
        assert any("CMYK" in note for note in decoded.notes)

    @pytest.mark.parametrize("profile", [b"nonsense", b"", "cmyk"])
    def test_a_profile_that_does_not_fit_is_ignored_and_said(self, tmp_path, painted, profile):
        if profile == "cmyk":  # a real profile, of a picture with other channels
            profile = images.display_p3_profile().replace(b"RGB XYZ ", b"CMYKXYZ ")
        Image.fromarray(painted).save(tmp_path / "a.png", icc_profile=profile)
        decoded = decode(tmp_path / "a.png", max_pixels=MANY)
        np.testing.assert_array_equal(decoded.picture.rgb, painted)
        assert decoded.profile is None
        assert bool(decoded.notes) == bool(profile)


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


class TestUnreadable:
    def refused(self, path, code, words, **options):
        with pytest.raises(Unreadable, match=words) as error:
            decode(path, **{"max_pixels": MANY} | options)
        assert error.value.code == code

    @pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "heic", "avif", "gif"])
    @pytest.mark.parametrize("share", [0.3, 0.7])
    def test_a_truncated_file_is_never_half_a_picture(self, tmp_path, suffix, share):
        noise = np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)
        write_picture(tmp_path / f"a.{suffix}", noise)
        data = (tmp_path / f"a.{suffix}").read_bytes()
        (tmp_path / f"a.{suffix}").write_bytes(data[: int(len(data) * share)])
        self.refused(tmp_path / f"a.{suffix}", "unreadable", "cut short|damaged|damaged header")

    def test_a_bomb_is_refused_from_its_header(self, tmp_path):
        (tmp_path / "a.png").write_bytes(
            png_header(60000, 60000) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
        )
        self.refused(tmp_path / "a.png", "too_large", "input.max_pixels")

    def test_the_limit_is_the_recipes(self, tmp_path, painted):
        write_picture(tmp_path / "a.png", painted)
        self.refused(tmp_path / "a.png", "too_large", "64x48 px is more than input.max_pixels = 3071", max_pixels=3071)
        assert decode(tmp_path / "a.png", max_pixels=3072).picture.size == (64, 48)

    @pytest.mark.parametrize(
        ("name", "data", "code", "words"),
        [
            ("a.png", b"just some words\n", "unreadable", "named like a picture, but holds text"),
            ("a.jpg", b"<!DOCTYPE html><html>404</html>", "unreadable", "web page"),
            ("a.jpg", b"", "unreadable", "empty"),
            ("a.jpg", bytes(300), "unreadable", "no picture in a known format"),
            ("a.dng", b"II*\0" + bytes(99), "unreadable", "camera raw"),
            ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unreadable", "svg files cannot be read"),
            ("a.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n", "not_an_image", "not a picture"),
            ("readme.md", b"# about\n", "not_an_image", "not a picture"),
            ("notes.txt", b"", "not_an_image", "empty"),
            ("a.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(99), "not_an_image", "not a picture"),
        ],
    )
    def test_words_for_what_is_no_picture(self, tmp_path, name, data, code, words):
        (tmp_path / name).write_bytes(data)
        self.refused(tmp_path / name, code, words)

    def test_bytes_decide_not_the_name(self, tmp_path, painted):
        write_picture(tmp_path / "a.png", painted)
        (tmp_path / "a.png").rename(tmp_path / "download")
        assert decode(tmp_path / "download", max_pixels=MANY).format == "PNG"

    def test_a_link_to_nowhere(self, tmp_path):
        (tmp_path / "a.png").symlink_to(tmp_path / "gone.png")
        self.refused(tmp_path / "a.png", "unreadable", "not there")


class TestProcessState:
    def test_warnings_become_notes_of_their_own_picture(self, tmp_path, painted):
        """Threads at once: each picture hears its own warning, and the filters are the old ones afterwards."""
        png = encode_png(painted)  # an icon whose directory says 32x32, but whose picture is 64x48
        directory = struct.pack("<HHHBBBBHHII", 0, 1, 1, 32, 32, 0, 0, 1, 24, len(png), 22)
        (tmp_path / "warns.ico").write_bytes(directory + png)
        write_picture(tmp_path / "fine.png", painted)
        before = list(warnings.filters), warnings.showwarning
        paths = [tmp_path / "warns.ico", tmp_path / "fine.png"] * 12
        with ThreadPoolExecutor(4) as pool:
            notes = list(pool.map(lambda path: decode(path, max_pixels=MANY).notes, paths))
        assert (list(warnings.filters), warnings.showwarning) == before
        assert all("not the expected size" in notes[index][0] for index in range(0, 24, 2))
        assert all(notes[index] == () for index in range(1, 24, 2))

    def test_c_libraries_are_silenced_and_python_is_not(self, tmp_path):
        code = (
            "import os, sys; from loraset.images import quiet_native\n"
            "with quiet_native():\n"
            "    with quiet_native():\n"
            "        os.write(2, b'noise'); print('said', file=sys.stderr)\n"
            "    os.write(2, b'noise')\n"
            "os.write(2, b'after\\n'); print('done', file=sys.stderr)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert done.stderr.decode().split() == ["said", "after", "done"]

    def test_quiet_from_several_threads_restores_the_descriptor(self):
        inside, before = threading.Barrier(3), os.fstat(2)

        def work(_):
            with images.quiet_native():
                inside.wait()

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(work, range(3)))
        assert (os.fstat(2).st_dev, os.fstat(2).st_ino) == (before.st_dev, before.st_ino)


class TestEncoding:
    @pytest.mark.parametrize("kind", [np.uint8, np.uint16])
    @pytest.mark.parametrize("shape", [(7, 5), (7, 5, 3), (7, 5, 4)])
    def test_png_round_trip_is_exact_with_colour_under_alpha_0(self, tmp_path, kind, shape):
        pixels = np.random.default_rng(1).integers(0, np.iinfo(kind).max + 1, shape).astype(kind)
        if shape[-1] == 4:
            pixels[:3, ..., 3] = 0
        data = encode_png(pixels)
        np.testing.assert_array_equal(read_png(data), pixels)
        (tmp_path / "a.png").write_bytes(data)
        again = read_png(tmp_path / "a.png")
        np.testing.assert_array_equal(again, pixels)
        assert again.dtype == kind

    def test_others_read_the_same_rgba(self, painted):
        rgba = np.dstack([painted, np.zeros((48, 64), np.uint8)])
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(encode_png(rgba)))), rgba)

    def test_a_broken_png_is_unreadable(self):
        with pytest.raises(Unreadable):
            read_png(b"\x89PNG nothing")
        with pytest.raises(Unreadable):
            read_png(b"")

    def test_thumbnail(self, painted):
        small = Image.open(io.BytesIO(images.encode_thumbnail(painted, 32)))
        assert (small.format, small.size) == ("WEBP", (32, 24))

    def test_reduction_by_area_keeps_the_mean_and_never_enlarges(self, painted):
        small = reduce_to(painted, 16)
        assert small.shape == (12, 16, 3)
        assert abs(float(small.mean()) - float(painted.mean())) < 0.5
        assert reduce_to(painted, 64) is painted
        assert reduce_to(painted[:1], 8).shape == (1, 8, 3)

    def test_a_failed_write_leaves_nothing(self, tmp_path, painted):
        with pytest.raises(KeyError):
            write_picture(tmp_path / "a.unknown", painted)
        (tmp_path / "b.png").mkdir()
        with pytest.raises(OSError):
            write_picture(tmp_path / "b.png", painted)
        assert [path.name for path in tmp_path.iterdir()] == ["b.png"]

    def test_our_p3_profile_is_one(self):
        profile = ImageCms.ImageCmsProfile(io.BytesIO(images.display_p3_profile())).profile
        assert profile.profile_description == "Display P3"
        to_d65 = np.linalg.inv(np.array(profile.chromatic_adaptation[0]))
        primaries = (profile.red_colorant, profile.green_colorant, profile.blue_colorant)
        for colorant, xy in zip(primaries, [(0.680, 0.320), (0.265, 0.690), (0.150, 0.060)], strict=True):
            xyz = to_d65 @ colorant[0]
            np.testing.assert_allclose(xyz[:2] / xyz.sum(), xy, atol=0.001)


@pytest.mark.parametrize(
    ("text", "rgb"),
    [
        ("white", (255, 255, 255)),
        (" #808080 ", (128, 128, 128)),
        ("#f00", (255, 0, 0)),
        ("hsl(120, 50%, 50%)", (64, 191, 64)),
    ],
)
def test_css_colors(text, rgb):
    assert css_color(text) == rgb


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("grene", "not a colour"),
        ("#80808080", "with transparency"),
        ("rgb(300, 0, 0)", "above 255"),
        ("", "not a colour"),
    ],
)
def test_words_for_a_bad_color(text, words):
    with pytest.raises(ValueError, match=rf"{words}.*write a name such as white, or #rgb"):
        css_color(text)
