import numpy as np
import pytest

from loraset.ops.proposals import STEPS, Proposal, best, edge_strength, proposals
from loraset.ops.words import colour_words, histogram, spelled

SUBJECT, DISTRACTOR, GROUND = (60, 40, 20), (55, -10, 45), (40, -10, -10)


def box(top, bottom, left, right, size=(60, 90)):
    mask = np.zeros(size, bool)
    mask[top:bottom, left:right] = True
    return mask


def cut_as(*masks):
    """Proposals of these masks; the evidence tells which."""
    return [Proposal(mask, np.full(mask.shape, place, np.float32)) for place, mask in enumerate(masks)]


@pytest.fixture
def scene():
    """A subject beside something else that stands out: Lab, the subject, the other thing."""
    subject, other = box(15, 45, 15, 45), box(20, 40, 60, 80)
    lab = np.random.default_rng(0).normal(0, 1, (60, 90, 3)).astype(np.float32) + GROUND
    lab[subject] += np.subtract(SUBJECT, GROUND)
    lab[other] += np.subtract(DISTRACTOR, GROUND)
    return lab.astype(np.float32), subject, other


def test_more_evidence_asked_leaves_less(scene):
    lab, subject, other = scene
    evidence = np.where(subject, 1.8, np.where(other, 0.7, -3)).astype(np.float32)
    areas = [one.mask.sum() for one in proposals(lab, subject.astype(np.float32), evidence)]
    assert len(areas) == len(STEPS)
    assert areas == sorted(areas, reverse=True)
    assert areas[0] > areas[-1]


def test_the_likeness_to_other_pictures_decides_between_stable_outlines(scene):
    lab, subject, other = scene
    words = colour_words([lab])
    text = spelled(lab, words)
    masks = cut_as(*[subject | other] * 3, *[subject] * 3)
    like_subject, like_both = (histogram(text, mask, len(words)) for mask in (subject, subject | other))
    np.testing.assert_array_equal(best(masks, lab, text, like_subject).mask, subject)
    np.testing.assert_array_equal(best(masks, lab, text, like_both).mask, subject | other)


def test_a_piece_that_fits_better_is_taken_from_another_proposal(scene):
    """No proposal is right as a whole: one lacks a limb, the other has the limb and the distractor."""
    lab, subject, other = scene
    limb = subject & box(15, 45, 33, 45)
    words = colour_words([lab])
    text = spelled(lab, words)
    masks = cut_as(*[subject | other] * 3, *[subject & ~limb] * 3)
    found = best(masks, lab, text, histogram(text, subject, len(words)))
    np.testing.assert_array_equal(found.mask, subject)


def test_an_empty_proposal_is_the_last_choice(scene):
    lab, subject, _ = scene
    words = colour_words([lab])
    text = spelled(lab, words)
    nothing = np.zeros_like(subject)
    found = best(cut_as(subject, *[nothing] * 5), lab, text, histogram(text, subject, len(words)))
    np.testing.assert_array_equal(found.mask, subject)
    assert not found.evidence.any()
    assert not best(cut_as(*[nothing] * 6), lab, text, histogram(text, subject, len(words))).mask.any()


def test_edge_strength_is_the_mean_step_of_colour():
    lab = np.zeros((10, 10, 3), np.float32)
    half = box(0, 10, 0, 5, (10, 10))
    lab[half] = 0, 6, 8
    assert edge_strength(lab, half) == pytest.approx(10)
    assert edge_strength(lab, box(0, 10, 0, 3, (10, 10))) == 0
    assert edge_strength(lab * 9, half) == pytest.approx(30)  # one strong edge does not outweigh a whole outline
    assert edge_strength(lab, np.zeros((10, 10), bool)) == 0
