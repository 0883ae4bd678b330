"""Arrays as bytes and back."""

import io

import numpy as np
import pytest
from PIL import Image

from loraset.images import Unreadable, encode_png, encode_thumbnail, read_png, reduce_to


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(7, 5), (7, 5, 3), (7, 5, 4)])
def test_png_round_trip_is_exact_with_colour_under_alpha_0(tmp_path, kind, shape):
    pixels = np.random.default_rng(1).integers(0, np.iinfo(kind).max + 1, shape).astype(kind)
    if shape[-1] == 4:
        pixels[:3, ..., 3] = 0
    data = encode_png(pixels)
    np.testing.assert_array_equal(read_png(data), pixels)
    (tmp_path / "a.png").write_bytes(data)
    again = read_png(tmp_path / "a.png")
    np.testing.assert_array_equal(again, pixels)
    assert again.dtype == kind


def test_others_read_the_same_rgba(painted):
    rgba = np.dstack([painted, np.zeros((48, 64), np.uint8)])
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(encode_png(rgba)))), rgba)


def test_a_broken_png_is_unreadable():
    with pytest.raises(Unreadable):
        read_png(b"\x89PNG nothing")
    with pytest.raises(Unreadable):
        read_png(b"")


def test_thumbnail(painted):
    small = Image.open(io.BytesIO(encode_thumbnail(painted, 32)))
    assert (small.format, small.size) == ("WEBP", (32, 24))


def test_reduction_by_area_keeps_the_mean_and_never_enlarges(painted):
    small = reduce_to(painted, 16)
    assert small.shape == (12, 16, 3)
    assert abs(float(small.mean()) - float(painted.mean())) < 0.5
    assert reduce_to(painted, 64) is painted
    assert reduce_to(painted[:1], 8).shape == (1, 8, 3)
