"""Engines key and plate on outside data: alpha error against truth, and the soft ring's colour error as 0..255.

    LORASET_DATA=folder python tests/benchmarks/keys.py screens|plates [FOLDER]

screens  cutouts/ on flat and on unevenly lit screens with spill, mixed in sRGB: MAE of alpha, ring error on gray, white
         and black, worst picture
plates   plates/: MAE against the rough truth, and what is said of plates that belong to other scenes
With FOLDER, what was cut is written there on white, to be looked at.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from material import data, read_rgb

from loraset.ops.foreground import estimate_foreground
from loraset.ops.keying import despill, soft_key
from loraset.ops.screen import find_screen, why_not_plain

SIDE = 760
COLORS = {"green": (0, 177, 64), "lime": (30, 250, 40), "blue": (20, 70, 190)}
LIGHTS = {"flat": (0.0, 0.0), "40 % fall-off, 10 % spill": (0.4, 0.1)}


def cutouts(side=SIDE):
    """Every cut-out in the middle of a square: name, alpha (H, W) and straight colour (H, W, 3), both [0, 1]."""
    for path in sorted((data() / "cutouts").glob("*.png")):
        bgra = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        rgba = cv2.cvtColor(bgra, cv2.COLOR_BGRA2RGBA).astype(np.float32) / 255
        rows, columns = np.flatnonzero(rgba[..., 3].max(1) > 0.02), np.flatnonzero(rgba[..., 3].max(0) > 0.02)
        rgba = rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        rgba[..., :3] *= rgba[..., 3:]
        scale = 0.75 * side / max(rgba.shape)
        rgba = cv2.resize(
            rgba, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        )
        whole = np.zeros((side, side, 4), np.float32)
        y, x = (side - rgba.shape[0]) // 2, (side - rgba.shape[1]) // 2
        whole[y : y + rgba.shape[0], x : x + rgba.shape[1]] = rgba
        alpha = np.round(np.clip(whole[..., 3], 0, 1) * 255) / np.float32(255)
        yield path.stem, alpha, np.clip(whole[..., :3] / np.maximum(whole[..., 3:], 1e-6), 0, 1)


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
            rows = []
            for name, alpha, clean in cutouts():
                ground = lit(color, SIDE, fall)
                spilled = (1 - spill) * clean + spill * np.array(color, np.float32) / 255
                mixed = alpha[..., None] * spilled + (1 - alpha[..., None]) * ground
                rgb = (mixed * 255 + 0.5).astype(np.uint8)
                screen = find_screen(rgb)
                key = soft_key(rgb, screen)
                found = np.round(key.alpha * 255) / np.float32(255)
                colors = despill(estimate_foreground(rgb, found, light="srgb"), found, screen.color)
                errors = ring_errors(colors, found, alpha, clean)
                rows.append(
                    (name, np.abs(found - alpha).mean(), *errors, bool(why_not_plain(screen) or key.unsure > 0.09))
                )
                if folder:
                    white = colors * found[..., None] + 1 - found[..., None]
                    sheet = np.hstack([mixed, white, np.abs(found - alpha)[..., None].repeat(3, 2) * 4])
                    write(folder / f"{screen_name}-{light_name.split()[0]}-{name}.png", sheet)
            numbers = np.array([row[1:] for row in rows], np.float64)
            for kind in ("gopher", "lego", ""):
                part = numbers[[row[0].startswith(kind) for row in rows]]
                print(
                    f"{screen_name:6} {light_name:26} {kind or 'all':7} MAE {part[:, 0].mean():.4f}",
                    "ring gray, white, black",
                    part[:, 1:4].mean(axis=0).round(2),
                    f"declined {part[:, 4].mean():.0%}",
                )
            worst = sorted(rows, key=lambda row: -row[1])[:4]
            print(
                "  worst",
                [(row[0], round(float(row[1]), 4), round(float(row[2]), 1), row[5]) for row in worst],
                flush=True,
            )


def write(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor((np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8), cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    cv2.setNumThreads(1)
    {"screens": screens}[sys.argv[1]](Path(sys.argv[2]) if len(sys.argv) > 2 else None)
