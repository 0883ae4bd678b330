"""Metrics of the cut: halo, softness, crumbs, doubt."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from loraset.metrics import (
    edge_softness,
    edge_support,
    expected_overlap,
    from_afar,
    halo,
    holes_islands,
    mask_uncertainty,
    scatter,
    separation,
    spill,
)
from loraset.ops.doubt import perimeter_px

SUBJECT, BACKGROUND = np.float32([0.8, 0.4, 0.2]), np.float32([0.1, 0.5, 0.3])


def planted(specimen, alpha, share, background=BACKGROUND, noise=0.0):
    """A cut-out whose edge keeps `share` of the background's colour: composed, then its edge colour mixed."""
    random = np.random.default_rng(3)
    subject = SUBJECT + random.normal(0, noise, (*alpha.shape, 3)).astype(np.float32)
    photo = subject * alpha[..., None] + background * (1 - alpha[..., None])
    edge = (alpha > 0.02) & (alpha < 0.98) if share is not None else np.zeros(alpha.shape, bool)
    rgb = subject.copy()
    rgb[edge] = (1 - share) * rgb[edge] + share * background
    return specimen((np.clip(photo, 0, 1) * 255).astype(np.uint8), alpha, rgb.clip(0, 1).astype(np.float32))


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_halo_follows_the_planted_share(specimen, painted, noise):
    alpha, shares = painted["disc"](ramp_px=16), np.array([0.0, 0.2, 0.4, 0.6, 0.8])
    values = [halo.measure(planted(specimen, alpha, share, noise=noise)) for share in shares]
    assert values == pytest.approx(shares * np.linalg.norm(SUBJECT - BACKGROUND) / halo.USUAL, rel=0.25, abs=0.02)
    assert values == sorted(values)


def test_a_halo_is_worse_the_more_the_old_background_stands_out(specimen, painted):
    alpha = painted["disc"](ramp_px=16)
    grounds = [SUBJECT + share * (BACKGROUND - SUBJECT) for share in (0.1, 0.3, 0.6, 1.0)]
    values = [halo.measure(planted(specimen, alpha, 0.5, ground)) for ground in grounds]
    assert values == sorted(values)
    assert values[0] < 0.1 and values[-1] > 0.4


def test_a_hard_mask_that_takes_background_along_has_a_halo(specimen, painted):
    photo = planted(specimen, painted["disc"](radius=120, ramp_px=1), 0.0).photo
    tight, wide = (painted["disc"](radius=radius, ramp_px=1) for radius in (119, 124))
    assert halo.measure(specimen(photo, tight)) < 0.1
    assert halo.measure(specimen(photo, wide)) > 0.6


def test_a_halo_of_the_subjects_own_colour_is_none(specimen, painted):
    assert halo.measure(planted(specimen, painted["disc"](ramp_px=16), 1.0, background=SUBJECT)) < 0.05


def test_a_dark_outline_on_a_mixed_background_is_no_halo(specimen, painted):
    alpha = painted["disc"](ramp_px=1)
    photo = np.full((400, 400, 3), 230, np.uint8)
    photo[:, 200:] = 20  # the outline is like this half and unlike the other
    photo[alpha > 0.5] = (200, 150, 90)
    photo[(alpha > 0.5) & (painted["disc"](radius=127, ramp_px=1) < 0.5)] = 20
    assert halo.measure(specimen(photo, alpha)) < 0.35


