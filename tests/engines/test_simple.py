"""The engines that read what is there: alpha, given, key; and the table they are named in."""

import cv2
import numpy as np
import pytest
from painting import Painted, disc, on

from loraset.engines import ENGINES, make_engine
from loraset.engines.interface import EngineOptions
from loraset.errors import MissingError, UsageError
from loraset.images import encode_png
from loraset.types import Declined, Mask


def ask(name, view, **options):
    return make_engine(name, EngineOptions(**options)).mask(view)


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_every_engine_says_who_it_is(name, a_model, tmp_path):
    (tmp_path / "empty.png").write_bytes(encode_png(on((9, 9, 9))))
    options = EngineOptions(model="u2netp", plate=(tmp_path / "empty.png",))
    engine = make_engine(name, options)
    assert engine.name == name
    assert engine.identity() == make_engine(name, options).identity()
    assert isinstance(engine.learns, bool)
    assert all({"name", "sha256", "licence", "provider"} == set(facts) for facts in engine.models())


@pytest.mark.parametrize(
    ("setting", "error", "words"),
    [
        ("reembg", UsageError, "Did you mean rembg?"),
        ("plate", UsageError, "--plate FILE"),
        ("key:green", UsageError, "takes no model"),
        ("rembg:", UsageError, "names no model"),
        ("rembg:u2nepp", UsageError, "Did you mean u2netp?"),
        ("rembg:withoutbg", UsageError, "uploads every picture"),
        ("rembg:atlascloud", UsageError, "uploads every picture"),
        ("rembg:u2net_custom", UsageError, "path to the .onnx"),
        ("rembg:/nowhere/mine.onnx", MissingError, "there is no model file"),
        ("rembg:bria-rmbg", MissingError, "CC-BY-NC-4.0"),
        ("rembg", MissingError, "loraset models pull isnet-general-use"),
    ],
)
def test_a_wrong_name_says_what_is_right(setting, error, words, no_models):
    with pytest.raises(error) as caught:
        make_engine(setting, EngineOptions())
    assert words in f"{caught.value}\n{caught.value.hint}"


def test_alpha_is_the_files_own():
    alpha = (disc() * 255).astype(np.uint8)
    mask = ask("alpha", Painted(on((9, 9, 9)), alpha=alpha))
    assert mask.exact
    assert np.array_equal(mask.probability, alpha / np.float32(255))


def test_alpha_declines_an_opaque_file():
    assert ask("alpha", Painted(on((9, 9, 9)))) == Declined("alpha", "the file has no transparency")


def given(tmp_path, pixels, size=(200, 200), name="cat.mask.png"):
    file = tmp_path / name
    file.write_bytes(encode_png(pixels))
    return ask("given", Painted(np.zeros((size[1], size[0], 3), np.uint8), mask_file=file))


def test_a_soft_given_mask_of_the_pictures_size_is_exact(tmp_path):
    soft = (disc() * 255).astype(np.uint8)
    mask = given(tmp_path, soft)
    assert mask.exact
    assert np.array_equal(mask.probability, soft / np.float32(255))


def test_a_binary_or_smaller_given_mask_leaves_the_edge_open(tmp_path):
    binary = ((disc() > 0.5) * 255).astype(np.uint8)
    smaller = cv2.resize((disc() * 255).astype(np.uint8), (100, 100), interpolation=cv2.INTER_AREA)
    assert not given(tmp_path, binary).exact
    mask = given(tmp_path, smaller)
    assert not mask.exact
    assert mask.inference_size == (100, 100)


def test_a_given_cut_out_counts_by_its_alpha_and_keeps_its_polarity(tmp_path):
    alpha = (disc() * 255).astype(np.uint8)
    mask = given(tmp_path, np.dstack([np.full((200, 200, 3), 255, np.uint8), alpha]))
    assert np.array_equal(mask.probability, alpha / np.float32(255))
    turned = given(tmp_path, 255 - alpha)
    assert turned.probability[0, 0] == 1


def test_a_given_mask_of_another_shape_is_declined_with_both_sizes(tmp_path):
    answer = given(tmp_path, np.zeros((100, 150), np.uint8))
    assert isinstance(answer, Declined)
    assert "150x100" in answer.why
    assert "200x200" in answer.why


def test_a_broken_or_absent_given_mask_is_declined_in_words(tmp_path):
    file = tmp_path / "cat.mask.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n and nothing more")
    answer = ask("given", Painted(on((9, 9, 9)), mask_file=file))
    assert isinstance(answer, Declined)
    assert "cat.mask.png cannot be read" in answer.why
    assert isinstance(ask("given", Painted(on((9, 9, 9)))), Declined)


def test_key_gives_the_screens_colour_for_the_despill():
    mask = ask("key", Painted(on((40, 180, 60))))
    assert mask.exact
    assert mask.reasons == ()
    assert mask.key_color == pytest.approx((40 / 255, 180 / 255, 60 / 255), abs=0.01)
    assert mask.details["key_color"] == "#28b43c"
    assert ask("key", Painted(on((128, 128, 128)))).key_color is None


def in_a_room(frame):
    """The disc before a green cloth, with a grainy room where `frame` is true."""
    rng = np.random.default_rng(0)
    room = np.array((150, 120, 100)) + rng.normal(0, 30, (200, 200, 1))
    cloth = on((40, 180, 60)) + rng.normal(0, 2, (200, 200, 3))
    return np.where(frame[..., None], room, cloth).clip(0, 255).astype(np.uint8)


def test_a_cloth_with_the_room_around_it_is_keyed_when_named_and_told():
    frame = np.ones((200, 200), np.bool_)
    frame[20:180, 15:190] = False
    view = Painted(in_a_room(frame))
    mask = ask("key", view)
    assert np.abs(mask.probability - disc()).mean() < 0.004
    assert mask.exact
    assert "does not reach round the picture" in mask.reasons[0].detail
    assert isinstance(make_engine("key", EngineOptions()).attempt(view), Declined)


def test_a_studio_edge_is_left_out_and_a_table_under_the_subject_is_told():
    edge, table = np.zeros((2, 200, 200), np.bool_)
    edge[:, :18] = True
    table[150:] = True
    mask = ask("key", Painted(in_a_room(edge)))
    assert np.abs(mask.probability - disc()).mean() < 0.004
    assert mask.reasons == ()
    doubted = ask("key", Painted(in_a_room(table)))
    assert "does not lie before the screen" in doubted.reasons[0].detail


def test_magenta_is_a_screen_and_orange_is_not():
    grain = np.random.default_rng(0).normal(0, 2, (200, 200, 3))
    magenta, orange = ((on(color, (60, 200, 90)) + grain).clip(0, 255) for color in ((220, 30, 210), (230, 130, 40)))
    assert ask("key", Painted(magenta.astype(np.uint8))).reasons == ()
    assert "warm" in ask("key", Painted(orange.astype(np.uint8))).reasons[0].detail


def test_a_named_key_does_its_best_and_doubts_what_it_would_decline_under_auto():
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    engine = make_engine("key", EngineOptions())
    assert isinstance(engine.attempt(Painted(noise)), Declined)
    mask = engine.mask(Painted(noise))
    assert isinstance(mask, Mask)
    assert [reason.code for reason in mask.reasons] == ["mask_uncertain"]
    assert not mask.exact


def test_the_key_colour_is_part_of_the_identity():
    one, other = (make_engine("key", EngineOptions(key_color=color)).identity() for color in ("auto", "lime"))
    assert one != other
