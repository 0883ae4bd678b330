"""Engines key and plate on outside data: alpha error against truth, and the soft ring's colour error as 0..255.

    LORASET_DATA=folder python tests/benchmarks/keys.py screens|painted|plates [FOLDER]

screens  cutouts/ on flat and on unevenly lit screens with spill, mixed in sRGB, as PNG and JPEG: MAE of alpha, ring
         error on gray, white and black
painted  the sample's toy in several colours, and some of cutouts/, before screens with spill that is mixed in, added or
         near the edge only, with wrinkles, shadows, noise, JPEG: the same numbers, and the colour's error inside
plates   plates/: MAE against the rough truth, and what is said of plates that belong to other scenes
With FOLDER, what was cut is written there on white, to be looked at.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from material import Shot, data

from loraset.color import to_linear, to_srgb
from loraset.engines import make_engine
from loraset.engines.interface import EngineOptions
from loraset.images import decode
from loraset.ops.foreground import estimate_foreground
from loraset.ops.keying import soft_key
from loraset.ops.light import edge_light
from loraset.ops.matting import refine_alpha
from loraset.ops.screen import find_screen
from loraset.ops.spill import despill
from loraset.sample import render

SIDE = 760
COLORS = {"green": (0, 177, 64), "lime": (30, 250, 40), "blue": (20, 70, 190)}
LIGHTS = {"flat": (0.0, 0.0), "40 % fall-off, 10 % spill": (0.4, 0.1)}

TINTS = {"yellow": (245, 200, 40), "teal": (40, 170, 165), "olive": (130, 150, 60), "black": (40, 38, 38)}
SHOTS = {
    "flat": {},
    "spill mixed in": {"fall": 0.4, "spill": 0.1},
    "spill added": {"fall": 0.4, "spill": 0.1, "how": "added"},
    "photo": {"fall": 0.3, "linear": True, "noise": 2, "quality": 90},
    "photo, cloth, spill near the edge": {
        "fall": 0.3,
        "linear": True,
        "noise": 2,
        "quality": 92,
        "wrinkles": 0.05,
        "shadow": 0.4,
        "spill": 0.2,
        "how": "near",
    },
}


def cutouts(side=SIDE):
    """Every cut-out in the middle of a square: name, alpha (H, W) and straight colour (H, W, 3), both [0, 1]."""
    for path in sorted((data() / "cutouts").glob("*.png")):
        bgra = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        yield path.stem, *centred(cv2.cvtColor(bgra, cv2.COLOR_BGRA2RGBA).astype(np.float32) / 255, side)


def centred(rgba, side=SIDE):
    """A cut-out in the middle of a square: alpha (H, W) and straight colour (H, W, 3), both [0, 1]."""
    rows, columns = np.flatnonzero(rgba[..., 3].max(1) > 0.02), np.flatnonzero(rgba[..., 3].max(0) > 0.02)
    rgba = rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()
    rgba[..., :3] *= rgba[..., 3:]
    scale = 0.75 * side / max(rgba.shape)
    rgba = cv2.resize(rgba, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    whole = np.zeros((side, side, 4), np.float32)
    y, x = (side - rgba.shape[0]) // 2, (side - rgba.shape[1]) // 2
    whole[y : y + rgba.shape[0], x : x + rgba.shape[1]] = rgba
    alpha = np.round(np.clip(whole[..., 3], 0, 1) * 255) / np.float32(255)
    return alpha, np.clip(whole[..., :3] / np.maximum(whole[..., 3:], 1e-6), 0, 1)


def subjects():
    """Cut-outs by name: the sample's toys, one of them in other colours, and a few of cutouts/."""
    for name in ("wood-hello", "rabbit"):
        shot = render(name, side=1000)
        alpha, color = centred(np.dstack([shot.color, shot.alpha]))
        yield name, alpha, color
        if name == "wood-hello":
            gray = color.mean(axis=2, keepdims=True) / np.percentile(color.mean(axis=2), 98)
            for tint, rgb in TINTS.items():
                yield tint, alpha, np.clip(gray * np.array(rgb) / 255, 0, 1).astype(np.float32)
            yield "white", alpha, np.clip(0.55 + 0.4 * gray.repeat(3, axis=2), 0, 1).astype(np.float32)
    yield from list(cutouts())[::9]


