import numpy as np

from loraset.ops.vote import ask, color_vote, misjudged, palette_of

SIZE = 90
RED, BLUE, GRAY = ((50, 60, 40), (40, 10, -50), (70, 0, 0))


def scene():
    """A red square on blue, a soft mask of it: Lab picture, mask, band."""
    y, x = np.mgrid[:SIZE, :SIZE]
    depth = 25 - np.maximum(abs(x - SIZE / 2), abs(y - SIZE / 2))
    lab = np.where((depth > 0)[..., None], np.float32(RED), np.float32(BLUE)).astype(np.float32)
    mask = np.clip(depth / 12 + 0.5, 0, 1).astype(np.float32)
    return lab, mask, (mask > 0.04) & (mask < 0.96)


def said_of(lab, mask, band, where):
    said = np.zeros(mask.shape, np.float32)
    said[band] = ask(color_vote(lab, mask, band), lab, mask, band)
    return said[where]


def test_colours_are_told_apart_up_to_the_true_edge():
    lab, mask, band = scene()
    red = lab[..., 2] > 0
    assert said_of(lab, mask, band, band & red).min() > 0.9
    assert said_of(lab, mask, band, band & ~red).max() < 0.1


def test_a_colour_that_nothing_certain_shows_keeps_the_masks_word():
    lab, mask, band = scene()
    patch = np.zeros(mask.shape, bool)
    patch[40:50, 18:22] = True
    lab[patch] = GRAY
    for word in (0.7, 0.3):
        said = said_of(lab, np.where(patch, np.float32(word), mask), band | patch, patch)
        assert ((said > 0.5) == (word > 0.5)).all()


def test_mirrored_input_gives_the_mirrored_answer():
    lab, mask, band = scene()
    lab[:, : SIZE // 3] += np.float32(4)
    flipped = (np.ascontiguousarray(part[:, ::-1]) for part in (lab, mask, band))
    mirrored = said_of(*flipped, slice(None))[:, ::-1]
    assert np.abs(said_of(lab, mask, band, slice(None)) - mirrored).max() < 1e-3


def test_palette_holds_each_plain_colour_once():
    colors = np.repeat(np.float32([RED, BLUE, GRAY]), (200, 30, 5), axis=0)
    palette = palette_of(colors)
    assert len(palette) == 3
    assert all(np.abs(palette - color).max(axis=1).min() <= 5 for color in (RED, BLUE, GRAY))


def test_a_vote_misjudges_what_looks_like_the_other_side():
    lab, mask, band = scene()
    subject, background = (mask > 0.5) & ~band, (mask < 0.5) & ~band
    assert misjudged(color_vote(lab, mask, band), lab, mask, subject, background) < 0.01
    lab[:] = BLUE
    assert misjudged(color_vote(lab, mask, band), lab, mask, subject, background) > 0.2


def test_a_side_of_which_nothing_is_known_is_not_misjudged():
    lab, mask, band = scene()
    nothing = np.zeros(mask.shape, bool)
    assert misjudged(color_vote(lab, mask, band), lab, mask, nothing, nothing) == 0.0
