"""Engine plate on scenes with truth: a photo and a photo of the empty set, as cameras, hands and light make them.

    [LORASET_DATA=folder] python tests/benchmarks/plates.py [--only WORD] [--sheets FOLDER]

Scenes are the sample's toys in their surroundings (linear light, with their shadows) and, with LORASET_DATA, cut-outs
of cutouts/ and mattes/ on photos/. Every scene is photographed under every condition of `CONDITIONS`. Shown: MAE of
alpha, IoU, the share of the picture that is background and was taken for subject, the soft ring's colour error (0..255,
mean of gray, white and black) and the plates that were refused.
"""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from keys import on_white, ring_errors, saved, write
from material import Shot, data, read_rgb

from loraset.color import to_linear, to_srgb
from loraset.engines import make_engine
from loraset.engines.interface import EngineOptions
from loraset.ops.foreground import estimate_foreground
from loraset.ops.light import edge_light
from loraset.ops.matting import refine_alpha
from loraset.sample import SHOTS, scene
from loraset.sample.background import surroundings
from loraset.sample.shots import BACKDROPS, LIGHTS, SPECIES
from loraset.sample.toy import build

SIDE = 640
TOYS = ("brick-hip", "lawn-sit", "linen-hug", "books-chin", "tiles-flash", "blanket-sit")
FAR = np.array((1e4, 0, 0), np.float32)


@dataclass(frozen=True, eq=False)
class Scene:
    """What a camera sees: float32 (H, W, 3) sRGB-encoded colours, alpha (H, W), and the light that mixes them."""

    name: str
    color: np.ndarray
    alpha: np.ndarray
    behind: np.ndarray  # without the subject, with its shadow
    empty: np.ndarray
    light: str = "linear"
    shift: np.ndarray | None = None  # of the plate's camera

    def photo(self):
        part = self.alpha[..., None]
        if self.light == "srgb":
            return part * self.color + (1 - part) * self.behind
        return to_srgb((part * to_linear(self.color) + (1 - part) * to_linear(self.behind)).astype(np.float32))

    def plate(self):
        if self.shift is None:
            return self.empty
        size, flags = self.alpha.shape[::-1], cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        return cv2.warpPerspective(self.empty, self.shift, size, flags=flags, borderMode=cv2.BORDER_REFLECT)


def toys():
    """The sample's shots with the same place rendered once more without the toy."""
    for spec in (spec for spec in SHOTS if spec.name in TOYS):
        shot = scene.shoot(spec, seed=0, side=SIDE)
        rng = np.random.default_rng([0, *spec.name.encode()])
        camera, parts = scene._camera(spec, SIDE), build(SPECIES[spec.species], spec.pose)
        parts = replace(parts, center=parts.center + FAR)
        place, light = BACKDROPS[spec.backdrop], LIGHTS[spec.light]
        behind, before = surroundings(place, camera, light, parts, spec.distance, rng.spawn(1)[0])
        empty = before[..., :3] + (1 - before[..., 3:]) * behind
        empty = scene._encoded(empty * scene._vignette(camera)[..., None])
        yield Scene(spec.name, shot.color, shot.alpha, shot.background, empty)


