"""Dedupe: which pictures are copies, which one is kept, and what is said of the others."""

import json
import random
from dataclasses import asdict, replace

import cv2
import numpy as np
import pytest

from loraset.ops.hashes import perceptual_hashes, same_photo, sharpness, small_picture
from loraset.recipe.model import Dedupe
from loraset.stages.dedupe import Entry, dedupe, entry_of
from loraset.types import StageResult


def scene(seed: int) -> np.ndarray:
    """A picture with structure at every scale, another one for every seed."""
    rng = np.random.default_rng(seed)
    total = sum(
        cv2.resize(rng.uniform(0, 255, (cells, cells, 3)), (480, 480), interpolation=cv2.INTER_CUBIC) / cells**0.3
        for cells in (3, 7, 16, 40, 150)
    )
    return ((total - total.min()) / np.ptp(total) * 255).astype(np.uint8)


def entry(source: str, picture: np.ndarray, **facts) -> Entry:
    told = {
        "sha256": f"file of {source}",
        "pixel_sha256": str(hash(picture.tobytes())),
        "hashes": perceptual_hashes(picture),
        "has_alpha": False,
        "sharpness": sharpness(picture),
        "pixels": picture.shape[0] * picture.shape[1],
        "bytes": 1000,
    }
    return Entry(id=source, source=source, small=lambda: small_picture(picture), **(told | facts))


def groups(*entries: Entry, **settings):
    return dedupe(entries, Dedupe(**settings))


def half(picture):
    return cv2.resize(picture, (144, 144), interpolation=cv2.INTER_AREA)


def mirrored(picture):
    return np.ascontiguousarray(picture[:, ::-1])


class TestExact:
    def test_the_same_bytes_and_the_same_pixels(self):
        picture = scene(0)
        a, b = entry("a.jpg", picture, sha256="x"), entry("b.jpg", picture, sha256="x")
        c = entry("c.png", picture)
        [group] = groups(a, b, c, near=False)
        assert (group.kind, group.kept, group.members) == ("exact", "a.jpg", ("a.jpg", "b.jpg", "c.png"))
        assert group.dropped["b.jpg"].code == group.dropped["c.png"].code == "exact_duplicate"
        assert group.dropped["b.jpg"].detail == "the same file as a.jpg"
        assert group.dropped["c.png"].detail == "the same pixels as a.jpg"

    def test_flat_pictures_are_copies_only_when_equal(self):
        gray, other = np.full((300, 300, 3), 128, np.uint8), np.full((300, 300, 3), 129, np.uint8)
        assert groups(entry("a", gray), entry("b", other)) == []
        assert len(groups(entry("a", gray), entry("b", gray.copy()))) == 1

    def test_switched_off(self):
        picture = scene(0)
        assert groups(entry("a", picture), entry("b", picture), exact=False, near=False) == []


