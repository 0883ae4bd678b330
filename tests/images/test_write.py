"""Files that are whole or not there, with the same bytes for the same picture."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from loraset.images import srgb_profile, write_bytes, write_picture


def test_a_failed_write_leaves_nothing(tmp_path, painted):
    with pytest.raises(KeyError):
        write_picture(tmp_path / "a.unknown", painted)
    (tmp_path / "b.png").mkdir()
    with pytest.raises(OSError):
        write_picture(tmp_path / "b.png", painted)
    assert [path.name for path in tmp_path.iterdir()] == ["b.png"]


def test_a_write_where_there_is_no_folder_says_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_bytes(tmp_path / "gone" / "a.bin", b"x")


def test_a_name_of_the_greatest_length_can_be_written(tmp_path):
    path = tmp_path / ("a" * 251 + ".png")
    write_bytes(path, b"x")
    assert path.read_bytes() == b"x"


def test_who_may_read_a_file_is_as_for_any_other(tmp_path):
    (tmp_path / "plain").touch()
    write_bytes(tmp_path / "ours", b"x")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_threads_that_write_one_file_leave_one_of_theirs_whole(tmp_path):
    contents = [bytes([number]) * 300_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: write_bytes(tmp_path / "a", content), contents))
    assert (tmp_path / "a").read_bytes() in contents
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "heic"])
@pytest.mark.parametrize("icc", ["srgb", "display-p3"])
def test_the_same_picture_is_the_same_bytes(tmp_path, painted, suffix, icc):
    first, second = tmp_path / f"1.{suffix}", tmp_path / f"2.{suffix}"
    for path in (first, second):
        write_picture(path, painted, icc=icc, orientation=6)
    assert first.read_bytes() == second.read_bytes()
    with Image.open(first) as stored:
        assert stored.info["icc_profile"][24:36] == bytes(12)  # the date that a profile was made on


def test_the_srgb_profile_moves_no_pixel(tmp_path, painted):
    write_picture(tmp_path / "a.png", painted, icc="srgb")
    with Image.open(tmp_path / "a.png") as stored:
        np.testing.assert_array_equal(np.asarray(stored), painted)
        assert stored.info["icc_profile"] == srgb_profile()
