"""Lists in a set: members judged by what the other pictures teach."""

import cv2
import numpy as np
import pytest
from painting import Painted, Says

from loraset.engines.interface import EngineOptions
from loraset.engines.joined import FEWEST, JoinedEngine
from loraset.types import Declined, Mask, Reason

SIDE = 128


def in_turn(function, items):
    return [function(item) for item in items]


def soft(where):
    return np.asarray(cv2.GaussianBlur(where.astype(np.float32), (0, 0), 1), np.float32)


def mask_of(where):
    return Mask(soft(where), "m", (SIDE, SIDE))


def shot(seed):
    """A blue-and-yellow disc and, beside it, a box of a colour that no other picture has: rgb, disc, box."""
    rng = np.random.default_rng(seed)
    ground = np.array([(90, 140, 60), (150, 150, 145), (120, 80, 60), (60, 90, 90), (170, 140, 150)][seed])
    paint = np.array([(230, 40, 40), (60, 20, 60), (30, 200, 60), (250, 250, 250), (20, 20, 20)][seed])
    y, x = np.mgrid[:SIDE, :SIDE]
    cy, cx = rng.uniform(40, 80, 2)
    disc = np.hypot(x - cx, y - cy) < 24
    box = (x > cx + 22) & (x < cx + 42) & (abs(y - cy) < 18) & ~disc
    rgb = np.where(disc[..., None], np.where((y < cy)[..., None], (30, 60, 190), (240, 210, 30)), ground)
    rgb = np.where(box[..., None], paint, rgb) + rng.normal(0, 6, (SIDE, SIDE, 3))
    return np.clip(rgb, 0, 255).astype(np.uint8), disc, box


SHOTS = [shot(seed) for seed in range(5)]
VIEWS = [Painted(rgb, id=f"v{place}") for place, (rgb, _, _) in enumerate(SHOTS)]


def answers(make):
    return {view.id: mask_of(make(place, *SHOTS[place][1:])) for place, view in enumerate(VIEWS)}


def joined(*members, views=VIEWS, **options):
    engine = JoinedEngine([Says(f"e{place}", each) for place, each in enumerate(members)], EngineOptions(**options))
    engine.prepare(views, in_turn)
    return engine


def ious(engine):
    found = [engine.mask(view).probability > 0.5 for view in VIEWS]
    return [(mask & disc).sum() / (mask | disc).sum() for mask, (_, disc, _) in zip(found, SHOTS, strict=True)]


def greedy(place, disc, box):
    """Takes in whatever stands beside the subject."""
    return disc | box


def blinkered(place, disc, box):
    """Sees the subject, but loses its right edge."""
    return disc & (np.indices(disc.shape)[1] < np.flatnonzero(disc.any(axis=0)).max() - 6)


def test_what_one_member_takes_in_besides_the_subject_goes():
    engine = joined(answers(greedy), answers(blinkered))
    alone = [ious(joined(each, each)) for each in (answers(greedy), answers(blinkered))]
    assert np.mean(ious(engine)) > max(np.mean(alone[0]), np.mean(alone[1])) - 0.01
    mask = joined(answers(greedy), answers(blinkered)).mask(VIEWS[0])
    assert mask.probability[SHOTS[0][2]].mean() < 0.1
    records = {name: facts["record"]["fit"] for name, facts in mask.details["members"].items()}
    assert records["e1"] > records["e0"]
    assert mask.details["disagreement"] > 0.2


def test_a_member_that_is_wrong_in_every_picture_does_no_harm():
    def half_and_box(place, disc, box):
        below = np.indices(disc.shape)[0] > np.flatnonzero(disc.any(axis=1)).mean()
        return (disc & (below == (place % 2 == 0))) | box

    right = answers(lambda place, disc, box: disc)
    assert min(ious(joined(right, answers(half_and_box)))) > 0.95
    assert min(ious(joined(answers(half_and_box), right))) > 0.95


def test_members_that_never_agree_teach_nothing():
    engine = joined(answers(lambda place, disc, box: disc), answers(lambda place, disc, box: box))
    mask = engine.mask(VIEWS[0])
    assert "base" not in mask.details
    assert mask.details["disagreement"] > 0.9


def test_order_of_pictures_changes_no_byte_and_the_seed_is_part_of_the_identity():
    forward = joined(answers(greedy), answers(blinkered))
    backward = joined(answers(greedy), answers(blinkered), views=VIEWS[::-1])
    for view in (VIEWS[2], VIEWS[0]):
        assert forward.mask(view).probability.tobytes() == backward.mask(view).probability.tobytes()
    assert forward.identity() != joined(answers(greedy), answers(blinkered), seed=1).identity()


def test_a_member_is_asked_once_for_a_picture():
    engine = joined(answers(greedy), answers(blinkered))
    for view in VIEWS:
        engine.mask(view)
    assert all(sorted(member.asked) == [view.id for view in VIEWS] for member in engine._members)


@pytest.mark.parametrize("how", ["not shared", "few", "one declines"])
def test_without_a_set_to_judge_by_the_masks_are_averaged(how):
    refusing = {view.id: Declined("e1", "no") for view in VIEWS}
    refusing["v0"] = answers(blinkered)["v0"]
    views = VIEWS[: FEWEST - 1] if how == "few" else VIEWS
    second = refusing if how == "one declines" else answers(blinkered)
    engine = joined(answers(greedy), second, views=views, shared=how != "not shared")
    mask = engine.mask(VIEWS[0])
    assert "base" not in mask.details
    assert mask.details["disagreement"] > 0
    assert engine.learns == (how != "not shared")


def test_a_key_keeps_its_edge_where_another_member_says_what_stands_beside_the_screen():
    y, x = np.mgrid[:SIDE, :SIDE]
    truth = np.clip(40 - np.hypot(x - 64, y - 56), 0, 1).astype(np.float32)
    table = np.maximum(truth, y > 100)
    doubt = Reason("mask_uncertain", "mask", "key: it may be a table")
    key = Mask(table, "key", (SIDE, SIDE), exact=True, key_color=(0.0, 0.7, 0.2), reasons=(doubt,))
    engine = joined(key, Mask(cv2.resize(soft(truth > 0.5), (32, 32)), "model", (32, 32)), shared=False)
    mask = engine.mask(VIEWS[0])
    assert mask.exact
    assert mask.reasons == ()
    assert mask.key_color == key.key_color
    assert np.array_equal(mask.probability[:90], truth[:90])
    assert mask.probability[104:].max() < 0.05
    assert mask.details["chose"] == "e0"


def test_a_key_that_another_member_contradicts_is_not_taken():
    truth = SHOTS[0][1].astype(np.float32)
    key = Mask(1 - truth, "key", (SIDE, SIDE), exact=True, key_color=(0.0, 0.7, 0.2))
    mask = joined(key, Mask(soft(truth), "model", (SIDE, SIDE)), shared=False).mask(VIEWS[0])
    assert mask.details.get("chose") != "e0"
