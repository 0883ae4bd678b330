import cv2
import numpy as np

from loraset.color import to_lab
from loraset.ops.features import halved
from loraset.ops.outline import overlap, refined_cut, sharpened
from loraset.ops.standout import standing_out


def insect(limb_px, seed=0, size=(240, 320)):
    """A brown body with five limbs on blue-gray: uint8 RGB, the whole and the limbs alone, bool arrays of `size`."""
    rng = np.random.default_rng(seed)
    body, limbs = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    cv2.circle(body, (160, 120), 38, 255, -1)
    for turn in np.arange(5) * 2 * np.pi / 5 + 0.3:
        ends = [
            (160 + reach * np.cos(turn + bend), 120 + reach * np.sin(turn + bend))
            for reach, bend in ((36, 0), (85, 0.3))
        ]
        (x0, y0), (x1, y1) = ((round(16 * x), round(16 * y)) for x, y in ends)
        cv2.line(limbs, (x0, y0), (x1, y1), 255, limb_px, cv2.LINE_AA, 4)
    alpha = np.maximum(body, limbs)[..., None] / 255
    rgb = np.array([100, 120, 130]) * (1 - alpha) + np.array([170, 80, 50]) * alpha + rng.normal(0, 5, (*size, 3))
    return np.clip(rgb, 0, 255).astype(np.uint8), alpha[..., 0] > 0.5, (limbs > 127) & (body == 0)


def doubtful_evidence(whole, zero, seed=0):
    """Log odds that know the subject from its ground, with noise, but not where the line between them lies."""
    rng = np.random.default_rng(seed)
    evidence = np.where(halved(whole.astype(np.float32)) > 0.5, 1.5, -1.5) + rng.normal(
        0, 0.7, halved(whole * 1.0).shape
    )
    return np.float32(cv2.GaussianBlur(evidence, (0, 0), 1.0) + zero)


def test_the_right_one_is_found_where_the_zero_of_the_evidence_is_wrong():
    rgb, whole, _ = insect(12)
    lab, truth = halved(to_lab(rgb)), halved(whole.astype(np.float32)) > 0.5
    start = truth.astype(np.float32)
    for zero in (-1.8, -0.9, 0.0, 0.9, 1.8):
        mask, evidence = standing_out(lab, start, doubtful_evidence(whole, zero))
        assert overlap(mask, truth) > 0.9, zero
        np.testing.assert_array_equal(refined_cut(lab, start, evidence), mask)


def test_nothing_is_found_where_there_is_no_evidence():
    lab = np.full((40, 60, 3), 50, np.float32)
    mask, _ = standing_out(lab, np.zeros((40, 60), np.float32), np.full((40, 60), -6, np.float32))
    assert not mask.any()


def test_the_last_cut_keeps_limbs_that_are_three_px_wide():
    rgb, whole, limbs = insect(3)
    fine = to_lab(rgb)
    lab, start = halved(fine), halved(whole.astype(np.float32))
    evidence = np.float32(3 * start - 1.5)
    mask = refined_cut(lab, start, evidence)
    found = sharpened(fine, lab, start, evidence, mask)
    assert found[limbs].mean() > 0.9
    assert overlap(found, whole) > 0.95
