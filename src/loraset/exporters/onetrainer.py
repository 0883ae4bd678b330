"""onetrainer: a folder for Nerogar/OneTrainer.

In: items of one variant. Out: a folder for each size with pictures, captions and `<stem>-masklabel.png` (read where
masked training is on); `concepts.json` with a concept for each. Never: a size left to the trainer's own buckets, which
are few: each concept says its own. Jitter and flips are off, the seeds fixed, so that two variants see the same.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loraset.exporters import layout
from loraset.exporters.interface import Context, ExportFile, Item, Reading, Size, Trainer
from loraset.exporters.reading import (
    joined,
    load_json,
    located,
    pictures,
    read_pairs,
    tables,
    unknown_keys,
)
from loraset.exporters.sizes import rounded

CONFIG = "concepts.json"
LABEL = "-masklabel"
GRID = 64  # of its loaders for SD XL, Flux and Qwen; SD 1.5 takes 8
CONCEPT = frozenset(
    (
        *("__version", "name", "path", "seed", "enabled", "type", "include_subdirectories", "image_variations"),
        *("text_variations", "balancing", "balancing_strategy", "loss_weight", "concept_stats", "image", "text"),
    )
)
IMAGE = frozenset(
    (
        *("__version", "enable_crop_jitter", "enable_random_flip", "enable_fixed_flip", "enable_random_rotate"),
        *("enable_fixed_rotate", "random_rotate_max_angle", "enable_resolution_override", "resolution_override"),
        *(
            f"{kind}_{change}{ending}"
            for change in ("brightness", "contrast", "saturation", "hue")
            for kind, ending in (("enable_random", ""), ("enable_fixed", ""), ("random", "_max_strength"))
        ),
        *("enable_random_circular_mask_shrink", "enable_random_mask_rotate_crop"),
    )
)
TEXT = frozenset(
    (
        *("__version", "prompt_source", "prompt_path", "enable_tag_shuffling", "tag_delimiter", "keep_tags_count"),
        *("tag_dropout_enable", "tag_dropout_mode", "tag_dropout_probability", "tag_dropout_special_tags_mode"),
        *("tag_dropout_special_tags", "tag_dropout_special_tags_regex", "caps_randomize_enable"),
        *("caps_randomize_mode", "caps_randomize_probability", "caps_randomize_lowercase"),
    )
)


def export(items: Sequence[Item], context: Context) -> list[ExportFile]:
    """Return the files of the folder: one sub-folder and one concept for each size."""
    sizes = sorted({item.size for item in items})
    files: list[ExportFile] = []
    for size in sizes:
        same = [item for item in items if item.size == size]
        files += layout.pictures(same, context, _name(size))
        files += [ExportFile(f"{_name(size)}/{item.stem}{LABEL}.png", item.mask) for item in same]
    return [*files, ExportFile(CONFIG, layout.to_json([_concept(size, context) for size in sizes]))]


def _name(size: Size) -> str:
    return f"{size[0]}x{size[1]}"


def _concept(size: Size, context: Context) -> dict[str, Any]:
    return {
        "__version": 2,
        "name": f"{context.token} {context.variant} {_name(size)}",
        "path": context.place(_name(size)),
        "seed": context.seed,
        "enabled": True,
        "type": "STANDARD",
        "include_subdirectories": False,
        "image_variations": 1,
        "text_variations": 1,
        "balancing": float(context.repeats),
        "balancing_strategy": "REPEATS",
        "loss_weight": 1.0,
        "image": {
            "enable_crop_jitter": False,
            "enable_random_flip": False,
            "enable_resolution_override": True,
            "resolution_override": _name(size),
        },
        "text": {"prompt_source": "sample", "enable_tag_shuffling": False, "keep_tags_count": 1},
    }


def read(folder: Path) -> Reading:
    """Return what the trainer takes by its concepts."""
    concepts, findings = load_json(folder / CONFIG)
    readings = []
    for concept in tables(concepts):
        image, text = concept.get("image", {}), concept.get("text", {})
        findings += unknown_keys(CONFIG, concept, CONCEPT)
        findings += unknown_keys(CONFIG, image, IMAGE, "image.")
        findings += unknown_keys(CONFIG, text, TEXT, "text.")
        readings.append(_read_concept(folder, located(folder, str(concept.get("path", ""))), image))
    return joined(readings, findings)


def _read_concept(folder: Path, images: Path, image: dict[str, Any]) -> Reading:
    """Return one concept's reading: its masks lie among the pictures and are told by their names."""
    override = re.fullmatch(r"(\d+)x(\d+)", str(image.get("resolution_override", "")))
    told = image.get("enable_resolution_override") is True
    size = rounded(GRID)((int(override[1]), int(override[2]))) if told and override else None
    masks = {path.stem.removesuffix(LABEL): path for path in pictures(images) if path.stem.endswith(LABEL)}
    return read_pairs(folder, images, masks, fit=(lambda _: size) if size else None)


TRAINER = Trainer("OneTrainer", CONFIG, export, read, masked=True)
