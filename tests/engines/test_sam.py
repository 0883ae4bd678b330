"""The promptable model, with two tiny graphs in its place: marks become prompts, and missing ones are said."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from painting import Painted
from tiny_sam import put_sam

from loraset.engines import make_engine
from loraset.engines.interface import EngineOptions
from loraset.engines.sam import prompts
from loraset.errors import MissingError
from loraset.types import Marks


@pytest.fixture
def engine(no_models):
    put_sam(no_models)
    return make_engine("rembg:sam", EngineOptions())


def two_discs(height=300, width=200):
    """A dark disc above, a light one below, mid gray between; and where they are."""
    rgb = np.full((height, width, 3), 128, np.uint8)
    above, below = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
    cv2.circle(above, (width // 2, height // 4), 30, 1, -1)
    cv2.circle(below, (width // 2, 3 * height // 4), 40, 1, -1)
    rgb[above > 0], rgb[below > 0] = 30, 230
    return Painted(rgb), above > 0, below > 0


def iou(probability, truth):
    mask = cv2.resize(probability, truth.shape[::-1]) > 0.5
    return (mask & truth).sum() / (mask | truth).sum()


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (900, 1500), (64, 64)])
def test_it_cuts_what_is_pointed_at_whatever_the_pictures_shape(engine, size):
    view, above, below = two_discs(*size) if size != (64, 64) else two_discs(300, 300)
    for y, truth in ((0.25, above), (0.75, below)):
        mask = engine.mask(replace(view, marks=Marks(keep=((0.5, y),))))
        assert iou(mask.probability, truth) > 0.95
        assert mask.reasons == ()
        assert mask.confidence == pytest.approx(0.9)
        height, width = mask.probability.shape
        assert abs(width / height - view.size[0] / view.size[1]) < 0.01
        assert width == 1024 or height == 684


def test_without_points_the_middle_is_taken_and_said_so(engine):
    view, above, below = two_discs()
    for marks in (None, Marks(drop=((0.5, 0.25),))):
        mask = engine.mask(replace(view, marks=marks))
        assert iou(mask.probability, ~(above | below)) > 0.95
        assert [reason.code for reason in mask.reasons] == ["mask_uncertain"]
        assert "points.json" in mask.reasons[0].detail
    assert mask.model == "sam" and mask.engine == "rembg"


def test_marks_become_prompts():
    marks = Marks(((0.1, 0.2),), ((0.3, 0.4),), ((0, 0, 0.5, 0.5), (0.4, 0.2, 1, 0.9)), ((0.2, 0.2, 0.4, 0.6),))
    points = [(one["label"], one["data"]) for one in prompts(marks)[:-1]]
    assert points == [(1, [0.1, 0.2]), (0, [0.3, 0.4]), (0, [pytest.approx(0.3), 0.4])]
    assert prompts(marks)[-1] == {"type": "rectangle", "data": [0, 0, 1, 0.9]}


def test_its_facts_are_told(engine):
    view, _, _ = two_discs()
    engine.mask(view)
    [facts] = engine.models()
    assert (facts["name"], facts["licence"], facts["provider"]) == ("sam", "Apache-2.0", "cpu")
    assert len(facts["sha256"]) == 64


def test_a_broken_file_is_told_with_what_to_do(no_models):
    put_sam(no_models)
    (no_models / "models/sam/sam_vit_b_01ec64.decoder.onnx").write_bytes(b"nothing")
    with pytest.raises(MissingError, match="sam cannot be loaded") as caught:
        make_engine("rembg:sam", EngineOptions()).mask(two_discs()[0])
    assert "pull sam" in caught.value.hint
