"""The engines that ask others: auto and lists."""

import cv2
import numpy as np
import pytest
from painting import Painted, Says, disc, on
from tiny_models import put_model

from loraset.engines import make_engine
from loraset.engines.interface import EngineOptions
from loraset.engines.joined import JoinedEngine
from loraset.images import encode_png
from loraset.types import Declined, Mask, Reason

BUSY = np.random.default_rng(0).integers(0, 120, (200, 200, 3), dtype=np.uint8)


def auto(said=None, **options):
    return make_engine("auto", EngineOptions(say=(said if said is not None else []).append, **options))


def test_auto_takes_the_surest_engine_for_each_picture(a_model, tmp_path):
    alpha = (disc() * 255).astype(np.uint8)
    file = tmp_path / "cat.mask.png"
    file.write_bytes(encode_png(alpha))
    engine = auto()
    views = {
        "given": Painted(BUSY, alpha=alpha, mask_file=file),
        "alpha": Painted(BUSY, alpha=alpha),
        "key": Painted(on((40, 180, 60))),
        "rembg:u2netp": Painted(on(BUSY, color=(250, 250, 250))),
    }
    masks = {name: engine.mask(view) for name, view in views.items()}
    assert [mask.details["chose"] for mask in masks.values()] == list(views)
    assert set(masks["rembg:u2netp"].details["declined"]) == {"given", "alpha", "key"}
    assert masks["key"].engine == "key"
    assert masks["key"].details["why"] == "the background is plain"


def test_auto_takes_another_model_where_the_recipes_is_missing_and_says_so(a_model):
    said = []
    engine = auto(said)
    assert said == ["auto: model isnet-general-use is not on this disk; u2netp is used instead"]
    assert [facts["name"] for facts in engine.models()] == ["u2netp"]
    assert not engine.learns


def test_auto_takes_the_recipes_model_first(a_model, no_models):
    put_model(no_models, "isnet-general-use", 1024)
    said = []
    assert [facts["name"] for facts in auto(said).models()] == ["isnet-general-use", "u2netp"]
    assert [facts["name"] for facts in auto(said, model="u2netp").models()] == ["u2netp", "isnet-general-use"]
    assert said == []


def test_auto_without_a_model_learns_from_the_set_and_downloads_nothing(no_models):
    said = []
    engine = auto(said, model="u2netp", model_named=True)
    assert engine.learns
    assert engine.models() == []
    assert "the set itself teaches" in said[0]
    assert not auto(shared=False).learns
    assert not no_models.exists()


def test_auto_uses_no_model_whose_licence_was_not_accepted(no_models):
    put_model(no_models, "bria-rmbg", 1024)
    assert auto(model="bria-rmbg").models() == []
    assert len(auto(model="bria-rmbg", accept_licenses=("CC-BY-NC-4.0",)).models()) == 1


def test_rounded_corners_are_no_cut_out(a_model):
    alpha = np.full((200, 200), 255, np.uint8)
    alpha[:8, :8] = 0
    mask = auto().mask(Painted(on(BUSY, color=(250, 250, 250)), alpha=alpha))
    assert mask.details["chose"] == "rembg:u2netp"
    assert "no cut-out" in mask.details["declined"]["alpha"]


def test_auto_asks_every_model_before_it_takes_one_that_sees_nothing(no_models):
    """All models see nothing: the first is used, with its doubt."""
    put_model(no_models, "u2netp", 320)
    put_model(no_models, "silueta", 320)
    flat = np.full((200, 200, 3), 96, np.uint8)
    flat[..., 0] += np.kron(np.indices((20, 20)).sum(axis=0) % 2, np.ones((10, 10), int)).astype(np.uint8) * 14
    mask = auto().mask(Painted(flat))
    assert [reason.code for reason in mask.reasons] == ["mask_uncertain"]
    assert mask.details["chose"] == "rembg:silueta"
    assert set(mask.details["declined"]) == {"given", "alpha", "key", "rembg:silueta", "rembg:u2netp"}


def mask_of(probability, **more):
    probability = np.asarray(probability, np.float32)
    return Mask(probability, "m", probability.shape[::-1], **more)


def join(*answers):
    engine = JoinedEngine([Says(f"e{index}", answer) for index, answer in enumerate(answers)], EngineOptions())
    return engine.mask(Painted(BUSY))


def test_a_joined_mask_of_equals_is_their_mask():
    mask = join(mask_of(disc()), mask_of(disc()))
    assert mask.details["disagreement"] == 0
    assert np.abs(mask.probability - disc()).max() < 0.01 + 1e-6


def test_the_one_who_stands_alone_counts_least():
    left, right = np.zeros((64, 64)), np.zeros((64, 64))
    left[:, :32], right[:, 36:] = 1, 1
    mask = join(mask_of(left), mask_of(left), mask_of(right))
    assert np.abs((mask.probability > 0.5) - left).max() == 0
    agreements = [facts["iou"] for facts in mask.details["members"].values()]
    assert agreements == [0.5, 0.5, 0]
    assert mask.details["disagreement"] == pytest.approx(2 / 3, abs=1e-3)


def test_masks_of_different_sizes_and_shapes_of_grid_meet():
    small = cv2.resize(disc().astype(np.float32), (50, 40), interpolation=cv2.INTER_AREA)
    mask = join(mask_of(small), mask_of(disc()))
    assert mask.inference_size == (200, 200)
    assert mask.details["disagreement"] < 0.1


def test_an_exact_mask_is_not_blurred_by_one_that_agrees():
    exact = mask_of(disc(), exact=True, key_color=(0, 1, 0))
    near = cv2.GaussianBlur(disc(), (0, 0), 2)
    mask = join(mask_of(near), exact)
    assert np.array_equal(mask.probability, exact.probability)
    assert mask.exact
    assert mask.key_color == (0, 1, 0)
    assert "disagreement" in mask.details
    assert not join(mask_of(1 - disc()), exact).exact


def test_who_declines_or_doubts_does_not_vote():
    doubt = mask_of(1 - disc(), reasons=(Reason("mask_uncertain", "mask", "no idea"),))
    mask = join(Declined("e0", "cannot"), doubt, mask_of(disc()))
    assert np.array_equal(mask.probability, disc().astype(np.float32))
    assert mask.details["declined"] == {"e0": "cannot", "e1": "no idea"}
    assert mask.reasons == ()


def test_all_decline_and_all_doubt():
    assert join(Declined("e0", "cannot"), Declined("e1", "will not")) == Declined("joined", "e0: cannot; e1: will not")
    doubt = mask_of(disc(), reasons=(Reason("mask_uncertain", "mask", "no idea"),))
    assert [reason.code for reason in join(doubt, doubt).reasons] == ["mask_uncertain"] * 2


def test_a_list_in_the_recipe_is_joined(a_model):
    engine = make_engine(["alpha", "rembg:u2netp"], EngineOptions())
    mask = engine.mask(Painted(on(BUSY, color=(250, 250, 250))))
    assert mask.details["declined"] == {"alpha": "the file has no transparency"}
    assert list(mask.details["members"]) == ["rembg:u2netp"]
    assert engine.identity()["members"][1]["model"] == "u2netp"
    assert make_engine(["alpha"], EngineOptions()).name == "alpha"
