"""Ingest: what is known of a file before anything is cut."""

import hashlib
import os
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from loraset.images import decode, encode_png, quiet_native, write_picture
from loraset.ops.hashes import distance_bits, same_photo
from loraset.recipe.model import Recipe
from loraset.stages import ingest
from loraset.stages.ingest import read_caption
from loraset.types import PROXY_SIDE, Found


def scene(seed: int, width: int = 400, height: int = 300) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 255, (6, 8, 3))
    return np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), 0, 255).astype(np.uint8)


def said(path: Path, **settings):
    recipe = Recipe.model_validate({"input": settings})
    limits = recipe.input
    task = SimpleNamespace(
        found=Found(0, path.name, path),
        recipe=recipe,
        decoded=lambda: decode(path, max_pixels=limits.max_pixels, animated=limits.animated),
    )
    return ingest.run(task)


def codes(result) -> list[str]:
    return [reason.code for reason in result.reasons]


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "a.jpg"
    write_picture(path, scene(0), orientation=6)
    return path


class TestFacts:
    def test_size_is_as_displayed_and_the_file_is_untouched(self, photo):
        before = hashlib.sha256(photo.read_bytes()).hexdigest()
        data = said(photo).data
        assert (data["width"], data["height"], data["orientation"], data["format"]) == (400, 300, 6, "JPEG")
        assert (data["has_alpha"], data["frames"], data["bytes"]) == (False, 1, photo.stat().st_size)
        assert hashlib.sha256(photo.read_bytes()).hexdigest() == before

    def test_the_proxy_is_reduced_and_a_small_picture_is_itself(self, tmp_path, photo):
        write_picture(tmp_path / "big.png", scene(1, 1600, 1200))
        assert said(tmp_path / "big.png").images["proxy"].shape == (PROXY_SIDE * 3 // 4, PROXY_SIDE, 3)
        assert said(photo).images["proxy"].shape == (300, 400, 3)

    def test_pixels_have_one_hash_however_they_are_stored(self, tmp_path):
        picture = scene(2)
        for name, options in {"a.png": {}, "b.tif": {}, "c.png": {"orientation": 8}, "d.png": {"icc": "srgb"}}.items():
            write_picture(tmp_path / name, picture, **options)
        write_picture(tmp_path / "e.png", np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)]))
        write_picture(tmp_path / "other.png", picture[::-1])
        hashes = {name: said(tmp_path / name).data["pixel_sha256"] for name in os.listdir(tmp_path)}  # noqa: PTH208
        assert len({hashes[name] for name in ("a.png", "b.tif", "c.png", "d.png", "e.png")}) == 1
        assert hashes["other.png"] != hashes["a.png"]

    def test_a_mirrored_file_has_the_mirrored_hash(self, tmp_path, photo):
        write_picture(tmp_path / "m.jpg", np.ascontiguousarray(scene(0)[:, ::-1]))
        ours, mirror = said(photo).data["hashes"], said(tmp_path / "m.jpg").data["hashes"]
        assert distance_bits(ours["mirrored_phash"], mirror["phash"]) <= 2
        assert distance_bits(ours["mirrored_dhash"], mirror["dhash"]) <= 2

    def test_a_flat_picture_has_no_hash(self, tmp_path):
        write_picture(tmp_path / "a.png", np.full((300, 300, 3), 200, np.uint8))
        assert said(tmp_path / "a.png").data["hashes"] is None


