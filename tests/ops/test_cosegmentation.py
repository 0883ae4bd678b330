from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from loraset.color import to_lab
from loraset.ops.cosegmentation import learn, look, outline
from loraset.ops.features import halved, pixel_features
from loraset.ops.forest import Lesson, grow
from loraset.ops.graphcut import colour_evidence, cut
from loraset.ops.mixture import fit_mixture
from loraset.ops.outline import doubtful_cuts, overlap, refined_cut, sharpened
from loraset.ops.superpixels import region_means, superpixels, touching


def in_turn(function, items):
    return [function(item) for item in items]


def square(shape=(40, 60), top=10, left=20, side=18):
    mask = np.zeros(shape, bool)
    mask[top : top + side, left : left + side] = True
    return mask


def test_cut_follows_the_evidence_where_it_is_strong():
    lab = np.zeros((40, 60, 3), np.float32)
    truth = square()
    np.testing.assert_array_equal(cut(lab, np.where(truth, 8, -8).astype(np.float32), 4), truth)


def test_cut_drops_a_weak_speck_and_keeps_a_strong_one():
    lab = np.random.default_rng(0).normal(50, 10, (40, 60, 3)).astype(np.float32)
    evidence = np.full((40, 60), -3, np.float32)
    evidence[20, 30] = 3  # one pixel against eight neighbours
    assert not cut(lab, evidence, smoothness=8).any()
    assert cut(lab, evidence, smoothness=0.1)[20, 30]


def test_cut_moves_to_the_edge_in_the_picture():
    truth = square()
    lab = np.zeros((40, 60, 3), np.float32)
    lab[truth] = 60, 40, 20
    blurred = cv2.GaussianBlur(np.where(truth, 2.0, -2.0).astype(np.float32), (0, 0), 6)  # right only in the large
    assert overlap(blurred > 0, truth) < 0.9
    assert overlap(cut(lab, blurred, 4), truth) == 1.0


def test_an_outline_has_no_specks_and_no_pinholes_but_keeps_a_true_hole():
    lab = np.random.default_rng(0).normal(50, 10, (80, 80, 3)).astype(np.float32)
    evidence = np.full((80, 80), -4, np.float32)
    evidence[15:65, 15:65] = 4
    evidence[30:50, 30:50] = -4  # seen through an arm
    evidence[20:23, 20:23] = -4  # a glint
    evidence[2:7, 2:7] = 4  # a fleck elsewhere
    found = refined_cut(lab, (evidence > 0).astype(np.float32), evidence)
    assert found[21, 21]
    assert not found[4, 4]
    assert not found[40, 40]


def test_a_refined_outline_keeps_to_its_place():
    lab = np.random.default_rng(0).normal(50, 2, (80, 160, 3)).astype(np.float32)
    lab[:, :, 1] = 0
    subject, wall = square((80, 160), 25, 20, 30), np.zeros((80, 160), bool)
    wall[20:60, 95:160] = True
    lab[subject | wall, 1] = 40  # a wall of the subject's colour, in which the evidence trusts a little
    evidence = np.where(subject, 3, np.where(wall, 0.6, -3)).astype(np.float32)
    found = refined_cut(lab, subject.astype(np.float32), evidence)
    assert overlap(found, subject) > 0.95
    assert overlap(cut(lab, evidence + 1, 4), subject | wall) > 0.9


def test_an_outline_is_sharpened_to_the_pixel_of_the_larger_picture():
    rng = np.random.default_rng(0)
    truth = square((81 * 2, 200), 41, 51, 63)  # odd places: between two pixels of the smaller picture
    fine = (rng.normal(0, 1, (*truth.shape, 3)) + truth[..., None] * (40, 30, 20)).astype(np.float32)
    lab = halved(fine)
    start = halved(truth.astype(np.float32))
    evidence = (6 * start - 3).astype(np.float32)
    mask = refined_cut(lab, start, evidence)
    assert mask.shape == (81, 100)
    np.testing.assert_array_equal(sharpened(fine, lab, start, evidence, mask), truth)


