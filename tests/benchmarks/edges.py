"""Edges on outside data: alpha error against the mask and rembg's closed-form recipe, edge colours, time and memory.

    LORASET_DATA=folder U2NETP=u2netp.onnx python tests/benchmarks/edges.py alpha|photos|hard|grid|color|both|size MP

alpha  mattes/ with u2netp's masks: the mask, pymatting's closed form on rembg's trimap, ours; MAE and gradient error
photos masks/ and saliency/ with u2netp's masks of IoU above .9: IoU and MAE where the truth is sure, before and after
hard   the true alpha of mattes/ and cutouts/ as yes and no at the photo's own size, before and after
grid   mattes/ and cutouts/ on saliency/: the true alpha seen through a grid of 320 cells, before and after
color  cutouts/ on saliency/, true alpha, mixed in sRGB: error of the soft ring, PNG and JPEG 92
both   the same photos with u2netp's masks of IoU above .9: the ring of rembg -dc and ours, light srgb
       (a ring's error is the mean difference, 0..255, on gray, white and black)
size   one matte enlarged to so many megapixels: seconds and peak memory of the whole edge work in this process
"""

import os
import resource
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from main_job import ring_error
from PIL import Image
from scipy.ndimage import binary_erosion, gaussian_filter

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


def rembg_mask(said, shape):
    """u2netp's map as rembg hands it out: 8 bit, enlarged by Lanczos."""
    steps = Image.fromarray((said * 255).astype(np.uint8))
    return np.asarray(steps.resize(shape[::-1], Image.Resampling.LANCZOS), np.float32) / 255


def gradient_error(found, truth, sigma=1.4):
    """As Rhemann et al. (CVPR 2009) measure it, in thousands."""
    slopes = [[gaussian_filter(image, sigma, order=order) for order in ((0, 1), (1, 0))] for image in (found, truth)]
    return np.square(np.hypot(*slopes[0]) - np.hypot(*slopes[1])).sum() / 1000


def overlap(mask, truth):
    return ((mask > 0.5) & (truth > 0.5)).sum() / max(1, ((mask > 0.5) | (truth > 0.5)).sum())


def is_good(mask, truth):
    return overlap(mask, truth) > 0.9


def open_model():
    import onnxruntime

    return onnxruntime.InferenceSession(os.environ["U2NETP"], providers=["CPUExecutionProvider"])


