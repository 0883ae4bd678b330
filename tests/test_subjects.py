"""A whole run on painted pictures with exact masks: copies of the subject, colourways, strangers."""

import json

import cv2
import numpy as np
import pytest

from loraset.images import encode_png
from loraset.metrics.grade import CUTOUT
from loraset.pipeline import Request, run
from loraset.recipe.model import Recipe

SIDE = 300
COATS = {"red": ((0.75, 0.25, 0.2), (0.95, 0.85, 0.5)), "green": ((0.2, 0.55, 0.3), (0.95, 0.85, 0.5))}


def toy(arms_deg, coat="red", spots=True):
    """A straight RGBA toy, float32: head with one long ear, spotted body, two arms at their angles."""
    main, other = ((*color, 1.0) for color in COATS[coat])
    rgba = np.zeros((SIDE, SIDE, 4), np.float32)
    for sign, turn in zip((-1, 1), np.radians(arms_deg), strict=True):
        hand = (int(150 + sign * (42 + 70 * np.cos(turn))), int(150 - 70 * np.sin(turn)))
        cv2.line(rgba, (150 + sign * 42, 150), hand, main, 24, cv2.LINE_AA)
    cv2.ellipse(rgba, (125, 40), (14, 34), -15, 0, 360, other, -1, cv2.LINE_AA)
    cv2.ellipse(rgba, (150, 185), (54, 75), 0, 0, 360, main, -1, cv2.LINE_AA)
    cv2.circle(rgba, (150, 90), 48, main, -1, cv2.LINE_AA)
    for x in (132, 168):
        cv2.circle(rgba, (x, 82), 9, (0.05, 0.05, 0.1, 1.0), -1, cv2.LINE_AA)
    for x, y in [(130, 150), (170, 160), (150, 190), (128, 220), (172, 225)] if spots else []:
        cv2.circle(rgba, (x, y), 13, other, -1, cv2.LINE_AA)
    rgba[..., :3] = np.where(rgba[..., 3:] > 0, rgba[..., :3] / np.maximum(rgba[..., 3:], 1e-3), 0)
    return rgba


def write(folder, name, rgba, seed, scale=1.0, turn_deg=0.0):
    """Put the toy before a backdrop of its own, JPEG 85, with its exact mask beside it."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(0, 1, (5, 5, 3)).astype(np.float32)
    backdrop = cv2.resize(coarse, (SIDE + 80, SIDE + 60), interpolation=cv2.INTER_CUBIC)
    warp = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), turn_deg, scale)
    warp[:, 2] += random.uniform(20, 50, 2)
    layers = np.dstack([rgba[..., :3] * rgba[..., 3:], rgba[..., 3]])
    moved = cv2.warpAffine(layers, warp, (SIDE + 80, SIDE + 60), flags=cv2.INTER_AREA)
    photo = np.clip(moved[..., :3] + (1 - moved[..., 3:]) * backdrop, 0, 1)
    cv2.imwrite(str(folder / f"{name}.jpg"), (photo[..., ::-1] * 255 + 0.5).astype(np.uint8), [1, 85])
    mask = (moved[..., 3] * 255 + 0.5).astype(np.uint8)
    (folder / f"{name}.mask.png").write_bytes(encode_png(mask))


POSES = [(20, 20), (70, -30), (-40, 60), (80, 80), (-60, -60), (0, -70), (50, -70)]


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("painted")
    photos = folder / "photos"
    photos.mkdir()
    for number, pose in enumerate(POSES):
        write(photos, f"pose{number}", toy(pose), number)
    write(photos, "copy-small", toy(POSES[0]), 21, scale=0.65)
    write(photos, "copy-turned", toy(POSES[0]), 22, turn_deg=3)
    write(photos, "copy-flipped", np.ascontiguousarray(toy(POSES[1])[:, ::-1]), 23)
    write(photos, "colourway", toy(POSES[0], coat="green"), 24)
    write(photos, "stranger", toy((30, 10), coat="green", spots=False), 25)
    recipe = Recipe.model_validate(
        {
            "mask": {"engine": "given"},
            "frame": {"resolution": 256, "step": 32},
            "variants": {"transparent": {"background": "transparent"}},
        }
    )
    made = run(Request(recipe, folder, inputs=(str(photos),), output=folder / "set"))
    assert json.loads((folder / "set/run.json").read_text())["notes"] == list(made.run["notes"])
    return {row["source"].removesuffix(".jpg"): row for row in made.rows if row["source"].endswith(".jpg")}


def test_one_toy_in_one_pose_on_three_backdrops_is_one_picture(rows):
    group = [rows[name] for name in ("pose0", "copy-small", "copy-turned")]
    kept = [row for row in group if row["verdict"] != "reject"]
    assert len(kept) == 1
    assert {row["duplicate_of"] for row in group if row is not kept[0]} == {kept[0]["id"]}
    own = [row["score"] / CUTOUT["subject_fit"].factor(row["metrics"].get("subject_fit") or 1.0) for row in group]
    assert own[group.index(kept[0])] == pytest.approx(max(own), abs=1e-4), (
        "a copy that goes is not held against the set"
    )


def test_a_mirrored_copy_is_a_copy(rows):
    pair = rows["pose1"], rows["copy-flipped"]
    assert sorted(row["verdict"] == "reject" for row in pair) == [False, True]
    assert {pair[0]["duplicate_of"], pair[1]["duplicate_of"]} & {pair[0]["id"], pair[1]["id"]}


def test_other_poses_and_another_colourway_stay(rows):
    for name in [f"pose{number}" for number in range(2, len(POSES))] + ["colourway", "stranger"]:
        assert "subject_duplicate" not in [reason["code"] for reason in rows[name]["reasons"]], name


def test_what_is_another_toy_goes_to_review_and_every_compared_picture_has_its_fit(rows):
    odd = {name for name, row in rows.items() if "odd_one_out" in [reason["code"] for reason in row["reasons"]]}
    assert odd == {"colourway", "stranger"}
    for row in rows.values():
        assert (row["metrics"]["subject_fit"] is None) == (row["verdict"] == "reject")
