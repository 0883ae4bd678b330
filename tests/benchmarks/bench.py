"""The edge work against rembg's own, from the same masks: one run, one page of tables. Not collected by pytest.

    LORASET_DATA=folder python tests/benchmarks/bench.py [PAGE.md]     (`make bench` writes tests/benchmarks/BENCH.md)

rembg is asked by `rembg.remove` with the options of `rembg p`: none, putalpha, -dc (decontaminate) and -a
(alpha_matting). Its masks and ours are u2netp's. Every way has its turn at every picture before the next picture comes;
a time is the median of its turns, each in a process of its own (`ways.py`).
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
from edges import mattes, pasted
from material import data
from ways import MODEL, OURS, REMBG, WAYS, View, alpha_by_us, cut_by_rembg, cut_by_us, engine, session

from loraset.images import decode, encode_png, to_pillow
from loraset.recipe.model import Variant
from loraset.runtime.models import find
from loraset.stages.variants import render

PROGRAM = Path(__file__).with_name("ways.py")
SIZES = (1, 4, 12)  # megapixels
TURNS = 5
PHOTO = "photos/grey_sloth_plushie/00.jpg"  # 4 MP: enlarged less than twice for 12
NOISE = 3  # of 255, standard deviation: a sensor's
COLORS = {"gray": 128, "white": 255, "black": 0}
SIGMA = 1.4  # px, of the gradient in Rhemann et al.: A Perceptually Motivated Online Benchmark for Image Matting, 2009


def line(*cells):
    return f"| {' | '.join(cells)} |"


def head(*names):
    return line(*names), "|---" * len(names) + "|"


def gradient(alpha):
    radius = round(3 * SIGMA)
    at = np.arange(-radius, radius + 1)
    bell = np.exp(-(at**2) / (2 * SIGMA**2))
    slope = -at * bell
    bell, slope = bell / bell.sum(), slope / -(slope * at).sum()
    values = alpha.astype(np.float64)
    return np.hypot(cv2.sepFilter2D(values, -1, slope, bell), cv2.sepFilter2D(values, -1, bell, slope))


def overlap(mask, truth):
    one, two = mask > 0.5, truth > 0.5
    return (one & two).sum() / max(1, (one | two).sum())


def cut_every_way(rgb, networks, light="auto"):
    """{way: RGBA} of one picture, and rembg's mask."""
    theirs, ours = networks
    mask = theirs.predict(to_pillow(rgb))[0]
    made = {way: cut_by_rembg(rgb, mask, way) for way in REMBG}
    made[OURS] = cut_by_us(rgb, alpha_by_us(rgb, ours.mask(View(rgb)).probability), light)
    return made, np.asarray(mask) / 255


def alphas(folder, networks):
    """Lines of the table of alpha errors."""
    found = {way: [] for way in WAYS}
    right = []
    for _, rgb, truth in mattes(folder):
        made, mask = cut_every_way(rgb, networks)
        right.append(overlap(mask, truth) > 0.9)
        for way, rgba in made.items():
            error = np.abs(rgba[..., 3] / 255 - truth)
            steep = np.square(gradient(rgba[..., 3] / 255) - gradient(truth)).sum() / 1000
            found[way].append((error.mean(), error.sum() / 1000, steep))
    right = np.array(right)
    yield from head(
        "alpha, mattes/", f"{right.sum()} right masks: MAE", "SAD", "gradient", "all: MAE", "SAD", "gradient"
    )
    for way, rows in found.items():
        good, every = np.array(rows)[right].mean(axis=0), np.mean(rows, axis=0)
        yield line(way, *(f"{number:.4f}" for number in (*good, *every)))


