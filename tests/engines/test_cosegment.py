import hashlib
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest

from loraset.engines.cosegment import SAMPLE, CosegmentEngine
from loraset.engines.interface import EngineOptions
from loraset.types import Marks, Mask, Picture


@dataclass
class Painted:
    """A view of a picture in memory; counts how often it is opened."""

    id: str
    rgb: np.ndarray
    opened: list = field(default_factory=list)
    has_alpha: bool = False
    mask_file: Path | None = None
    marks: Marks | None = None

    @property
    def sha256(self):
        return hashlib.sha256(self.rgb.tobytes()).hexdigest()

    @property
    def size(self):
        return self.rgb.shape[1], self.rgb.shape[0]

    def proxy(self):
        self.opened.append("proxy")
        return self.rgb

    def picture(self):
        self.opened.append("picture")
        return Picture(self.rgb)


def flag(seed, size=(90, 120)):
    """A blue-and-yellow disc on a noisy ground of its own colour."""
    rng = np.random.default_rng(seed)
    ground = np.array([(90, 140, 60), (150, 150, 145), (120, 80, 60), (210, 200, 180)][seed % 4])
    rgb = ground + rng.normal(0, 9, (*size, 3))
    y, x = np.mgrid[: size[0], : size[1]]
    cx, cy, radius = size[1] / 2 + rng.uniform(-15, 15), size[0] / 2 + rng.uniform(-8, 8), rng.uniform(18, 26)
    inside = np.hypot(x - cx, y - cy) < radius
    paint = np.where((y < cy)[..., None], (30, 60, 190), (240, 210, 30))
    rgb = np.where(inside[..., None], paint + rng.normal(0, 4, rgb.shape), rgb)
    return np.clip(cv2.GaussianBlur(rgb, (0, 0), 0.5), 0, 255).astype(np.uint8), inside


def in_turn(function, items):
    return [function(item) for item in items]


def views_of(seeds):
    return [Painted(f"id{seed}", flag(seed)[0]) for seed in seeds]


def iou(mask, truth):
    found = mask.probability > 0.5
    return (found & truth).sum() / (found | truth).sum()


def fitted(views, **options):
    engine = CosegmentEngine(EngineOptions(**options))
    engine.prepare(views, in_turn)
    return engine


@pytest.mark.parametrize("count", [1, 2, 4])
def test_masks_of_small_sets_are_right_and_whole(count):
    engine = fitted(views_of(range(count)))
    for seed, view in enumerate(views_of(range(count))):
        mask = engine.mask(view)
        assert isinstance(mask, Mask)
        assert mask.engine == "cosegment"
        assert mask.probability.dtype == np.float32
        assert mask.probability.shape == (90, 120)
        assert mask.inference_size == (120, 90)
        assert mask.probability.min() >= 0
        assert mask.probability.max() <= 1
        assert 0 <= mask.confidence <= 1
        assert iou(mask, flag(seed)[1]) > 0.9
        word = "single picture" if count == 1 else f"learnt from {count} pictures"
        assert word in mask.details["how"]


def test_order_of_the_pictures_changes_no_byte():
    forward, backward = fitted(views_of([0, 1, 2])), fitted(views_of([2, 1, 0]))
    for view in views_of([1, 0, 2]):
        one, other = forward.mask(view), backward.mask(view)
        assert one.probability.tobytes() == other.probability.tobytes()
        assert one.confidence == other.confidence


def test_copies_teach_once():
    engine = fitted(views_of([0, 1, 1, 1]))
    assert "learnt from 2 pictures" in engine.mask(views_of([1])[0]).details["how"]


def test_not_shared_learns_nothing_and_says_so():
    views = views_of([0, 1])
    engine = fitted(views, shared=False)
    mask = engine.mask(views[0])
    assert not engine.learns
    assert views[1].opened == []
    assert mask.details["how"] == "single picture: subject.shared is false"
    assert CosegmentEngine(EngineOptions()).learns


def test_only_proxies_are_read_and_nothing_before_the_first_mask():
    views = views_of([0, 1])
    engine = fitted(views)
    assert views[0].opened == []
    engine.mask(views[0])
    assert set(views[0].opened + views[1].opened) == {"proxy"}


def test_every_picture_is_opened_once():
    views = views_of([0, 1, 2])
    engine = fitted(views)
    first = [engine.mask(view) for view in views]
    assert [view.opened for view in views] == [["proxy"]] * 3
    again = [engine.mask(view) for view in views]  # what was kept is given up, and found again
    for one, other in zip(first, again, strict=True):
        assert one.probability.tobytes() == other.probability.tobytes()


def test_a_large_set_is_learnt_from_a_seeded_sample():
    views = [Painted(f"v{index}", np.full((8, 8, 3), index, np.uint8)) for index in range(SAMPLE + 30)]
    chosen = []
    for seed, order in ((0, views), (0, views[::-1]), (1, views)):
        engine = fitted(order, seed=seed)
        engine.mask(views[0])
        chosen.append({view.id for view in views if len(view.opened) > (view is views[0])})
        for view in views:
            view.opened.clear()
    assert len(chosen[0]) in (SAMPLE, SAMPLE - 1)
    assert chosen[0] == chosen[1] != chosen[2]


def test_a_picture_with_nothing_in_it_gets_a_mask_and_a_doubt():
    blank = Painted("blank", np.full((60, 80, 3), 127, np.uint8))
    mask = fitted([blank]).mask(blank)
    assert mask.probability.shape == (60, 80)
    assert [(reason.code, reason.stage) for reason in mask.reasons] == [("mask_uncertain", "mask")]
    assert mask.confidence < 0.5


def test_identity_names_what_decides():
    one, other = CosegmentEngine(EngineOptions(seed=1)), CosegmentEngine(EngineOptions(seed=2))
    assert one.identity() != other.identity()
    assert one.identity() == CosegmentEngine(EngineOptions(seed=1, jobs=7)).identity()


def test_sklearn_is_loaded_only_to_learn():
    code = "import sys, loraset.engines.cosegment as c; assert 'sklearn' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
