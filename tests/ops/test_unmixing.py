import numpy as np

from loraset.ops.unmixing import FAINT, unmixed

FRONT, BACK = np.array([0.8, 0.3, 0.2], np.float32), np.array([0.1, 0.5, 0.9], np.float32)


def ramp(height=12, width=40):
    alpha = np.clip((np.arange(width, dtype=np.float32) - 8) / 24, 0, 1)
    return np.tile(alpha, (height, 1))


def test_two_plain_colours_are_found_from_a_wrong_guess():
    alpha = ramp()
    image = alpha[..., None] * FRONT + (1 - alpha[..., None]) * BACK
    solid, clear = alpha == 1, alpha == 0
    guesses = []
    for known in (solid, clear):
        guess = np.full_like(image, 0.5)
        guess[known] = image[known]
        guesses.append(guess)
    front, back = unmixed(image, alpha, ~(solid | clear), (guesses[0], guesses[1]))
    part = alpha[~(solid | clear)]
    for side, share, true in ((front, part, FRONT), (back, 1 - part, BACK)):
        error = share[:, None] * np.abs(side.T - true)  # as far as it shows
        assert error[share > FAINT].max() < 0.01
        assert error.max() < 0.025


def test_an_alpha_a_little_too_large_does_not_colour_faint_pixels():
    """Each strand's alpha is found too large, so that its green goes: what hardly shows must not take that over."""
    green = np.array([0.1, 0.7, 0.2], np.float32)
    true = np.tile(np.array([0, 0, 0, 0, 0.5, 0.5, 1, 1, 0.5, 0.5, 0, 0], np.float32), (24, 6))
    image = true[..., None] * FRONT + (1 - true[..., None]) * green
    found = np.select([true == 0.5, true == 0], [np.float32(0.65), np.float32(0.06)], true)
    found[:, ::12] = 0
    mixed = (found > 0) & (found < 1)
    guess = np.broadcast_to(FRONT, image.shape), np.broadcast_to(green, image.shape)
    front, _ = unmixed(image, found, mixed, guess)
    assert np.abs(front[:, found[mixed] < 0.1] - FRONT[:, None]).max() < 0.3


def test_what_a_side_does_not_show_does_not_matter():
    alpha = ramp()
    image = np.random.default_rng(0).random((*alpha.shape, 3)).astype(np.float32)
    solid, clear = alpha == 1, alpha == 0
    mixed = ~(solid | clear)
    front, back = image.copy(), image.copy()
    changed = front.copy(), back.copy()
    changed[0][clear], changed[1][solid] = 0, 1
    assert np.array_equal(unmixed(image, alpha, mixed, (front, back)), unmixed(image, alpha, mixed, changed))


def test_nothing_mixed_is_no_error():
    image = np.zeros((4, 5, 3), np.float32)
    nothing = np.zeros((4, 5), bool)
    assert unmixed(image, np.ones((4, 5), np.float32), nothing, (image, image)).shape == (2, 3, 0)
