"""Whichever way a camera was held, the picture comes in upright."""

import numpy as np
import pytest
from PIL import Image
from reading import MANY, far_apart

from loraset.images import decode, read_png, write_picture


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "heic", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_in_every_format(tmp_path, painted, suffix, orientation):
    path = tmp_path / f"a.{suffix}"
    write_picture(path, painted, orientation=orientation)
    decoded = decode(path, max_pixels=MANY)
    assert far_apart(decoded.picture.rgb, painted) < 4
    assert decoded.orientation == orientation


def test_the_stored_pixels_of_orientation_6_lie_on_their_side(tmp_path, painted):
    write_picture(tmp_path / "a.png", painted, orientation=6)
    stored = read_png(tmp_path / "a.png")
    assert stored.shape == (64, 48, 3)
    np.testing.assert_array_equal(stored[0, 0], painted[0, -1])  # EXIF 6: row 0 is the right side, column 0 the top


def test_alpha_turns_with_the_colour(tmp_path, painted):
    alpha = np.where(np.arange(64) < 20, 0, 255).astype(np.uint8)[None].repeat(48, axis=0)
    write_picture(tmp_path / "a.png", np.dstack([painted, alpha]), orientation=8)
    np.testing.assert_array_equal(decode(tmp_path / "a.png", max_pixels=MANY).picture.alpha, alpha)


def test_broken_exif_is_a_note(tmp_path, painted):
    Image.fromarray(painted).save(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert decode(tmp_path / "a.jpg", max_pixels=MANY).picture.size == (64, 48)
