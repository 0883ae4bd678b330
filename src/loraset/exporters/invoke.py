"""invoke-training: a folder for invoke-ai/invoke-training.

In: items of one variant. Out: `images/`, `masks/`, `data.jsonl` that names both, and the part of a configuration that
reads it, with the buckets that the pictures were framed for. Never: captions beside the pictures: the list has them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loraset.exporters.interface import Context, ExportFile, Item, Reading, Trainer
from loraset.exporters.layout import IMAGES, lines, masks, paths_note, to_jsonl, yaml_lines
from loraset.exporters.listing import Columns, read_listing, rows
from loraset.exporters.sizes import listed
from loraset.ops.framing import bucket_sizes

LIST = "data.jsonl"
COLUMNS = Columns(image="image", text="text", mask="mask")
CONFIG = "data_loader.yaml"
LOADERS = {"flux": "IMAGE_CAPTION_FLUX_DATA_LOADER"}
LOADER = "IMAGE_CAPTION_SD_DATA_LOADER"


def export(items: Sequence[Item], context: Context) -> list[ExportFile]:
    """Return the files of the folder. The trainer drops alpha, so a transparent variant is told to use its masks."""
    files = [ExportFile(f"{IMAGES}/{item.stem}{item.image.suffix}", item.image) for item in items]
    listing = ExportFile(LIST, to_jsonl(rows(items, context, COLUMNS, folder=f"{IMAGES}/")))
    return [*files, *masks(items), ExportFile(CONFIG, _yaml(context)), listing]


def _yaml(context: Context) -> bytes:
    step = context.step
    least = min(min(size) for size in bucket_sizes(context.resolution, step))
    square = context.resolution // step * step
    part = {
        "data_loader": {
            "type": LOADERS.get(context.target, LOADER),
            "dataset": {"type": "IMAGE_CAPTION_JSONL_DATASET", "jsonl_path": context.place(LIST)},
            "resolution": square,
            "aspect_ratio_buckets": {
                "target_resolution": square,
                "start_dim": least,
                "end_dim": square,
                "divisible_by": step,
            },
            "random_flip": False,
        },
        "use_masks": context.transparent,
    }
    head = [
        f"# Part of a configuration of invoke-ai/invoke-training: variant {context.variant}. Add model and optimizer.",
        *paths_note(context),
        "# use_masks: the masks are the weight of the loss; false trains on whole pictures.",
    ]
    return lines([*head, *yaml_lines(part)])


def read(folder: Path) -> Reading:
    """Return what the trainer takes: the rows of its list."""
    return read_listing(folder, folder / LIST, COLUMNS, fit=_fit(folder))


def _fit(folder: Path) -> Any:
    """Return the rule of the buckets in the configuration; None where there is none that can be read."""
    try:
        text = (folder / CONFIG).read_text("utf-8")
    except (OSError, ValueError):
        return None
    said = dict(line.strip().split(": ", 1) for line in text.splitlines() if ": " in line and "#" not in line)
    try:
        return listed(bucket_sizes(int(said["target_resolution"]), int(said["divisible_by"])))
    except (KeyError, ValueError):
        return None


TRAINER = Trainer("invoke-training", LIST, export, read, masked=True)
