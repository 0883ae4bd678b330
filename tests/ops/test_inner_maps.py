"""Inner maps as evidence, on maps that are painted."""

import numpy as np
import pytest

from loraset.ops.cosegmentation import look
from loraset.ops.inner_maps import informed, lesson_of, teach

SIDE = 48


def box(top, left, size=14):
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[top : top + size, left : left + size] = 1
    return mask


def maps_of(subject, other, seed):
    """A network's inner maps: one that answers to the subject, one to another thing, one to anything salient."""
    rng = np.random.default_rng(seed)
    channels = np.stack([subject, other, np.maximum(subject, other)]) + rng.normal(0, 0.1, (3, SIDE, SIDE))
    return [channels.astype(np.float16)]


@pytest.fixture
def pictures():
    """Four pictures: the mask takes in the subject and, in the first, another thing that stands beside it."""
    nothing = np.zeros((SIDE, SIDE), np.float32)
    subjects = [box(5 + 4 * place, 6) for place in range(4)]
    others = [box(8, 30), nothing, nothing, nothing]
    return [
        (maps_of(s, o, seed), np.maximum(s, o), s, o) for seed, (s, o) in enumerate(zip(subjects, others, strict=True))
    ]


def learnt(pictures):
    return teach([lesson_of(maps, mask, mask) for maps, mask, _, _ in pictures])


def test_the_others_know_the_subject_and_not_what_stands_beside_it_once(pictures):
    maps, mask, subject, other = pictures[0]
    evidence = learnt(pictures).evidence(maps, 0, (SIDE, SIDE))
    assert evidence.shape == (SIDE, SIDE)
    assert evidence[subject > 0].mean() > 0.5
    assert evidence[other > 0].mean() < evidence[subject > 0].mean() - 1
    assert evidence[mask == 0].mean() < 0


def test_a_pictures_own_lesson_is_left_out_of_what_is_said_of_it(pictures):
    before = learnt(pictures)
    maps, mask, *_ = pictures[0]
    lessons = [lesson_of(maps, 1 - mask, 1 - mask)] + [lesson_of(*one[:2], one[1]) for one in pictures[1:]]
    after = teach(lessons)
    assert np.array_equal(before.evidence(maps, 0, (SIDE, SIDE)), after.evidence(maps, 0, (SIDE, SIDE)))
    assert not np.array_equal(before.evidence(maps, None, (SIDE, SIDE)), after.evidence(maps, None, (SIDE, SIDE)))


def test_a_mask_of_one_side_teaches_nothing_and_where_nobody_teaches_nothing_is_said(pictures):
    maps, mask, *_ = pictures[0]
    assert lesson_of(maps, np.zeros_like(mask), mask) is None
    assert lesson_of(maps, np.ones_like(mask), mask) is None
    assert not teach([None, None]).weights.any()
    alone = teach([lesson_of(maps, mask, mask), None])
    assert not alone.evidence(maps, 0, (SIDE, SIDE)).any()
    assert alone.evidence(maps, 1, (SIDE, SIDE)).any()


def test_an_informed_look_has_one_more_feature_and_starts_where_both_agree():
    rgb = np.random.default_rng(0).integers(0, 255, (96, 96, 3), dtype=np.uint8)
    item = look(rgb)
    evidence = np.where(np.arange(item.lab.shape[1]) < 20, 2, -2) * np.ones(item.lab.shape[:2])
    told = informed(item, evidence.astype(np.float32))
    assert told.pixels.shape[2] == item.pixels.shape[2] + 1
    assert told.regions.shape[1] == item.regions.shape[1] + 1
    assert (told.start[:, 20:] < item.start[:, 20:] + 0.2).all()
    assert np.array_equal(told.pixels[..., -1], evidence)
