import numpy as np
import pytest

from loraset.ops.prior import CERTAIN, prior_of
from loraset.ops.trimap import trimap_of

SIZE = 96
RED, BLUE = (50, 60, 40), (40, 10, -50)


def square(softness=1.0):
    y, x = np.mgrid[:SIZE, :SIZE]
    depth = 26 - np.maximum(abs(x - SIZE / 2), abs(y - SIZE / 2))
    return np.clip(depth / softness + 0.5, 0, 1).astype(np.float32)


def prior(mask, *, plain=False, hard=False, again=False):
    """The prior of a red square, or one of the ground's own blue."""
    red = (square() > 0.5)[..., None] & (not plain)
    lab = np.where(red, np.float32(RED), np.float32(BLUE)).astype(np.float32)
    return prior_of(lab, mask, trimap_of(mask, 4), radius_px=4, cell_px=1.25, hard=hard, again=again)


def test_prior_follows_the_colour_where_the_mask_is_soft():
    found = prior(square(12))
    inside = (square() > 0.5)[found.band.unknown]
    assert found.alpha[inside].min() > 0.9
    assert found.alpha[~inside].max() < 0.1


def test_weight_is_that_of_certainty():
    found = prior(square(12))
    assert found.weight.min() >= 0 and found.weight.max() <= CERTAIN


def test_colour_of_both_sides_is_silent_under_a_hard_mask():
    silent, loud = prior(square(0.1), plain=True, hard=True), prior(square(0.1), hard=True)
    open_ = silent.band.unknown
    assert silent.silence[open_].min() > 0.95 and loud.silence[open_].max() < 0.1
    assert (silent.silence[~open_] == 0).all()
    assert silent.weight.max() > 10 * CERTAIN >= loud.weight.max()


@pytest.mark.parametrize("plain", [True, False])
def test_an_echo_is_believed_as_far_as_it_is_right_about_what_is_known(plain):
    mask = square(12)
    first, second = (prior(mask, plain=plain, again=again) for again in (False, True))
    word = mask[first.band.unknown]
    assert np.array_equal(first.band.unknown, second.band.unknown)
    nearer = np.abs(second.alpha - word).mean() / np.abs(first.alpha - word).mean()
    assert nearer < 0.8 if plain else nearer == pytest.approx(1.0, abs=0.05)
