"""The sample set is what its labels say, and its truth is true."""

import json

import cv2
import numpy as np
import pytest

from loraset.color import to_linear
from loraset.images import Unreadable, decode
from loraset.sample import PLANTED, SHOTS, STORED, render, write_sample
from loraset.sample.rays import light_through
from loraset.sample.shots import BACKDROPS, LIGHTS, SPECIES
from loraset.sample.textures import TEXTURES
from loraset.sample.toy import ARMS, LEGS, RINGTAIL, TAILS, Pose, build

SIDE = 150
MANY = 10**8


@pytest.fixture(scope="module")
def hip():
    return render("screen-stand", side=420)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("sample")
    write_sample(root / "photos", side=SIDE, truth=root / "truth")
    return root


def labels(folder):
    return json.loads((folder / "truth" / "labels.json").read_text())


def test_truth_composes_in_linear_light(hip):
    alpha = hip.alpha[..., None]
    composed = alpha * to_linear(hip.color) + (1 - alpha) * to_linear(hip.background)
    difference = composed - to_linear(hip.photo.astype(np.float32) / 255)
    assert abs(difference.mean()) < 5e-4  # the sensor's noise has no bias ...
    assert difference.std() < 0.02
    edge = (hip.alpha > 0.2) & (hip.alpha < 0.8)
    assert edge.sum() > 2000
    assert np.abs(difference[edge].mean(axis=0)).max() < 2e-3  # ... and the edge is no exception


def test_edges_are_soft_and_alpha_is_full_inside(hip):
    assert hip.alpha.dtype == np.float32 and hip.color.dtype == np.float32
    assert hip.alpha.min() == 0 and hip.alpha.max() == 1
    assert 0.03 < np.mean((hip.alpha > 0.02) & (hip.alpha < 0.98)) / np.mean(hip.alpha > 0.5) < 0.5


def test_a_hole_shows_between_arm_and_body_and_the_tail_is_thin(hip):
    solid = (hip.alpha > 0.5).astype(np.uint8)
    outlines, levels = cv2.findContours(solid, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    holes = [cv2.contourArea(o) for o, level in zip(outlines, levels[0], strict=True) if level[3] >= 0]
    assert sum(area > 40 for area in holes) >= 2  # both hands are on the hips
    opened = cv2.morphologyEx(solid, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (17, 17)))
    count, _, stats, _ = cv2.connectedComponentsWithStats(solid - opened)
    assert count > 1 and stats[1:, cv2.CC_STAT_HEIGHT].max() > 50


def test_the_screen_spills_green_and_the_truth_without_it_does_not(hip):
    inside = hip.alpha > 0.9
    green = (hip.color - hip.without_spill)[inside].mean(axis=0)
    assert green[1] > 0.01 and green[1] > 2 * max(green[0], green[2])
    plain = render("wood-hello", side=120)
    assert np.array_equal(plain.color, plain.without_spill)


def test_color_is_continued_outside_the_toy(hip):
    far = hip.alpha == 0
    assert hip.color[far].std() > 0
    screen = hip.background[far].mean(axis=0)
    assert screen[1] > 1.5 * screen[0]
    assert hip.color[far][:, 0].mean() > hip.color[far][:, 1].mean()  # the toy's brown, nothing of the screen


def test_the_same_seed_gives_the_same_bytes(folder, tmp_path):
    names = ("wood-hello", "lawn-sit", "screen-turn")
    for path in write_sample(tmp_path / "photos", side=SIDE, truth=tmp_path / "truth", shots=names):
        assert path.read_bytes() == (folder / "photos" / path.name).read_bytes()
    for name in names:
        assert (tmp_path / "truth" / f"{name}.png").read_bytes() == (folder / "truth" / f"{name}.png").read_bytes()


def test_another_seed_gives_another_photo():
    first, second = (render(0, seed=seed, side=120) for seed in (0, 1))
    assert not np.array_equal(first.photo, second.photo)
    assert np.abs(first.alpha - second.alpha).mean() < 0.04  # of the same pose


def test_an_unknown_shot_is_named():
    with pytest.raises(ValueError, match="'nobody'"):
        render("nobody")