def test_less_and_more_evidence_differ_where_it_is_weak():
    lab = np.zeros((60, 120, 3), np.float32)
    sure, unsure = square((60, 120), 20, 30, 24), np.zeros((60, 120), bool)
    unsure[20:44, 54:66] = True
    lab[sure | unsure] = 60, 40, 20
    evidence = np.where(sure, 5, np.where(unsure, 0.5, -5)).astype(np.float32)
    start = sure.astype(np.float32)
    less, more = doubtful_cuts(lab, start, evidence, sure)
    assert overlap(less, sure) > 0.95
    assert overlap(more, sure | unsure) > 0.95
    certain = doubtful_cuts(lab, start, np.where(sure, 5, -5).astype(np.float32), sure)
    assert overlap(*certain) > 0.98


def test_a_clear_picture_is_stable_and_a_vague_one_is_not():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:120, :160]
    far = np.hypot(x - 80, y - 60)
    sharp = np.where((far < 30)[..., None], (220, 40, 30), (60, 90, 120)) + rng.normal(0, 4, (120, 160, 3))
    vague = (60, 90, 120) + np.exp(-np.square(far / 45))[..., None] * (60, 0, 0) + rng.normal(0, 4, (120, 160, 3))
    clear, unclear = (outline(look(np.clip(rgb, 0, 255).astype(np.uint8)), None) for rgb in (sharp, vague))
    assert clear.stability > 0.9
    assert unclear.stability < 0.7
    unsure = (unclear.probability > 0.1) & (unclear.probability < 0.9)
    assert unsure.mean() > ((clear.probability > 0.1) & (clear.probability < 0.9)).mean() + 0.05


def test_features_know_colour_and_texture_but_no_place():
    rng = np.random.default_rng(0)
    lab = np.full((120, 160, 3), 50, np.float32)
    lab[:, 80:, 0] += np.where(np.arange(80) % 4 < 2, 8, -8)  # upright stripes of +-8 on the right
    found = pixel_features(lab)
    assert found.shape == (60, 80, 20)
    np.testing.assert_allclose(found[10, 20], found[50, 5], atol=1e-3)
    smooth, striped = found[30, 15], found[30, 65]
    np.testing.assert_allclose(smooth[:12], 50, atol=1e-3)
    np.testing.assert_allclose(striped[9:12], 50, atol=0.1)
    np.testing.assert_allclose([smooth[13], striped[13]], [0, 8], atol=0.3)  # deviation of L
    assert striped[18] > 0.95  # gradients that all point one way
    noise = pixel_features(np.dstack([rng.normal(50, 8, (120, 160))] * 3).astype(np.float32))
    assert np.median(noise[..., 18]) < 0.5


@pytest.mark.parametrize("sign", [1, -1])
def test_cut_without_contest_is_the_evidence(sign):
    evidence = np.full((10, 12), 2.0 * sign, np.float32)
    assert np.all(cut(np.zeros((10, 12, 3), np.float32), evidence, 4) == (sign > 0))


def test_colour_evidence_is_signed_by_colour_not_by_place():
    lab = np.zeros((40, 60, 3), np.float32)
    truth = square()
    lab[truth] = 60, 40, 20
    lab[0:4, 0:4] = 60, 40, 20  # the subject's colour elsewhere
    evidence = colour_evidence(lab, truth, lab)
    assert evidence[15, 25] > 2
    assert evidence[35, 5] < -2
    assert evidence[2, 2] == evidence[15, 25]
    elsewhere = colour_evidence(lab, truth, lab[:4, :4])
    np.testing.assert_array_equal(elsewhere, evidence[:4, :4])
    assert not colour_evidence(lab, np.zeros((40, 60), bool), lab).any()


def test_mixture_finds_two_clouds():
    rng = np.random.default_rng(0)
    samples = np.concatenate([rng.normal(0, 1, (300, 3)), rng.normal(20, 2, (100, 3))]).astype(np.float32)
    mixture = fit_mixture(samples, 2, spread=0.0)
    order = np.argsort(mixture.means[:, 0])
    np.testing.assert_allclose(mixture.weights[order], [0.75, 0.25])
    np.testing.assert_allclose(mixture.means[order], [[0] * 3, [20] * 3], atol=0.6)
    np.testing.assert_allclose(mixture.covariances[order][1].diagonal(), 4, rtol=0.5)
    assert mixture.squared_distances(mixture.means[order][:1].astype(np.float32))[order[0], 0] < 1e-6


