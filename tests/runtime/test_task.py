"""One picture's results: what an engine said of it alone is not asked twice."""

from importlib import import_module

import numpy as np
import pytest

from loraset.images import write_picture
from loraset.recipe.load import from_text
from loraset.runtime.cache import Cache, hash_file
from loraset.runtime.task import PictureTask, Workshop
from loraset.types import Declined, Found, Mask, Reason

STAGES = {name: import_module(f"loraset.stages.{name}") for name in ("ingest", "mask")}


@pytest.fixture
def task_of(tmp_path):
    """Makes the picture's task anew, as another run does; `given` are the hashes of what a person made."""
    path = tmp_path / "a.png"
    write_picture(path, np.random.default_rng(1).integers(0, 255, (300, 300, 3), dtype=np.uint8))
    recipe = from_text("", settings=())
    return lambda given=(None, None): PictureTask(
        Workshop(recipe, Cache(tmp_path / "cache"), STAGES), Found(0, "a.png", path), "a", hash_file(path), given
    )


def mask():
    return Mask(
        np.random.default_rng(2).random((20, 30), np.float32),
        "rembg",
        (30, 20),
        model="u2netp",
        confidence=0.5,
        key_color=(0.1, 0.5, 0.2),
        reasons=(Reason("mask_uncertain", "mask", "so-so"),),
        details={"span": 0.9},
    )


def test_an_answer_outlives_the_run_and_another_maker_is_asked(task_of):
    asked = []

    def make():
        asked.append(1)
        return mask()

    first = task_of().recall({"engine": "m"}, make)
    again = task_of().recall({"engine": "m"}, make)
    assert len(asked) == 1
    assert np.array_equal(first.probability, again.probability)
    assert np.abs(first.probability - mask().probability).max() <= 0.5 / 65535 + 1e-7
    for name in ("engine", "inference_size", "model", "exact", "confidence", "key_color", "reasons", "details"):
        assert getattr(first, name) == getattr(again, name) == getattr(mask(), name), name
    task_of().recall({"engine": "other"}, make)
    task_of(("changed", None)).recall({"engine": "m"}, make)
    assert len(asked) == 3


def test_a_refusal_is_kept_too(task_of):
    task_of().recall({"engine": "m"}, lambda: Declined("m", "no"))
    assert task_of().recall({"engine": "m"}, mask) == Declined("m", "no")
