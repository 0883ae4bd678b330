"""What a screen's light leaves on a subject is taken off, and what is the subject's own stays."""

import cv2
import numpy as np
import pytest

from loraset.ops.spill import despill

GREEN = (40, 180, 60)
SCREEN = np.array(GREEN, np.float32) / 255
SIDE = 200
BLACK, WHITE, YELLOW, OLIVE = (0.02, 0.02, 0.02), (1.0, 1.0, 1.0), (0.95, 0.8, 0.1), (0.5, 0.6, 0.25)


def toy(*colors):
    """A disc in vertical stripes of colours, and its alpha."""
    alpha = np.zeros((SIDE, SIDE), np.uint8)
    cv2.circle(alpha, (SIDE // 2, SIDE // 2), 80, 255, -1, cv2.LINE_AA)
    stripes = np.arange(SIDE) // 20 % len(colors)
    return np.broadcast_to(np.array(colors, np.float32)[stripes], (SIDE, SIDE, 3)), alpha / np.float32(255)


def error(result, clean, alpha):
    """Largest error of the mean colour channel within the subject."""
    return float(np.abs(result - clean)[alpha == 1].mean(axis=1).max())


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_black_shows_how_much_light_lies_on_yellow(share):
    """On yellow itself green light cannot be seen: only the black beside it tells."""
    clean, alpha = toy(YELLOW, BLACK)
    spilled = np.clip(clean + share * SCREEN, 0, 1).astype(np.float32)
    assert error(despill(spilled, alpha, tuple(SCREEN)), clean, alpha) < min(0.015, 0.5 * error(spilled, clean, alpha))


def test_spill_that_was_mixed_in_dulls_white_and_white_is_white_again():
    clean, alpha = toy(WHITE, BLACK, YELLOW, (0.4, 0.4, 0.4))
    mixed = (0.9 * clean + 0.1 * SCREEN).astype(np.float32)
    assert error(despill(mixed, alpha, tuple(SCREEN)), clean, alpha) < 0.015


def test_light_that_was_added_to_white_leaves_the_rest_as_bright_as_it_was():
    clean, alpha = toy(WHITE, BLACK, YELLOW, (0.4, 0.4, 0.4))
    added = np.clip(clean + 0.1 * SCREEN, 0, 1).astype(np.float32)
    assert error(despill(added, alpha, tuple(SCREEN))[:, 40:], clean[:, 40:], alpha[:, 40:]) < 0.08
    gray = np.s_[:, 60:80]
    assert error(despill(added, alpha, tuple(SCREEN))[gray], clean[gray], alpha[gray]) < 0.01


@pytest.mark.parametrize("colors", [(OLIVE, BLACK), (YELLOW, OLIVE), ((0.1, 0.6, 0.55),)], ids=str)
def test_a_subject_that_is_greenish_itself_stays_so(colors):
    clean, alpha = toy(*colors)
    result = despill(clean.astype(np.float32), alpha, tuple(SCREEN))
    inner = np.hypot(*(np.mgrid[:SIDE, :SIDE] - SIDE / 2)) < 70
    assert np.abs(result - clean)[inner].max() < 0.02


def test_a_green_rim_of_an_olive_toy_is_no_greener_than_its_inside():
    clean, alpha = toy(OLIVE)
    rim = (cv2.erode(alpha, np.ones((3, 3))) < 1)[..., None] * np.float32(0.2)
    result = despill((clean + rim * SCREEN).astype(np.float32), alpha, tuple(SCREEN))
    assert error(result, clean, alpha) < 0.02


@pytest.mark.parametrize("color", [(0.8, 0.6, 0.5), (0.5, 0.5, 0.5), (0.1, 0.1, 0.12), (0.4, 0.3, 0.8)], ids=str)
def test_despill_takes_away_what_the_screen_added_over_neutral(color):
    screen = np.array(GREEN, np.float32) / 255
    clean = np.full((4, 4, 3), color, np.float32)
    spilled = clean + 0.2 * screen
    result = despill(spilled, np.ones((4, 4), np.float32), tuple(screen))
    assert np.abs(result - clean).max() < np.abs(spilled - clean).max() + 1e-6
    assert (result[..., 1] <= result[..., [0, 2]].max(axis=-1) + 0.01).all()


def test_despill_is_exact_on_gray_and_leaves_other_colours_alone():
    screen = np.array(GREEN, np.float32) / 255
    gray = np.full((2, 2, 3), 0.4, np.float32)
    opaque = np.ones((2, 2), np.float32)
    assert despill(gray + 0.15 * screen, opaque, tuple(screen)) == pytest.approx(gray, abs=1e-5)
    for color in ([0.8, 0.5, 0.4], [0.2, 0.3, 0.9], [0.9, 0.9, 0.1], [1, 1, 1]):
        plain = np.full((2, 2, 3), color, np.float32)
        assert np.array_equal(despill(plain, opaque, tuple(screen)), plain)


def test_despill_keeps_a_green_ribbon_but_not_a_green_edge():
    clean, alpha = toy((0.4, 0.4, 0.4), (0.1, 0.6, 0.15))
    ribbon = clean[..., 0] < 0.2
    edge = (cv2.erode(alpha, np.ones((3, 3))) < 1) & ~ribbon
    result = despill((clean + edge[..., None] * 0.25 * SCREEN).astype(np.float32), alpha, tuple(SCREEN))
    inner = np.hypot(*(np.mgrid[:SIDE, :SIDE] - SIDE / 2)) < 70
    assert np.abs(result - clean)[ribbon & inner].max() < 0.01
    assert np.median(np.abs(result - clean)[edge & (alpha == 1)]) < 0.25 * 0.25 * SCREEN.mean() + 0.01


def test_a_gray_screen_spills_nothing():
    rgb = np.random.default_rng(0).random((3, 3, 3)).astype(np.float32)
    assert despill(rgb, np.ones((3, 3), np.float32), (0.5, 0.5, 0.5)) is rgb
