"""The main job's numbers, each from whole runs. Not collected by pytest.

    python tests/benchmarks/main_job.py masks  [ENGINE ...]   mean IoU on $LORASET_DATA/masks, one run for each set
    python tests/benchmarks/main_job.py ring                  ring colour error on the sample, its true alpha given
    python tests/benchmarks/main_job.py demo                  seconds of the demo's run against decoding its pictures
    python tests/benchmarks/main_job.py memory N [ENGINE]     peak memory of a run over N pictures of 12 MP

Every run has a cache of its own, so nothing is a hit. IoU judges the pixels that the truth marks 0 or 255. The ring is
where the true alpha lies between .02 and .98, grown by 2 px; its error is the mean difference, of 255, on gray, white
and black.
"""

import os
import resource
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np

from loraset import pipeline
from loraset.images import Unreadable, decode, encode_png, read_png
from loraset.recipe.load import from_text, load, packed, parse_set
from loraset.sample import render, write_sample

INDOORS = ("wood-hello", "night-lights", "linen-hug", "denim-kick")
OUTDOORS = ("brick-hip", "lawn-sit", "gravel-wide", "side-view")


def request(inputs: list[Path], output: Path, *sets: str) -> pipeline.Request:
    recipe = from_text("", settings=[parse_set(text) for text in sets])
    return pipeline.Request(recipe, Path.cwd(), tuple(str(path) for path in inputs), output)


def masks(work: Path, engines: list[str]) -> None:
    data = Path(os.environ["LORASET_DATA"]) / "masks"
    sets = defaultdict(list)
    for path in sorted((data / "images").iterdir()):
        sets[path.stem.rsplit("_", 1)[0]].append(path)
    for engine in engines or ["cosegment", "rembg:u2netp"]:
        found = {}
        for name, paths in sets.items():
            output = work / f"{engine.replace(':', '-')}-{name}"
            pipeline.cutout(request(paths, output, f'mask.engine="{engine}"'), alpha_only=True)
            for path in paths:
                mask, truth = read_png(output / f"{path.stem}.png"), read_png(data / "gt" / f"{path.stem}.png")
                judged = (truth == 0) | (truth == 255)
                subject, true = (mask > 127)[judged], (truth == 255)[judged]
                found[path.stem] = (subject & true).sum() / (subject | true).sum()
            scores = [found[path.stem] for path in paths]
            print(f"{engine:14} {name:20} mean {np.mean(scores):.4f} worst {min(scores):.4f}")
        print(f"{engine:14} {'all':20} mean {np.mean(list(found.values())):.4f} worst {min(found.values()):.4f}")


def ring(work: Path) -> None:
    photos, given = work / "photos", work / "masks"
    photos.mkdir()
    given.mkdir()
    shots = {name: render(name) for name in INDOORS + OUTDOORS}
    for name, shot in shots.items():
        (photos / f"{name}.png").write_bytes(encode_png(shot.photo))
        (given / f"{name}.png").write_bytes(encode_png((shot.alpha * 255 + 0.5).astype(np.uint8)))
    sets = [
        'mask.engine="given"',
        'frame.mode="keep"',
        f'input.masks="{given}"',
        "select.min_score=0.0",
        "dedupe.near=false",
    ]
    for light in ("auto", "linear", "srgb"):
        output = work / light
        outcome = pipeline.run(request([photos], output, *sets, f'decontaminate.light="{light}"'))
        errors = []
        for row in outcome.rows:
            made = read_png(output / row["files"]["transparent"]).astype(float) / 255
            shot = shots[Path(row["source"]).stem]
            true = np.dstack([shot.color, shot.alpha]).astype(float)
            error = ring_error(made, true)
            chosen = row["details"]["decontaminate"]["light"]
            errors.append(error)
            print(f"light {light:6} -> {chosen:6} {row['stem']:14} {error:.2f}")
        print(f"light {light:6} mean {np.mean(errors):.2f}")


def ring_error(made: np.ndarray, true: np.ndarray) -> float:
    """Return the mean difference, of 255, of two RGBA pictures on gray, white and black in the true alpha's ring."""
    edge = ((true[..., 3] > 0.02) & (true[..., 3] < 0.98)).astype(np.uint8)
    inside = cv2.dilate(edge, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)), iterations=2) > 0
    errors = []
    for level in (128 / 255, 1.0, 0.0):
        first, second = (rgba[..., :3] * rgba[..., 3:] + level * (1 - rgba[..., 3:]) for rgba in (made, true))
        errors.append(np.abs(first - second).mean(axis=2)[inside].mean() * 255)
    return float(np.mean(errors))


def demo(work: Path) -> None:
    photos = work / "photos"
    write_sample(photos)
    paths = [path for path in sorted(photos.iterdir()) if path.suffix != ".txt"]
    recipe, _ = load(packed()["quickstart"])
    ratios = []
    for turn in range(3):
        begin = time.perf_counter()
        for path in paths:
            with suppress(Unreadable):
                decode(path, max_pixels=10**9)
        decoding = time.perf_counter() - begin
        os.environ["LORASET_CACHE"] = str(work / f"cache-{turn}")
        begin = time.perf_counter()
        pipeline.run(pipeline.Request(recipe, work, (str(photos),), work / f"set-{turn}"))
        took = time.perf_counter() - begin
        allowed = 20 * decoding + len(paths)
        ratios.append(took / allowed)
        print(f"run {took:.1f} s, decoding {decoding:.2f} s, allowed {allowed:.1f} s, share {ratios[-1]:.2f}")
    print(f"median share of what is allowed: {np.median(ratios):.2f}")


def memory(work: Path, count: int, engine: str) -> None:
    rng = np.random.default_rng(0)
    photos = work / "photos"
    photos.mkdir()
    shots = [render(name, side=1050).photo for name in INDOORS]
    for number in range(count):
        shot = shots[number % len(shots)]
        x, y = rng.integers(0, 30, 2)
        large = cv2.resize(shot[y : y + 1000, x : x + 750], (3000, 4000), interpolation=cv2.INTER_CUBIC)
        large = cv2.add(large, rng.integers(0, 6, large.shape, dtype=np.uint8))  # no two are alike
        (photos / f"{number:03}.jpg").write_bytes(cv2.imencode(".jpg", large[..., ::-1])[1].tobytes())
    del large
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = pipeline.run(request([photos], work / "set", f'mask.engine="{engine}"', "dedupe.near=false"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{count} pictures, {engine}: peak {peak / 1024:.0f} MB (before the run {before / 1024:.0f} MB)",
        outcome.run["verdicts"],
    )


def main() -> None:
    mode, *words = sys.argv[1:] or ["help"]
    work = Path(tempfile.mkdtemp(prefix="loraset-bench-"))
    os.environ["LORASET_CACHE"] = str(work / "cache")
    try:
        if mode == "masks":
            masks(work, words)
        elif mode == "ring":
            ring(work)
        elif mode == "demo":
            demo(work)
        elif mode == "memory":
            memory(work, int(words[0]), words[1] if len(words) > 1 else "cosegment")
        else:
            sys.exit(__doc__)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
