"""A file that gives no picture is an `Unreadable` in plain words, never half a picture."""

import zlib

import numpy as np
import pytest
from reading import MANY, chunk, png_header

from loraset.images import Unreadable, decode, write_picture


def refused(path, code, words, **options):
    with pytest.raises(Unreadable, match=words) as error:
        decode(path, **{"max_pixels": MANY} | options)
    assert error.value.code == code


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "heic", "avif", "gif"])
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_truncated_file_is_never_half_a_picture(tmp_path, suffix, share):
    noise = np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)
    write_picture(tmp_path / f"a.{suffix}", noise)
    data = (tmp_path / f"a.{suffix}").read_bytes()
    (tmp_path / f"a.{suffix}").write_bytes(data[: int(len(data) * share)])
    refused(tmp_path / f"a.{suffix}", "unreadable", "cut short|damaged|damaged header")


def test_a_bomb_is_refused_from_its_header(tmp_path):
    (tmp_path / "a.png").write_bytes(
        png_header(60000, 60000) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )
    refused(tmp_path / "a.png", "too_large", "input.max_pixels")


def test_the_limit_is_the_recipes(tmp_path, painted):
    write_picture(tmp_path / "a.png", painted)
    refused(tmp_path / "a.png", "too_large", "64x48 px is more than input.max_pixels = 3071", max_pixels=3071)
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
def test_words_for_what_is_no_picture(tmp_path, name, data, code, words):
    (tmp_path / name).write_bytes(data)
    refused(tmp_path / name, code, words)


def test_bytes_decide_not_the_name(tmp_path, painted):
    write_picture(tmp_path / "a.png", painted)
    (tmp_path / "a.png").rename(tmp_path / "download")
    assert decode(tmp_path / "download", max_pixels=MANY).format == "PNG"


def test_a_link_to_nowhere(tmp_path):
    (tmp_path / "a.png").symlink_to(tmp_path / "gone.png")
    refused(tmp_path / "a.png", "unreadable", "not there")
