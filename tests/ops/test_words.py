import cv2
import numpy as np
import pytest

from loraset.ops.words import COUNT, colour_words, histogram, spelled, surroundings

YELLOW, BLACK, GREEN = (80, 0, 70), (5, 0, 0), (50, -40, 30)


def stripes(first, second, ground, size=(60, 80)):
    """A square of two colours in stripes on a plain ground: Lab and where the square is."""
    inside = np.zeros(size, bool)
    inside[15:45, 20:60] = True
    lab = np.full((*size, 3), ground, np.float32)
    lab[inside] = first
    lab[15:45:3, 20:60] = second
    return lab, inside


def test_words_are_the_colours_that_are_there():
    lab, inside = stripes(YELLOW, BLACK, GREEN)
    words = colour_words([lab])
    text = spelled(lab, words)
    found = words[text]
    assert len(words) <= COUNT
    assert np.abs(found - lab).max() < 5
    assert set(np.unique(text[inside])).isdisjoint(np.unique(text[~inside]))


def test_the_order_of_pictures_does_not_change_the_words():
    rng = np.random.default_rng(0)
    pictures = [(rng.normal(size=(40, 50, 3)) * (20, 15, 15) + (50, 0, 0)).astype(np.float32) for _ in range(4)]
    np.testing.assert_array_equal(colour_words(pictures), colour_words(pictures[::-1]))


def test_shares_of_words_sum_to_one_near_and_far():
    text = np.random.default_rng(0).integers(0, 5, (41, 57))
    roots = surroundings(text, 5)
    assert roots.shape == (41, 57, 10)
    assert roots.dtype == np.float32
    # exact where the grid was counted; roots are enlarged in between
    np.testing.assert_allclose(np.square(roots[..., :5]).sum(axis=2), 1, atol=0.05)
    np.testing.assert_allclose(np.square(roots[..., 5:]).sum(axis=2), 1, atol=0.05)


def test_a_part_is_told_by_its_neighbours_whatever_the_ground():
    """The dark stripe of a yellow thing keeps its columns before another ground; a blurred colour does not."""
    (lab, inside), (other, _) = stripes(YELLOW, BLACK, GREEN), stripes(YELLOW, BLACK, (90, 0, 0))
    words = colour_words([lab, other])
    roots, changed = (surroundings(spelled(one, words), len(words)) for one in (lab, other))
    middle = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    known = np.unique(spelled(lab, words)[inside])
    np.testing.assert_allclose(roots[middle][:, known], changed[middle][:, known], atol=0.02)


def test_a_histogram_counts_inside_the_mask_only():
    text = np.array([[0, 1, 1], [2, 2, 2]])
    np.testing.assert_allclose(histogram(text, text > 0, 4), [0, 0.4, 0.6, 0])
    assert not histogram(text, text > 9, 4).any()
    with pytest.raises(IndexError):
        histogram(text, np.ones((3, 3), bool), 4)
