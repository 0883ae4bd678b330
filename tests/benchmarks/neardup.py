"""Copies: what is found, what is wrongly taken for one, and how the search grows. Prints tables, asserts nothing.

    LORASET_DATA=folder python tests/benchmarks/neardup.py groups changes named friends films search scale

groups   neardup/groups: pairs of one photo's sizes: recall and precision
changes  photos changed in known ways: recall per kind of change; pairs of different photos called copies
named    neardup/jimagehash and imagededup: each kind of change, and whether it was found
friends  pictures that are no copies but look or hash like ones (flat, clear, text, night): pairs called copies
films    video/: frames 1 to 15 apart called copies, and how many stay
search   100,000 hashes of several kinds, radius 6 and 10: seconds beside brute force, memory
scale    a set of 100,000 entries: seconds, memory
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
from loraset.ops.hamming import pairs_among
from loraset.ops.hashes import Hashes, distance_bits, perceptual_hashes, sharpness, small_picture
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


# What was done to a picture, by its name: original, changed one, whether that is a copy still.
NAMED = {
    "jimagehash": (
        ("JPEG of low quality", "highQuality.jpg", "lowQuality.jpg", True),
        ("a fifth of the size", "highQuality.jpg", "thumbnail.jpg", True),
        ("as PNG", "highQuality.jpg", "highQualityBase.png", True),
        ("brighter", "highQuality.jpg", "highQualityBright.png", True),
        ("darker, shadows lost", "highQuality.jpg", "highQualityDark.png", True),
        ("other hue", "highQuality.jpg", "highQualityHue.png", True),
        ("large word laid over", "highQuality.jpg", "copyright.jpg", False),
        ("clear logo, black or white", "transparent0.png", "transparent0White.png", False),
        ("clear logo, black or white", "transparent1.png", "transparent1White.png", False),
        ("two clear logos", "transparent0.png", "transparent1.png", False),
    ),
    "imagededup": (
        ("same file elsewhere", "base_images/ukbench09268.jpg", "mixed_images/ukbench09268.jpg", True),
        ("mirrored", "base_images/ukbench00120.jpg", "mixed_images/ukbench00120_hflip.jpg", True),
        ("smaller", "base_images/ukbench00120.jpg", "mixed_images/ukbench00120_resize.jpg", True),
        ("gray", "base_images/ukbench00120.jpg", "ukbench00120_gray.jpg", True),
        ("with an alpha channel", "base_images/ukbench00120.jpg", "alpha_channel_image.png", True),
        ("turned by 90 degrees", "base_images/ukbench00120.jpg", "mixed_images/ukbench00120_rotation.jpg", False),
        ("as WebP", "base_images/ukbench09380.jpg", "formats_images/ukbench09380.webp", True),
        ("as BMP", "base_images/ukbench09380.jpg", "formats_images/ukbench09380.bmp", True),
    ),
}


def benchmark_named():
    for name, changes in NAMED.items():
        folder = data() / "neardup" / name
        entries = []
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in (".jpg", ".png", ".webp", ".bmp", ".gif", ".tiff", ".pgm", ".ppm", ".jpeg"):
                try:
                    entries.append(entry_of(path, str(path.relative_to(folder))))
                except Unreadable as error:
                    print(f"{name}: {path.name}: {error.detail}")
        by_name = {entry.id: entry for entry in entries}
        for change, original, changed, copy in changes:
            said = bool(called([by_name[original], by_name[changed]]))
            right = "" if said == copy else "   <- WRONG"
            print(f"{name}: {change:27s} {'is' if copy else 'no'} copy, called {'one' if said else 'none'}{right}")
        wrong = [
            group.members for group in dedupe(entries, Dedupe()) if len({_photo(one) for one in group.members}) > 1
        ]
        print(f"{name}: all together: {len(wrong)} groups of more than one photo {wrong or ''}")


def _photo(name):
    """What a file of `NAMED` shows, by its name."""
    if name in ("thumbnail.jpg", "lowQuality.jpg") or name.startswith("highQuality"):
        return "highQuality"
    return "ukbench00120" if "alpha_channel" in name else name.rpartition("/")[2].split("_")[0].split(".")[0]


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


def friends():
    """Yield a kind and pictures, no two of them copies: what hashes or eyes may take for one."""
    photos = [
        cv2.resize(read_rgb(path), (640, 640)) for path in sorted((data() / "saliency/images").glob("*.jpg"))[:12]
    ]
    yield "flat, one gray each", [Picture(np.full((640, 640, 3), 20 * level, np.uint8)) for level in range(12)]
    soft = np.random.default_rng(0).normal(0, 1, (12, 640, 640, 1))
    yield "nearly flat, noise alone", [Picture((128 + one.repeat(3, 2)).astype(np.uint8)) for one in soft]
    rounds = [np.zeros((640, 640), np.uint8) for _ in range(12)]
    for at, alpha in enumerate(rounds):
        cv2.circle(alpha, (120 + 130 * (at % 4), 160 + 150 * (at // 4)), 60 + 8 * at, 255, -1)
    yield "one photo under other alphas", [Picture(photos[0], alpha) for alpha in rounds]
    yield "other photos under one alpha", [Picture(photo, rounds[5]) for photo in photos]
    yield "clear drawings, all black", [Picture(np.zeros((640, 640, 3), np.uint8), _star(at)) for at in range(12)]
    words = ("north", "south", "apple", "river", "stone", "chair", "bread", "cloud", "horse", "plant", "glass", "light")
    yield "one photo, one word each on it", [Picture(_written(photos[1], word)) for word in words]
    yield (
        "a line of text each on white",
        [Picture(_written(np.full((640, 640, 3), 255, np.uint8), w, 2)) for w in words],
    )
    yield "night: photos at a twentieth", [Picture((photo // 20).astype(np.uint8)) for photo in photos]
    cutouts = {
        kind: [cv2.cvtColor(cv2.imread(str(path), -1), cv2.COLOR_BGRA2RGBA) for path in paths]
        for kind in ("gopher", "lego")
        if (paths := sorted((data() / "cutouts").glob(f"{kind}_*.png")))
    }
    grounds = {"a photo": photos[5], "white": np.full((640, 640, 3), 255, np.uint8), "nothing": None}
    for kind, shown in cutouts.items():
        for name, ground in grounds.items():
            for share in (0.3, 0.6):
                yield f"{kind}, {share} of {name}", [before(ground, cutout, share) for cutout in shown]


def _star(seed):
    """Alpha of a shape with arms of several lengths."""
    random = np.random.default_rng(seed)
    angles, lengths = np.sort(random.uniform(0, 2 * np.pi, 11)), random.uniform(60, 300, 11)
    points = 320 + lengths[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return cv2.fillPoly(np.zeros((640, 640), np.uint8), [points.astype(np.int32)], 255)


def _written(ground, word, times=1):
    page = ground.copy()
    for line in range(times):
        where = (60, 330 + 90 * line)
        cv2.putText(page, f"{word} {word[::-1]}"[: 5 + 6 * (times > 1)], where, 0, 2.4, (20, 20, 20), 8, cv2.LINE_AA)
    return page


def benchmark_friends():
    for kind, pictures in friends():
        made = [entry(f"{kind} {at}", picture) for at, picture in enumerate(pictures)]
        near = sum(1 for one, two in combinations(made, 2) if _hashes_near(one, two))
        print(f"{kind:30s} {len(made)} pictures, {near:3d} pairs near by hash, {len(called(made))} called copies")


def _hashes_near(one, two):
    if one.hashes is None or two.hashes is None:
        return False
    return distance_bits(one.hashes.phash, two.hashes.phash) <= Dedupe().max_distance_bits


def benchmark_films():
    frames = {"tennis": [read_rgb(path) for path in sorted((data() / "video/tennis/images").iterdir())]}
    film = cv2.VideoCapture(str(data() / "video/bedroom.mp4"))
    frames["bedroom"] = []
    while (shot := film.read())[0]:
        frames["bedroom"].append(cv2.cvtColor(shot[1], cv2.COLOR_BGR2RGB))
    for name, pictures in frames.items():
        entries = [entry(f"{place:04d}", Picture(rgb)) for place, rgb in enumerate(pictures)]
        for apart in (1, 2, 5, 15):
            pairs = list(zip(entries, entries[apart:], strict=False))
            same = sum(bool(called(pair)) for pair in pairs)
            print(f"{name}: frames {apart:2d} apart: {same} of {len(pairs)} pairs called copies")
        start = time.process_time()
        groups = dedupe(entries, Dedupe())
        spent = time.process_time() - start
        left = len(entries) - sum(len(group.members) - 1 for group in groups)
        print(f"{name}: {left} of {len(entries)} frames stay, {spent:.1f} s")


def brute_force(hashes, radius, block=1 << 19):
    """Yield the pairs within the radius: every hash against all later ones, in blocks that stay in the cache."""
    step = max(1, block // hashes.size)
    for start in range(0, hashes.size, step):
        near = np.bitwise_count(hashes[start : start + step, None] ^ hashes[start:]) <= radius
        near[np.tril_indices(len(near))] = False
        rows, columns = np.divmod(np.flatnonzero(near), near.shape[1])
        yield rows + start, columns + start


def timed(work):
    start = time.process_time()
    return work(), time.process_time() - start


def flipped(random, hashes, bits=3):
    for _ in range(bits):
        hashes = hashes ^ (np.uint64(1) << random.integers(0, 64, hashes.size, dtype=np.uint64))
    return hashes


def sets_of_hashes(count):
    """Yield names and hashes: random ones, near copies of few, and a tenth that are one hash or nearly one."""
    random = np.random.default_rng(0)
    plain = random.integers(0, 2**64, count, dtype=np.uint64)
    tenth = random.permutation(count)[: count // 10]
    yield "random", plain
    for copies in (20, 100):
        yield f"{copies} near copies of each", flipped(random, plain[random.integers(0, count // copies, count)])
    for name, few in (("a tenth equal", plain[tenth[:1]]), ("a tenth nearly equal", None)):
        hashes = plain.copy()
        hashes[tenth] = flipped(random, np.repeat(plain[tenth[:1]], tenth.size)) if few is None else few
        yield name, hashes


def benchmark_search(count=100_000):
    for name, hashes in sets_of_hashes(count):
        for radius in (6, 10):
            ours, seconds = timed(lambda h=hashes, r=radius: sum(rows.size for rows, _ in pairs_among(h, r)))
            theirs, slow = timed(lambda h=hashes, r=radius: sum(rows.size for rows, _ in brute_force(h, r)))
            same = "the same" if ours == theirs else f"NOT {theirs}"
            print(
                f"{count} hashes, {name:26s} radius {radius:2d}: {ours:9d} pairs, {same}; "
                f"{seconds:.2f} s, {seconds / slow:.3f} of brute force's {slow:.2f} s"
            )
    print_memory()


def print_memory():
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTES:.0f} MB")


def benchmark_scale(count=100_000):
    random = np.random.default_rng(1)
    clustered = dict(sets_of_hashes(count))["20 near copies of each"]
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
    print_memory()


if __name__ == "__main__":
    for word in sys.argv[1:]:
        globals()[f"benchmark_{word}"]()
