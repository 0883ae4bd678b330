"""Edges on outside data: alpha error against the mask and rembg's closed-form recipe, edge colours, time and memory.

    LORASET_DATA=folder U2NETP=u2netp.onnx python tests/benchmarks/edges.py alpha|grid|color|size MP

alpha  mattes/ with u2netp's masks: the mask, pymatting's closed form on rembg's trimap, ours
grid   mattes/ and cutouts/ on saliency/: the true alpha seen through a grid of 320 cells, before and after
color  cutouts/ on saliency/, true alpha, mixed in sRGB: error of the soft ring, 0..255, composited on gray
size   one matte enlarged to so many megapixels: seconds and peak memory of the whole edge work in this process
"""

import os
import resource
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from scipy.ndimage import binary_erosion

from loraset.ops.foreground import estimate_foreground
from loraset.ops.light import edge_light
from loraset.ops.matting import refine_alpha

GRID = 320


def enlarged(mask, shape):
    return np.clip(cv2.resize(mask, shape[::-1], interpolation=cv2.INTER_CUBIC), 0, 1)


def through_grid(alpha):
    return enlarged(cv2.resize(alpha, (GRID, GRID), interpolation=cv2.INTER_AREA), alpha.shape)


def mattes(data):
    for path in sorted((data / "mattes/images").glob("*.png")):
        truth = np.asarray(Image.open(data / "mattes/gt" / path.name).convert("L"), np.float32) / 255
        yield path.stem, np.asarray(Image.open(path).convert("RGB")), truth


def pasted(data, side=760):
    """Cut-outs in the middle of photos, mixed in sRGB: name, picture, true alpha, true colour."""
    photos = sorted((data / "saliency/images").iterdir())
    for number, path in enumerate(sorted((data / "cutouts").glob("*.png"))):
        image = Image.open(path).convert("RGBA")
        image = image.crop(image.getchannel("A").getbbox())
        values = np.asarray(image, np.float32) / 255
        scale = 0.75 * side / max(image.size)
        flat = np.dstack([values[..., :3] * values[..., 3:], values[..., 3]])
        flat = cv2.resize(
            flat, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        )
        whole = np.zeros((side, side, 4), np.float32)
        y, x = (side - flat.shape[0]) // 2, (side - flat.shape[1]) // 2
        whole[y : y + flat.shape[0], x : x + flat.shape[1]] = flat
        alpha = (np.clip(whole[..., 3], 0, 1) * 255 + 0.5).astype(np.uint8) / np.float32(255)
        color = np.clip(whole[..., :3] / np.maximum(whole[..., 3:], 1e-6), 0, 1)
        photo = Image.open(photos[number * 7 % len(photos)]).convert("RGB").resize((side, side))
        mixed = alpha[..., None] * color + (1 - alpha[..., None]) * (np.asarray(photo, np.float32) / 255)
        yield path.stem, (mixed * 255 + 0.5).astype(np.uint8), alpha, color


def saliency(session, rgb):
    """The map of u2netp in [0, 1], (320, 320)."""
    image = np.asarray(Image.fromarray(rgb).resize((GRID, GRID), Image.Resampling.LANCZOS), np.float32)
    image = (image / max(float(image.max()), 1e-6) - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    blob = image.transpose(2, 0, 1)[None].astype(np.float32)
    said = session.run(None, {session.get_inputs()[0].name: blob})[0][0, 0]
    return ((said - said.min()) / np.ptp(said)).astype(np.float32)


def rembg_alpha(rgb, mask):
    """pymatting's closed form on the trimap of rembg's alpha_matting=True."""
    from pymatting import estimate_alpha_cf

    square = np.ones((10, 10))
    trimap = np.full(mask.shape, 0.5)
    trimap[binary_erosion(mask > 240 / 255, square)] = 1
    trimap[binary_erosion(mask < 10 / 255, square, border_value=1)] = 0
    return estimate_alpha_cf(rgb / 255.0, trimap)


def alpha(data):
    import onnxruntime

    session = onnxruntime.InferenceSession(os.environ["U2NETP"], providers=["CPUExecutionProvider"])
    rows = []
    for name, rgb, truth in mattes(data):
        mask = enlarged(saliency(session, rgb), truth.shape)
        good = ((mask > 0.5) & (truth > 0.5)).sum() > 0.9 * ((mask > 0.5) | (truth > 0.5)).sum()
        ours = refine_alpha(rgb, mask, cell_px=max(truth.shape) / GRID).alpha
        errors = [np.abs(found - truth).mean() for found in (mask, rembg_alpha(rgb, mask), ours)]
        rows.append((good, *errors))
        print(name, "good" if good else "wrong", *(f"{error:.4f}" for error in errors), flush=True)
    for label, wanted in (("good", True), ("wrong", False)):
        chosen = np.array([row[1:] for row in rows if bool(row[0]) == wanted])
        print(
            label,
            "mask, rembg -a, ours:",
            chosen.mean(axis=0).round(4),
            "worst harm",
            (chosen[:, 2] - chosen[:, 0]).max().round(4),
        )


def grid(data):
    for label, items in (("mattes", mattes(data)), ("pasted", (item[:3] for item in pasted(data)))):
        ratios, means = [], []
        for _, rgb, truth in items:
            mask = through_grid(truth)
            found = refine_alpha(rgb, mask, cell_px=max(truth.shape) / GRID).alpha
            means.append((np.abs(mask - truth).mean(), np.abs(found - truth).mean()))
            ratios.append(means[-1][1] / means[-1][0])
        print(label, "MAE seen, refined:", np.mean(means, axis=0).round(5), "worst ratio", round(max(ratios), 2))


def color(data):
    rows = []
    for name, rgb, truth, colors in pasted(data):
        light = edge_light(rgb, truth)[0]
        found = np.round(estimate_foreground(rgb, truth, light=light) * 255) / 255
        ring = cv2.dilate(((truth > 0.02) & (truth < 0.98)).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        errors = [
            float((np.abs(tried - colors).mean(axis=2) * truth)[ring].mean() * 255) for tried in (rgb / 255, found)
        ]
        rows.append((*errors, light == "srgb"))
        print(name, light, *(f"{error:.2f}" for error in errors))
    print("left as it is, ours, share called srgb:", np.mean(rows, axis=0).round(3))


def size(data, megapixels):
    _, rgb, truth = next(mattes(data))
    factor = (float(megapixels) * 1e6 / truth.size) ** 0.5
    seen = through_grid(cv2.GaussianBlur(truth, (0, 0), 4))
    rgb = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    mask = np.clip(cv2.resize(seen, rgb.shape[1::-1], interpolation=cv2.INTER_CUBIC), 0, 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.process_time(), time.perf_counter()
    matte = refine_alpha(rgb, mask, cell_px=max(mask.shape) / GRID)
    middle = time.process_time()
    found = estimate_foreground(rgb, matte.alpha, light=edge_light(rgb, matte.alpha)[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{rgb.shape[1]}x{rgb.shape[0]} cpu {time.process_time() - start[0]:.2f} s (alpha {middle - start[0]:.2f}),",
        f"wall {time.perf_counter() - start[1]:.2f} s, peak {peak:.0f} MB (before {before:.0f}), {found.dtype}",
        matte.details,
    )


if __name__ == "__main__":
    if "LORASET_DATA" not in os.environ:
        sys.exit("LORASET_DATA is not set: no data to measure on")
    cv2.setNumThreads(1)
    {"alpha": alpha, "grid": grid, "color": color, "size": size}[sys.argv[1]](
        Path(os.environ["LORASET_DATA"]), *sys.argv[2:]
    )
