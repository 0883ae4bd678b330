import cv2
import numpy as np
import pytest

from loraset.ops.subject_copies import SIDE, difference, find_copies, small_cutout


def figure(seed=0, arm_deg=30, hue=0, eye=0, side=260):
    """A straight RGBA figure with an arm, eyes and a patch of its own; float32 in [0, 1]."""
    random = np.random.default_rng(seed)
    main, other = random.uniform(0.2, 0.9, (2, 3)).tolist()
    main = main[hue:] + main[:hue]
    rgba = np.zeros((side, side, 4), np.float32)
    turn = np.radians(arm_deg)
    hand = (int(150 + 85 * np.cos(turn)), int(120 - 85 * np.sin(turn)))
    cv2.line(rgba, (150, 120), hand, (*main, 1.0), 24, cv2.LINE_AA)
    cv2.ellipse(rgba, (120, 160), (50, 70), 0, 0, 360, (*main, 1.0), -1, cv2.LINE_AA)
    cv2.circle(rgba, (120, 70), 45, (*main, 1.0), -1, cv2.LINE_AA)
    cv2.ellipse(rgba, (120, 170), (26, 36), 0, 0, 360, (*other, 1.0), -1, cv2.LINE_AA)
    for x in (103, 137):
        cv2.circle(rgba, (x + eye, 62), 11, (0.05, 0.05, 0.05, 1.0), -1, cv2.LINE_AA)
    rgba[..., :3] = np.where(rgba[..., 3:] > 0, rgba[..., :3] / np.maximum(rgba[..., 3:], 1e-3), 0)
    return rgba


def small(rgba):
    return small_cutout(np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3]))


def retaken(rgba, scale=0.7, turn_deg=3.0, quality=80, rim_px=0, seed=1):
    """The same figure, scaled, turned, re-encoded before another backdrop, its mask wider or tighter by some px."""
    height, width = rgba.shape[:2]
    warp = cv2.getRotationMatrix2D((width / 2, height / 2), turn_deg, scale)
    premultiplied = np.dstack([rgba[..., :3] * rgba[..., 3:], rgba[..., 3]])
    moved = cv2.warpAffine(premultiplied, warp, (width, height), flags=cv2.INTER_AREA)
    backdrop = np.random.default_rng(seed).uniform(0, 1, 3).astype(np.float32)
    photo = moved[..., :3] + (1 - moved[..., 3:]) * backdrop
    coded = cv2.imencode(".jpg", (photo * 255 + 0.5).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    photo = cv2.imdecode(coded, cv2.IMREAD_COLOR).astype(np.float32) / 255
    alpha = moved[..., 3]
    if rim_px:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(rim_px) + 1,) * 2)
        alpha = cv2.dilate(alpha, disc) if rim_px > 0 else cv2.erode(alpha, disc)
    return np.dstack([photo, alpha])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rim_px", [-1, 0, 1])
def test_the_same_figure_before_another_backdrop_is_a_copy(seed, rim_px):
    one, other = small(figure(seed)), small(retaken(figure(seed), rim_px=rim_px, seed=seed + 10))
    assert difference(one, other).is_copy
    assert difference(other, one).is_copy


@pytest.mark.parametrize(
    "change", [{"arm_deg": 60}, {"arm_deg": -10}, {"hue": 1}, {"eye": 12}], ids=["up", "down", "colour", "look"]
)
@pytest.mark.parametrize("seed", range(3))
def test_a_moved_arm_another_colour_and_another_look_are_no_copies(seed, change):
    left = difference(small(figure(seed)), small(retaken(figure(seed, **change))))
    assert left is None or not left.is_copy


def test_a_lighter_toy_is_another_toy():
    lighter = figure(1)
    lighter[..., :3] = np.clip(lighter[..., :3] * 1.3, 0, 1)
    left = difference(small(figure(1)), small(lighter))
    assert left is None or not left.is_copy


def test_nothing_is_left_between_a_cut_out_and_itself():
    left = difference(small(figure()), small(figure()))
    assert (left.missing, left.worst) == (0.0, pytest.approx(0, abs=0.5))


def test_every_copy_is_found_the_first_stays_and_mirrored_ones_only_when_asked():
    figures = [figure(0), figure(1), retaken(figure(0)), retaken(figure(1))[:, ::-1], figure(0, arm_deg=70)]
    smalls = [small(rgba) for rgba in figures]
    of = [copy and (copy.of, copy.mirrored) for copy in find_copies(smalls, mirrored=True)]
    assert of == [None, None, (0, False), (1, True), None]
    assert [copy and copy.of for copy in find_copies(smalls, mirrored=False)] == [None, None, 0, None, None]


def test_copies_do_not_chain():
    arms = [small(figure(0, arm_deg=30 + 2 * step)) for step in range(12)]
    found = find_copies(arms, mirrored=False)
    assert found[1].of == 0 and (found[-1] is None or found[-1].of != 0)
    for copy in found:
        assert copy is None or found[copy.of] is None


def test_a_small_cut_out_is_centred_and_has_no_background():
    rgba = figure()
    rgba[rgba[..., 3] == 0, :3] = (0, 1, 0)
    out = small(rgba)
    assert out.shape == (SIDE, SIDE, 4) and out.dtype == np.uint8
    rows, columns = np.nonzero(out[..., 3] > 127)
    assert rows.min() + rows.max() == pytest.approx(SIDE - 1, abs=2)
    assert columns.min() + columns.max() == pytest.approx(SIDE - 1, abs=2)
    assert not out[out[..., 3] == 0].any()
    assert small_cutout(np.zeros((9, 9, 3), np.float32), np.zeros((9, 9), np.float32)) is None
