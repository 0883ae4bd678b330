from types import SimpleNamespace

import numpy as np
import pytest

from loraset.recipe.model import FrameSettings, Recipe, Variant
from loraset.stages import frame
from loraset.types import Frame, StageResult


def run(mask, size, **recipe):
    images = {} if mask is None else {"probability": mask}
    return frame.run(
        SimpleNamespace(
            recipe=Recipe(**recipe),
            view=SimpleNamespace(size=size),
            result=lambda stage: StageResult({"details": {}}, images),
        )
    )


def painted(dtype=np.uint16):
    mask = np.zeros((150, 200), dtype)
    mask[50:, 60:120] = np.iinfo(dtype).max
    return mask


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_frame_and_what_the_photo_cuts(dtype):
    data = run(painted(dtype), (2000, 1500)).data
    assert data["subject_box"] == [600, 500, 1200, 1500]
    assert data["subject_share"] == pytest.approx(0.2)
    assert data["cut_sides"] == ["bottom"] and data["cut_share"] == pytest.approx(600 / 3200, abs=0.001)
    assert data["floating_sides"] == data["trimmed_sides"] == []
    planned = Frame.from_json(data["frame"])
    assert planned.padding[3] == 0 and planned.source_box[3] == 1500


@pytest.mark.parametrize("mask", [None, np.zeros((50, 50), np.uint8)], ids=["declined", "empty"])
def test_no_mask_and_an_empty_mask_are_no_subject(mask):
    result = run(mask, (2000, 1500))
    assert [reason.code for reason in result.reasons] == ["no_subject"]
    assert result.data == {"subject_share": 0.0}


def test_a_cut_that_cannot_be_kept_at_the_edge_is_said():
    mask = np.zeros((100, 100), np.uint8)
    mask[30:60] = 255
    data = run(mask, (500, 500)).data
    assert data["cut_sides"] == ["left", "right"] and data["floating_sides"] == ["right"]


def test_a_strip_that_is_lost_is_said():
    data = run(np.full((75, 100), 255, np.uint8), (4000, 3000)).data
    assert data["cut_sides"] == ["left", "top", "right", "bottom"]
    assert len(data["trimmed_sides"]) == 2 and data["floating_sides"] == []


def test_settings_change_when_a_variant_shows_the_photo():
    plain = Recipe(variants={"white": Variant(background="white")})
    blurred = Recipe(variants={"white": Variant(background="white"), "soft": Variant(background="blur:20")})
    assert not frame.settings(plain)["inside_photo"] and frame.settings(blurred)["inside_photo"]
    assert frame.settings(plain) != frame.settings(Recipe(frame=FrameSettings(margin=0.2), variants=plain.variants))
