"""Copies: what is found, what is wrongly taken for one, and how the search grows. Prints tables, asserts nothing.

    LORASET_DATA=folder python tests/benchmarks/neardup.py groups changes named friends films scale

groups   neardup/groups: pairs of one photo's sizes: recall and precision
changes  photos changed in known ways: recall per kind of change; pairs of different photos called copies
named    neardup/jimagehash and imagededup: the groups by name
friends  twenty drawings and twelve views of a toy, each kind on one backdrop or on none: pairs called copies
films    video/: frames called copies
scale    100,000 random and clustered hashes, and a set of that many entries: seconds beside brute force, memory
"""

import csv
import resource
import sys
import time
from collections import defaultdict
from dataclasses import replace
from itertools import combinations

import cv2
import numpy as np
from material import data, read_rgb

from loraset.images import Unreadable, decode
from loraset.ops.hamming import pairs_within
from loraset.ops.hashes import Hashes, perceptual_hashes, sharpness, small_picture
from loraset.recipe.model import Dedupe
from loraset.stages.dedupe import Entry, dedupe
from loraset.stages.ingest import _reduced, pixel_sha256
from loraset.types import Picture

MEGABYTES = 1024  # of resource's kilobytes
MAX_PIXELS = 10**8


def entry(name, picture, size=0):
    """The entry that ingest would make of a picture."""
    proxy, hashed = _reduced(picture)
    small = small_picture(hashed)
    return Entry(
        id=name,
        source=name,
        sha256=name,
        pixel_sha256=pixel_sha256(picture),
        hashes=perceptual_hashes(hashed),
        has_alpha=picture.alpha is not None,
        sharpness=sharpness(proxy),
        pixels=picture.size[0] * picture.size[1],
        bytes=size,
        small=lambda: small,
    )


def entry_of(path, name=None):
    return entry(
        name or path.name, decode(path, max_pixels=MAX_PIXELS, animated="first-frame").picture, path.stat().st_size
    )


def called(entries):
    """{frozenset of two names}: the pairs that dedupe puts into one group."""
    groups = dedupe(entries, Dedupe())
    return {frozenset(pair) for group in groups for pair in combinations(group.members, 2)}


def benchmark_groups():
    folder = data() / "neardup/groups"
    members = defaultdict(list)
    for row in csv.DictReader((folder / "groups.tsv").open(), delimiter="\t"):
        members[row["group"]].append(row["file"])
    truth = {frozenset(pair) for files in members.values() for pair in combinations(files, 2)}
    found = called([entry_of(folder / file) for files in members.values() for file in files])
    right = len(found & truth)
    print(f"groups: recall {right / len(truth):.3f}, precision {right / max(1, len(found)):.3f} of {len(truth)} pairs")


def crop(left, top, right, bottom):
    def change(rgb):
        height, width = rgb.shape[:2]
        rows = slice(round(top * height), height - round(bottom * height))
        return rgb[rows, round(left * width) : width - round(right * width)]

    return change


def recoded(quality):
    def change(rgb):
        code = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return cv2.imdecode(code, cv2.IMREAD_COLOR)

    return change


def resized(scale):
    return lambda rgb: cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def toned(gamma, gain):
    return lambda rgb: np.clip(255 * gain * (rgb / 255.0) ** gamma, 0, 255).astype(np.uint8)


def turned(degrees):
    def change(rgb):
        height, width = rgb.shape[:2]
        warp = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.06)
        return cv2.warpAffine(rgb, warp, (width, height), flags=cv2.INTER_AREA)

    return change


CHANGES = {
    "half the size": resized(0.5),
    "a quarter": resized(0.25),
    "JPEG 75": recoded(75),
    "JPEG 30": recoded(30),
    "gray": lambda rgb: np.repeat(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None], 3, 2),
    "darker": toned(1.4, 0.9),
    "lighter": toned(0.8, 1.1),
    "mirrored": lambda rgb: rgb[:, ::-1],
    "turned by 2 degrees": turned(2),
    **{f"cropped by {share} %": crop(*[share / 100] * 4) for share in (1, 2, 3, 5, 8, 10)},
    "cropped by 10 % on one side": crop(0.1, 0, 0, 0),
    "cropped by 8 % on two sides": crop(0, 0.08, 0.08, 0),
    "mirrored, cropped by 5 %": lambda rgb: crop(*[0.05] * 4)(rgb)[:, ::-1],
}


def benchmark_changes():
    paths = [*sorted((data() / "saliency/images").glob("*.jpg"))[:60], *sorted((data() / "masks/images").glob("*.jpg"))]
    photos = {path.name: read_rgb(path) for path in paths}
    originals = {name: entry(f"{name} itself", Picture(rgb)) for name, rgb in photos.items()}
    for way, change in CHANGES.items():
        copies = {
            name: entry(name, Picture(recoded(88)(np.ascontiguousarray(change(rgb))))) for name, rgb in photos.items()
        }
        found = called([*originals.values(), *copies.values()])
        right = sum(frozenset((copies[name].id, originals[name].id)) in found for name in photos)
        others = [pair for pair in found if len({name.removesuffix(" itself") for name in pair}) > 1]
        print(f"{way:28s} recall {right / len(photos):.2f}, other photos called copies: {len(others)}")


def benchmark_named():
    for folder in (data() / "neardup/jimagehash", data() / "neardup/imagededup"):
        entries = []
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in (".jpg", ".png", ".webp", ".bmp", ".gif", ".tiff", ".pgm", ".ppm", ".jpeg"):
                try:
                    entries.append(entry_of(path, str(path.relative_to(folder))))
                except Unreadable as error:
                    print(f"{path.name}: {error.detail}")
        groups = dedupe(entries, Dedupe())
        for group in groups:
            print(f"kept {group.kept}")
            for name, reason in group.dropped.items():
                print(f"    {name}: {reason.code}, {reason.detail}")
        grouped = {member for group in groups for member in group.members}
        print("alone:", ", ".join(entry.id for entry in entries if entry.id not in grouped))