def test_superpixels_keep_to_colour():
    truth = square((60, 80), 15, 20, 30)
    lab = np.where(truth[..., None], (70, 50, 0), (20, -30, 10)).astype(np.float32)
    labels = superpixels(lab, 48)
    share = region_means(truth.reshape(-1, 1).astype(np.float32), labels.ravel(), labels.max() + 1)
    assert 40 <= labels.max() + 1 <= 60
    assert set(np.unique(labels)) == set(range(labels.max() + 1))
    assert np.mean((share > 0.01) & (share < 0.99)) < 0.05
    a, b = touching(np.array([[0, 0, 1], [2, 2, 1]], np.int32))
    assert list(zip(a, b, strict=True)) == [(0, 1), (0, 2), (1, 2)]


def test_forest_learns_and_a_left_out_picture_does_not_vote_on_itself():
    rng = np.random.default_rng(1)

    def lesson(flipped):
        subject = rng.random(400) < 0.5
        shift = np.where(subject ^ flipped, 3.0, -3.0)
        return Lesson((rng.normal(0, 1, (400, 2)) + shift[:, None]).astype(np.float32), subject)

    lessons = [lesson(False), lesson(False), lesson(True)]  # the last one is wrong throughout
    forests = grow(lessons, trees=6, leaf=20, seed=0, run=in_turn)
    like_subject = np.full((1, 2), 3.0, np.float32)
    assert forests.log_odds(like_subject, 2, left_out=1.0)[0] > 2
    assert forests.log_odds(like_subject, 2, left_out=0.0)[0] < forests.log_odds(like_subject, 2, left_out=1.0)[0]
    assert forests.log_odds(like_subject, None, left_out=0.5).shape == (1,)