def test_every_kind_is_planted_and_labelled(folder):
    rows = labels(folder)
    files = {path.name for path in (folder / "photos").iterdir() if path.suffix != ".txt"}
    assert files == set(rows)
    kinds = [row["kind"] for row in rows.values()]
    assert kinds.count("photo") == 24
    assert {"blurry", "dark", "subject_cut_off", "odd_one_out"} <= set(kinds)
    assert {planted.kind for planted in PLANTED} <= set(kinds)
    for row in rows.values():
        assert row["copy_of"] is None or row["copy_of"] in rows
        assert row["truth"] is None or (folder / "truth" / row["truth"]).exists()


def test_planted_copies_are_what_their_labels_say(folder):
    photos = folder / "photos"
    assert (photos / "wood-hello-copy.jpg").read_bytes() == (photos / "wood-hello.jpg").read_bytes()
    original = cv2.imread(str(photos / "night-lights.jpg")).astype(int)
    mirrored = cv2.imread(str(photos / "night-lights-flipped.jpg")).astype(int)
    assert np.abs(original - mirrored[:, ::-1]).mean() * 3 < np.abs(original - mirrored).mean()
    assert cv2.imread(str(photos / "lawn-sit-small.jpg")).shape[1] == round(SIDE * 0.6)
    for name in ("close-face-broken.jpg", "notes.png"):
        with pytest.raises(Unreadable):
            decode(photos / name, max_pixels=MANY)
    assert decode(photos / "sand-stand.gif", max_pixels=MANY).frames == 3
    assert (photos / "wood-hello.txt").read_text().startswith("plush ringtail")


@pytest.mark.parametrize("name", [name for name, stored in STORED.items() if not stored.cut_out])
def test_odd_files_carry_their_oddness_and_show_the_photo(name, folder):
    stored = STORED[name]
    decoded = decode(folder / "photos" / f"{name}{stored.ending}", max_pixels=MANY)
    assert decoded.orientation == stored.orientation
    assert (decoded.mode == "CMYK") == stored.cmyk
    if stored.icc == "display-p3":
        assert "P3" in decoded.profile
    photo = render(name, side=SIDE).photo
    assert decoded.picture.rgb.shape == photo.shape  # upright again
    assert np.abs(decoded.picture.rgb.astype(int) - photo).mean() < 6


def test_sixteen_bits_and_transparency_are_in_the_files(folder):
    deep = cv2.imread(str(folder / "photos" / "linen-hug.png"), cv2.IMREAD_UNCHANGED)
    assert deep.dtype == np.uint16
    cut = decode(folder / "photos" / "back-turn.png", max_pixels=MANY).picture
    assert cut.alpha is not None and cut.alpha.min() == 0 and cut.alpha.max() == 255


def test_the_table_names_what_exists_and_nothing_lies_idle():
    assert len({spec.name for spec in SHOTS}) == len(SHOTS)
    assert {spec.backdrop for spec in SHOTS} == set(BACKDROPS)
    assert {spec.light for spec in SHOTS} == set(LIGHTS)
    assert {spec.species for spec in SHOTS} == set(SPECIES)
    assert {name for place in BACKDROPS.values() for name in (place.ground, place.wall)} == set(TEXTURES)
    assert {name for spec in SHOTS for name in spec.pose.arms} == set(ARMS)
    assert {name for spec in SHOTS for name in spec.pose.legs} == set(LEGS)
    assert {spec.pose.tail for spec in SHOTS} == set(TAILS)
    assert set(STORED) | {planted.of for planted in PLANTED} <= {spec.name for spec in SHOTS}


def test_a_posed_toy_stands_on_the_ground_and_shades_what_lies_behind_it():
    parts = build(RINGTAIL, Pose(yaw=40, lean=-30))
    reach = np.abs(parts.rotation[:, 1, :]) * parts.radii
    assert abs((parts.center[:, 1] - np.linalg.norm(reach, axis=1)).min()) < 0.02
    points = np.array([[0, 0.6, -3], [0, 0.6, 3], [4, 0.6, -3]], np.float32)
    light = light_through(parts, points, np.array([0, 0, 1], np.float32), None, 0.1)
    assert light[0] < 0.05 and light[1] == 1 and light[2] == 1