def ring_errors(rgba, color, alpha):
    """Mean difference, of 255, in the soft ring grown by 2 px, on each of COLORS."""
    ring = cv2.dilate(((alpha > 0.02) & (alpha < 0.98)).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    made, part, true = rgba[ring].astype(float), rgba[ring][:, 3:] / 255.0, alpha[ring][:, None]
    return [
        np.abs(made[:, :3] * part + level * (1 - part) - color[ring] * 255 * true - level * (1 - true)).mean()
        for level in COLORS.values()
    ]


def rings(folder, networks):
    """Lines of the table of colour errors: by masks that are right, and by the true alpha."""
    by_mask, by_truth = {way: [] for way in WAYS}, {way: [] for way in WAYS if way != "rembg -a"}
    for _, rgb, alpha, color in list(pasted(folder))[::2]:
        made, mask = cut_every_way(rgb, networks, light="srgb")
        if overlap(mask, alpha) > 0.9:
            for way, rgba in made.items():
                by_mask[way].append(ring_errors(rgba, color, alpha))
        given = (alpha * 255 + 0.5).astype(np.uint8)
        for way, rows in by_truth.items():
            rgba = cut_by_us(rgb, given, "srgb") if way == OURS else cut_by_rembg(rgb, to_pillow(given), way)
            rows.append(ring_errors(rgba, color, alpha))
    counts = len(by_mask[OURS]), len(by_truth[OURS])
    first, *others = COLORS
    names = f"{counts[0]} right masks: {first}", *others, f"{counts[1]} true alphas: {first}", *others
    yield from head("ring of cutouts/ on photos, of 255", *names)
    for way in WAYS:
        truth = [f"{error:.1f}" for error in np.mean(by_truth[way], axis=0)] if way in by_truth else ["-"] * len(COLORS)
        yield line(way, *(f"{error:.1f}" for error in np.mean(by_mask[way], axis=0)), *truth)


def photo_of(folder, megapixels, work):
    """Write a photo of a plush toy at a size, with a sensor's noise: an enlarged one would be smoother than any.

    On a picture that is too smooth pymatting's solver fails and begins again, which would be to our advantage.
    """
    photo = cv2.imread(str(folder / PHOTO))
    scale = (megapixels * 1e6 / (photo.shape[0] * photo.shape[1])) ** 0.5
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=way).astype(np.float32)
    noise = np.random.default_rng(0).standard_normal(photo.shape, dtype=np.float32) * np.float32(NOISE)
    photo = np.clip(np.rint(photo + noise), 0, 255).astype(np.uint8)
    file = work / f"{megapixels}.jpg"
    file.write_bytes(cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
    return file


def times(folder, part, work):
    """Lines of the table of one part's times: seconds (CPU seconds), peak memory."""
    said, retries = {}, 0
    for size in SIZES:
        file = photo_of(folder, size, work)
        for turn in range(TURNS):
            for way in WAYS:
                if turn % 2 and way == "rembg -a" and size == max(SIZES):
                    continue  # 20 s and 6 GB each
                command = [sys.executable, str(PROGRAM), way, part, str(file)]
                answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                retries += answer.count("PERFORMANCE WARNING")  # pymatting's word for a solver that begins again
                said.setdefault((way, size), []).append(json.loads(answer.splitlines()[-1]))
    yield from head(part, *(name for size in SIZES for name in (f"{size} MP: s (CPU)", "MB")))
    middle = {
        key: {name: statistics.median(row[name] for row in rows) for name in rows[0]} for key, rows in said.items()
    }
    for way in WAYS:
        cells = (middle[way, size] for size in SIZES)
        yield line(way, *(text for c in cells for text in (f"{c['seconds']:.2f} ({c['cpu']:.2f})", f"{c['peak']:.0f}")))
    last = [middle[way, max(SIZES)] for way in ("rembg -a", OURS)]
    ratios = [last[0][name] / last[1][name] for name in ("seconds", "cpu")]
    yield f"\nAt {max(SIZES)} MP `-a` takes {ratios[0]:.1f} times as long ({ratios[1]:.1f} times the CPU seconds)."
    yield f"pymatting's solver began again {retries} times in all turns of `-a`.\n"


def framed(folder, work):
    """The line on a picture framed to 1024: matte, colour and three variants written, against the inference."""
    rgb = decode(photo_of(folder, 1.05, work), max_pixels=10**9).picture.rgb
    own, spent = engine(), {"inference": [], "edges": []}
    own.mask(View(rgb))

    def finish(probability):
        rgba = cut_by_us(rgb, alpha_by_us(rgb, probability))
        for name in ("#808080", "white", "transparent"):
            variant = Variant(background=name, under="#808080")
            made = render(rgba, variant, photo=None, picture_id="a", seed=0)
            (work / "variant.png").write_bytes(encode_png(made.pixels))

    for _ in range(2 * TURNS + 1):
        begin = time.perf_counter()
        probability = own.mask(View(rgb)).probability
        middle = time.perf_counter()
        finish(probability)
        spent["inference"].append(middle - begin)
        spent["edges"].append(time.perf_counter() - middle)
    inference, edges = (statistics.median(spent[name]) for name in ("inference", "edges"))
    return (
        f"Framed to {rgb.shape[1]}x{rgb.shape[0]}: matte, colour and three variants written {edges:.2f} s, "
        f"{MODEL}'s inference {inference:.2f} s: {edges / inference:.1f} times.\n"
    )


def page(folder):
    """Every line of the page."""
    networks = session(), engine()
    packages = ", ".join(f"{name} {version(name)}" for name in ("rembg", "pymatting", "numpy"))
    yield "# Edges: rembg's ways and loraset's, from the same masks\n"
    yield f"`make bench`, one run: {os.cpu_count()} cores, Python {platform.python_version()}, {packages}.\n"
    yield from alphas(folder, networks)
    yield ""
    yield from rings(folder, networks)
    with tempfile.TemporaryDirectory(prefix="loraset-bench-") as name:
        yield "\nedges: matte and colour, the mask given. whole: decoding, inference, edges, PNG."
        yield f"The picture is {PHOTO}, resized, with Gaussian noise of {NOISE}/255, as JPEG 92.\n"
        yield from times(folder, "edges", Path(name))
        yield from times(folder, "whole", Path(name))
        yield framed(folder, Path(name))


def main():
    if not os.environ.get("LORASET_DATA") or find(MODEL) is None:
        print(f"skipped: LORASET_DATA names no folder, or model {MODEL} is not on this disk")
        return
    folder = data()
    cv2.setNumThreads(1)
    target = Path(sys.argv[1]) if sys.argv[1:] else None
    lines = []
    for text in page(folder):
        print(text, flush=True)
        lines.append(text)
    if target:
        target.write_text("\n".join(lines), "utf-8")


if __name__ == "__main__":
    main()