def before_screen(
    alpha,
    clean,
    color,
    *,
    fall=0.0,
    spill=0.0,
    how="mixed",
    linear=False,
    noise=0,
    quality=None,
    wrinkles=0.0,
    shadow=0.0,
):
    """A picture of the subject before a screen; spill is mixed in, added, or added near the edge."""
    rng = np.random.default_rng(0)
    folds = cv2.GaussianBlur(rng.normal(size=alpha.shape).astype(np.float32), (0, 0), sigmaX=9, sigmaY=60)
    shade = cv2.GaussianBlur(np.roll(alpha, (25, 60), (0, 1)), (0, 0), 12)
    wall = lit(color, SIDE, fall) * (1 + wrinkles * folds / folds.std() - shadow * shade)[..., None]
    front, back, key = clean, np.clip(wall, 0, 1).astype(np.float32), np.array(color, np.float32) / 255
    if linear:
        front, back, key = to_linear(front), to_linear(back), to_linear(key)
    if how == "mixed":
        front = (1 - spill) * front + spill * key
    else:
        depth = cv2.distanceTransform((alpha > 0.5).astype(np.uint8), cv2.DIST_L2, 5)[..., None]
        here = spill * np.exp(-depth / 25) * (0.3 + 0.7 * front.mean(axis=2, keepdims=True))
        front = np.clip(front + (here if how == "near" else spill) * key, 0, 1)
    mixed = (alpha[..., None] * front + (1 - alpha[..., None]) * back).astype(np.float32)
    seen = (to_srgb(mixed) if linear else mixed) * 255 + noise * rng.normal(size=mixed.shape)
    return saved((seen + 0.5).clip(0, 255).astype(np.uint8), quality)


def painted(folder):
    for shot, facts in SHOTS.items():
        rows = []
        for name, alpha, clean in subjects():
            rgb = before_screen(alpha, clean, COLORS["green"], **facts)
            found, colors = keyed(rgb, edge_light)
            inside = np.abs(colors - clean).mean(axis=2)[alpha == 1].mean() * 255
            rows.append((np.abs(found - alpha).mean(), *ring_errors(colors, found, alpha, clean), inside))
            print(f"  {name:12}", *(f"{value:.4f}" if value < 0.5 else f"{value:.2f}" for value in rows[-1]))
            if folder:
                sheet = np.hstack([rgb / 255, on_white(colors, found), on_white(clean, alpha)])
                write(folder / f"painted-{shot.replace(', ', '-').replace(' ', '-')}-{name}.png", sheet)
        numbers = np.array(rows).mean(axis=0)
        told = f"MAE {numbers[0]:.4f}, ring gray, white, black", *(f"{value:.2f}" for value in numbers[1:4])
        print(f"{shot:34}", *told, f"inside {numbers[4]:.2f}", flush=True)


def keyed(rgb, light):
    """Alpha and colour as the pipeline makes them; light tells the edge's from picture and alpha."""
    screen = find_screen(rgb)
    found = np.round(soft_key(rgb, screen).alpha * 255) / np.float32(255)
    return found, despill(estimate_foreground(rgb, found, light=light(rgb, found)[0]), found, screen.color)


def lit(color, side, fall):
    """A screen whose light falls off by `fall` from its middle to its corners, [0, 1]."""
    y, x = np.mgrid[:side, :side] / (side - 1) - 0.5
    return (np.array(color) / 255 * (1 - fall * 2 * (x**2 + y**2))[..., None]).astype(np.float32)


