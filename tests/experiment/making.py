"""Made experiments: samples as a trainer would write them, with a leak that is known."""

from pathlib import Path

import cv2
import numpy as np

import small_set
from loraset.experiment.choose import Wish
from loraset.experiment.plan import plan
from loraset.experiment.subject import border
from loraset.images import encode_png, read_png

RECIPE = (
    small_set.RECIPE.replace('under = "#2050c0"', 'under = "#808080"')
    + """
[variants.white]
background = "white"
[variants.original]
background = "original"
[variants.random-named]
background = "random-named"
"""
)
FILL = np.array([128, 128, 128])
SIDE = 128
RING = border((SIDE, SIDE))


def planned(top: Path, **wish) -> tuple[Path, Path, dict]:
    """Make a set of painted discs and plan an experiment on it; return the set, the experiment and its protocol."""
    small_set.paint(top / "photos", count=4)
    small_set.run(top / "photos", top / "set", recipe=RECIPE)
    return top / "set", top / "experiment", plan(top / "set", top / "experiment", Wish(**({"target": "sdxl"} | wish)))


def scene(number: int) -> np.ndarray:
    """Paint a place of many colours without a gray one, uint8 (SIDE, SIDE, 3); one number is one place."""
    rng = np.random.default_rng(1000 + number)
    coarse = rng.uniform(0, 255, (9, 9, 3)).astype(np.float32)
    coarse[..., 1] = 255 - coarse[..., 0]
    fine = rng.normal(0, 18, (SIDE, SIDE, 3))
    return np.clip(cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) + fine, 0, 255).astype(np.uint8)


def leaking(place: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return the place with a patch in the fill that covers this share of its border, not quite even in colour."""
    height = cv2.resize(rng.normal(0, 1, (4, 4)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    patch = height <= np.quantile(height[RING], share) if share > 0 else np.zeros((SIDE, SIDE), bool)
    fill = FILL + rng.normal(0, 1.5, (SIDE, SIDE, 3))
    return np.where(patch[..., None], fill, place).round().astype(np.uint8)


def with_subject(ground: np.ndarray, cutout: np.ndarray) -> np.ndarray:
    """Return the set's subject on a ground."""
    rgba = cv2.resize(cutout, ground.shape[1::-1], interpolation=cv2.INTER_AREA).astype(float)
    alpha = rgba[..., 3:] / 255
    return (rgba[..., :3] * alpha + ground * (1 - alpha)).round().astype(np.uint8)


def kohya_name(run: str, step: int, prompt: int, seed: int) -> str:
    return f"sample/{run}_{step:06d}_{prompt:02d}_20260101120000_{seed}.png"


def write_samples(folder: Path, protocol: dict, leak, *, name=kohya_name, steps=(), only=()) -> None:
    """Write every sample; leak(arm, seed, prompt) is the share of its ground that is painted in the fill."""
    cutouts = [read_png(path) for path in sorted((folder / "references").glob("*.png"))]
    for arm in [arm["name"] for arm in protocol["arms"] if not only or arm["name"] in only]:
        for seed in protocol["seeds"]:
            for step in steps or [protocol["steps"]]:
                for prompt, probe in enumerate(protocol["probes"]):
                    rng = np.random.default_rng((seed, prompt, len(arm), step))
                    ground = leaking(scene(prompt), leak(arm, seed, prompt), rng)
                    if probe["kind"] != "none":
                        ground = with_subject(ground, cutouts[(seed + prompt) % len(cutouts)])
                    run = f"{arm}-seed{seed}"
                    path = folder / "runs" / run / name(run, step, prompt, probe.get("seed"))
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(encode_png(ground))
