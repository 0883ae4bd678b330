"""ViTMatte with a stand-in for the network: its alpha is the mean of what it is shown, picture and trimap alike."""

import json

import cv2
import numpy as np
import pytest
from painting import on
from tiny_models import brightness_model

from loraset.cli.main import invoke
from loraset.engines.vitmatte import OPEN, SIDE, refine
from loraset.errors import MissingError
from loraset.images import encode_png
from loraset.runtime.models import VITMATTE, find, place, sha256

GRAY = 150


@pytest.fixture
def network():
    file = place(VITMATTE.name)
    file.parent.mkdir(parents=True)
    file.write_bytes(brightness_model(SIDE, channels=4))
    return file


def soft_disc(height, width, softness):
    y, x = np.mgrid[:height, :width].astype(np.float32)
    distance = np.hypot(x - width / 2, y - height / 2)
    return np.clip((min(height, width) * 0.3 - distance) / softness + 0.5, 0, 1).astype(np.float32)


def refined(rgb, mask, file, *, inside=None, cell_px=4.0):
    inside = np.ones(mask.shape, bool) if inside is None else inside
    return refine(rgb, mask, cell_px=cell_px, inside=inside, file=file, provider="cpu")


@pytest.mark.parametrize("shape", [(300, 500), (2400, 2000)])  # seen as it is, and reduced
def test_the_network_speaks_in_the_band_and_the_mask_elsewhere(shape, network):
    mask = soft_disc(*shape, softness=8)
    matte = refined(np.full((*shape, 3), GRAY, np.uint8), mask, network)
    assert matte.details["guard"] == "solved"
    assert (matte.details["scale"] < 1) == (max(shape) > 2000)
    said = (3 * GRAY + OPEN) / 4 / 255  # colours and trimap are scaled to 0..1, and nothing else
    band = (mask > 0.2) & (mask < 0.8)
    assert np.abs(matte.alpha[band] - said).max() < 0.02
    depth = round(matte.details["band_px"]) + 2
    far = np.ones((2 * depth + 1, 2 * depth + 1), np.uint8)
    assert np.all(matte.alpha[cv2.erode((mask == 1).astype(np.uint8), far) > 0] == 1)
    assert np.all(matte.alpha[cv2.erode((mask == 0).astype(np.uint8), far) > 0] == 0)


def test_outside_the_photo_alpha_is_nothing_and_up_to_its_border_the_subject_is_solid(network):
    mask, inside = soft_disc(300, 300, softness=8), np.ones((300, 300), bool)
    inside[:, :150] = False
    matte = refined(np.full((300, 300, 3), GRAY, np.uint8), mask, network, inside=inside)
    assert np.all(matte.alpha[~inside] == 0)
    assert np.all(matte.alpha[100:200, 150:200] == 1)


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_a_mask_without_both_sides_is_kept(level, network):
    mask = np.full((64, 64), level, np.float32)
    matte = refined(np.full((64, 64, 3), GRAY, np.uint8), mask, network)
    assert matte.details["guard"].startswith("kept: ")
    assert np.array_equal(matte.alpha, mask)


@pytest.mark.parametrize(
    ("content", "words"), [(b"no model", "no model that onnxruntime"), (brightness_model(SIDE), "its trimap")]
)
def test_a_file_that_is_no_such_model_is_told(content, words, tmp_path):
    file = tmp_path / "other.onnx"
    file.write_bytes(content)
    with pytest.raises(MissingError, match=words):
        refined(np.full((64, 64, 3), GRAY, np.uint8), soft_disc(64, 64, softness=8), file)


def test_a_run_names_the_model_and_says_where_it_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LORASET_CACHE", str(tmp_path / "cache"))
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(encode_png(on((20, 30, 40), color=(230, 220, 210))))
    words = ["run", "quickstart", "--input", str(tmp_path / "photos"), "--output", str(tmp_path / "set"), "--json"]
    words += ["--set", 'matte.method="vitmatte"', "--set", 'mask.engine="cosegment"', "--set", "select.min_score=0.0"]
    assert invoke([*words, "--set", "input.min_side_px=64"]) == 4
    assert "loraset models pull vitmatte" in capsys.readouterr().err
    assert find(VITMATTE.name) is None
    file = place(VITMATTE.name)
    file.parent.mkdir(parents=True)
    file.write_bytes(brightness_model(SIDE, channels=4))
    assert invoke([*words, "--set", "input.min_side_px=64"]) == 4
    assert "licence unconfirmed" in capsys.readouterr().err
    words += ["--set", 'run.accept_licenses=["vitmatte"]']
    assert invoke([*words, "--set", "input.min_side_px=64"]) == 0
    run = json.loads(capsys.readouterr().out)
    facts = {"name": "vitmatte", "sha256": sha256(file), "licence": VITMATTE.licence, "provider": "cpu"}
    assert facts in run["models"]
    (row,) = (json.loads(line) for line in (tmp_path / "set" / "manifest.jsonl").read_text().splitlines())
    assert row["details"]["matte"]["method"] == "vitmatte" and row["details"]["matte"]["guard"] == "solved"
