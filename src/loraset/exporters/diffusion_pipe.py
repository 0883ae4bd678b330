"""diffusion-pipe: a folder for tdrussell/diffusion-pipe.

In: items of one variant. Out: `images/`, `masks/` and `dataset.toml`, which names the sizes that the set has, so that
none is changed. Never: another file in `images/`: this trainer opens nearly every one as a picture.
It lays transparent pictures on white; a transparent variant is trained with its masks, so that the white is not learnt.
"""

from collections.abc import Sequence
from pathlib import Path

from loraset.exporters.interface import Context, ExportFile, Item, Reading, Trainer
from loraset.exporters.layout import IMAGES, LOSS_NOTE, MASKS, lines, masks, paths_note, pictures, toml_string
from loraset.exporters.reading import joined, load_toml, located, masks_in, read_pairs, strays, tables, unknown_keys
from loraset.exporters.sizes import listed, rounded

CONFIG = "dataset.toml"
MASKED = "dataset-masked.toml"
GRID = 16
BESIDE = frozenset({".txt", ".npz", ".json", ".parquet", ".bak", ".db"})  # what the trainer passes over
_TOP_WORDS = """
resolutions enable_ar_bucket min_ar max_ar num_ar_buckets ar_buckets size_buckets frame_buckets num_repeats
shuffle_tags shuffle_metadata caption_prefix cache_shuffle_num cache_shuffle_delimiter skip_empty_caption
online_captions subsample_ratio directory
"""
TOP = frozenset(_TOP_WORDS.split())
DIRECTORY = TOP - {"directory"} | {"path", "mask_path", "control_path", "default_mask_file"}


def export(items: Sequence[Item], context: Context) -> list[ExportFile]:
    """Return the files of the folder, pictures first, configurations last."""
    sizes = sorted({item.size for item in items})
    files = [*pictures(items, context), *masks(items)]
    if context.transparent:
        return [*files, ExportFile(CONFIG, _toml(sizes, context, masked=True))]
    return [
        *files,
        ExportFile(MASKED, _toml(sizes, context, masked=True)),
        ExportFile(CONFIG, _toml(sizes, context, masked=False)),
    ]


def _toml(sizes: Sequence[tuple[int, int]], context: Context, *, masked: bool) -> bytes:
    return lines(
        [
            f"# Dataset for tdrussell/diffusion-pipe: variant {context.variant}.",
            *paths_note(context),
            *(["# The masks are the weight of the loss.", LOSS_NOTE] if masked else []),
            "size_buckets = [  # width, height, frames: what the pictures have, so that none is resized",
            *(f"  [{width}, {height}, 1]," for width, height in sizes),
            "]",
            "skip_empty_caption = false",
            "",
            "[[directory]]",
            f"path = {toml_string(context.place(IMAGES))}",
            *([f"mask_path = {toml_string(context.place(MASKS))}"] if masked else []),
            f"num_repeats = {context.repeats}",
        ]
    )


def read(folder: Path) -> Reading:
    """Return what the trainer takes by its dataset TOML."""
    config, findings = load_toml(folder / CONFIG)
    findings += unknown_keys(CONFIG, config, TOP)
    readings = []
    for directory in tables(config.get("directory")):
        findings += unknown_keys(CONFIG, directory, DIRECTORY, "[[directory]] ")
        buckets = (config | dict(directory)).get("size_buckets")
        sizes = [rounded(GRID)((bucket[0], bucket[1])) for bucket in buckets] if isinstance(buckets, list) else []
        images = located(folder, str(directory.get("path", "")))
        beside = masks_in(folder / MASKS, expected="mask_path" in directory or (folder / MASKED).is_file())
        readings.append(read_pairs(folder, images, beside, alpha="white", fit=listed(sizes) if sizes else None))
        findings += strays(folder, images, BESIDE)
    return joined(readings, findings)


TRAINER = Trainer("diffusion-pipe", CONFIG, export, read, alpha="white", masked=True)
