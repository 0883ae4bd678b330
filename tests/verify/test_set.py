"""A finished set against its manifest: what was changed, lost or added since, and nothing in a fresh one."""

import json
import os
import shutil

import numpy as np
import pytest

from loraset import pipeline
from loraset.cli.main import invoke
from loraset.errors import UsageError
from loraset.images import encode_png, read_png, write_picture
from loraset.verify.check import verify
from small_set import paint, run


@pytest.fixture(scope="module")
def fresh(tmp_path_factory, session_cache):
    top = tmp_path_factory.mktemp("verify")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LORASET_CACHE", str(session_cache))
        paint(top / "photos")
        run(top / "photos", top / "set")
    return top / "set"


@pytest.fixture
def copy(fresh, tmp_path):
    shutil.copytree(fresh, tmp_path / "set")
    return tmp_path / "set"


def found(folder, trainer=None) -> list[tuple[str, str]]:
    return [(finding.code, finding.path) for finding in verify(folder, trainer).findings]


def test_a_fresh_set_has_no_defects(fresh):
    whole = verify(fresh)
    assert whole.findings == ()
    assert {(one.trainer, len(one.samples)) for one in whole.checked} == {
        ("kohya", 3),
        ("musubi-tuner", 3),
        ("onetrainer", 3),
    }
    assert len(whole.checked) == 6  # two variants each


def test_one_pixel_is_a_changed_file(copy):
    file = copy / "variants/gray/disc-1.png"
    pixels = read_png(file)
    pixels[64, 64, 0] ^= 1
    file.write_bytes(encode_png(pixels))
    assert found(copy) == [("changed", "variants/gray/disc-1.png")]


def test_what_a_change_did_is_said_where_it_harms(copy):
    file = copy / "variants/gray/disc-1.png"
    write_picture(file, read_png(file), orientation=6)
    hidden = copy / "variants/transparent/disc-2.png"
    rgba = read_png(hidden)
    rgba[rgba[..., 3] == 0, :3] = (255, 0, 0)  # flat, but not the recipe's fill
    hidden.write_bytes(encode_png(rgba))
    mask = copy / "masks/disc-0.png"
    mask.write_bytes(encode_png(255 - read_png(mask)))
    assert sorted(found(copy)) == [
        ("mask_inverted", "masks/disc-0.png"),
        ("orientation", "variants/gray/disc-1.png"),
        ("under_alpha", "variants/transparent/disc-2.png"),
    ]


def test_lost_and_added_files(copy):
    (copy / "variants/gray/disc-1.png").unlink()
    (copy / "masks/disc-2.png").unlink()
    (copy / "masks-dilated/x.png").write_bytes(b"x")
    (copy / "variants/gray/notes.md").write_text("notes")
    (copy / "variants/transparent/disc-0.txt").unlink()
    assert sorted(found(copy)) == [
        ("caption_missing", "variants/transparent/disc-0.txt"),
        ("mask_extra", "masks-dilated/x.png"),
        ("mask_missing", "masks/disc-2.png"),
        ("missing", "variants/gray/disc-1.png"),
        ("unlisted", "variants/gray/notes.md"),
    ]


def test_captions_may_be_edited_but_not_emptied_or_broken_into_lines(copy):
    (copy / "variants/gray/disc-0.txt").write_text("mydisc, edited\n")
    assert found(copy) == []
    (copy / "variants/gray/disc-1.txt").write_text("\n")
    (copy / "variants/gray/disc-2.txt").write_text("a\nb\n")
    assert found(copy) == [
        ("caption_empty", "variants/gray/disc-1.txt"),
        ("caption_lines", "variants/gray/disc-2.txt"),
    ]


def test_a_stale_cache_is_told_a_younger_one_is_the_trainers_business(copy):
    npz = copy / "variants/gray/disc-0_0128x0128_sdxl.npz"
    npz.write_bytes(b"latents")
    os.utime(npz, (npz.stat().st_atime, npz.stat().st_mtime + 600))
    assert found(copy) == []
    os.utime(npz, (npz.stat().st_atime, npz.stat().st_mtime - 7200))
    assert found(copy) == [("stale_cache", "variants/gray/disc-0_0128x0128_sdxl.npz")]


