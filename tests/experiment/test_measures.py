"""Measures on painted samples whose truth is known."""

import cv2
import numpy as np
import pytest
from making import leaking, scene

from engines.tiny_models import brightness_model
from loraset.errors import MissingError
from loraset.experiment.embed import load_embedding
from loraset.experiment.measures import make_reference, mean_distance, measure, outline_numbers
from loraset.experiment.subject import border

GRAY, WHITE = (128, 128, 128), (255, 255, 255)
SIDE = 128


def toy(color=(200, 60, 50), axes=(30, 40), rng_seed=0):
    """A painted subject, uint8 RGBA (SIDE, SIDE, 4): an ellipse with two spots and a weave."""
    rng = np.random.default_rng(rng_seed)
    rgb = np.full((SIDE, SIDE, 3), color, float) + rng.normal(0, 8, (SIDE, SIDE, 3))
    cv2.circle(rgb, (56, 50), 7, (240, 220, 60), -1)
    cv2.circle(rgb, (74, 50), 7, (240, 220, 60), -1)
    alpha = np.zeros((SIDE, SIDE), np.uint8)
    cv2.ellipse(alpha, (64, 64), axes, 0, 0, 360, 255, -1)
    return np.dstack([np.clip(rgb, 0, 255).astype(np.uint8), alpha])


def on(ground, rgba):
    return np.where(rgba[..., 3:] > 127, rgba[..., :3], ground)


@pytest.fixture(scope="module")
def reference():
    return make_reference([toy(rng_seed=number, axes=(30, 38 + number)) for number in range(3)])


def values(rgb, reference, fills=(GRAY,)):
    return measure(rgb, fills, reference).values


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_fill_share_is_the_border_painted_in_the_fill(reference, share):
    rng = np.random.default_rng(1)
    picture = leaking(scene(3), share, rng)
    ring = border((SIDE, SIDE))
    truth = (np.abs(picture.astype(int) - 128).max(axis=2) < 10)[ring].mean()
    assert truth == pytest.approx(share, abs=0.02)
    assert values(on(picture, toy()), reference)["fill_share"] == pytest.approx(share, abs=0.06)


def test_textured_gray_is_no_fill(reference):
    rng = np.random.default_rng(6)
    stone = np.repeat(np.clip(128 + rng.normal(0, 12, (SIDE, SIDE, 1)), 0, 255), 3, axis=2).astype(np.uint8)
    assert values(stone, reference)["fill_share"] < 0.05
    assert values(cv2.GaussianBlur(stone, (0, 0), 6), reference)["fill_share"] > 0.95


def test_near_a_fill_is_near_any_of_them_and_without_one_there_is_no_number(reference):
    flat = np.full((SIDE, SIDE, 3), 255, np.uint8)
    assert values(flat, reference, (GRAY, WHITE))["fill_share"] == 1.0
    assert values(flat, reference, (GRAY,))["fill_share"] == 0.0
    assert values(flat, reference, ())["fill_share"] is None


def test_a_plain_background_is_plain_in_any_colour_and_with_the_subject_over_the_edge(reference):
    for color in (GRAY, WHITE, (40, 120, 60)):
        flat = np.clip(np.array(color) + np.random.default_rng(2).normal(0, 2, (SIDE, SIDE, 3)), 0, 255).astype(
            np.uint8
        )
        flat[100:, 40:90] = (200, 60, 50)
        said = values(flat, reference)
        assert said["plain"] == 1.0
    said = values(scene(1), reference)
    assert said["plain"] == 0.0 and said["deviation"] > 20


def test_deviation_is_that_of_the_border_alone(reference):
    flat = np.full((SIDE, SIDE, 3), GRAY, np.uint8)
    assert values(on(flat, toy()), reference)["deviation"] == pytest.approx(0, abs=1e-4)


def test_a_rim_of_fill_is_an_outline_and_a_background_of_fill_is_none(reference):
    subject = toy()
    grown = cv2.dilate(subject[..., 3], np.ones((7, 7), np.uint8)) > 0
    rimmed = scene(5).copy()
    rimmed[grown] = GRAY
    clean = values(on(scene(5), subject), reference)["fringe"]
    assert values(on(rimmed, subject), reference)["fringe"] > clean + 0.5
    assert abs(clean) < 0.1
    everywhere = on(np.full((SIDE, SIDE, 3), GRAY, np.uint8), subject)
    assert abs(values(everywhere, reference)["fringe"]) < 0.1


@pytest.mark.parametrize("place", range(6))
def test_the_subject_is_found_by_the_sets_colours(reference, place):
    from loraset.experiment.subject import find_subject

    picture = on(scene(place), toy(rng_seed=9))
    found, truth = find_subject(picture, reference.colors), toy()[..., 3] > 127
    assert (found & truth).sum() / (found | truth).sum() > 0.9


