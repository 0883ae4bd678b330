"""Copies and what only looks like one: hashes propose, the comparison decides."""

import cv2
import numpy as np
import pytest

from loraset.ops.hashes import (
    distance_bits,
    perceptual_hashes,
    same_photo,
    sharpness,
    small_picture,
    worst_difference,
)


def scene(seed: int, size: int = 480) -> np.ndarray:
    """A picture with structure at every scale, another one for every seed."""
    rng = np.random.default_rng(seed)
    layers = [
        cv2.resize(rng.uniform(0, 255, (cells, cells, 3)), (size, size), interpolation=cv2.INTER_CUBIC) / cells**0.3
        for cells in (3, 7, 16, 40, 150)
    ]
    total = sum(layers)
    return ((total - total.min()) / np.ptp(total) * 255).astype(np.uint8)


def figure(backdrop: np.ndarray, arm_deg: float, share: float = 0.4) -> np.ndarray:
    """A round body with one arm, before the backdrop."""
    picture, size = backdrop.copy(), backdrop.shape[0]
    centre, radius = np.array([size // 2, size * 6 // 10]), int(size * share / 2)
    reach = np.array([np.cos(np.radians(arm_deg)), -np.sin(np.radians(arm_deg))]) * radius * 1.7
    hand = tuple(int(value) for value in centre + reach)
    cv2.circle(picture, tuple(int(value) for value in centre), radius, (190, 120, 60), -1, cv2.LINE_AA)
    cv2.line(picture, tuple(int(value) for value in centre), hand, (190, 120, 60), radius // 2, cv2.LINE_AA)
    return picture


def cropped(picture, share):
    cut = round(picture.shape[0] * share)
    return picture[cut:-cut, cut:-cut]


def recompressed(picture, quality):
    return cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


COPIES = {
    "half size": lambda picture: cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_LANCZOS4),
    "a fifth": lambda picture: cv2.resize(picture, None, fx=0.2, fy=0.2, interpolation=cv2.INTER_AREA),
    "quality 30": lambda picture: recompressed(picture, 30),
    "cropped by 1 %": lambda picture: cropped(picture, 0.01),
    "cropped by 2 %": lambda picture: cropped(picture, 0.02),
    "cropped at the top": lambda picture: picture[15:],
    "gray": lambda picture: cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB),
    "darker": lambda picture: (255 * (picture / 255.0) ** 1.3).astype(np.uint8),
    "squashed": lambda picture: cv2.resize(picture, (480, 430)),
}


@pytest.mark.parametrize("change", COPIES.values(), ids=COPIES.keys())
@pytest.mark.parametrize("seed", range(4))
def test_a_copy_is_the_same_photo_and_close_in_hash(change, seed):
    picture = figure(scene(seed), 40)
    copy = change(picture)
    assert same_photo(small_picture(picture), small_picture(copy))
    ours, theirs = perceptual_hashes(picture), perceptual_hashes(copy)
    assert min(distance_bits(ours.phash, theirs.phash), distance_bits(ours.dhash, theirs.dhash)) <= 6


def test_poses_on_one_backdrop_are_close_in_hash_but_not_the_same_photo():
    backdrop = scene(7)
    poses = [figure(backdrop, arm, share=0.25) for arm in range(0, 180, 20)]
    hashes = [perceptual_hashes(pose) for pose in poses]
    small = [small_picture(pose) for pose in poses]
    pairs = [(i, j) for i in range(len(poses)) for j in range(i)]
    assert min(distance_bits(hashes[i].dhash, hashes[j].dhash) for i, j in pairs) <= 6  # hashes alone would merge them
    assert not any(same_photo(small[i], small[j]) for i, j in pairs)


def test_another_colour_of_the_same_lightness_is_seen():
    picture = figure(scene(2), 90)
    other = picture.copy()
    cv2.circle(picture, (120, 120), 40, (200, 60, 60), -1)
    cv2.circle(other, (120, 120), 40, (60, 130, 68), -1)
    luma = [cv2.cvtColor(each, cv2.COLOR_RGB2GRAY)[120, 120] for each in (picture, other)]
    assert abs(int(luma[0]) - int(luma[1])) <= 2
    assert not same_photo(small_picture(picture), small_picture(other))


def test_different_scenes_do_not_register():
    small = [small_picture(scene(seed)) for seed in range(6)]
    assert min(worst_difference(small[i], small[j]) for i in range(6) for j in range(i)) > 30


def test_the_difference_of_a_picture_to_itself_and_to_one_spot():
    picture = scene(3)
    small = small_picture(picture)
    assert worst_difference(small, small) < 1
    picture[200:260, 200:260] = 255 - picture[200:260, 200:260]
    assert worst_difference(small, small_picture(picture)) > 14


def test_mirrored_hashes_are_those_of_the_mirror_image():
    picture = figure(scene(1), 30)
    ours, mirror = perceptual_hashes(picture), perceptual_hashes(np.ascontiguousarray(picture[:, ::-1]))
    assert (ours.mirrored_phash, ours.mirrored_dhash) == (mirror.phash, mirror.dhash)
    assert distance_bits(ours.phash, mirror.phash) > 16


def test_a_flat_picture_has_no_hash():
    assert perceptual_hashes(np.full((300, 200, 3), 77, np.uint8)) is None
    assert perceptual_hashes(scene(0)) is not None


def test_distance_counts_bits():
    assert distance_bits("00000000000000ff", "0000000000000000") == 8
    assert distance_bits("ffffffffffffffff", "0000000000000000") == 64


@pytest.mark.parametrize("shape", [(1, 1), (5, 300), (64, 64), (2000, 30)])
def test_small_pictures_of_any_shape(shape):
    small = small_picture(np.full((*shape, 3), 90, np.uint8))
    assert small.shape == (64, 64, 3)
    assert np.abs(small.astype(int) - 90).max() <= 1


class TestSharpness:
    grain = cv2.GaussianBlur(np.random.default_rng(5).normal(0, 60, (900, 900, 1)), (0, 0), 1.2)[..., None]
    picture = np.clip(figure(scene(5, 900), 60) + grain, 0, 255).astype(np.uint8)

    def ratio(self, changed) -> float:
        return sharpness(changed) / sharpness(self.picture)

    def test_compression_tone_and_a_crop_leave_it(self):
        for changed in (recompressed(self.picture, 60), COPIES["gray"](self.picture), cropped(self.picture, 0.02)):
            assert self.ratio(changed) == pytest.approx(1, abs=0.2)

    def test_blur_and_a_small_original_lower_it(self):
        assert self.ratio(cv2.GaussianBlur(self.picture, (0, 0), 2)) < 0.5
        assert self.ratio(cv2.resize(self.picture, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)) < 0.8

    def test_compression_does_not_sharpen_a_blurred_photo(self):
        blurred = cv2.GaussianBlur(self.picture, (0, 0), 8)
        assert sharpness(recompressed(blurred, 60)) == pytest.approx(sharpness(blurred), rel=0.2)

    def test_flat_and_tiny_pictures_have_a_number(self):
        for shape in ((1, 1), (2, 2), (300, 5)):
            assert np.isfinite(sharpness(np.full((*shape, 3), 9, np.uint8)))