def test_defects_of_its_exports_are_told_with_their_place(copy):
    place = "exports/onetrainer/gray/128x128"
    (copy / place / "disc-0-masklabel.png").unlink()
    assert found(copy) == [("mask_missing", f"{place}/disc-0.png")]
    assert found(copy, "kohya") == []
    with pytest.raises(UsageError, match="no folder for the trainer 'koyha'") as caught:
        verify(copy, "koyha")
    assert "Did you mean kohya?" in caught.value.hint


def test_an_export_in_a_set_is_held_against_what_was_written(copy):
    file = copy / "exports/kohya/gray/10_mydisc/disc-0.png"
    file.write_bytes(encode_png(np.ascontiguousarray(read_png(file)[:, ::-1])))
    (copy / "exports/musubi-tuner/gray/images/disc-2.txt").write_text("edited\n")
    assert found(copy) == [("changed", "exports/kohya/gray/10_mydisc/disc-0.png")]


def test_an_export_in_a_set_knows_the_sets_fill(copy):
    folder = copy / "exports/kohya/transparent"
    file = folder / "10_mydisc/disc-0.png"
    rgba = read_png(file)
    rgba[rgba[..., 3] == 0, :3] = (255, 0, 0)
    file.write_bytes(encode_png(rgba))
    assert found(folder) == [("under_alpha", "10_mydisc/disc-0.png")]


def test_an_export_of_its_own_is_held_against_what_was_written(fresh, tmp_path):
    folder = tmp_path / "out"
    assert pipeline.export_set(fresh, trainer="kohya", variant="gray", output=folder) == 3
    assert found(folder) == []
    file = folder / "10_mydisc/disc-0.png"
    file.write_bytes(encode_png(np.ascontiguousarray(read_png(file)[:, ::-1])))
    assert found(folder) == [("changed", "10_mydisc/disc-0.png")]
    (folder / "dataset-masked.toml").unlink()
    assert sorted(found(folder)) == [("changed", "10_mydisc/disc-0.png"), ("missing", "dataset-masked.toml")]


def test_the_command_says_it_in_words_in_json_and_by_its_exit_code(copy, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    assert invoke(["verify", str(copy)]) == 0
    assert "no defects: 18 pictures as kohya, musubi-tuner, onetrainer would take them" in capsys.readouterr().out
    (copy / "masks/disc-2.png").unlink()
    assert invoke(["verify", str(copy)]) == 1
    out = capsys.readouterr().out
    assert "mask_missing  masks/disc-2.png" in out and "1 defect:" in out
    assert invoke(["verify", str(copy), "--json", "--trainer", "kohya"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["kind"] == "set" and told["trainers"] == ["kohya"] and told["pictures"] == 6
    assert [finding["code"] for finding in told["findings"]] == ["mask_missing"]
    assert invoke(["verify", str(copy / "nowhere")]) == 3


def test_the_preview_shows_each_trainers_view_and_touches_no_trainers_folder(copy, capsys):
    before = set((copy / "exports").rglob("*"))
    assert invoke(["verify", str(copy), "--preview"]) == 0
    page = (copy / "preview.html").read_text("utf-8")
    assert page.count("<section>") == 6 and "No defects were found." in page
    assert page.count('alt="weight of the loss"') == 12  # all but musubi-tuner, which has neither masks nor alpha
    assert "http" not in page.replace("http-equiv", "")
    assert set((copy / "exports").rglob("*")) == before
    assert invoke(["verify", str(copy / "exports/kohya/gray"), "--preview"]) == 0
    assert (copy / "exports/kohya/gray-preview.html").is_file()
    assert set((copy / "exports/kohya/gray").rglob("*")) <= before
