"""Whole runs on the painted sample: what the promises of the output folder say, as facts."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from loraset import pipeline
from loraset.errors import InputError, OutputError, PictureFailed
from loraset.images import encode_png, read_png
from loraset.pipeline import Request
from loraset.recipe.load import from_text
from loraset.types import Silent

RECIPE = """
[subject]
trigger = "rngtl"
class = "plush toy"
[input]
min_side_px = 64
[mask]
engine = ["cosegment"]
[frame]
resolution = 256
[variants.gray]
background = "#808080"
[variants.white]
background = "white"
[variants.black]
background = "black"
[variants.transparent]
background = "transparent"
"""


class Heard(Silent):
    """Counts what each stage did and what it found stored."""

    def __init__(self):
        self.done, self.stored = {}, {}

    def advance(self, name, done=1, *, cached=False):
        self.done[name] = self.done.get(name, 0) + done
        self.stored[name] = self.stored.get(name, 0) + done * cached


def request_for(photos, output, recipe=RECIPE, sets=(), **options) -> Request:
    return Request(from_text(recipe, settings=sets), Path.cwd(), (str(photos),), output, **options)


def tree(folder: Path, skip=("run.json", "report.html")) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in skip)
    found = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return {name: digest for name, digest in found.items() if not name.startswith(".loraset")}


@pytest.fixture(scope="module")
def finished(sample, tmp_path_factory, session_cache):
    """One run, shared by the tests that only look."""
    output = tmp_path_factory.mktemp("run") / "set"
    before = os.environ.get("LORASET_CACHE")
    os.environ["LORASET_CACHE"] = str(session_cache)
    try:
        outcome = pipeline.run(request_for(sample.photos, output))
    finally:
        if before is None:
            del os.environ["LORASET_CACHE"]
    return outcome


def rows_of(outcome) -> dict[str, dict]:
    return {row["source"]: row for row in outcome.rows}


def codes(row) -> set[str]:
    return {reason["code"] for reason in row["reasons"]}


def test_every_file_but_sidecars_has_a_row_and_every_verdict_but_keep_a_reason(sample, finished):
    labels = json.loads((sample.truth / "labels.json").read_text())
    rows = rows_of(finished)
    assert set(rows) == set(labels)
    assert all(row["reasons"] for row in rows.values() if row["verdict"] != "keep")
    assert len({row["id"] for row in rows.values()}) == len(rows)


def test_what_is_planted_is_found(sample, finished):
    labels = json.loads((sample.truth / "labels.json").read_text())
    rows = rows_of(finished)
    assert finished.exit_code == 1  # a truncated file
    for source, label in labels.items():
        if label["kind"] == "unreadable":
            assert codes(rows[source]) == {"unreadable"} and rows[source]["verdict"] == "reject"
        if label["copy_of"] and label["kind"] != "unreadable":
            pair = {source, label["copy_of"]}
            dropped = {name for name in pair if rows[name]["duplicate_of"]}
            assert len(dropped) == 1, pair
            (kept,) = pair - dropped
            assert rows[dropped.pop()]["duplicate_of"] == rows[kept]["id"]
    assert "dark" in codes(rows["dark-room.jpg"])


def test_the_originals_are_as_they_were(sample, tmp_path):
    before = tree(sample.photos)
    pipeline.run(request_for(sample.photos, tmp_path / "set"))
    assert tree(sample.photos) == before


def test_a_second_run_is_all_hits_and_changes_no_byte(sample, finished):
    before = tree(finished.output)
    times = {name: (finished.output / name).stat().st_mtime_ns for name in before if name.startswith("variants")}
    heard = Heard()
    pipeline.run(request_for(sample.photos, finished.output), heard)
    for stage in ("ingest", "mask", "frame", "matte", "decontaminate", "score", "preview"):
        assert heard.done[stage] == heard.stored[stage] > 0, stage
    assert tree(finished.output) == before
    assert {name: (finished.output / name).stat().st_mtime_ns for name in times} == times


def test_the_manifest_does_not_depend_on_threads_or_on_where_the_output_lies(sample, finished, tmp_path, monkeypatch):
    monkeypatch.setenv("LORASET_CACHE", str(tmp_path / "cache"))
    pipeline.run(request_for(sample.photos, tmp_path / "one", RECIPE + "[run]\njobs = 1\n"))
    first = (finished.output / "manifest.jsonl").read_bytes()
    assert (tmp_path / "one" / "manifest.jsonl").read_bytes() == first
    assert str(tmp_path).encode() not in first and str(sample.photos).encode() not in first


def test_a_changed_threshold_runs_only_what_decides(sample, finished, tmp_path):
    heard = Heard()
    strict = pipeline.run(request_for(sample.photos, tmp_path / "set", RECIPE + "[select]\nmin_score = 1.0\n"), heard)
    for stage in ("ingest", "mask", "frame", "matte", "decontaminate", "score"):
        assert heard.done[stage] == heard.stored[stage], stage
    assert all(row["verdict"] == "reject" for row in strict.rows if (row["score"] or 0) < 1)
    assert not any(row["files"] for row in strict.rows if row["verdict"] == "reject")


def test_pictures_that_a_change_rejects_lose_their_files(sample, tmp_path):
    output = tmp_path / "set"
    kept = pipeline.run(request_for(sample.photos, output))
    assert len(list((output / "variants/gray").glob("*.png"))) == sum(row["verdict"] != "reject" for row in kept.rows)
    fewer = pipeline.run(request_for(sample.photos, output, RECIPE + "[select]\nmax_images = 2\n"))
    assert sum(row["verdict"] != "reject" for row in fewer.rows) == 2
    for folder in ("masks", "variants/gray", "exports/kohya/white/10_rngtl"):
        assert len(list((output / folder).glob("*.png"))) == 2, folder


def test_a_killed_run_goes_on_and_ends_in_the_same_bytes(sample, finished, tmp_path):
    cache, output = tmp_path / "cache", tmp_path / "set"
    recipe = tmp_path / "r.toml"
    recipe.write_text(RECIPE)
    command = [sys.executable, "-c", "from loraset.cli.main import main; main()", "run", str(recipe)]
    command += ["--input", str(sample.photos), "--output", str(output)]
    environment = os.environ | {"LORASET_CACHE": str(cache)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None and not list(cache.glob("v*/matte/*/*.json")):
        time.sleep(0.005)
    assert process.poll() is None, "the run ended before it could be killed"
    process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    process.wait()
    assert not (output / "manifest.jsonl").exists()
    assert subprocess.run(command, env=environment, capture_output=True, timeout=300).returncode == 1
    assert tree(output) == tree(finished.output)


def test_gray_white_and_black_are_the_transparent_variant_on_that_colour(finished):
    stems = [row["stem"] for row in finished.rows if row["files"]]
    assert stems
    for stem in stems:
        variants = finished.output / "variants"
        rgba = read_png(variants / "transparent" / f"{stem}.png").astype(float)
        alpha = rgba[..., 3:] / 255
        for name, level in (("gray", 128), ("white", 255), ("black", 0)):
            flat = read_png(variants / name / f"{stem}.png").astype(float)
            assert flat.shape[:2] == rgba.shape[:2]
            assert np.abs(flat - (rgba[..., :3] * alpha + level * (1 - alpha))).max() <= 1, (stem, name)
        mask = read_png(finished.output / "masks" / f"{stem}.png")
        np.testing.assert_array_equal(mask, rgba[..., 3])


def test_far_from_the_subject_lies_the_fill_under_alpha_0(finished):
    for row in finished.rows:
        if row["files"]:
            rgba = read_png(finished.output / row["files"]["transparent"])
            corners = [pixel for pixel in (rgba[0, 0], rgba[0, -1], rgba[-1, 0], rgba[-1, -1]) if pixel[3] == 0]
            assert all(tuple(pixel) == (128, 128, 128, 0) for pixel in corners), row["source"]


def test_captions_are_one_line_with_the_trigger_first_and_only_true_background_words(finished):
    row = rows_of(finished)["lawn-sit.jpg"]
    for variant, words in (("gray", "grey background"), ("white", "white background"), ("transparent", None)):
        text = (finished.output / "variants" / variant / f"{row['stem']}.txt").read_text()
        assert text.startswith("rngtl, ") and text.count("\n") == 1 and text.endswith("\n")
        assert (words in text) if words else ("background" not in text)
    assert set(row["caption"]) == {"trigger", "subject", "background"}


def test_a_word_changed_in_a_caption_decodes_and_cuts_nothing_again(sample, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "toy.jpg").write_bytes((sample.photos / "screen-hello.jpg").read_bytes())
    (photos / "broken.jpg").write_bytes(b"nothing")
    (photos / "broken.txt").write_bytes("a blå toy".encode("cp1252"))
    text = '[mask]\nengine = "key"\n[select]\nmin_score = 0.0\n[frame]\nresolution = 256\n'
    long = "word, " * 1500  # the change lies far behind the beginning
    for last in ("waving", "sitting"):
        (photos / "toy.txt").write_text(long + last)
        heard = Heard()
        outcome = pipeline.run(request_for(photos, tmp_path / "set", text), heard)
        assert (outcome.output / "variants/gray/toy.txt").read_text().strip().split(", ")[1] == last
    for stage in ("ingest", "mask", "frame", "matte", "decontaminate", "score", "preview"):
        assert heard.done[stage] == heard.stored[stage] > 0, stage
    assert "Windows-1252" in rows_of(outcome)["broken.jpg"]["details"]["ingest"]["notes"][0]


def test_a_given_true_mask_gives_the_true_colour_back(sample, tmp_path):
    """True alpha given: error in the soft ring on gray, white and black at most 2.5 of 255 on the mean, JPEG too."""
    masks = tmp_path / "masks"
    masks.mkdir()
    names = ("wood-hello", "night-lights", "leaves-sit", "lawn-sit")
    for name in names:
        (masks / f"{name}.png").write_bytes(encode_png(read_png(sample.truth / f"{name}.png")[..., 3]))
    text = f'[mask]\nengine = "given"\n[frame]\nmode = "keep"\n[input]\nmasks = {json.dumps(str(masks))}\n'
    text += "[select]\nmin_score = 0.0\n[dedupe]\nnear = false\nexact = false\n"
    outcome = pipeline.run(request_for(sample.photos, tmp_path / "set", text))
    errors = []
    for name in names:
        row = rows_of(outcome)[f"{name}.jpg"]
        made = read_png(outcome.output / row["files"]["transparent"]).astype(float) / 255
        true = read_png(sample.truth / f"{name}.png").astype(float) / 255
        soft = ((true[..., 3] > 0.02) & (true[..., 3] < 0.98)).astype(np.uint8)
        ring = cv2.dilate(soft, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)), iterations=2) > 0
        for level in (0.5, 1.0, 0.0):
            on = [rgba[..., :3] * rgba[..., 3:] + level * (1 - rgba[..., 3:]) for rgba in (made, true)]
            errors.append(np.abs(on[0] - on[1]).mean(axis=2)[ring].mean() * 255)
    assert np.mean(errors) <= 2.5, errors


def test_one_picture_that_breaks_an_engine_stops_no_other(sample, tmp_path):
    masks = tmp_path / "masks"
    masks.mkdir()
    (masks / "wood-hello.png").write_bytes(b"\x89PNG but no more")
    (masks / "lawn-sit.png").write_bytes(encode_png(read_png(sample.truth / "lawn-sit.png")[..., 3]))
    text = f'[mask]\nengine = "given"\n[input]\nmasks = {json.dumps(str(masks))}\n[select]\nmin_score = 0.0\n'
    outcome = pipeline.run(request_for(sample.photos, tmp_path / "set", text))
    rows = rows_of(outcome)
    assert rows["wood-hello.jpg"]["verdict"] == "reject"
    assert rows["lawn-sit.jpg"]["verdict"] != "reject"


def test_strict_ends_at_the_first_picture_that_fails(sample, tmp_path):
    with pytest.raises(PictureFailed, match="close-face-broken"):
        pipeline.run(request_for(sample.photos, tmp_path / "set", strict=True))


def test_an_output_inside_the_input_is_refused_before_anything_is_written(sample):
    with pytest.raises(OutputError, match="inside the input") as caught:
        pipeline.run(request_for(sample.photos, sample.photos / "set"))
    assert caught.value.exit_code == 5
    assert not (sample.photos / "set").exists()


def test_no_input_is_said_with_what_to_do(tmp_path):
    with pytest.raises(InputError, match="names no pictures") as caught:
        pipeline.run(Request(from_text("", settings=()), tmp_path, output=tmp_path / "set"))
    assert "--input" in caught.value.hint and caught.value.exit_code == 3


def test_a_dry_run_says_what_is_stored_and_why_there_is_work(sample, finished):
    same = pipeline.plan(request_for(sample.photos, finished.output))
    assert all(stage["todo"] == 0 for stage in same.stages)
    changed = pipeline.plan(request_for(sample.photos, finished.output, RECIPE + "[matte]\nmethod = 'none'\n"))
    by_name = {stage["stage"]: stage for stage in changed.stages}
    assert by_name["mask"]["todo"] == 0
    assert by_name["matte"]["todo"] > 0 and "settings changed" in by_name["matte"]["why"]
    assert by_name["score"]["todo"] > 0 and "earlier stage" in by_name["score"]["why"]
    stricter = pipeline.plan(request_for(sample.photos, finished.output, RECIPE + "[select]\nmin_score = 0.6\n"))
    assert [stage["stage"] for stage in stricter.stages if stage["todo"]] == ["select"]


def test_cutout_keeps_sizes_names_and_subfolders_and_overwrites_nothing(sample, tmp_path):
    photos = tmp_path / "in"
    (photos / "deep").mkdir(parents=True)
    content = (sample.photos / "wood-hello.jpg").read_bytes()
    for name in ("a.jpg", "a.jpeg", "deep/a.jpg"):
        (photos / name).write_bytes(content)
    output = tmp_path / "out"
    output.mkdir()
    (output / "mine.txt").write_text("mine")
    outcome = pipeline.cutout(request_for(photos, output, "[subject]\nshared = false\n"))
    written = {path.relative_to(output).as_posix() for path in output.rglob("*.png")}
    assert written == {"a.jpg.png", "a.jpeg.png", "deep/a.png"}
    assert read_png(output / "deep/a.png").shape == (352, 264, 4)
    assert outcome.exit_code == 0 and (output / "mine.txt").read_text() == "mine"
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "deep").mkdir()
    (tmp_path / "taken" / "deep" / "a.png").write_bytes(b"somebody's")
    with pytest.raises(OutputError, match="in the way"):
        pipeline.cutout(request_for(photos, tmp_path / "taken", "[subject]\nshared = false\n"))
    assert (tmp_path / "taken" / "deep" / "a.png").read_bytes() == b"somebody's"


def test_masters_are_the_photo_s_own_size_and_the_variants_are_made_of_them(sample, tmp_path):
    text = RECIPE + "[output]\nmasters = true\n[select]\nmax_images = 2\n"
    outcome = pipeline.run(request_for(sample.photos, tmp_path / "set", text))
    kept = [row for row in outcome.rows if row["files"]]
    for row in kept:
        master = read_png(outcome.output / row["files"]["master"])
        assert master.shape == (row["height"], row["width"], 4)
    assert kept


def test_an_exported_set_is_what_the_run_wrote(finished, tmp_path):
    count = pipeline.export_set(finished.output, trainer="kohya", variant="gray", output=tmp_path / "out")
    assert count == sum(row["verdict"] != "reject" for row in finished.rows)
    ours = {path.name: path.read_bytes() for path in (tmp_path / "out").rglob("*.png")}
    theirs = {path.name: path.read_bytes() for path in (finished.output / "exports/kohya/gray").rglob("*.png")}
    assert ours == theirs


def test_rescore_repeats_the_scores(finished):
    again = {row["id"]: row["score"] for row in pipeline.rescore(finished.output)}
    assert again == {row["id"]: row["score"] for row in finished.rows}
