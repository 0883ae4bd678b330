"""A small curated set of painted discs, and its export for a trainer on the disk."""

from pathlib import Path

import numpy as np

from loraset.exporters import EXPORTERS
from loraset.exporters.interface import Context, ExportFile, Item, Trainer
from loraset.images import encode_png
from loraset.registry import load

CAPTIONS = {"bear-1": "korbin, sitting", "bear-2": "", "bear-3": 'korbin, "naïve" 日本, grey background'}
SIZES = {"bear-1": (256, 256), "bear-2": (256, 256), "bear-3": (192, 320)}  # of the buckets of 256 in steps of 64
FILL = (128, 128, 128)


def disc(size: tuple[int, int], level: int) -> tuple[np.ndarray, np.ndarray]:
    """Paint colours (H, W, 3) with the fill beside a disc, and the disc's soft mask (H, W), as uint8."""
    width, height = size
    y, x = np.mgrid[:height, :width]
    distance = np.hypot(x - width / 2, y - height / 2)
    mask = (np.clip(min(size) / 3 - distance + 0.5, 0, 1) * 255).round().astype(np.uint8)
    rgb = np.full((height, width, 3), FILL, np.uint8)
    rgb[mask > 0] = (200, level, 40)
    return rgb, mask


def items(folder: Path, *, transparent: bool) -> list[Item]:
    """Write the set's pictures and masks, and return its items."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number, stem in enumerate(CAPTIONS):
        rgb, mask = disc(SIZES[stem], 60 + 50 * number)
        image, weight = folder / f"{stem}.png", folder / f"{stem}-mask.png"
        image.write_bytes(encode_png(np.dstack([rgb, mask]) if transparent else rgb))
        weight.write_bytes(encode_png(mask))
        made.append(Item(stem, image, weight, CAPTIONS[stem], SIZES[stem]))
    return made


def context(*, transparent: bool = False, **options) -> Context:
    """Return what the recipe of the set says."""
    name = "transparent" if transparent else "gray"
    said = {"trigger": "korbin", "class_word": "plush toy", "resolution": 256, "step": 64, "repeats": 7, "seed": 3}
    return Context(name, transparent, "korbin", **(said | options))


def trainer(name: str) -> Trainer:
    return load(EXPORTERS, name, "trainer")


def exported(top: Path, name: str, *, transparent: bool = False, **options) -> tuple[Path, list[ExportFile]]:
    """Write the set for one trainer; return its folder and the files as the exporter gave them."""
    said = context(transparent=transparent, **options)
    files = trainer(name).export(items(top / "in", transparent=transparent), said)
    folder = top / name / said.variant
    for file in files:
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / file.path).write_bytes(file.read())
    return folder, files
