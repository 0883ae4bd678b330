"""diffusers: a folder that Hugging Face datasets load as an ImageFolder, for the diffusers training scripts.

In: items of one variant. Out: `train/` with pictures, their masks below it, and `metadata.jsonl` with the columns
image, text and mask. Never: text files among the pictures: the scripts for DreamBooth open every file as a picture.
"""

from collections.abc import Sequence
from pathlib import Path

from loraset.exporters.interface import Context, ExportFile, Finding, Item, Reading, Trainer
from loraset.exporters.layout import MASKS, masks, to_jsonl
from loraset.exporters.listing import Columns, read_listing, rows
from loraset.exporters.reading import pictures, relative, strays, with_finding

TRAIN = "train"
CONFIG = f"{TRAIN}/metadata.jsonl"
COLUMNS = Columns(image="file_name", text="text", mask="mask_file_name")


def export(items: Sequence[Item], context: Context) -> list[ExportFile]:
    """Return the files of the folder; the scripts find the words with `--caption_column text`."""
    files = [ExportFile(f"{TRAIN}/{item.stem}{item.image.suffix}", item.image) for item in items]
    listing = ExportFile(CONFIG, to_jsonl(rows(items, context, COLUMNS)))
    return [*files, *masks(items, f"{TRAIN}/{MASKS}"), listing]


def read(folder: Path) -> Reading:
    """Return what the loader takes: the rows of metadata.jsonl."""
    reading = read_listing(folder, folder / CONFIG, COLUMNS)
    listed = {sample.image for sample in reading.samples}
    unlisted = [
        Finding("stray", relative(path, folder), "no row of metadata.jsonl names it")
        for path in pictures(folder / TRAIN)
        if path not in listed
    ]
    return with_finding(reading, *unlisted, *strays(folder, folder / TRAIN, frozenset({".jsonl"})))


TRAINER = Trainer("diffusers, HF ImageFolder", CONFIG, export, read)