def lit(specimen, alpha, strength, wall, subject=0.5):
    """A gray disc before a wall whose light lies on its rim."""
    depth = cv2.distanceTransform((alpha >= 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    light = strength * np.exp(-depth / 6)[..., None] * wall
    rgb = np.broadcast_to(subject, (*alpha.shape, 3)) + light
    photo = rgb * alpha[..., None] + wall * (1 - alpha[..., None])
    return specimen((np.clip(photo, 0, 1) * 255).astype(np.uint8), alpha, np.clip(rgb, 0, 1).astype(np.float32))


def test_spill_grows_with_the_walls_light_and_is_nothing_without(specimen, painted):
    alpha, wall = painted["disc"](), np.float32([0.1, 0.7, 0.2])
    values = [spill.measure(lit(specimen, alpha, strength, wall)) for strength in (0, 0.1, 0.2, 0.4)]
    assert values[0] == 0.0 and values == sorted(values)
    assert values[3] == pytest.approx(4 * values[1], rel=0.1)
    rim = float(np.exp(-np.arange(2, 8) / 6).mean()) * 0.4 * np.linalg.norm(wall - wall @ spill.WEIGHTS)
    assert 0.4 * rim < values[3] < rim, "light that reaches deeper is not counted"


def test_a_gray_wall_and_shade_cast_no_colour(specimen, painted):
    alpha = painted["disc"]()
    assert spill.measure(lit(specimen, alpha, 0.4, np.float32([0.6, 0.6, 0.6]))) < 0.002
    assert spill.measure(lit(specimen, alpha, -0.4, np.float32([0.6, 0.6, 0.6]))) < 0.002


def test_one_part_of_the_walls_colour_is_no_spill(specimen, painted):
    alpha, wall = painted["disc"](), np.float32([0.1, 0.7, 0.2])
    plain = lit(specimen, alpha, 0.0, wall)
    rgb = plain.rgb.copy()
    rgb[280:] = 0.4 * wall + 0.3  # a green foot
    assert spill.measure(replace(plain, rgb=rgb)) < 0.002


def test_separation_is_the_distance_of_the_colours_at_the_outline(specimen, painted):
    alpha = painted["disc"](ramp_px=1)
    values = []
    for gray in (119, 130, 150, 255):  # L of 50, 54, 62, 100
        photo = np.full((400, 400, 3), 119, np.uint8)
        photo[alpha < 0.5] = gray
        photo[:60] = (250, 40, 40)  # far from the outline
        values.append(separation.measure(specimen(photo, alpha)))
    apart = np.array([0, 4.2, 11.8, 49.9])
    assert values == pytest.approx(apart / (apart + separation.HALF), abs=0.03)


@pytest.mark.parametrize("width", [3, 8, 20])
def test_edge_softness_is_the_ramps_width(specimen, painted, width):
    assert edge_softness.measure(specimen(alpha=painted["disc"](ramp_px=width))) == pytest.approx(width, rel=0.1)


def test_where_the_photo_ends_there_is_no_soft_edge_to_count(specimen):
    alpha = np.tile(np.clip((200.5 - np.arange(400)) / 10 + 0.5, 0, 1).astype(np.float32), (400, 1))
    assert edge_softness.measure(specimen(alpha=alpha)) == pytest.approx(10, rel=0.1)


def test_the_outline_of_a_disc_is_its_circumference(painted):
    assert perimeter_px(painted["disc"](radius=100) > 0.5) == pytest.approx(2 * np.pi * 100, rel=0.03)


def test_crumbs_are_small_islands_and_small_holes_only(specimen, painted):
    alpha = painted["disc"](radius=100, ramp_px=0.1)
    assert holes_islands.measure(specimen(alpha=alpha)) == 0.0
    alpha[195:205, 195:205] = 0  # a hole of 100 px
    alpha[10:20, 10:20] = 1  # an island of 100 px
    crumbs = holes_islands.measure(specimen(alpha=alpha))
    assert crumbs == pytest.approx(200 / (np.pi * 100**2), rel=0.02)
    alpha[150:190, 150:190] = 0  # the gap between arm and body: over 2 %
    alpha[340:390, 340:390] = 1  # a second large part
    assert holes_islands.measure(specimen(alpha=alpha)) == pytest.approx(200 / (alpha > 0.5).sum(), rel=0.02)


def soft(side, ramp_cells, middle=0.0):
    rows, columns = np.mgrid[0:side, 0:side] + 0.5
    ramp = np.clip((side / 3 - np.hypot(columns - side / 2, rows - side / 2)) / ramp_cells + 0.5, 0, 1)
    ramp[: side // 2] *= 1 - middle
    return ramp.astype(np.float32)


def test_uncertainty_grows_with_undecided_area(specimen):
    values = [mask_uncertainty.measure(specimen(mask=soft(320, 3, middle))) for middle in (0.0, 0.1, 0.25, 0.4)]
    assert values == sorted(values)
    assert values[0] < 0.01 and values[-1] > 0.3


def test_a_soft_edge_of_the_usual_width_is_no_doubt_but_a_wide_one_is(specimen):
    assert mask_uncertainty.measure(specimen(mask=soft(320, 3))) < 0.01
    assert mask_uncertainty.measure(specimen(mask=soft(320, 40))) > 0.1


def test_an_empty_mask_is_all_doubt_and_an_exact_one_none(specimen):
    empty = specimen(mask=np.zeros((320, 320), np.float32))
    assert mask_uncertainty.measure(empty) == 1.0
    assert mask_uncertainty.measure(replace(empty, exact=True)) is None


def test_blurring_the_cut_out_softens_its_edge(specimen, painted):
    alpha = painted["disc"](ramp_px=1)
    values = [
        edge_softness.measure(specimen(alpha=cv2.GaussianBlur(alpha, (0, 0), s) if s else alpha)) for s in (0, 1, 2, 4)
    ]
    assert values == sorted(values)


def test_scatter_is_the_share_outside_the_largest_piece(specimen, painted):
    two = np.maximum(painted["disc"](centre=(100, 100), radius=50), painted["disc"](centre=(300, 300), radius=50))
    assert scatter.measure(specimen(alpha=painted["disc"]())) == 0.0
    assert scatter.measure(specimen(alpha=two)) == pytest.approx(0.5, abs=0.01)


def test_a_cut_along_the_pictures_edges_is_supported_and_one_across_is_not(specimen, painted):
    right = painted["disc"](radius=100, ramp_px=1)
    photo = cv2.GaussianBlur(np.where(right[..., None] > 0.5, 200, 60).astype(np.uint8).repeat(3, axis=2), (0, 0), 1)
    lost = right.copy()
    lost[:, 220:] = 0
    values = [edge_support.measure(specimen(photo, alpha)) for alpha in (right, lost, np.roll(right, 150, 1))]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.95


def test_a_mask_that_changes_when_the_picture_is_mirrored_is_not_expected_to_be_right(specimen):
    sure = specimen(mask=soft(320, 3))
    assert expected_overlap.measure(sure) > 0.95
    assert expected_overlap.measure(replace(sure, stays=0.4)) == 0.4
    assert expected_overlap.measure(replace(sure, exact=True)) is None


def test_what_is_seen_from_afar_is_unknown_where_nobody_looked(specimen):
    assert from_afar.measure(specimen()) is None
    assert from_afar.measure(replace(specimen(), from_afar=0.7)) == 0.7
