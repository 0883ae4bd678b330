import cv2
import numpy as np
import pytest

from loraset.ops.keying import soft_key
from loraset.ops.screen import find_screen, why_not_plain

GREEN = (40, 180, 60)
SIDE = 240


def disc(side=SIDE, radius=0.3, hole=0.0):
    """Alpha of an antialiased disc, float (side, side)."""
    big = np.zeros((side * 8, side * 8), np.uint8)
    cv2.circle(big, (side * 4, side * 4), round(side * 8 * radius), 255, -1)
    if hole:
        cv2.circle(big, (side * 4, side * 4), round(side * 8 * hole), 0, -1)
    return cv2.resize(big, (side, side), interpolation=cv2.INTER_AREA) / 255


def painted(alpha, background, color=(200, 60, 40), outline=(10, 10, 10)):
    """A drawing: a disc with a dark outline of 6 px, antialiased, mixed in sRGB."""
    inner = cv2.erode(alpha, np.ones((7, 7)))
    subject = inner[..., None] * np.array(color) + (1 - inner[..., None]) * np.array(outline)
    mixed = alpha[..., None] * subject + (1 - alpha[..., None]) * np.asarray(background)
    return (mixed + 0.5).clip(0, 255).astype(np.uint8)


def uneven(side=SIDE, color=GREEN, fall=0.4):
    """A screen whose light falls off by `fall` from one corner to the other."""
    y, x = np.mgrid[:side, :side] / (side - 1)
    return np.array(color) * (1 - fall * np.hypot(x, y) / np.sqrt(2))[..., None]


def key(rgb):
    return soft_key(rgb, find_screen(rgb))


@pytest.mark.parametrize("background", [GREEN, (20, 60, 200), (128, 128, 128), (230, 0, 230)], ids=str)
def test_a_drawing_on_a_flat_colour_is_cut_to_the_level(background):
    alpha = disc(hole=0.1)
    rgb = painted(alpha, background)
    assert why_not_plain(find_screen(rgb)) is None
    assert np.abs(key(rgb).alpha - alpha).mean() < 0.001


def test_a_fall_off_of_the_light_is_no_subject():
    alpha = disc()
    rgb = painted(alpha, uneven())
    screen = find_screen(rgb)
    assert why_not_plain(screen) is None
    assert np.abs(soft_key(rgb, screen).alpha - alpha).mean() < 0.002


def test_a_tenth_of_spill_does_not_make_the_subject_transparent():
    alpha = disc()
    subject = 0.9 * np.array((200, 190, 180)) + 0.1 * np.array(GREEN)
    rgb = (alpha[..., None] * subject + (1 - alpha[..., None]) * uneven() + 0.5).astype(np.uint8)
    found = key(rgb).alpha
    assert found[alpha == 1].min() == 1
    assert np.abs(found - alpha).mean() < 0.002


def test_a_soft_shadow_on_a_photographed_screen_is_screen():
    alpha = disc()
    shadow = cv2.GaussianBlur(np.roll(disc(radius=0.25), (30, 70), (0, 1)), (0, 0), 8)
    linear = (uneven() / 255) ** 2.2 * (1 - 0.5 * shadow[..., None])
    mixed = alpha[..., None] * (np.array((200, 150, 120)) / 255) ** 2.2 + (1 - alpha[..., None]) * linear
    noise = np.random.default_rng(0).normal(0, 2.5, (SIDE, SIDE, 3))
    rgb = (mixed ** (1 / 2.2) * 255 + noise).clip(0, 255).astype(np.uint8)
    found = key(rgb).alpha
    assert found[(shadow > 0.9) & (alpha == 0)].max() < 0.1
    assert np.abs(found - alpha).mean() < 0.004


def sweep(subject, white=(243, 242, 240)):
    """A photo before a white sweep, with a soft shadow."""
    alpha = disc()
    shadow = cv2.GaussianBlur(np.roll(alpha, (12, 8), (0, 1)), (0, 0), 8)
    ground = np.array(white) * (1 - 0.12 * shadow[..., None])
    noise = np.random.default_rng(0).normal(0, 1.2, (SIDE, SIDE, 3))
    mixed = alpha[..., None] * np.asarray(subject) + (1 - alpha[..., None]) * ground + noise
    return alpha, mixed.clip(0, 255).astype(np.uint8)


def test_a_photographed_white_sweep_is_keyed_without_its_shadow_but_is_not_one_to_trust():
    alpha, rgb = sweep((60, 90, 170))
    screen = find_screen(rgb)
    assert "a photo" in why_not_plain(screen)
    assert np.abs(soft_key(rgb, screen).alpha - alpha).mean() < 0.01


def test_a_pale_subject_on_a_white_sweep_is_not_taken_for_a_shadow():
    alpha, rgb = sweep((225, 224, 222))
    assert key(rgb).alpha[alpha == 1].mean() > 0.95


def test_a_black_outline_with_spill_is_no_shadow():
    """What is nearly black and a little green is darker than a shadow on the screen."""
    alpha = disc()
    subject = np.where(cv2.erode(alpha, np.ones((15, 15)))[..., None] > 0.5, (200, 190, 180), (12, 45, 18))
    noise = np.random.default_rng(0).normal(0, 2.5, (SIDE, SIDE, 3))
    mixed = alpha[..., None] * subject + (1 - alpha[..., None]) * uneven() + noise
    found = key(mixed.clip(0, 255).astype(np.uint8)).alpha
    assert np.abs(found - alpha).mean() < 0.004