def test_another_subject_is_less_like_the_set(reference):
    ground = np.full((SIDE, SIDE, 3), (30, 60, 150), np.uint8)
    same = values(on(ground, toy(rng_seed=5)), reference)
    browner = values(on(ground, toy(color=(170, 90, 40))), reference)
    longer = values(on(ground, toy(axes=(14, 56))), reference)
    rougher = toy()
    rougher[..., :3] = np.clip(rougher[..., :3] + np.random.default_rng(0).normal(0, 40, (SIDE, SIDE, 3)), 0, 255)
    assert same["color"] > 0.9 and same["color"] > browner["color"] + 0.1
    assert same["shape"] > 0.9 and same["shape"] > longer["shape"] + 0.2
    assert same["texture"] > 0.7 > values(on(ground, rougher), reference)["texture"]


def test_where_there_is_no_subject_there_is_no_likeness(reference):
    said = values(np.full((SIDE, SIDE, 3), (20, 60, 160), np.uint8), reference)
    assert said["found"] == 0.0
    assert [said[name] for name in ("color", "texture", "shape", "embedding", "fringe")] == [None] * 5


def test_a_measure_is_the_same_at_other_sizes(reference):
    small = on(scene(2), toy())
    large = cv2.resize(small, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
    one, other = (
        values(cv2.resize(large, (256, 256), interpolation=cv2.INTER_AREA), reference),
        values(large, reference),
    )
    assert other["deviation"] == pytest.approx(one["deviation"], rel=0.01)


def test_outline_numbers_know_neither_place_nor_size():
    mask = np.zeros((200, 300), np.uint8)
    cv2.ellipse(mask, (100, 90), (60, 30), 0, 0, 360, 1, -1)
    moved = np.roll(mask, 80, axis=1)
    half = cv2.resize(mask, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_NEAREST)
    aspect, solidity, extent, _ = outline_numbers(mask > 0)
    assert (aspect, solidity, extent) == pytest.approx((np.log(2), 1.0, np.pi / 4), abs=0.04)
    assert outline_numbers(moved > 0) == pytest.approx(outline_numbers(mask > 0))
    assert outline_numbers(half > 0) == pytest.approx(outline_numbers(mask > 0), abs=0.05)


def test_mean_distance_of_known_thumbnails():
    flat = np.zeros(192, np.float32)
    lighter = flat.copy()
    lighter[::3] = 10  # lightness of every cell
    assert mean_distance([flat, lighter]) == pytest.approx(10)
    assert mean_distance([flat, lighter, flat]) == pytest.approx(20 / 3)
    assert mean_distance([flat]) is None


def test_an_embedding_of_the_users_model(tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(brightness_model(16))
    embed = load_embedding(path)
    one, other = (embed(toy(color=color)[..., :3]) for color in ((200, 60, 50), (10, 60, 250)))
    assert np.linalg.norm(one) == pytest.approx(1) and one @ other < one @ one
    reference = make_reference([toy()], embed)
    said = measure(on(scene(0), toy(rng_seed=4)), [GRAY], reference, embed).values
    assert 0.5 < said["embedding"] <= 1


def test_a_model_that_leaves_its_channels_open_takes_colours(tmp_path):
    three, open_ = b"\x0a\x02\x08\x03", b"\x0a\x02\x12\x00"  # an axis of size 3, and one without a size
    content = brightness_model(16)
    assert content.count(three) == 1
    path = tmp_path / "m.onnx"
    path.write_bytes(content.replace(three, open_))
    assert np.linalg.norm(load_embedding(path)(toy()[..., :3])) == pytest.approx(1)
    path.write_bytes(brightness_model(3).replace(three, open_, 1))  # its last axis is the one of size 3
    with pytest.raises(MissingError, match="takes no single picture"):
        load_embedding(path)


@pytest.mark.parametrize(("content", "said"), [(None, "there is no model"), (b"junk", "cannot load")])
def test_a_model_that_cannot_be_used_is_said(tmp_path, content, said):
    path = tmp_path / "m.onnx"
    if content:
        path.write_bytes(content)
    with pytest.raises(MissingError, match=said):
        load_embedding(path)


@pytest.mark.parametrize("channels", [1, 4])
def test_a_model_of_other_inputs_is_said(tmp_path, channels):
    path = tmp_path / "m.onnx"
    path.write_bytes(brightness_model(16, channels=channels))
    with pytest.raises(MissingError, match="takes no single picture"):
        load_embedding(path)