def alpha(data):
    session, rows = open_model(), []
    for name, rgb, truth in mattes(data):
        said = saliency(session, rgb)
        mask, stepped = enlarged(said, truth.shape), rembg_mask(said, truth.shape)
        ours = refine_alpha(rgb, mask, cell_px=max(truth.shape) / GRID).alpha
        tried = (mask, stepped, rembg_alpha(rgb, stepped), ours)
        good = is_good(mask, truth)
        rows.append((good, [(np.abs(one - truth).mean(), gradient_error(one, truth)) for one in tried]))
        print(name, "good" if good else "wrong", *(f"{mae:.4f}/{slope:.3f}" for mae, slope in rows[-1][1]), flush=True)
    for label, wanted in (("good", True), ("wrong", False)):
        chosen = np.array([errors for good, errors in rows if bool(good) == wanted])
        means = ", ".join(f"{mae:.4f}/{slope:.3f}" for mae, slope in chosen.mean(axis=0))
        harm = (chosen[:, 3, 0] - chosen[:, 0, 0]).max()
        share = chosen[:, 3, 0].mean() / chosen[:, 2, 0].mean()
        print(
            f"{label}: MAE/gradient of mask, rembg, rembg -a, ours: {means}; ours of -a x{share:.3f}; harm {harm:.4f}"
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


def sure_truths(data):
    """Photos of masks/ and every fourth of saliency/: folder, name, picture, truth, where it is sure."""
    for folder, step in (("masks", 1), ("saliency", 4)):
        for path in sorted((data / folder / "images").glob("*.jpg"))[::step]:
            truth = np.asarray(Image.open(data / folder / "gt" / f"{path.stem}.png").convert("L"))
            subject, square = (truth > 191).astype(np.uint8), np.ones((5, 5), np.uint8)
            sure = cv2.dilate(subject, square) == cv2.erode(subject, square) if folder == "saliency" else truth != 128
            yield folder, path.stem, np.asarray(Image.open(path).convert("RGB")), subject.astype(np.float32), sure


def photos(data):
    session, rows = open_model(), {}
    for folder, name, rgb, truth, sure in sure_truths(data):
        mask = enlarged(saliency(session, rgb), truth.shape)
        if folder == "saliency" and not is_good(mask, truth):
            continue
        found = refine_alpha(rgb, mask, cell_px=max(truth.shape) / GRID).alpha
        row = [overlap(one[sure], truth[sure]) for one in (mask, found)]
        row += [np.abs(one - truth)[sure].mean() for one in (mask, found)]
        rows.setdefault(folder, []).append(row)
        print(folder, name, *(f"{number:.4f}" for number in row), flush=True)
    for folder, found in rows.items():
        means, worst = np.mean(found, axis=0).round(4), np.min(found, axis=0).round(3)
        harm = max(after - before for *_, before, after in found)
        print(f"{folder}: IoU {means[:2]}, worst {worst[:2]}; MAE {means[2:]}, harm {harm:.4f}")


def hard(data):
    for label, items in (("mattes", mattes(data)), ("pasted", (item[:3] for item in pasted(data)))):
        means = []
        for _, rgb, truth in items:
            mask = (truth > 0.5).astype(np.float32)
            found = refine_alpha(rgb, mask, cell_px=1.0).alpha
            means.append((np.abs(mask - truth).mean(), np.abs(found - truth).mean()))
        worst = max(after / before for before, after in means)
        print(label, "MAE given, refined:", np.mean(means, axis=0).round(5), "worst ratio", round(worst, 2))


def ring(rgb, alpha, truth, colors, light="srgb"):
    """Ring error of the cut-out with estimated colours."""
    found = np.round(estimate_foreground(rgb, alpha, light=light) * 255) / 255
    return ring_error(np.dstack([found, alpha]), np.dstack([colors, truth]))


def color(data):
    rows = []
    for name, rgb, truth, colors in pasted(data):
        packed = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
        jpeg = np.ascontiguousarray(cv2.imdecode(packed, cv2.IMREAD_COLOR)[..., ::-1])
        left = ring_error(np.dstack([rgb / 255, truth]), np.dstack([colors, truth]))
        light = edge_light(rgb, truth)[0]
        rows.append((left, ring(rgb, truth, truth, colors), ring(jpeg, truth, truth, colors), light == "srgb"))
        print(name, light, *(f"{error:.2f}" for error in rows[-1][:3]), flush=True)
    print("left as it is, ours, ours of JPEG, share called srgb:", np.mean(rows, axis=0).round(3))


def both(data):
    from pymatting import estimate_foreground_ml

    session, rows = open_model(), []
    for name, rgb, truth, colors in pasted(data):
        said = saliency(session, rgb)
        mask, stepped = enlarged(said, truth.shape), rembg_mask(said, truth.shape)
        if not is_good(mask, truth):
            continue
        theirs = np.dstack([estimate_foreground_ml(rgb / 255.0, stepped.astype(np.float64)), stepped])
        ours = np.round(refine_alpha(rgb, mask, cell_px=max(truth.shape) / GRID).alpha * 255) / np.float32(255)
        rows.append((ring_error(theirs, np.dstack([colors, truth])), ring(rgb, ours, truth, colors)))
        print(name, *(f"{error:.2f}" for error in rows[-1]), flush=True)
    means = np.mean(rows, axis=0)
    print("rembg -dc, ours:", means.round(2), f"x{means[1] / means[0]:.3f}")


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
    {"alpha": alpha, "photos": photos, "hard": hard, "grid": grid, "color": color, "both": both, "size": size}[
        sys.argv[1]
    ](Path(os.environ["LORASET_DATA"]), *sys.argv[2:])