def before(backdrop, cutout, share):
    """The cut-out in the middle of a backdrop of 640 px, or with its own alpha where there is none."""
    scale = share * 640 / max(cutout.shape[:2])
    rgba = cutout.astype(np.float32) / 255
    rgba[..., :3] *= rgba[..., 3:]
    rgba = cv2.resize(rgba, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    layers = np.zeros((640, 640, 4), np.float32)
    top, left = (640 - rgba.shape[0]) // 2, (640 - rgba.shape[1]) // 2
    layers[top : top + rgba.shape[0], left : left + rgba.shape[1]] = rgba
    color, alpha = layers[..., :3], layers[..., 3:]
    if backdrop is None:
        straight = np.round(255 * color / np.maximum(alpha, 1e-3)).clip(0, 255).astype(np.uint8)
        return Picture(straight, np.round(255 * alpha[..., 0]).astype(np.uint8))
    return Picture(np.round(255 * (color + (1 - alpha) * backdrop / 255)).clip(0, 255).astype(np.uint8))


def benchmark_friends():
    photo = cv2.resize(read_rgb(sorted((data() / "saliency/images").glob("*.jpg"))[5]), (640, 640))
    backdrops = {"a photo": photo, "gray": np.full((640, 640, 3), 128, np.uint8), "nothing": None}
    for kind in ("gopher", "lego"):
        paths = sorted((data() / "cutouts").glob(f"{kind}_*.png"))
        cutouts = {path.stem: cv2.cvtColor(cv2.imread(str(path), -1), cv2.COLOR_BGRA2RGBA) for path in paths}
        for name, backdrop in backdrops.items():
            for share in (0.3, 0.6):
                made = [entry(key, before(backdrop, cutout, share)) for key, cutout in cutouts.items()]
                print(f"{len(made)} of {kind}, {share} of {name}: {len(called(made))} pairs called copies")


def benchmark_films():
    frames = {"tennis": [read_rgb(path) for path in sorted((data() / "video/tennis/images").iterdir())]}
    film = cv2.VideoCapture(str(data() / "video/bedroom.mp4"))
    frames["bedroom"] = []
    while (shot := film.read())[0]:
        frames["bedroom"].append(cv2.cvtColor(shot[1], cv2.COLOR_BGR2RGB))
    for name, pictures in frames.items():
        entries = [entry(f"{place:04d}", Picture(rgb)) for place, rgb in enumerate(pictures)]
        start = time.process_time()
        groups = dedupe(entries, Dedupe())
        spent = time.process_time() - start
        print(f"{name}: {len(entries)} frames, {[group.members for group in groups]} called copies, {spent:.1f} s")


def brute_force(hashes, radius):
    """Number of pairs within the radius: every hash against all later ones."""
    return sum(
        int(np.count_nonzero(np.bitwise_count(hashes[row + 1 :] ^ hashes[row]) <= radius))
        for row in range(hashes.size - 1)
    )


def timed(work):
    start = time.process_time()
    return work(), time.process_time() - start


def benchmark_scale(count=100_000, radius=6):
    random = np.random.default_rng(0)
    plain = random.integers(0, 2**64, count, dtype=np.uint64)
    clustered = plain[random.integers(0, count // 20, count)]
    for _ in range(3):
        clustered = clustered ^ (np.uint64(1) << random.integers(0, 64, count, dtype=np.uint64))
    for name, hashes in (("random", plain), ("clustered", clustered)):
        ours, seconds = timed(lambda h=hashes: sum(int((i < j).sum()) for i, j in pairs_within(h, h, radius)))
        theirs, slow = timed(lambda h=hashes: brute_force(h, radius))
        print(f"{count} {name} hashes: {ours} and {theirs} pairs; {seconds:.2f} s, brute force {slow:.2f} s")
    picture = small_picture(read_rgb(next((data() / "saliency/images").glob("*.jpg"))))
    entries = []
    for place, value in enumerate(clustered.tolist()):
        texts = [format(value ^ int(bits), "016x") for bits in random.integers(0, 2**62, 24, dtype=np.uint64)]
        texts[0] = format(value, "016x")
        hashes = Hashes(*texts[:4], tuple(zip(texts[4:14], texts[14:], strict=True)))
        entries.append(Entry(str(place), str(place), str(place), str(place), hashes, False, 1.0, 1, 1, lambda: picture))
    groups, seconds = timed(lambda: dedupe(entries, Dedupe()))
    print(f"dedupe of {count} entries: {len(groups)} groups, {seconds:.1f} s")
    equal = [
        Entry(str(n), str(n), "one", "one", entries[0].hashes, False, 1.0, 1, 1, lambda: picture) for n in range(count)
    ]
    groups, seconds = timed(lambda: dedupe(equal, Dedupe()))
    print(f"dedupe of {count} times one file: {len(groups)} groups, {seconds:.1f} s")
    alike = [replace(one, sha256=one.id, pixel_sha256=one.id) for one in equal[: count // 50]]
    groups, seconds = timed(lambda: dedupe(alike, Dedupe()))
    print(f"dedupe of {len(alike)} copies with one hash: {len(groups)} groups, {seconds:.1f} s")
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTES:.0f} MB")


if __name__ == "__main__":
    for word in sys.argv[1:]:
        globals()[f"benchmark_{word}"]()