def ring_errors(found, alpha, truth_alpha, truth):
    """Mean absolute error of the composites on gray, white and black in the soft ring, 0..255."""
    ring = (truth_alpha > 0.02) & (truth_alpha < 0.98)
    ring = cv2.dilate(ring.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)), iterations=2) > 0
    errors = []
    for value in (128 / 255, 1.0, 0.0):
        ours = found * alpha[..., None] + value * (1 - alpha[..., None])
        true = truth * truth_alpha[..., None] + value * (1 - truth_alpha[..., None])
        errors.append(np.abs(ours - true).mean(axis=2)[ring].mean() * 255)
    return errors


def screens(folder):
    for screen_name, color in COLORS.items():
        for light_name, (fall, spill) in LIGHTS.items():
            for quality in (None, 92):
                rows = []
                for name, alpha, clean in cutouts():
                    spilled = (1 - spill) * clean + spill * np.array(color, np.float32) / 255
                    mixed = alpha[..., None] * spilled + (1 - alpha[..., None]) * lit(color, SIDE, fall)
                    rgb = saved((mixed * 255 + 0.5).astype(np.uint8), quality)
                    found, colors = keyed(rgb, lambda *_: ("srgb", "mixed so"))
                    rows.append((np.abs(found - alpha).mean(), *ring_errors(colors, found, alpha, clean)))
                    if folder and quality is None:
                        sheet = np.hstack([mixed, on_white(colors, found), on_white(clean, alpha)])
                        write(folder / f"{screen_name}-{fall}-{name}.png", sheet)
                numbers = np.array(rows, np.float64)
                print(
                    f"{screen_name:6} {light_name:26} {'PNG' if quality is None else 'JPEG 92':8}",
                    f"MAE {numbers[:, 0].mean():.4f}, worst {numbers[:, 0].max():.4f},",
                    "ring gray, white, black",
                    *(f"{value:.2f}" for value in numbers[:, 1:].mean(axis=0)),
                    flush=True,
                )


def saved(rgb, quality):
    """The picture after JPEG of a quality; None leaves it as it is."""
    if quality is None:
        return rgb
    _, content = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.cvtColor(cv2.imdecode(content, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def on_white(colors, alpha):
    """The cut-out on white."""
    return colors * alpha[..., None] + 1 - alpha[..., None]


def plates(folder):
    """Every picture with every plate: what is said, and the error where there is a truth and the plate is its own."""
    root = data() / "plates"
    for plate in sorted((root / "plate").iterdir()):
        engine = make_engine("plate", EngineOptions(plate=(plate,)))
        for path in sorted((root / "images").iterdir()):
            rgb = decode(path, max_pixels=10**9).picture.rgb
            mask = engine.mask(Shot(path.name, rgb, None))
            print(path.name, "with", plate.name, mask.details["aligned"], *(reason.detail for reason in mask.reasons))
            if path.stem != plate.stem:
                continue
            coarse = np.clip(cv2.resize(mask.probability, rgb.shape[1::-1], interpolation=cv2.INTER_CUBIC), 0, 1)
            cell_px = rgb.shape[1] / mask.probability.shape[1]
            alpha = refine_alpha(rgb, coarse, cell_px=cell_px, exact=mask.exact).alpha
            file = root / "gt" / f"{path.stem}.png"
            if file.exists():
                truth = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
                # drawn before the picture was turned by its EXIF tag
                truth = (np.rot90(truth) if truth.shape != alpha.shape else truth) / 255
                haze = np.abs(np.where(truth < 0.3, 0, truth) - truth).mean()
                print(f"  MAE {np.abs(alpha - truth).mean():.4f}; of the truth itself without its haze {haze:.4f}")
            if folder:
                colors = estimate_foreground(rgb, alpha, light=edge_light(rgb, alpha)[0])
                write(folder / f"plate-{path.stem}.png", np.hstack([rgb / 255, on_white(colors, alpha)]))


def write(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor((np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8), cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    cv2.setNumThreads(1)
    {"screens": screens, "painted": painted, "plates": plates}[sys.argv[1]](
        Path(sys.argv[2]) if len(sys.argv) > 2 else None
    )