class TestNear:
    def test_a_smaller_copy_and_a_mirrored_one(self):
        picture = scene(1)
        [group] = groups(entry("big", picture), entry("small", half(picture)), entry("turned", mirrored(picture)))
        assert (group.kind, group.kept) == ("near", "big")
        assert {reason.code for reason in group.dropped.values()} == {"near_duplicate"}
        assert group.dropped["small"].detail.startswith("a copy of big: pHash ")
        assert group.dropped["turned"].detail.startswith("a mirrored copy of big: pHash 0, dHash 0 of 64")

    @pytest.mark.parametrize("flip", [False, True])
    @pytest.mark.parametrize("box", [(24, 24, 456, 456), (40, 40, 440, 440), (0, 0, 440, 480), (0, 45, 480, 480)])
    def test_a_crop_of_up_to_a_tenth_of_a_side(self, box, flip):
        left, top, right, bottom = box
        crop = scene(1)[top:bottom, left:right]
        [group] = groups(entry("whole", scene(1)), entry("a crop", mirrored(crop) if flip else crop))
        assert group.kept == "whole"
        words = f"a {'mirrored ' if flip else ''}copy of whole in another crop: pHash "
        assert group.dropped["a crop"].detail.startswith(words)

    def test_a_slow_film_is_no_single_group(self):
        frames = []
        for step in range(40):
            frame = scene(2)
            cv2.circle(frame, (100 + 2 * step, 300), 60, (200, 80, 40), -1, cv2.LINE_AA)
            frames.append(entry(f"{step:02}", frame))
        found = groups(*frames)
        assert found, "neighbours are copies"
        for group in found:
            kept = int(group.kept)
            assert all(same_photo(frames[kept].small(), frames[int(member)].small()) for member in group.members)
        assert max(len(group.members) for group in found) < 15

    def test_a_copy_is_told_by_its_pixels_where_its_mirrored_hash_is_nearer(self):
        big, less = scene(1), cv2.GaussianBlur(half(scene(1)), (0, 0), 1.5)
        whole = perceptual_hashes(big)
        turned = replace(perceptual_hashes(less), mirrored_phash=whole.phash, mirrored_dhash=whole.dhash)
        small = entry("small", less, hashes=turned)
        for settings in ({}, {"mirrored": False}):
            [group] = groups(entry("big", big), small, **settings)
            assert group.dropped["small"].detail.startswith("a copy of big: ")

    def test_mirrored_copies_may_be_wanted(self):
        picture = scene(1)
        assert groups(entry("a", picture), entry("b", mirrored(picture)), mirrored=False) == []

    def test_switched_off(self):
        assert groups(entry("a", scene(1)), entry("b", half(scene(1))), near=False) == []

    def test_poses_on_one_backdrop_are_no_copies(self):
        entries = []
        for step in range(12):
            pose = scene(2)
            cv2.circle(pose, (150 + step * 15, 300), 45, (200, 80, 40), -1, cv2.LINE_AA)
            entries.append(entry(f"{step:02}", pose))
        assert groups(*entries, max_distance_bits=32) == []

    def test_many_copies_of_equal_hash_are_each_compared_once(self):
        shown = []
        picture = scene(1)
        small = small_picture(picture)
        made = [entry(f"{number:03}", picture, pixel_sha256=f"pixels {number}") for number in range(60)]
        counted = [replace(one, small=lambda name=one.id: shown.append(name) or small) for one in made]
        [group] = groups(*counted)
        assert len(group.members) == 60
        assert len(shown) == 60

    def test_different_photos_are_no_copies_even_of_equal_hash(self):
        one = entry("a", scene(3))
        assert groups(one, entry("b", scene(4), hashes=one.hashes)) == []

    def test_the_recipes_distance_bounds_what_is_compared(self):
        one = entry("a", scene(5))
        far = format(int(one.hashes.phash, 16) ^ 0xFF, "016x")
        hashes = type(one.hashes)(far, far, far, far, ((far, far),))
        assert groups(one, entry("b", half(scene(5)), hashes=hashes), mirrored=False) == []

    def test_a_cut_out_is_no_copy_of_the_photo(self):
        picture = scene(6)
        assert groups(entry("a", picture), entry("b", half(picture), has_alpha=True)) == []


class TestKept:
    @pytest.mark.parametrize(
        ("rules", "kept"),
        [(["sharpness"], "sharp"), (["pixels"], "large"), (["bytes"], "heavy"), (["pixels", "bytes"], "large")],
    )
    def test_the_recipes_order(self, rules, kept):
        picture = scene(0)
        [group] = groups(
            entry("sharp", picture, sharpness=9.0),
            entry("large", picture, sharpness=1.0, pixels=10**7),
            entry("heavy", picture, sharpness=1.0, bytes=10**6),
            keep=rules,
        )
        assert group.kept == kept

    def test_sharpness_that_differs_by_resampling_only_leaves_it_to_the_next_rule(self):
        picture = scene(0)
        photo = entry("photo", picture, sharpness=1.0, pixels=12_000_000)
        sent = entry("sent", picture, sharpness=1.15, pixels=1_000_000)
        blurred = entry("blurred", picture, sharpness=0.5, pixels=48_000_000)
        assert groups(photo, sent, blurred)[0].kept == "photo"

    def test_ties_go_by_name_whatever_the_order(self):
        entries = [entry(name, scene(seed)) for seed in (1, 2) for name in (f"b{seed}", f"a{seed}", f"c{seed}")]
        first = groups(*entries)
        assert [group.kept for group in first] == ["a1", "a2"]
        for seed in range(3):
            random.Random(seed).shuffle(entries)
            assert groups(*entries) == first


def test_among_equals_the_shortest_name_is_kept():
    picture = scene(0)
    assert (
        groups(*(entry(name, picture) for name in ("bear-copy.jpg", "bear.jpg", "bear (1).jpg")))[0].kept == "bear.jpg"
    )


def test_the_entry_of_what_ingest_said():
    hashes = perceptual_hashes(scene(0))
    data = {
        "pixel_sha256": "p",
        "hashes": json.loads(json.dumps(asdict(hashes))),
        "has_alpha": True,
        "sharpness": 1.5,
        "width": 30,
        "height": 20,
        "bytes": 7,
    }
    made = entry_of("id", "a.png", "s", StageResult(data, {"small": small_picture(scene(0))}))
    assert (made.hashes, made.pixels, made.has_alpha, made.bytes) == (hashes, 600, True, 7)
    assert made.small().shape == (64, 64, 3)
    assert entry_of("id", "a.png", "s", StageResult(data | {"hashes": None}, {})).hashes is None