def pasted():
    """Cut-outs and mattes with hair, each on another photo; those of cutouts/ are mixed in sRGB."""
    root = data()
    grounds = [path for folder in sorted((root / "photos").iterdir()) for path in sorted(folder.glob("0[02].jpg"))]
    cutouts = [path for kind in ("lego", "gopher") for path in sorted((root / "cutouts").glob(f"{kind}_*.png"))[::6]]
    mattes = sorted((root / "mattes" / "images").glob("*.png"))[::3]
    for number, path in enumerate([*cutouts, *mattes]):
        ground = read_rgb(grounds[number * 5 % len(grounds)])
        scale = SIDE / max(ground.shape[:2])
        empty = cv2.resize(ground, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        bgra = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if path in mattes:
            alpha = cv2.imread(str(root / "mattes" / "gt" / path.name), cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255
            color = estimate_foreground(cv2.cvtColor(bgra[..., :3], cv2.COLOR_BGR2RGB), alpha, light="linear")
        else:
            rgba = cv2.cvtColor(bgra, cv2.COLOR_BGRA2RGBA).astype(np.float32) / 255
            color, alpha = rgba[..., :3], rgba[..., 3]
        color, alpha = _placed(color, alpha, empty.shape[:2], flush=path in mattes)
        yield Scene(path.stem, color, alpha, empty, empty, "linear" if path in mattes else "srgb")


def _placed(color, alpha, shape, *, flush):
    """A cut-out in a picture of a shape, at 0.7 of its height or width; flush stands on the bottom."""
    rows, columns = np.flatnonzero(alpha.max(1) > 0.02), np.flatnonzero(alpha.max(0) > 0.02)
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    packed = np.dstack([color[box] * alpha[box][..., None], alpha[box]])
    scale = 0.7 * min(shape[0] / packed.shape[0], shape[1] / packed.shape[1])
    packed = cv2.resize(packed, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else 1)
    top = shape[0] - packed.shape[0] if flush else (shape[0] - packed.shape[0]) * 2 // 3
    left = (shape[1] - packed.shape[1]) // 2
    whole = np.zeros((*shape, 4), np.float32)
    whole[top : top + packed.shape[0], left : left + packed.shape[1]] = packed
    return np.clip(whole[..., :3] / np.maximum(whole[..., 3:], 1e-4), 0, 1), np.clip(whole[..., 3], 0, 1)


def still(seen):
    return seen


def shadowed(seen):
    """A soft shadow to one side, and a darker one close by."""
    height, width = seen.alpha.shape
    aside = np.array([[1, 0.25, 0.02 * width], [0, 0.9, 0.1 * height]], np.float32)
    cast = cv2.GaussianBlur(cv2.warpAffine(seen.alpha, aside, (width, height)), (0, 0), width / 60)
    close = cv2.GaussianBlur(np.roll(seen.alpha, height // 80, axis=0), (0, 0), width / 120)
    shade = (1 - 0.35 * cast) * (1 - 0.35 * close)
    return replace(seen, behind=to_srgb((to_linear(seen.behind) * shade[..., None]).astype(np.float32)))


def exposed(seen):
    """The plate in another white balance, brighter, its corners darker."""
    height, width = seen.alpha.shape
    y, x = np.mgrid[:height, :width]
    far = np.hypot(x / width - 0.5, y / height - 0.5)[..., None]
    linear = to_linear(seen.empty) * np.array((1.25, 1.1, 0.9)) * (1 - 0.5 * far**2)
    return replace(seen, empty=to_srgb(np.clip(linear, 0, 1).astype(np.float32)))


def nudged(seen):
    return replace(seen, shift=np.array([[1, 0.002, 1.4], [-0.002, 1, -0.9], [0, 0, 1]], np.float64))


def by_hand(seen):
    shift = np.array([[1.012, 0.02, -9], [-0.016, 0.995, 11], [2e-5, -1e-5, 1]], np.float64)
    return replace(seen, shift=shift)


def out_of_focus(seen):
    """The camera was focused on the subject in one, on the wall in the other."""
    return replace(seen, behind=cv2.GaussianBlur(seen.behind, (0, 0), 1.6))


def thing_moved(seen):
    """A box stood on the empty set, beside where the subject is now."""
    height, width = seen.alpha.shape
    free = cv2.boxFilter(seen.alpha, -1, (width // 8, height // 8), borderType=cv2.BORDER_CONSTANT)
    free[: height // 12] = free[-height // 12 :] = free[:, : width // 12] = free[:, -width // 12 :] = 1
    y, x = np.unravel_index(np.argmin(free), free.shape)
    box = slice(y - height // 20, y + height // 20), slice(x - width // 20, x + width // 20)
    empty = seen.empty.copy()
    empty[box] = np.array((0.75, 0.3, 0.2), np.float32)
    return replace(seen, empty=empty)


def alike(seen):
    """The subject has much of the colour of what is behind it."""
    near = cv2.GaussianBlur(seen.empty, (0, 0), 12)
    return replace(seen, color=(0.35 * seen.color + 0.65 * near).astype(np.float32))


@dataclass(frozen=True)
class Condition:
    change: Callable[[Scene], Scene]
    noise: float = 1.5  # of 255
    quality: int | None = 95  # of the JPEG


CONDITIONS = {
    "still": Condition(still),
    "noisy": Condition(still, noise=5),
    "JPEG 75": Condition(still, quality=75),
    "exposure": Condition(exposed),
    "shadow": Condition(shadowed),
    "nudged": Condition(nudged),
    "by hand": Condition(by_hand),
    "focus": Condition(out_of_focus),
    "thing moved": Condition(thing_moved),
    "alike": Condition(alike),
}


def developed(values, condition, seed):
    grain = np.random.default_rng(seed).normal(0, condition.noise / 255, values.shape)
    return saved((np.clip(values + grain, 0, 1) * 255 + 0.5).astype(np.uint8), condition.quality)


def cut(photo, engine):
    """Alpha and colour as the line makes them, and what was said."""
    mask = engine.mask(Shot("photo", photo, None))
    alpha = refine_alpha(photo, mask.probability, cell_px=1.0, exact=mask.exact).alpha
    return alpha, estimate_foreground(photo, alpha, light=edge_light(photo, alpha)[0]), mask


def measure(found, colors, truth):
    wrong = (found > 0.5) & (cv2.dilate(truth.alpha, np.ones((7, 7))) == 0)
    overlap = ((found > 0.5) & (truth.alpha > 0.5)).sum() / ((found > 0.5) | (truth.alpha > 0.5)).sum()
    ring = np.mean(ring_errors(colors, found, truth.alpha, truth.color))
    return np.abs(found - truth.alpha).mean(), overlap, wrong.mean(), ring


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--sheets", type=Path)
    wanted = parser.parse_args()
    rows = {name: [] for name in CONDITIONS if wanted.only in name}
    refused = dict.fromkeys(rows, 0)
    for seen in scenes():
        for name in rows:
            condition = CONDITIONS[name]
            changed = condition.change(seen)
            photo = developed(changed.photo(), condition, 1)
            file = Path(os.environ.get("TMPDIR", "/tmp")) / f"plate-{os.getpid()}.png"
            write(file, developed(changed.plate(), condition, 2) / 255)
            engine = make_engine("plate", EngineOptions(plate=(file,)))
            file.unlink()
            alpha, colors, mask = cut(photo, engine)
            rows[name].append(measure(alpha, colors, changed))
            refused[name] += any("does not fit" in reason.detail for reason in mask.reasons)
            print(f"{seen.name:14}", f"{name:12}", *(f"{value:.4f}" for value in rows[name][-1]), flush=True)
            if wanted.sheets:
                truth = on_white(changed.color, changed.alpha)
                write(
                    wanted.sheets / f"{name}-{seen.name}.png", np.hstack([photo / 255, on_white(colors, alpha), truth])
                )
    print(f"{'':12}     MAE     IoU   false    ring  refused")
    for name, numbers in rows.items():
        mean = np.mean(numbers, axis=0)
        print(f"{name:12}", *(f"{v:7.4f}" for v in mean[:3]), f"{mean[3]:7.2f}", f"{refused[name]}/{len(numbers)}")


def scenes():
    yield from toys()
    if "LORASET_DATA" in os.environ:
        yield from pasted()


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
