"""Colour profiles: a picture comes in as sRGB, and the profiles of our own are what they are called."""

import io
import struct

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms
from reading import MANY, far_apart

from loraset import images
from loraset.color import to_linear, to_srgb
from loraset.images import decode, write_picture

# Linear Display P3 to linear sRGB, D65 (CSS Color 4).
P3_TO_SRGB = np.array(
    [[1.2249402, -0.2249402, 0.0], [-0.0420570, 1.0420570, 0.0], [-0.0196376, -0.0786361, 1.0982736]], np.float32
)
# Linear Adobe RGB (1998) to linear sRGB, D65 (its specification's matrices).
ADOBE_TO_SRGB = np.array([[1.39836, -0.39836, 0.0], [0.0, 1.0, 0.0], [0.0, -0.04293, 1.04293]], np.float32)


def test_display_p3_is_the_known_matrix(tmp_path):
    stored = np.array([[[200, 60, 60], [60, 190, 80], [70, 80, 200], [128, 128, 128], [255, 255, 255]]], np.uint8)
    Image.fromarray(stored).save(tmp_path / "a.png", icc_profile=images.display_p3_profile())
    linear = to_linear(stored.astype(np.float32) / 255) @ P3_TO_SRGB.T
    truth = np.rint(to_srgb(np.clip(linear, 0, 1)) * 255)
    decoded = decode(tmp_path / "a.png", max_pixels=MANY)
    assert np.abs(decoded.picture.rgb - truth).max() <= 1
    assert decoded.profile == "Display P3"


def test_adobe_rgb_that_only_exif_tells_of(tmp_path):
    stored = np.array([[[200, 100, 60], [90, 190, 80], [70, 80, 200], [128, 128, 128]]], np.uint8)
    exif = Image.Exif()
    exif[ExifTags.IFD.Exif] = {0xA005: {1: "R03"}}  # the interoperability index of DCF's option file
    Image.fromarray(stored).save(tmp_path / "a.png", exif=exif.tobytes())
    linear = ((stored / 255.0) ** (563 / 256)).astype(np.float32) @ ADOBE_TO_SRGB.T
    decoded = decode(tmp_path / "a.png", max_pixels=MANY)
    assert np.abs(decoded.picture.rgb - np.rint(to_srgb(np.clip(linear, 0, 1)) * 255)).max() <= 1
    assert decoded.profile == "Adobe RGB (1998)"


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "heic"])
def test_a_p3_file_looks_like_what_was_painted(tmp_path, painted, suffix):
    write_picture(tmp_path / f"a.{suffix}", painted, icc="display-p3", quality=98)
    assert far_apart(decode(tmp_path / f"a.{suffix}", max_pixels=MANY).picture.rgb, painted) < 2


def test_an_srgb_profile_changes_no_pixel(tmp_path, painted):
    write_picture(tmp_path / "a.png", painted, icc="srgb")
    decoded = decode(tmp_path / "a.png", max_pixels=MANY)
    np.testing.assert_array_equal(decoded.picture.rgb, painted)
    assert decoded.profile == "sRGB"


def test_our_srgb_is_the_colour_library_s(tmp_path):
    levels = np.arange(0, 256, 5, dtype=np.uint8)
    colors = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(52, -1, 3)
    ours = ImageCms.ImageCmsProfile(io.BytesIO(images.srgb_profile()))
    moved = ImageCms.profileToProfile(Image.fromarray(colors), ours, ImageCms.createProfile("sRGB"))
    assert np.abs(np.asarray(moved).astype(int) - colors).max() <= 1


def test_gray_with_a_gray_profile(tmp_path):
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


def test_lab(tmp_path):
    red = [Image.new("L", (4, 4), value) for value in (138, 209, 198)]  # L 54, a 81, b 70: sRGB's red under D50
    Image.merge("LAB", red).save(tmp_path / "a.tif")
    rgb = decode(tmp_path / "a.tif", max_pixels=MANY).picture.rgb
    assert np.abs(rgb[0, 0].astype(int) - (255, 0, 0)).max() <= 5


def test_cmyk_without_profile(tmp_path, painted):
    write_picture(tmp_path / "a.jpg", painted, cmyk=True, quality=98)
    decoded = decode(tmp_path / "a.jpg", max_pixels=MANY)
    assert decoded.mode == "CMYK"
    assert far_apart(decoded.picture.rgb, painted) < 3
    assert any("CMYK" in note for note in decoded.notes)


@pytest.mark.parametrize("profile", [b"nonsense", b"", "cmyk"])
def test_a_profile_that_does_not_fit_is_ignored_and_said(tmp_path, painted, profile):
    if profile == "cmyk":  # a real profile, of a picture with other channels
        profile = images.display_p3_profile().replace(b"RGB XYZ ", b"CMYKXYZ ")
    Image.fromarray(painted).save(tmp_path / "a.png", icc_profile=profile)
    decoded = decode(tmp_path / "a.png", max_pixels=MANY)
    np.testing.assert_array_equal(decoded.picture.rgb, painted)
    assert decoded.profile is None
    assert bool(decoded.notes) == bool(profile)


@pytest.mark.parametrize(
    ("profile", "name", "chromaticities"),
    [
        (images.srgb_profile(), "sRGB", [(0.640, 0.330), (0.300, 0.600), (0.150, 0.060)]),
        (images.display_p3_profile(), "Display P3", [(0.680, 0.320), (0.265, 0.690), (0.150, 0.060)]),
        (images.adobe_rgb_profile(), "Adobe RGB (1998)", [(0.640, 0.330), (0.210, 0.710), (0.150, 0.060)]),
    ],
)
def test_our_profiles_are_what_they_are_called(profile, name, chromaticities):
    read = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile
    assert read.profile_description == name
    to_d65 = np.linalg.inv(np.array(read.chromatic_adaptation[0]))
    primaries = (read.red_colorant, read.green_colorant, read.blue_colorant)
    for colorant, xy in zip(primaries, chromaticities, strict=True):
        xyz = to_d65 @ colorant[0]
        np.testing.assert_allclose(xyz[:2] / xyz.sum(), xy, atol=0.001)
    white = np.sum([colorant[0] for colorant in primaries], axis=0)
    np.testing.assert_allclose(white, (0.9642, 1.0, 0.8249), atol=0.0005)  # D50, so that gray stays gray
