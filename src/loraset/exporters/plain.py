"""plain: pictures, captions and masks in two folders, for everything else.

In: items of one variant. Out: `images/` with captions, `masks/` with the same stems. Never: a configuration.
"""

from collections.abc import Sequence
from pathlib import Path

from loraset.exporters.interface import Context, ExportFile, Item, Reading, Trainer
from loraset.exporters.layout import IMAGES, MASKS, masks, pictures
from loraset.exporters.reading import masks_in, read_pairs


def export(items: Sequence[Item], context: Context) -> list[ExportFile]:
    """Return the files of the folder."""
    return [*pictures(items, context), *masks(items)]


def read(folder: Path) -> Reading:
    """Return the pairs of a folder with `images/`, or of one with the pictures themselves in it."""
    images = folder / IMAGES if (folder / IMAGES).is_dir() else folder
    return read_pairs(folder, images, masks_in(folder / MASKS))


TRAINER = Trainer("plain folder", IMAGES, export, read, masked=True)
