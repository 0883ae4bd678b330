"""Metrics of the picture on the subject: sharpness, lightness, overexposure, enlargement."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from loraset.metrics import lightness, overexposed, sharpness, upscaled
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
        part = photo[: int(400 / factor), : int(400 / factor)]
        values.append(sharpness.measure(specimen(cv2.resize(part, (400, 400), interpolation=cv2.INTER_CUBIC))))
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


def test_noise_does_not_pass_for_sharpness(specimen):
    soft = blurred(4)(specimen().photo)
    noisy = np.clip(soft + np.random.default_rng(0).normal(0, 5, soft.shape), 0, 255).astype(np.uint8)
    assert sharpness.measure(specimen(noisy)) < 0.16


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