class TestTransparency:
    def cutout(self, path, angle, under, color=(60, 30, 30)):
        """A bar on nothing, with some colour under alpha 0."""
        alpha = np.zeros((300, 300), np.uint8)
        cv2.ellipse(alpha, (150, 150), (120, 40), angle, 0, 360, 255, -1)
        rgb = np.where(alpha[..., None] > 0, np.array(color), under).astype(np.uint8)
        path.write_bytes(encode_png(np.dstack([rgb, alpha])))
        return path

    def test_what_lies_under_alpha_0_does_not_count(self, tmp_path):
        ours = said(self.cutout(tmp_path / "a.png", 0, 0))
        theirs = said(self.cutout(tmp_path / "b.png", 0, 255))
        assert ours.data["has_alpha"]
        assert ours.data["pixel_sha256"] == theirs.data["pixel_sha256"]
        assert ours.data["hashes"] == theirs.data["hashes"]

    @pytest.mark.parametrize("color", [(60, 30, 30), (128, 128, 128), (0, 0, 0), (255, 255, 255)])
    def test_other_cutouts_on_the_same_black_are_other_pictures(self, tmp_path, color):
        """Also black ones, and those of the proxy's gray."""
        lying = said(self.cutout(tmp_path / "a.png", 0, 0, color))
        upright = said(self.cutout(tmp_path / "b.png", 90, 0, color))
        assert distance_bits(lying.data["hashes"]["dhash"], upright.data["hashes"]["dhash"]) > 12
        assert not same_photo(lying.images["small"], upright.images["small"])

    def test_the_proxy_shows_mid_gray(self, tmp_path):
        proxy = said(self.cutout(tmp_path / "a.png", 0, 255)).images["proxy"]
        np.testing.assert_array_equal(proxy[0, 0], (128, 128, 128))
        np.testing.assert_array_equal(proxy[150, 150], (60, 30, 30))


class TestReasons:
    def test_too_small_is_said_with_numbers_and_keeps_its_facts(self, photo):
        result = said(photo, min_side_px=301)
        assert result.reasons[0].detail == "400x300 px: the shorter side is below 301 (input.min_side_px)"
        assert codes(result) == ["too_small"]
        assert result.data["width"] == 400
        assert codes(said(photo, min_side_px=300)) == []

    def test_a_file_that_gives_no_picture_has_no_width(self, tmp_path, photo):
        (tmp_path / "cut.jpg").write_bytes(photo.read_bytes()[:-2000])
        (tmp_path / "readme.md").write_text("# hello")
        for name, code in {"cut.jpg": "unreadable", "readme.md": "not_an_image", "gone.jpg": "unreadable"}.items():
            result = said(tmp_path / name)
            assert codes(result) == [code]
            assert result.reasons[0].stage == "ingest"
            assert "width" not in result.data
            assert not result.images

    def test_the_recipe_decides_on_size_and_animations(self, tmp_path, photo):
        assert codes(said(photo, max_pixels=100)) == ["too_large"]
        write_picture(tmp_path / "a.gif", scene(0), frames=[scene(1)])
        assert codes(said(tmp_path / "a.gif", animated="skip")) == ["animated"]
        assert codes(said(tmp_path / "a.gif")) == []

    def test_settings_hold_all_that_decides(self):
        assert set(ingest.settings(Recipe())) == {"max_pixels", "min_side_px", "animated"}


class TestCaption:
    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            ("a blå bear\n".encode(), "a blå bear"),
            (b"\xef\xbb\xbfa bear", "a bear"),
            ("a blå bear".encode("utf-16"), "a blå bear"),
            (b"one \r\n\r\n two\r\n", "one\n\ntwo"),
            (b"  \n", None),
            (b"", None),
        ],
    )
    def test_text_in_any_common_form(self, tmp_path, raw, text):
        (tmp_path / "a.txt").write_bytes(raw)
        assert read_caption(tmp_path / "a.txt") == (text, [])

    def test_a_guessed_encoding_is_said(self, tmp_path):
        (tmp_path / "a.txt").write_bytes("a blå bear".encode("cp1252"))
        text, notes = read_caption(tmp_path / "a.txt")
        assert text == "a blå bear"
        assert notes == ["the caption file a.txt is not UTF-8; it was read as Windows-1252"]


@pytest.mark.skipif("LORASET_DATA" not in os.environ, reason="needs the odd and broken files under LORASET_DATA")
def test_every_nasty_file_is_a_picture_or_a_reason(capfd):
    files = sorted((Path(os.environ["LORASET_DATA"]) / "nasty").iterdir())
    with quiet_native():
        results = {path.name: said(path) for path in files}
    for name, result in results.items():
        assert ("width" in result.data) != bool({"unreadable", "too_large", "not_an_image"} & set(codes(result))), name
        assert all(reason.detail and "\n" not in reason.detail for reason in result.reasons), name
    assert sum("width" in result.data for result in results.values()) > 0.8 * len(files)
    assert capfd.readouterr().err == ""
