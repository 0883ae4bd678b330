"""Sets with truth for the benchmarks: photos, cut-outs pasted on other photos, single pictures.

In: the folder that LORASET_DATA names. Out: `Shot`s, held in memory. Never: anything that is committed or shipped.
"""

import hashlib
import os
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from loraset.types import PROXY_SIDE, Marks, Picture

PASTED_SIDE = 640  # px, long side of the photos that cut-outs are pasted on
SHARE = (0.45, 0.8)  # of the photo's short side: the long side of what is pasted


@dataclass(frozen=True, eq=False)
class Shot:
    """One picture as an engine sees it, with its truth: uint8 (H, W), 255 subject, 0 background, 128 not judged."""

    id: str
    rgb: np.ndarray
    truth: np.ndarray
    mask_file: Path | None = None
    marks: Marks | None = None
    has_alpha: bool = False
    extra: dict = field(default_factory=dict)

    @cached_property
    def sha256(self):
        return hashlib.sha256(self.rgb.tobytes()).hexdigest()

    @property
    def size(self):
        return self.rgb.shape[1], self.rgb.shape[0]

    def picture(self):
        return Picture(self.rgb)

    def proxy(self):
        scale = PROXY_SIDE / max(self.rgb.shape[:2])
        return cv2.resize(self.rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else self.rgb


def data():
    """Return the folder of outside material, or end with a word."""
    folder = os.environ.get("LORASET_DATA")
    if not folder:
        sys.exit("skipped: LORASET_DATA names no folder")
    return Path(folder)


def read_rgb(path):
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def photo_sets():
    """{name: shots} of masks/: four toys, five photos each."""
    sets = defaultdict(list)
    for path in sorted((data() / "masks" / "images").glob("*.jpg")):
        truth = cv2.imread(str(data() / "masks" / "gt" / f"{path.stem}.png"), cv2.IMREAD_GRAYSCALE)
        sets[path.stem.rsplit("_", 1)[0]].append(Shot(path.name, read_rgb(path), truth))
    return dict(sets)


def single_photos():
    """Shots of saliency/: each its own subject."""
    shots = []
    for path in sorted((data() / "saliency" / "images").glob("*.jpg")):
        truth = cv2.imread(str(data() / "saliency" / "gt" / f"{path.stem}.png"), cv2.IMREAD_GRAYSCALE)
        shots.append(Shot(path.name, read_rgb(path), np.where(truth > 127, 255, 0).astype(np.uint8)))
    return shots


def pasted_set(kind, seed, count=12):
    """`count` cut-outs of one kind ("lego" or "gopher") on as many photos of saliency/, mixed in sRGB."""
    rng = np.random.default_rng((seed, len(kind)))
    cutouts = sorted((data() / "cutouts").glob(f"{kind}_*.png"))
    photos = sorted((data() / "saliency" / "images").glob("*.jpg"))
    chosen = [cutouts[index] for index in rng.permutation(len(cutouts))[:count]]
    grounds = [photos[index] for index in rng.permutation(len(photos))[: len(chosen)]]
    return [_pasted(cutout, ground, rng) for cutout, ground in zip(chosen, grounds, strict=True)]


def _pasted(cutout, ground, rng):
    photo = read_rgb(ground)
    scale = PASTED_SIDE / max(photo.shape[:2])
    photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    bgra = cv2.imread(str(cutout), cv2.IMREAD_UNCHANGED)
    rgba = cv2.cvtColor(bgra, cv2.COLOR_BGRA2RGBA).astype(np.float32) / 255
    rows, columns = np.flatnonzero(rgba[..., 3].max(1) > 0.02), np.flatnonzero(rgba[..., 3].max(0) > 0.02)
    rgba = rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    rgba[..., :3] *= rgba[..., 3:]
    size = rng.uniform(*SHARE) * min(photo.shape[:2]) / max(rgba.shape[:2])
    rgba = cv2.resize(rgba, None, fx=size, fy=size, interpolation=cv2.INTER_AREA)
    height, width = rgba.shape[:2]
    top = int(rng.uniform(0.15, 0.85) * (photo.shape[0] - height))
    left = int(rng.uniform(0.15, 0.85) * (photo.shape[1] - width))
    alpha = np.zeros(photo.shape[:2], np.float32)
    out = photo.astype(np.float32) / 255
    box = np.s_[top : top + height, left : left + width]
    out[box] = rgba[..., :3] + (1 - rgba[..., 3:]) * out[box]
    alpha[box] = rgba[..., 3]
    truth = np.where(alpha > 0.75, 255, np.where(alpha < 0.25, 0, 128)).astype(np.uint8)
    return Shot(f"{cutout.stem}-{ground.stem}", np.round(np.clip(out, 0, 1) * 255).astype(np.uint8), truth)


def iou(probability, truth):
    """Intersection over union of probability > 1/2 with the truth, at the truth's size, where it is judged."""
    enlarged = cv2.resize(probability, truth.shape[::-1], interpolation=cv2.INTER_CUBIC) > 0.5
    judged, subject = truth != 128, truth == 255
    return float((enlarged & subject & judged).sum() / max(1, ((enlarged | subject) & judged).sum()))


def contact_sheet(shots, probabilities, path, *, side=260, columns=6):
    """Write a picture of every shot with its mask's outline, what it wrongly takes in red, what it misses in blue."""
    tiles = []
    for shot, probability in zip(shots, probabilities, strict=True):
        scale = side / max(shot.size)
        size = max(1, round(shot.size[0] * scale)), max(1, round(shot.size[1] * scale))
        tile = cv2.resize(shot.rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        mask = cv2.resize(probability, size, interpolation=cv2.INTER_CUBIC) > 0.5
        truth = cv2.resize(shot.truth, size, interpolation=cv2.INTER_NEAREST)
        tile[~mask & (truth == 0)] *= 0.35
        tile[mask & (truth == 0)] = 0.4 * tile[mask & (truth == 0)] + 0.6 * np.array([255, 0, 0])
        tile[~mask & (truth == 255)] = 0.4 * tile[~mask & (truth == 255)] + 0.6 * np.array([0, 0, 255])
        canvas = np.zeros((side + 18, side, 3), np.uint8)
        canvas[: size[1], : size[0]] = tile
        words = f"{shot.id[:26]} {iou(probability, shot.truth):.3f}"
        cv2.putText(canvas, words, (2, side + 13), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1)
        tiles.append(canvas)
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
