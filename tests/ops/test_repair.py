from itertools import pairwise

import numpy as np
import pytest

from loraset.ops.cosegmentation import Look
from loraset.ops.repair import Piece, Repair, is_doubtful, judged, proposal, remade, repair
from loraset.stages.knowledge import SetKnowledge, Taught, at_look
from painted_set import grabbed, paint

COUNT = 5
SCENES = [paint(number) for number in range(COUNT)]


def in_turn(function, items):
    return [function(item) for item in items]


def share_of(one, other):
    return np.count_nonzero(one & other) / max(1, np.count_nonzero(one | other))


def knowledge_of(masks, order=range(COUNT), run=in_turn):
    pictures = [
        Taught(f"{place}", lambda place=place: SCENES[place][0], lambda place=place: masks[place], False)
        for place in order
    ]
    return SetKnowledge(pictures, 0, run)


def true_masks():
    return [subject.astype(np.float32) for _, subject, _ in SCENES]


def mend(masks, place):
    """What the set makes of one mask."""
    recalled = knowledge_of(masks).recall(f"{place}", lambda: SCENES[place][0])
    found = repair(recalled.look, at_look(masks[place], recalled.look), recalled.evidence)
    return found, found.apply(masks[place])


def test_a_lost_limb_comes_back_to_the_pixel_and_the_rest_of_the_mask_stays():
    masks = true_masks()
    _, subject, limb = SCENES[1]
    masks[1] = (subject & ~limb).astype(np.float32)
    found, new = mend(masks, 1)
    assert [piece.added for piece in found.pieces if piece.accepted] == [True]
    assert share_of(new > 0.5, subject) > 0.96 > share_of(masks[1] > 0.5, subject)
    far = np.ones(subject.shape, bool)
    rows, columns = np.nonzero(limb)
    far[rows.min() - 12 : rows.max() + 12, columns.min() - 12 : columns.max() + 12] = False
    np.testing.assert_array_equal(new[far], masks[1][far])


def test_a_patch_of_ground_goes():
    masks = true_masks()
    _, subject, _ = SCENES[2]
    masks[2] = (subject | grabbed(subject)).astype(np.float32)
    found, new = mend(masks, 2)
    assert [piece.added for piece in found.pieces if piece.accepted] == [False]
    assert share_of(new > 0.5, subject) > 0.96 > share_of(masks[2] > 0.5, subject)


def test_right_masks_stay_as_they_are():
    masks = true_masks()
    knowledge = knowledge_of(masks)
    for place, mask in enumerate(masks):
        recalled = knowledge.recall(f"{place}", lambda place=place: SCENES[place][0])
        found = repair(recalled.look, at_look(mask, recalled.look), recalled.evidence)
        assert found.verdict == "unchanged"
        np.testing.assert_array_equal(found.apply(mask), mask)


def test_a_change_that_leaves_less_than_half_is_refused():
    masks = true_masks()
    _, subject, _ = SCENES[3]
    masks[3] = np.where(np.arange(240) < np.nonzero(subject)[1].min() + 34, subject, False).astype(np.float32)
    found, new = mend(masks, 3)
    assert found.verdict == "refused"
    assert found.overlap < 0.5
    np.testing.assert_array_equal(new, masks[3])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (np.zeros_like, "is empty; it was made anew"),
        (np.ones_like, "takes in nearly everything; it was made anew"),
        (lambda mask: 1 - mask, "the reverse of what the other pictures show; it was turned"),
    ],
)
def test_a_mask_that_is_wrong_as_a_whole_is_found_and_made_anew(wrong, words):
    masks = true_masks()
    masks[0] = wrong(masks[0])
    recalled = knowledge_of(masks).recall("0", lambda: SCENES[0][0])
    small = at_look(masks[0], recalled.look)
    assert recalled.taught_by == COUNT - 1
    assert is_doubtful(small, recalled.evidence)
    said, new = remade(recalled.look, masks[0], small, recalled.evidence, recalled.knowledge)
    assert words in said
    assert share_of(at_look(new, recalled.look) > 0.5, at_look(true_masks()[0], recalled.look) > 0.5) > 0.9