def texture(rng, size, coarse, low, high):
    """Smooth random colours between two colours."""
    noise = rng.random((size[0] // coarse + 2, size[1] // coarse + 2, 1)).astype(np.float32)
    large = cv2.resize(noise, size[::-1], interpolation=cv2.INTER_CUBIC)[..., None]
    return np.asarray(low) + np.clip(large, 0, 1) * (np.asarray(high) - np.asarray(low))


GROUNDS = [
    ((60, 110, 40), (110, 160, 70)),
    ((90, 90, 95), (150, 150, 150)),
    ((40, 60, 110), (90, 120, 170)),
    ((150, 170, 200), (190, 205, 225)),
    ((120, 80, 50), (150, 105, 70)),
    ((150, 60, 45), (200, 95, 70)),
]


def toy_photo(seed, size=(112, 150)):
    """A doll of recurring look (orange body with a dark belt, white head) on its own ground: uint8 RGB and truth."""
    rng = np.random.default_rng(seed)
    ground = texture(rng, size, 3 + seed % 4 * 3, *GROUNDS[seed % len(GROUNDS)])
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    scale = rng.uniform(18, 25)
    cx, cy = size[1] / 2 + rng.uniform(-18, 18), size[0] / 2 + rng.uniform(0, 13)
    body = np.hypot((x - cx) / 1.0, (y - cy) / 1.25) < scale
    head = np.hypot(x - cx, y - (cy - 1.45 * scale)) < 0.62 * scale
    belt = body & (np.abs(y - cy) < 0.14 * scale)
    light = rng.uniform(0.8, 1.1)
    rgb = np.where(body[..., None], texture(rng, size, 4, (215, 110, 20), (245, 150, 50)) * light, ground)
    rgb = np.where(belt[..., None], np.array((50, 30, 60)) * light, rgb)
    rgb = np.where(head[..., None], np.array((238, 232, 222)) * light, rgb)
    rgb = cv2.GaussianBlur(rgb.astype(np.float32), (0, 0), 0.6) + rng.normal(0, 3, rgb.shape)
    return np.clip(rgb, 0, 255).astype(np.uint8), body | head


@pytest.fixture(scope="module")
def toys():
    return [toy_photo(seed) for seed in range(6)]


def score(found, truth):
    size = found.probability.shape
    small = cv2.resize(truth.astype(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST) > 0
    return overlap(found.probability > 0.5, small)


def test_the_set_finds_its_subject(toys):
    looks = [look(rgb) for rgb, _ in toys]
    knowledge = learn(looks, 0, in_turn)
    found = [outline(seen, knowledge, place) for place, seen in enumerate(looks)]
    scores = [score(one, truth) for one, (_, truth) in zip(found, toys, strict=True)]
    hardest, *others = sorted(scores)
    assert hardest > 0.7  # a white head before a pale sky
    assert min(others) > 0.93
    assert np.mean(others) > 0.95
    unseen, truth = toy_photo(7)
    assert score(outline(look(unseen), knowledge), truth) > 0.85


def test_threads_change_no_byte(toys):
    looks = [look(rgb) for rgb, _ in toys[:3]]
    with ThreadPoolExecutor(4) as pool:
        together = learn(looks, 0, lambda function, items: list(pool.map(function, items)))
    alone = learn(looks, 0, in_turn)
    for place, seen in enumerate(looks):
        one, other = outline(seen, alone, place), outline(seen, together, place)
        assert one.probability.tobytes() == other.probability.tobytes()
        assert one.stability == other.stability


def test_pictures_with_nothing_in_them_teach_nothing():
    blank = np.full((90, 120, 3), 128, np.uint8)
    looks = [look(blank), look(blank)]
    assert learn(looks, 0, in_turn) is None
    found = outline(looks[0], None)
    assert found.probability.shape == (90, 120)
    assert found.stability == 0.0


def test_a_look_keeps_to_the_working_size():
    seen = look(np.zeros((400, 1000, 3), np.uint8))
    assert seen.fine.shape == (128, 320, 3)
    assert seen.lab.shape == (64, 160, 3)
    assert seen.regions.shape[1] == seen.pixels.shape[2]
    np.testing.assert_allclose(look(toy_photo(0)[0]).fine, to_lab(toy_photo(0)[0]))


def test_maps_of_any_size_join_the_features_of_pixels_and_regions():
    rgb, _ = toy_photo(0)
    plain = look(rgb)
    maps = np.zeros((7, 9, 3), np.float32)
    maps[:, 5:, 1] = 10
    seen = look(rgb, maps)
    assert seen.pixels.shape == (*plain.pixels.shape[:2], plain.pixels.shape[2] + 3)
    np.testing.assert_array_equal(seen.pixels[..., :-3], plain.pixels)
    np.testing.assert_allclose(seen.pixels[:, :30, -2], 0)
    np.testing.assert_allclose(seen.pixels[:, 50:, -2], 10)
    assert seen.regions.shape[1] == seen.pixels.shape[2]


def pair_of_discs(seed, size=(96, 128)):
    """A red disc in the middle, and a blue one beside it: uint8 RGB and the truth of each."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: size[0], : size[1]]
    red = np.hypot(x - 50 - rng.uniform(-6, 6), y - 48 - rng.uniform(-6, 6)) < 20
    blue = np.hypot(x - 98 - rng.uniform(-4, 4), y - 50 - rng.uniform(-8, 8)) < 20
    rgb = np.full((*size, 3), GROUNDS[seed % 2][0]) + rng.normal(0, 5, (*size, 3))
    rgb[red] += (120, -40, -20)
    rgb[blue] += (-20, 0, 110)
    return np.clip(rgb, 0, 255).astype(np.uint8), red, blue


def test_what_a_person_says_of_one_picture_mends_the_others():
    pairs = [pair_of_discs(seed) for seed in range(4)]
    looks = [look(rgb) for rgb, _, _ in pairs]
    said = halved(pairs[0][2].astype(np.float32)).round()
    alone, taught = learn(looks, 0, in_turn), learn(looks, 0, in_turn, {0: said})
    still = 0
    for place, (_, red, blue) in enumerate(pairs):
        before, after = (outline(looks[place], knowledge, place).probability for knowledge in (alone, taught))
        assert before[red].mean() > 0.9
        assert after[blue].mean() > 0.9
        still += after[red].mean() > 0.1
    assert still <= 1  # of four
