import cv2
import numpy as np
import pytest

from loraset.ops.matting import refine_alpha

SIZE = 256


def composite(alpha, seed=0):
    """A reddish furry texture over a bluish one, mixed in sRGB."""
    rng = np.random.default_rng(seed)
    grain = cv2.GaussianBlur(rng.standard_normal((*alpha.shape, 2)).astype(np.float32), (0, 0), 1.0)[..., None] * 0.05
    front = np.array([0.75, 0.35, 0.25], np.float32) + grain[:, :, 0]
    back = np.array([0.25, 0.4, 0.6], np.float32) + grain[:, :, 1]
    mixed = alpha[..., None] * front + (1 - alpha[..., None]) * back
    return (np.clip(mixed, 0, 1) * 255 + 0.5).astype(np.uint8)


def ball(size=SIZE, radius=80, softness=6):
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return np.clip((radius - np.hypot(x, y)) / softness + 0.5, 0, 1).astype(np.float32)


def furry_ball():
    alpha = ball(softness=2)
    strands = np.zeros((4 * SIZE, 4 * SIZE), np.uint8)
    for angle in np.linspace(0, 2 * np.pi, 150, endpoint=False):
        direction = np.array([np.cos(angle), np.sin(angle)])
        start, end = 4 * (SIZE / 2 + 76 * direction), 4 * (SIZE / 2 + 87 * direction)
        cv2.line(strands, start.astype(int).tolist(), end.astype(int).tolist(), 255, 5, cv2.LINE_AA)
    fur = cv2.resize(strands, (SIZE, SIZE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return np.maximum(alpha, fur)


def through_grid(alpha, cells):
    """The alpha as a grid of so many cells shows it, enlarged again."""
    small = cv2.resize(alpha, (cells, cells), interpolation=cv2.INTER_AREA)
    return np.clip(cv2.resize(small, alpha.shape[::-1], interpolation=cv2.INTER_CUBIC), 0, 1)


def guess(alpha, sigma=5):
    """The alpha as a network guesses it: the edge found, its detail lost."""
    wide = cv2.GaussianBlur(alpha, (0, 0), sigma)
    return np.clip((wide - 0.5) * 1.6 + 0.5, 0, 1).astype(np.float32)


def error(a, b):
    return float(np.abs(a - b).mean())


@pytest.fixture(scope="module")
def furry():
    """The furry ball, solved from a network-like guess."""
    truth = furry_ball()
    return refine_alpha(composite(truth), guess(truth), cell_px=3.0)


def test_painted_ramp_is_recovered_from_a_blurred_guess():
    truth = ball()
    assert error(refine_alpha(composite(truth), guess(truth), cell_px=3.0).alpha, truth) < 0.0035


def test_painted_fur_is_recovered_from_a_blurred_guess(furry):
    truth = furry_ball()
    assert furry.details["guard"] == "solved"
    assert error(furry.alpha, truth) < min(0.0100, 0.5 * error(guess(truth), truth))


def test_strands_come_back(furry):
    truth = furry_ball()
    strands = (truth > 0.8) & (ball(radius=81, softness=2) == 0)
    gaps = (truth < 0.1) & (ball(radius=85, softness=2) > 0)
    assert furry.alpha[strands].mean() - furry.alpha[gaps].mean() > 0.6


@pytest.mark.parametrize("truth", [ball(), ball(softness=1.5), furry_ball()])
def test_true_alpha_seen_through_a_grid_is_never_made_worse(truth):
    mask = through_grid(truth, 80)
    matte = refine_alpha(composite(truth), mask, cell_px=SIZE / 80)
    assert matte.details["trust"] > 0.5
    assert error(matte.alpha, truth) < 0.8 * error(mask, truth)


def test_a_guess_is_not_taken_for_a_true_alpha(furry):
    assert furry.details["trust"] == 0.0
    assert furry.details["silent_share"] == 0.0


@pytest.mark.parametrize("cells", [80, SIZE])
def test_a_yes_or_no_mask_is_refined(cells):
    truth = ball(softness=5)
    small = cv2.resize(truth, (cells, cells), interpolation=cv2.INTER_AREA)
    mask = np.clip(cv2.resize((small > 0.5).astype(np.float32), truth.shape, interpolation=cv2.INTER_CUBIC), 0, 1)
    matte = refine_alpha(composite(truth), mask, cell_px=SIZE / cells)
    assert matte.details["trust"] == 0.0
    assert error(matte.alpha, truth) < 0.7 * error(mask, truth)


def lobed():
    """A subject of seven lobes with an edge as sharp as a camera makes it."""
    y, x = np.mgrid[: 4 * SIZE, : 4 * SIZE] / 4 - SIZE / 2
    fine = (np.hypot(x, y) < 75 + 12 * np.sin(7 * np.arctan2(y, x))).astype(np.float32)
    return cv2.resize(fine, (SIZE, SIZE), interpolation=cv2.INTER_AREA)


def camouflaged(alpha):
    """The subject and the ground are of one mottled cloth."""
    rng = np.random.default_rng(1)
    cloths = [
        cv2.GaussianBlur(rng.standard_normal((*alpha.shape, 3)).astype(np.float32), (0, 0), 3) * 0.75 for _ in "ab"
    ]
    mixed = np.float32([0.5, 0.45, 0.4]) + alpha[..., None] * cloths[0] + (1 - alpha[..., None]) * cloths[1]
    return (np.clip(mixed, 0, 1) * 255 + 0.5).astype(np.uint8)


@pytest.mark.parametrize("truth", [ball(softness=1.2), lobed()])
def test_a_given_mask_true_to_the_pixel_keeps_its_edge_within_half_a_pixel(truth):
    mask = (truth > 0.5).astype(np.float32)
    alpha = refine_alpha(composite(truth), mask, cell_px=1.0).alpha
    assert ((truth > 0) & (truth < 1))[(alpha > 0.5) != (truth > 0.5)].all()
    assert error(alpha, truth) < 0.2 * error(mask, truth)


@pytest.mark.parametrize("truth", [ball(softness=1.2), lobed()])
@pytest.mark.parametrize("paint", [camouflaged, lambda alpha: np.full((*alpha.shape, 3), 90, np.uint8)])
def test_a_given_mask_stands_where_the_picture_shows_no_edge(truth, paint):
    mask = (truth > 0.5).astype(np.float32)
    matte = refine_alpha(paint(truth), mask, cell_px=1.0)
    assert error(matte.alpha, truth) < 1.05 * error(mask, truth)
    assert matte.details["silent_share"] > 0.5 * matte.details["band_share"]


def test_deep_inside_and_far_outside_stay_exact(furry):
    assert (furry.alpha[ball(radius=60, softness=1) == 1] == 1).all()
    assert (furry.alpha[ball(radius=110, softness=1) == 0] == 0).all()


def test_no_haze_is_left_beside_the_edge():
    truth = ball(softness=2)
    alpha = refine_alpha(composite(truth), guess(truth), cell_px=3.0).alpha
    assert (alpha[ball(radius=85, softness=1) == 0] == 0).mean() > 0.99
    assert (alpha[ball(radius=75, softness=1) == 1] == 1).mean() > 0.99


def test_exact_mask_is_returned_as_it_is():
    truth = furry_ball()
    assert np.array_equal(refine_alpha(composite(truth), truth, cell_px=1.0, exact=True).alpha, truth)


def test_mirrored_input_gives_the_mirrored_alpha(furry):
    truth = furry_ball()
    rgb, mask = np.ascontiguousarray(composite(truth)[:, ::-1]), np.ascontiguousarray(guess(truth)[:, ::-1])
    mirrored = refine_alpha(rgb, mask, cell_px=3.0).alpha[:, ::-1]
    assert np.abs(furry.alpha - mirrored).max() < 0.02


def test_same_input_gives_the_same_bytes_on_any_number_of_threads(furry):
    truth = furry_ball()
    before = cv2.getNumThreads()
    cv2.setNumThreads(1 if before != 1 else 4)
    try:
        again = refine_alpha(composite(truth), guess(truth), cell_px=3.0).alpha
    finally:
        cv2.setNumThreads(before)
    assert again.tobytes() == furry.alpha.tobytes()


def test_hole_of_the_backgrounds_colour_that_the_mask_half_sees_is_opened():
    hole = np.roll(ball(radius=7, softness=1.5), 50, axis=1)
    mask = np.clip(guess(ball()) - 0.4 * np.roll(ball(radius=9, softness=6), 50, axis=1), 0, 1)
    alpha = refine_alpha(composite(np.clip(ball() - hole, 0, 1)), mask, cell_px=3.0).alpha
    assert mask[hole > 0.98].min() > 0.55
    assert alpha[hole > 0.98].mean() < 0.1


def test_colour_that_neither_side_shows_keeps_the_masks_word():
    patch = np.roll(ball(radius=9, softness=1.5), 50, axis=1) > 0.5
    rgb = composite(ball())
    rgb[patch] = (20, 90, 20)
    for word in (0.8, 0.2):
        mask = np.where(patch, np.float32(word), guess(ball()))
        alpha = refine_alpha(rgb, mask, cell_px=3.0).alpha
        assert (alpha[patch].mean() > 0.5) == (word > 0.5)


def test_thin_tail_half_seen_by_the_mask_is_solid():
    tail = np.zeros((SIZE, SIZE), np.float32)
    tail[126:130, 200:240] = 1
    mask = np.maximum(guess(ball()), 0.4 * cv2.GaussianBlur(tail, (0, 0), 3) / cv2.GaussianBlur(tail, (0, 0), 3).max())
    alpha = refine_alpha(composite(np.maximum(ball(), tail)), mask, cell_px=3.0).alpha
    assert alpha[127:129, 210:235].mean() > 0.9


def test_subject_cut_by_the_border_is_solid_up_to_it():
    truth = np.ascontiguousarray(furry_ball()[:, :128])
    alpha = refine_alpha(composite(truth), guess(truth), cell_px=3.0).alpha
    assert (alpha[70:186, -1] == 1).all()


def test_padding_is_empty_and_does_not_vote():
    truth = np.ascontiguousarray(furry_ball()[:, :128])
    rgb, mask = composite(truth), guess(truth)
    framed_rgb = np.full((SIZE, 190, 3), 128, np.uint8)
    framed_mask = np.full((SIZE, 190), 0.7, np.float32)
    inside = np.zeros((SIZE, 190), bool)
    framed_rgb[:, 30:158], framed_mask[:, 30:158], inside[:, 30:158] = rgb, mask, True
    alpha = refine_alpha(framed_rgb, framed_mask, cell_px=3.0, inside=inside).alpha
    assert np.array_equal(alpha[:, 30:158], refine_alpha(rgb, mask, cell_px=3.0).alpha)
    assert (alpha[~inside] == 0).all()


def test_a_mask_that_does_not_know_is_kept_and_says_so():
    truth = ball()
    mask = np.clip(0.6 * guess(truth), 0, 1)
    matte = refine_alpha(composite(truth), mask, cell_px=3.0)
    assert np.array_equal(matte.alpha, mask)
    assert matte.details["guard"] == "kept: the mask has no sure subject"


@pytest.mark.parametrize("shape", [(64, 64), (5, 40), (30, 300), (1, 1)])
@pytest.mark.parametrize("kind", ["empty", "full", "line", "point", "noise"])
def test_odd_masks_give_a_finite_alpha(shape, kind):
    rng = np.random.default_rng(3)
    mask = np.full(shape, float(kind == "full"), np.float32)
    if kind == "line":
        mask[shape[0] // 2] = 1
    elif kind == "point":
        mask[shape[0] // 2, shape[1] // 2] = 1
    elif kind == "noise":
        mask = rng.random(shape).astype(np.float32)
    rgb = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    alpha = refine_alpha(rgb, mask, cell_px=1.0).alpha
    assert alpha.shape == shape and alpha.dtype == np.float32
    assert ((alpha >= 0) & (alpha <= 1)).all()
    if kind in ("empty", "full"):
        assert np.array_equal(alpha, mask)


def test_large_picture_agrees_with_the_small_one(furry):
    truth = furry_ball()
    rgb = cv2.resize(composite(truth), None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC)
    mask = np.clip(cv2.resize(guess(truth), None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC), 0, 1)
    large = refine_alpha(rgb, mask, cell_px=15.0).alpha
    assert error(cv2.resize(large, (SIZE, SIZE), interpolation=cv2.INTER_AREA), furry.alpha) < 0.006


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="shapes differ"):
        refine_alpha(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.float32), cell_px=1.0)
    with pytest.raises(ValueError, match="cell_px"):
        refine_alpha(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float32), cell_px=0.0)
