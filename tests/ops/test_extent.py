import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from loraset.ops.extent import SIDES, find_subject


def canvas(width=200, height=150):
    return np.zeros((height, width), np.float32)


def test_box_is_in_pixels_of_the_picture_whatever_the_grid():
    mask = canvas()
    mask[30:90, 40:120] = 1
    assert find_subject(mask, (2000, 3000)).box == pytest.approx((400, 600, 1200, 1800))
    assert find_subject(mask, (200, 150)).share == pytest.approx(60 * 80 / (200 * 150))


def test_no_pixel_more_subject_than_not_is_no_subject():
    assert find_subject(canvas(), (200, 150)) is None
    assert find_subject(np.full((150, 200), 0.49, np.float32), (200, 150)) is None


def test_far_specks_are_ignored_but_small_near_parts_and_large_far_parts_count():
    mask = canvas()
    mask[40:100, 40:100] = 1
    speck = mask.copy()
    speck[140:143, 190:193] = 1
    assert find_subject(speck, (200, 150)).box == (40, 40, 100, 100)
    bead = mask.copy()  # on a string: it starts near the subject
    bead[60:63, 103:125] = 1
    assert find_subject(bead, (200, 150)).box == (40, 40, 125, 100)
    second = mask.copy()
    second[40:100, 170:180] = 1
    assert find_subject(second, (200, 150)).box == (40, 40, 180, 100)


def test_faint_haze_does_not_widen_the_box_but_hair_near_the_subject_does():
    mask = canvas()
    mask[40:100, 40:100] = 1
    haze = np.maximum(mask, 0.3)
    x0, y0, x1, y1 = find_subject(haze, (200, 150)).box
    assert min(x0, y0) >= 32 and max(x1, y1) <= 108
    hair = mask.copy()
    hair[36:40, 60:80] = 0.2
    assert find_subject(hair, (200, 150)).box == (40, 36, 100, 100)


def test_cut_sides_and_their_length():
    mask = canvas()
    mask[90:, 60:120] = 1
    extent = find_subject(mask, (400, 300))
    assert extent.cut_sides == ("bottom",)
    assert extent.contact == (0, 0, 0, 120)
    assert extent.cut_share == pytest.approx(60 / (2 * 60 + 2 * 60))


def test_a_graze_of_the_edge_is_no_cut_and_a_faded_border_still_is():
    tip = canvas(400, 300)
    tip[100:300, 100:300] = 1
    tip[50:100, 199:202] = 1
    tip[0:50, 200:202] = 1
    assert find_subject(tip, (400, 300)).cut_sides == ("bottom",)
    faded = canvas(400, 300)
    faded[100:299, 100:300] = 1
    assert find_subject(faded, (400, 300)).cut_sides == ("bottom",)


@pytest.mark.parametrize("scale", [1, 4])
@pytest.mark.parametrize(("beyond", "cut"), [(-3, False), (0, False), (4, True), (20, True), (100, True)])
def test_a_round_outline_that_touches_the_edge_is_cut_only_if_part_of_it_is_gone(scale, beyond, cut):
    mask = canvas(300 * scale, 220 * scale)
    cv2.circle(mask, (150 * scale, (120 + beyond) * scale), 100 * scale, 1.0, -1)
    assert find_subject(mask, (900, 660)).cut_sides == (("bottom",) if cut else ())


def test_two_parts_that_meet_near_the_edge_are_cut_together():
    mask = canvas(300, 220)
    mask[40:180, 3:150] = 1
    mask[50:90, :3] = 1
    mask[130:160, :3] = 1
    extent = find_subject(mask, (300, 220))
    assert extent.cut_sides == ("left",) and extent.contact[0] == 70


def test_a_tail_that_is_cut_beside_a_body_that_is_not():
    mask = canvas(300, 220)
    mask[20:215, 20:200] = 1
    mask[150:220, 220:240] = 1
    mask[150:160, 200:240] = 1
    extent = find_subject(mask, (300, 220))
    assert extent.cut_sides == ("bottom",) and extent.contact[3] == 20


def test_the_share_of_a_cut_does_not_depend_on_the_grid():
    small, large = canvas(80, 60), canvas(640, 480)
    cv2.circle(small, (40, 59), 25, 1.0, -1)
    cv2.circle(large, (323, 476), 203, 1.0, -1)
    shares = [find_subject(mask, (1280, 960)).cut_share for mask in (small, large)]
    assert shares[0] == pytest.approx(2 / (2 + np.pi), abs=0.05)
    assert shares[0] == pytest.approx(shares[1], abs=0.03)


def test_mirrored_mask_has_mirrored_extent():
    mask = canvas()
    cv2.ellipse(mask, (30, 100), (50, 35), 20, 0, 360, 1.0, -1)
    mask[90:95, 80:140] = 0.3
    plain, mirrored = find_subject(mask, (200, 150)), find_subject(mask[:, ::-1].copy(), (200, 150))
    assert mirrored.box == (200 - plain.box[2], plain.box[1], 200 - plain.box[0], plain.box[3])
    assert mirrored.contact == (plain.contact[2], plain.contact[1], plain.contact[0], plain.contact[3])


@pytest.mark.skipif("LORASET_DATA" not in os.environ, reason="LORASET_DATA names no folder of outside pictures")
def test_real_outlines_are_cut_when_a_twentieth_is_gone_and_not_when_all_is_there():
    found = {0.0: [], 0.05: []}
    for file in sorted(Path(os.environ["LORASET_DATA"], "masks", "gt").glob("*.png")):
        mask = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        rows, columns = np.flatnonzero((mask > 127).any(axis=1)), np.flatnonzero((mask > 127).any(axis=0))
        ends = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
        for gone, answers in found.items():
            lost = round(gone * max(ends[2] - ends[0], ends[3] - ends[1]))
            for side, name in enumerate(SIDES):
                box = [0, 0, mask.shape[1], mask.shape[0]]
                box[side] = ends[side] + (lost if side < 2 else -lost)
                part = mask[box[1] : box[3], box[0] : box[2]].astype(np.float32) / 255
                seen = cv2.resize(part, (320, 320), interpolation=cv2.INTER_AREA)
                answers.append(name in find_subject(seen, part.shape[::-1]).cut_sides)
    assert np.mean(found[0.0]) <= 0.05
    assert np.mean(found[0.05]) >= 0.95
