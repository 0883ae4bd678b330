"""The mask stage with a person's marks: whole runs on painted pictures."""

import json

import cv2
import numpy as np
import pytest

from loraset import pipeline
from loraset.images import read_png, write_picture
from loraset.pipeline import Request
from loraset.recipe.load import from_text
from loraset.types import Silent

SIDE = 256
RECIPE = '[subject]\nshared = false\n[mask]\nengine = "given"\n[input]\nmin_side_px = 64\n[frame]\nresolution = 256\n'


class Heard(Silent):
    """Counts the masks that were made anew."""

    def __init__(self):
        self.made = 0

    def advance(self, name, done=1, *, cached=False):
        self.made += done if name == "mask" and not cached else 0


def run(folder, text=RECIPE):
    heard = Heard()
    outcome = pipeline.run(Request(from_text(text, settings=()), folder, (str(folder / "in"),), folder / "out"), heard)
    return {row["source"]: row for row in outcome.rows}, heard.made


def toy(seed):
    """A red disc with a blue ball beside it, on green: the picture, the disc, the ball."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(95, 110), rng.integers(120, 140)
    disc, ball = (np.zeros((SIDE, SIDE), np.uint8) for _ in range(2))
    cv2.circle(disc, (int(x), int(y)), 60, 1, -1)
    cv2.circle(ball, (215, int(y)), 22, 1, -1)
    rgb = np.full((SIDE, SIDE, 3), (90, 140, 80), float)
    rgb[disc > 0], rgb[ball > 0] = (190, 60, 50), (40, 60, 180)
    rgb += cv2.GaussianBlur(rng.normal(0, 16, rgb.shape), (0, 0), 1.5)
    return np.clip(rgb, 0, 255).astype(np.uint8), disc > 0, ball > 0


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two pictures; the mask of each holds the ball too."""
    monkeypatch.setenv("LORASET_CACHE", str(tmp_path / "cache"))
    (tmp_path / "in").mkdir()
    for name, seed in (("a", 1), ("b", 2)):
        rgb, disc, ball = toy(seed)
        write_picture(tmp_path / "in" / f"{name}.png", rgb)
        write_picture(tmp_path / "in" / f"{name}.mask.png", np.where(disc | ball, 255, 0).astype(np.uint8))
    return tmp_path


def points(folder, name, **said):
    (folder / "in" / f"{name}.points.json").write_text(json.dumps(said))


def test_a_dropped_ball_is_gone_and_the_manifest_says_how_much_that_was(folder):
    points(folder, "a", drop=[[215, 130]])
    rows, _ = run(folder)
    assert set(rows) == {"a.png", "b.png"}
    marks = rows["a.png"]["details"]["mask"]["marks"]
    assert marks["added"] == 0
    assert marks["removed"] == pytest.approx(np.pi * 22**2 / SIDE**2, rel=0.1)
    assert "marks" not in rows["b.png"]["details"]["mask"]
    alphas = [read_png(folder / "out" / rows[name]["files"]["mask"]) for name in ("a.png", "b.png")]
    pieces = [cv2.connectedComponents((alpha > 127).astype(np.uint8))[0] - 1 for alpha in alphas]
    assert pieces == [1, 2]


def test_new_points_cut_their_own_picture_anew_and_no_other(folder):
    assert run(folder)[1] == 2
    points(folder, "a", drop=[[215, 130]])
    assert run(folder)[1] == 1
    assert run(folder)[1] == 0
    points(folder, "a", drop=[[216, 131]])
    assert run(folder)[1] == 1


def test_a_broken_points_file_sends_its_picture_to_review_and_says_what_is_right(folder):
    clean, _ = run(folder)
    points(folder, "a", dorp=[[215, 130]])
    rows, _ = run(folder)
    assert rows["b.png"] == clean["b.png"]
    assert rows["a.png"]["verdict"] == "review"
    assert {
        "code": "mask_uncertain",
        "stage": "mask",
        "detail": "points not used: a.points.json, line 1: there is no 'dorp'; did you mean drop?",
    } in rows["a.png"]["reasons"]
    assert rows["a.png"]["frame"] == clean["a.png"]["frame"]


def test_where_the_engine_sees_nothing_the_marks_alone_make_a_mask(folder):
    text = RECIPE.replace('"given"', '"alpha"')  # the pictures are opaque
    assert {row["verdict"] for row in run(folder, text)[0].values()} == {"reject"}
    _, disc, _ = toy(1)
    points(folder, "a", keep=[[100, 130]], drop=[[215, 130]])
    points(folder, "b", drop=[[215, 130]])
    rows, _ = run(folder, text)
    assert rows["a.png"]["engine"] == "marks"
    assert "alpha" in rows["a.png"]["details"]["mask"]["declined"]
    assert rows["a.png"]["details"]["mask"]["marks"]["added"] == pytest.approx(disc.mean(), rel=0.1)
    assert [reason["code"] for reason in rows["b.png"]["reasons"]] == ["no_subject"]


def test_a_soft_mask_of_the_pictures_own_size_stays_exact_unless_marks_change_it(folder):
    for name, seed in (("a", 1), ("b", 2)):
        _, disc, ball = toy(seed)
        soft = cv2.GaussianBlur(np.where(disc | ball, 255, 0).astype(np.uint8), (0, 0), 1)
        write_picture(folder / "in" / f"{name}.mask.png", soft)
    points(folder, "a", drop=[[215, 130]])
    points(folder, "b", keep=[[100, 130]])
    rows, _ = run(folder)
    guards = {name: row["details"]["matte"].get("guard") for name, row in rows.items()}
    assert guards["b.png"] == "kept: the mask is exact"
    assert guards["a.png"] != "kept: the mask is exact"


def test_two_things_of_like_size_are_doubted_until_somebody_points_at_the_right_one(folder):
    rgb = np.full((SIDE, SIDE, 3), (40, 180, 70), np.uint8)
    for x, color in ((75, (200, 60, 50)), (185, (60, 50, 180))):
        cv2.circle(rgb, (x, 128), 45, color, -1)
    for file in (folder / "in").iterdir():
        file.unlink()
    write_picture(folder / "in" / "a.png", rgb)
    text = RECIPE.replace('"given"', '"key"')
    rows, _ = run(folder, text)
    assert rows["a.png"]["verdict"] == "review"
    assert "2 separate things of like size; point at" in rows["a.png"]["reasons"][0]["detail"]
    points(folder, "a", keep=[[75, 128]], drop=[[185, 128]])
    rows, _ = run(folder, text)
    assert "mask_uncertain" not in {reason["code"] for reason in rows["a.png"]["reasons"]}
    assert rows["a.png"]["details"]["mask"]["marks"]["removed"] == pytest.approx(np.pi * 45**2 / SIDE**2, rel=0.05)
