"""What files say of themselves, as trainers would have to know it."""

import numpy as np
import pytest

from loraset.images import Header, Unreadable, inspect, write_picture

RGB = np.full((20, 30, 3), 90, np.uint8)


def test_a_plain_picture(tmp_path):
    write_picture(tmp_path / "a.png", RGB)
    assert inspect(tmp_path / "a.png") == Header((30, 20), "RGB", 8, 1, 1, None)


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_turned_in_every_format(tmp_path, ending):
    write_picture(tmp_path / f"a.{ending}", RGB, orientation=6)
    assert inspect(tmp_path / f"a.{ending}").orientation == 6


@pytest.mark.parametrize(("icc", "profile"), [("srgb", None), ("display-p3", "Display P3")])
def test_only_a_profile_that_changes_colours_is_named(tmp_path, icc, profile):
    write_picture(tmp_path / "a.png", RGB, icc=icc)
    assert inspect(tmp_path / "a.png").profile == profile


def test_sixteen_bits_are_seen_although_a_decoder_hides_them(tmp_path):
    write_picture(tmp_path / "a.png", RGB.astype(np.uint16) * 257)
    assert inspect(tmp_path / "a.png").bits == 16


def test_frames_are_counted(tmp_path):
    write_picture(tmp_path / "a.png", RGB, frames=[RGB // 2, RGB // 3])
    assert inspect(tmp_path / "a.png").frames == 3


def test_no_picture_is_unreadable(tmp_path):
    (tmp_path / "a.png").write_bytes(b"not a picture")
    with pytest.raises(Unreadable):
        inspect(tmp_path / "a.png")
