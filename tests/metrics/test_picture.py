"""Metrics of the picture on the subject: blur, motion, noise, blocks, lightness, overexposure, size."""

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from loraset.metrics import (
    fine_detail,
    jpeg_blocks,
    lightness,
    motion_blur,
    noise,
    overexposed,
    sharpness,
    true_size,
    upscaled,
)
from loraset.types import Frame


def blurred(sigma):
    return lambda photo: cv2.GaussianBlur(photo, (0, 0), sigma) if sigma else photo


def test_sharpness_falls_with_each_step_of_blur(specimen):
    sharp = specimen()
    values = [sharpness.measure(replace(sharp, photo=blurred(s)(sharp.photo))) for s in (0, 0.7, 1, 1.5, 2, 3, 4, 6)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.55
    assert values[-2] < 0.15, "a blur of 4 px is under the recipe's limit"


def test_sharpness_falls_with_each_step_of_enlargement(specimen):
    photo = specimen().photo
    values = []
    for factor in (1, 1.5, 2, 3, 4):
        small = cv2.resize(photo, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
        values.append(sharpness.measure(specimen(cv2.resize(small, (400, 400), interpolation=cv2.INTER_CUBIC))))
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.6 * values[0]


def test_sharpness_is_the_blur_in_px_whatever_the_contrast(specimen, painted):
    for low, high in ((0, 255), (100, 150)):
        photo = cv2.GaussianBlur(painted["texture"](low=low, high=high), (0, 0), 3.0)
        value = sharpness.measure(specimen(photo))
        blur_px = sharpness.HALF_PX * np.sqrt(1 / value - 1)
        assert blur_px == pytest.approx(3.0, rel=0.2)


def test_a_sharp_background_and_a_sharp_cut_do_not_sharpen_a_blurred_subject(specimen, with_photo):
    sharp = specimen()
    assert sharpness.measure(with_photo(sharp, blurred(4))) < 0.2 < sharpness.measure(sharp)


def noisy(photo, deviation):
    return np.clip(photo + np.random.default_rng(0).normal(0, deviation, photo.shape), 0, 255).astype(np.uint8)


def furry(photo, count=9000, length=14, seed=0):
    """The photo under strands about 1 px wide, each a little lighter or darker than what it grows from."""
    random = np.random.default_rng(seed)
    large = cv2.resize(photo, None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST)
    ground = large.copy()
    for x, y in random.integers(0, large.shape[0], (count, 2)).tolist():
        lean, long = random.normal(0, 0.35), 3 * length * random.uniform(0.6, 1.1)
        color = np.clip(ground[y, x] * (1 + random.uniform(-0.35, 0.35)), 0, 255).tolist()
        cv2.line(large, (x, y), (int(x + long * np.sin(lean)), int(y + long * np.cos(lean))), color, 2, cv2.LINE_AA)
    return cv2.resize(large, photo.shape[1::-1], interpolation=cv2.INTER_AREA)


def test_noise_does_not_pass_for_sharpness(specimen):
    photo, blurs = discs(), (0, 1, 2, 3, 4)
    rows = [[sharpness.measure(specimen(noisy(blurred(b)(photo), n))) for n in (0, 5, 8)] for b in blurs]
    for sharper, softer in pairwise(rows):
        assert min(sharper) > max(softer), "whatever the noise, the less blurred is the sharper"


def test_fur_does_not_pass_for_sharpness(specimen):
    plain = np.full((400, 400, 3), 140, np.uint8)
    smooth, with_fur, only_fur = discs(), furry(discs()), furry(plain)
    sharp = sharpness.measure(specimen(smooth))
    for photo in (with_fur, only_fur):
        values = [sharpness.measure(specimen(blurred(b)(photo))) for b in (0, 1, 1.5, 2, 3, 4)]
        assert values == sorted(values, reverse=True)
        assert values[2] < sharp, "fur blurred by 1.5 px is less sharp than what is sharp and smooth"
        assert values[-1] < 0.2


def test_a_subject_without_inner_edges_has_no_sharpness(specimen):
    assert sharpness.measure(specimen(np.full((400, 400, 3), 90, np.uint8))) is None


def test_lightness_is_lab_l_of_the_subject_alone(specimen, painted):
    photo = np.full((400, 400, 3), 119, np.uint8)  # sRGB 119 is L 50
    photo[painted["disc"]() < 0.5] = 255
    assert lightness.measure(specimen(photo)) == pytest.approx(0.5, abs=0.005)


def test_lightness_falls_with_exposure_and_a_dark_copy_is_under_the_limit(specimen, with_photo):
    sharp = specimen()
    values = [lightness.measure(with_photo(sharp, lambda p, gain=gain: p * gain)) for gain in (1, 0.6, 0.3, 0.15)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.3 and values[-1] < 0.12


def test_overexposed_is_the_share_that_was_burnt(specimen, painted):
    photo = np.full((400, 400, 3), 200, np.uint8)
    photo[:, :200] = 255
    assert overexposed.measure(specimen(photo)) == pytest.approx(0.5, abs=0.01)
    photo[..., 2] = 40  # full red and green are a colour, not a burn
    assert overexposed.measure(specimen(photo)) == 0.0


def test_upscaled_is_the_enlargement(specimen):
    frame = Frame((0, 0, 100, 100), 4.0, (0, 0, 0, 0), (400, 400))
    assert upscaled.measure(specimen(frame=frame)) == 4.0
    assert upscaled.measure(specimen(frame=replace(frame, scale=0.3))) == 1.0


def discs(side=400, seed=0, count=300, radii=(12, 30)):
    """Sharp discs of plain colour, one over the other: edges in all directions."""
    random = np.random.default_rng(seed)
    photo = np.full((side, side, 3), 120, np.uint8)
    for _ in range(count):
        centre = tuple(random.integers(0, side, 2).tolist())
        color = random.integers(40, 220, 3).tolist()
        cv2.circle(photo, centre, int(random.integers(*radii)), color, -1, cv2.LINE_AA)
    return photo


def drawn_out(photo, length_px, slanted=False):
    kernel = np.eye(length_px, dtype=np.float32) if slanted else np.zeros((length_px, length_px), np.float32)
    kernel[length_px // 2] += 0 if slanted else 1
    return cv2.filter2D(photo, -1, kernel / kernel.sum())


@pytest.mark.parametrize("slanted", [False, True])
def test_motion_blur_grows_with_the_way_that_was_moved(specimen, slanted):
    photo = discs()
    lengths = (1, 5, 9, 13) if slanted else (1, 7, 13, 17)
    values = [motion_blur.measure(specimen(drawn_out(photo, length, slanted))) for length in lengths]
    assert values == sorted(values)
    way = lengths[2] * (np.sqrt(2) if slanted else 1)
    assert values[0] < 3 and values[2] == pytest.approx(way, rel=0.25)


@pytest.mark.parametrize("slanted", [False, True])
@pytest.mark.parametrize("length", [25, 41, 61, 81])
def test_a_long_way_is_not_lost_with_the_edges_that_it_flattens(specimen, painted, length, slanted):
    photo, alpha = discs(700, count=2500, radii=(6, 20)), painted["disc"](700, 260)
    steps = round(length / np.sqrt(2)) if slanted else length
    assert motion_blur.measure(specimen(drawn_out(photo, steps, slanted), alpha)) > 11
    smeared = (drawn_out(alpha, steps, slanted) > 0.5).astype(np.float32)
    assert motion_blur.measure(specimen(drawn_out(photo, steps, slanted), smeared)) > 11


@pytest.mark.parametrize("ground", [20, 140, 235])
@pytest.mark.parametrize("turned", [0.0, 0.35, np.pi / 4, np.pi / 2])
@pytest.mark.parametrize("period, dark", [(24, 2), (12, 6), (40, 20), (80, 40)])  # ruled paper; cloth; planks
def test_stripes_are_no_motion(specimen, painted, ground, turned, period, dark):
    rows, columns = np.mgrid[0:400, 0:400]
    striped = np.where((rows * np.cos(turned) + columns * np.sin(turned)) % period < dark, 70, 190)
    striped = striped + 20 * np.sin(columns / 60)  # unevenly lit
    photo = np.where(painted["disc"]() > 0.5, striped, ground).astype(np.float32)
    photo = noisy(cv2.GaussianBlur(photo, (0, 0), 0.7)[..., None].repeat(3, 2), 3)
    assert (motion_blur.measure(specimen(photo)) or 0) < 6


def test_blur_that_is_alike_in_all_directions_is_no_motion(specimen):
    assert motion_blur.measure(specimen(blurred(3)(specimen().photo))) < 4


@pytest.mark.parametrize("deviation", [2, 5, 10])
def test_noise_is_the_deviation_that_was_added(specimen, painted, deviation):
    photo = cv2.GaussianBlur(painted["texture"](), (0, 0), 4)
    of_luma = deviation * np.sqrt(0.299**2 + 0.587**2 + 0.114**2)
    assert noise.measure(specimen(noisy(photo, deviation))) == pytest.approx(of_luma / 255, rel=0.15)
    assert noise.measure(specimen(photo)) < 0.002


def test_fur_is_no_noise_and_noise_under_fur_is_found(specimen):
    photo = furry(discs())
    assert noise.measure(specimen(photo)) < 0.002
    assert noise.measure(specimen(noisy(photo, 10))) == pytest.approx(6.69 / 255, rel=0.3)


def coded(photo, quality):
    return cv2.imdecode(cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def test_jpeg_blocks_show_more_the_coarser_the_file(specimen, painted):
    photo = cv2.GaussianBlur(painted["texture"](), (0, 0), 3)
    values = [jpeg_blocks.measure(specimen(coded(photo, quality), format="JPEG")) for quality in (95, 50, 20, 5)]
    assert values == sorted(values)
    assert jpeg_blocks.measure(specimen(photo, format="JPEG")) < 0.1 and values[-1] > 0.4


def test_blocks_are_found_on_another_grid_and_not_looked_for_where_no_one_sees_them(specimen, painted):
    photo = coded(cv2.GaussianBlur(painted["texture"](), (0, 0), 3), 10)
    whole = jpeg_blocks.measure(specimen(photo, format="JPEG"))
    saved_again = coded(np.roll(photo, (-5, -3), (0, 1)), 95)
    assert jpeg_blocks.measure(specimen(saved_again, format="JPEG")) > 0.8 * whole
    smaller = Frame((0, 0, 400, 400), 0.75, (0, 0, 0, 0), (300, 300))
    shrunk = cv2.resize(saved_again, (300, 300), interpolation=cv2.INTER_AREA)
    alpha = painted["disc"](side=300, radius=100)
    assert jpeg_blocks.measure(specimen(shrunk, alpha, frame=smaller, format="JPEG")) > 0.3 * whole
    small = Frame((0, 0, 1200, 1200), 1 / 3, (0, 0, 0, 0), (400, 400))
    assert jpeg_blocks.measure(specimen(photo, frame=small, format="JPEG")) is None


def test_enlarged_pixel_art_has_no_blocks_of_jpeg(specimen):
    sprite = np.random.default_rng(0).integers(0, 255, (50, 50, 3)).astype(np.uint8)
    art = cv2.resize(sprite, (400, 400), interpolation=cv2.INTER_NEAREST)
    assert jpeg_blocks.measure(specimen(art, format="PNG")) is None


@pytest.mark.parametrize("shape", [(12, 300), (300, 12), (8, 8)])
def test_a_frame_that_holds_no_block_says_nothing_of_noise(specimen, shape):
    photo, alpha = np.full((*shape, 3), 90, np.uint8), np.ones(shape, np.float32)
    assert noise.measure(specimen(photo, alpha)) is None


def test_true_size_counts_px_of_the_photo_only(specimen, painted):
    alpha = painted["disc"](radius=100, ramp_px=1)
    assert true_size.measure(specimen(alpha=alpha)) == pytest.approx(0.5, abs=0.01)
    enlarged = Frame((0, 0, 200, 200), 2.0, (0, 0, 0, 0), (400, 400))
    assert true_size.measure(specimen(alpha=alpha, frame=enlarged)) == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("how", [cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4])
def test_what_was_enlarged_before_has_little_fine_detail_whatever_jpeg_and_noise(specimen, how):
    photo = discs()
    values = []
    for factor in (1, 1.5, 2, 3, 4):
        small = cv2.resize(photo, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
        large = cv2.resize(small, (400, 400), interpolation=how)
        values.append([fine_detail.measure(specimen(p)) for p in (large, coded(large, 75), noisy(large, 5))])
    clean = [of_factor[0] for of_factor in values]
    assert clean == sorted(clean, reverse=True)
    assert min(values[0]) > 0.5 > 0.4 > max(value or 0 for of_factor in values[2:] for value in of_factor)


def test_fine_detail_is_not_told_of_what_is_lost_in_noise(specimen):
    photo = discs()
    photo[:, :200] = 4  # noise is cut off at black, and taken for less than it is
    values = [fine_detail.measure(specimen(noisy(blurred(3)(photo), deviation))) for deviation in (0, 2, 4, 8, 12)]
    assert values[0] < 0.1 and values[2:] == [None] * 3 and (values[1] or 0) < 0.15


def test_a_step_from_pixel_to_pixel_has_all_the_detail_there_is(specimen, painted):
    assert fine_detail.measure(specimen(painted["texture"]())) == pytest.approx(1.0, abs=0.05)
    assert fine_detail.measure(specimen(np.full((400, 400, 3), 90, np.uint8))) is None


def test_the_shade_of_something_round_is_no_motion_where_its_outline_is_sharp(specimen, painted):
    alpha = painted["disc"](ramp_px=1)
    rows, columns = np.mgrid[0:400, 0:400]
    round_ = np.exp(-(((columns - 180) / 9.0) ** 2)) + 0.3 * (rows // 40 % 2)  # a soft highlight, sharp stripes
    photo = np.where(alpha > 0.5, 60 + 110 * round_, 235).astype(np.uint8)[..., None].repeat(3, 2)
    assert motion_blur.measure(specimen(photo, alpha)) < 6
    assert motion_blur.measure(specimen(drawn_out(photo, 21), alpha)) > 11