def test_a_mask_that_is_coarser_than_the_picture_was_looked_at_is_enlarged():
    masks = true_masks()
    _, subject, limb = SCENES[1]
    masks[1] = (subject & ~limb).astype(np.float32)
    found, _ = mend(masks, 1)
    coarse = np.ascontiguousarray(masks[1][::4, ::4])
    assert found.apply(coarse).shape == found.fine.shape
    large = np.kron(masks[1], np.ones((3, 3), np.float32))
    assert found.apply(large).shape == large.shape


def test_a_piece_that_holds_the_subject_together_needs_more_to_go():
    """One belt of the ground's colour, once across the middle and once at the end of the same body."""
    lab = np.full((60, 90, 3), (30.0, 0.0, 0.0), np.float32)
    body = np.zeros((60, 90), bool)
    body[20:40, 20:70] = True
    lab[body] = (70.0, 40.0, 30.0)
    found = {}
    for where, left in (("middle", 40), ("end", 60)):
        belt = np.zeros_like(body)
        belt[20:40, left : left + 10] = True
        painted = np.where(belt[..., None], np.float32((32.0, 0.0, 0.0)), lab)
        evidence = np.where(body & ~belt, np.float32(3), np.float32(-3))
        start = (body & ~belt).astype(np.float32)
        seen = Look(
            np.kron(painted, np.ones((2, 2, 1), np.float32)), painted, start, painted, body.astype(np.int32), start
        )
        (found[where],) = judged(seen, body.astype(np.float32), evidence, body & ~belt)
    assert found["end"].cues["whole"] == 0
    assert found["middle"].cues["whole"] == pytest.approx(-0.5, abs=0.01)
    assert found["end"].accepted
    assert not found["middle"].accepted


def test_every_piece_says_which_side_it_is_on_and_why():
    masks = true_masks()
    _, subject, limb = SCENES[1]
    masks[1] = (subject & ~limb).astype(np.float32)
    recalled = knowledge_of(masks).recall("1", lambda: SCENES[1][0])
    small = at_look(masks[1], recalled.look)
    pieces = judged(recalled.look, small, recalled.evidence, proposal(recalled.look, small, recalled.evidence, 1.0))
    assert "the other pictures +" in pieces[0].words
    assert pieces[0].share == pytest.approx(limb.sum() / (subject & ~limb).sum(), rel=0.2)
    assert all(one.belief >= other.belief for one, other in pairwise(pieces))


def asked(verdict, *pieces):
    """A Repair with pieces of (share, log odds); those over the odds needed are accepted."""
    nowhere = np.zeros((4, 4), bool)
    return Repair(tuple(Piece(nowhere, True, share, {}, belief) for share, belief in pieces), 1.0, verdict, 1.0)


def test_what_is_disputed_is_the_share_that_is_expected_wrong():
    assert asked("unchanged").disputed == 0
    assert asked("unchanged", (0.2, 0.0)).disputed == pytest.approx(0.1)
    assert asked("unchanged", (0.2, 0.0), (0.02, 5.0)).disputed == pytest.approx(0.12, abs=0.001)
    assert asked("refused", (3.0, 5.0)).disputed == 1.0


def test_a_piece_that_was_changed_is_in_doubt_only_so_far_as_it_was_not_sure():
    assert asked("changed", (0.2, 3.0)).disputed == pytest.approx(0.2 / (1 + np.exp(3.0)))
    assert asked("refused", (0.2, 3.0)).disputed == pytest.approx(0.2 / (1 + np.exp(-3.0)))


def test_a_mask_that_lost_a_limb_is_disputed_less_once_it_is_mended_and_right_ones_hardly():
    masks = true_masks()
    knowledge = knowledge_of(masks)
    for place, mask in enumerate(masks):
        recalled = knowledge.recall(f"{place}", lambda place=place: SCENES[place][0])
        assert repair(recalled.look, at_look(mask, recalled.look), recalled.evidence).disputed < 0.03
    masks[1] = (SCENES[1][1] & ~SCENES[1][2]).astype(np.float32)
    found, _ = mend(masks, 1)
    assert found.disputed < 0.3 * asked("refused", *((piece.share, piece.belief) for piece in found.pieces)).disputed