def jpeg(rgb, quality=92):
    """What is left of a picture after JPEG."""
    _, content = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(content, cv2.IMREAD_COLOR)[..., ::-1].copy()


@pytest.mark.parametrize("background", [GREEN, (20, 60, 200)], ids=str)
def test_jpeg_of_a_drawing_is_still_mixed_as_a_drawing(background):
    """Its noise makes it look like a photo, but linear light would shift the whole edge."""
    alpha = disc()
    found = key(jpeg(painted(alpha, uneven(color=background), outline=(200, 60, 40)))).alpha
    assert np.abs(found - alpha).mean() < 0.006
    edge = (alpha > 0.1) & (alpha < 0.9)
    assert abs((found - alpha)[edge].mean()) < 0.05


def test_orange_fur_that_is_half_screen_is_not_solid():
    """Half orange, half green has no more green than red: only the colour deeper inside tells the mixture."""
    alpha = np.clip((disc(radius=0.34) + disc(radius=0.31) + disc(radius=0.28)) / 3, 0, 1)
    orange = (np.array((215, 135, 70)) / 255) ** 2.2
    mixed = alpha[..., None] * orange + (1 - alpha[..., None]) * (uneven() / 255) ** 2.2
    noise = np.random.default_rng(0).normal(0, 2.5, (SIDE, SIDE, 3))
    found = key((mixed ** (1 / 2.2) * 255 + noise).clip(0, 255).astype(np.uint8)).alpha
    for part in (1 / 3, 2 / 3):
        assert found[np.abs(alpha - part) < 0.01].mean() == pytest.approx(part, abs=0.12)


def test_a_lighter_green_in_the_subject_stays():
    alpha = disc()
    rgb = painted(alpha, uneven(), color=(130, 240, 110))
    assert key(rgb).alpha[alpha == 1].min() > 0.99


def test_the_screens_own_colour_in_the_subject_is_told():
    """A subject that fades into the screen's colour cannot be keyed, and the key says so."""
    alpha = disc(radius=0.4)
    fade = np.linspace(0, 1, SIDE)[None, :, None]
    subject = np.array((200, 60, 40)) * fade + uneven() * (1 - fade)
    rgb = (alpha[..., None] * subject + (1 - alpha[..., None]) * uneven()).astype(np.uint8)
    assert key(rgb).unsure > 0.1


def test_enclosed_white_is_subject_and_an_enclosed_hole_in_gray_is_not():
    alpha = disc(hole=0.1)
    white, gray = key(painted(alpha, (255, 255, 255))), key(painted(alpha, (128, 128, 128)))
    middle = SIDE // 2
    assert (white.alpha[middle, middle], gray.alpha[middle, middle]) == (1, 0)
    assert white.kept_enclosed
    assert not gray.kept_enclosed
    assert white.enclosed == pytest.approx(0.01 / 0.08, rel=0.2)


def test_pixel_art_is_cut_hard_pixel_by_pixel():
    truth = np.random.default_rng(1).random((12, 12)) < 0.5
    truth = np.pad(truth, 2)
    sprite = np.where(truth[..., None], np.random.default_rng(2).choice([0, 90, 200], (16, 16, 1)), GREEN)
    rgb = sprite.astype(np.uint8).repeat(4, 0).repeat(4, 1)
    assert np.array_equal(key(rgb).alpha, truth.repeat(4, 0).repeat(4, 1))


def test_large_pictures_are_keyed_like_small_ones():
    small, large = disc(side=300), disc(side=1500)
    rgb = painted(large, uneven(side=1500))
    found = key(rgb).alpha
    assert found.shape == (1500, 1500)
    assert np.abs(found - large).mean() < 0.001
    assert np.abs(cv2.resize(found, (300, 300), interpolation=cv2.INTER_AREA) - small).mean() < 0.001


def test_mirrored_picture_gives_the_mirrored_alpha():
    rgb = painted(np.roll(disc(), 17, 1), uneven())
    assert np.abs(key(rgb[:, ::-1].copy()).alpha[:, ::-1] - key(rgb).alpha).max() < 0.02


def test_ordinary_backgrounds_are_no_screen():
    rng = np.random.default_rng(0)
    grain = cv2.GaussianBlur(rng.random((SIDE, SIDE, 3)).astype(np.float32), (0, 0), 12)
    bokeh = np.clip((grain - grain.mean()) * 12 + 0.5, 0, 1) * 255
    grass = np.array((60, 130, 40)) + rng.normal(0, 30, (SIDE, SIDE, 1))
    paper = np.full((SIDE, SIDE, 3), 200.0) + np.linspace(0, 40, SIDE)[None, :, None]
    wall = np.array((225, 210, 80)) + rng.normal(0, 3, (SIDE, SIDE, 3))
    said = [why_not_plain(find_screen(painted(disc(), ground))) for ground in (bokeh, grass, paper, wall)]
    assert all(said)
    assert "not flat" in said[2]
    assert "warm colour" in said[3]


def test_a_named_colour_is_found_where_another_fills_more_of_the_border():
    rgb = painted(disc(), (30, 30, 160))
    rgb[:, : SIDE // 3] = GREEN
    assert find_screen(rgb).color[2] > 0.5
    named = tuple(value / 255 for value in GREEN)
    assert find_screen(rgb, named).color == pytest.approx(named, abs=0.01)
