"""export: the curated set -> a trainer's folder.

In: manifest rows of a finished output folder, the recipe. Out: the trainer's files, through the caller's `write`.
Never: opening a picture: what is exported is the variants as they stand.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from loraset.errors import InputError, UsageError
from loraset.exporters import EXPORTERS
from loraset.exporters.interface import Context, Exporter, ExportFile, Item
from loraset.recipe.model import Recipe
from loraset.registry import load, nearest


def check(recipe: Recipe) -> None:
    """Refuse a trainer that is not known, before any work is done."""
    for trainer in recipe.export.trainers:
        load(EXPORTERS, trainer, "trainer")


def export(
    rows: Sequence[Mapping[str, Any]],
    root: Path,
    recipe: Recipe,
    *,
    trainer: str,
    variant: str,
    write: Callable[[str, bytes], object],
    folder: str = "",
) -> int:
    """Write one variant of a set as a trainer wants it, and return the number of its pictures.

    Parameters
    ----------
    rows : sequence of mappings
        The manifest's rows; those with a verdict of `recipe.export.verdicts` are taken, in order of their stems.
    root : Path
        The output folder that the rows' files are relative to.
    recipe : Recipe
    trainer, variant : str
    write : callable
        Given each file's POSIX path and bytes, it puts the file in place; configuration comes last.
    folder : str
        What is put before each path.

    Raises
    ------
    UsageError
        If there is no such trainer or variant.
    InputError
        If a picture of the set is no longer there.
    """
    exporter: Exporter = load(EXPORTERS, trainer, "trainer")
    items = _items(rows, root, recipe, variant)
    for file in exporter(items, _context(recipe, variant)) if items else []:
        write(f"{folder}/{file.path}" if folder else file.path, _read(file))
    return len(items)


def _items(rows: Sequence[Mapping[str, Any]], root: Path, recipe: Recipe, variant: str) -> list[Item]:
    if variant not in recipe.variants:
        close = nearest(variant, recipe.variants)
        hint = f"Did you mean {close}? " if close else ""
        raise UsageError(f"unknown variant {variant!r}", f"{hint}There are: {', '.join(recipe.variants)}.")
    chosen = [row for row in rows if row["verdict"] in recipe.export.verdicts and variant in (row["files"] or {})]
    return [_item(row, root, variant) for row in sorted(chosen, key=lambda row: str(row["stem"]))]


def _item(row: Mapping[str, Any], root: Path, variant: str) -> Item:
    image = root / row["files"][variant]
    text = image.with_suffix(".txt")
    caption = text.read_text("utf-8").strip() if text.is_file() else ""
    width, height = row["frame"]["output_size"]
    return Item(row["stem"], image, root / row["files"]["mask"], caption, (width, height))


def _context(recipe: Recipe, variant: str) -> Context:
    return Context(
        variant=variant,
        transparent=recipe.variants[variant].background == "transparent",
        token=_token(recipe.subject.trigger) or _token(recipe.name) or "subject",
        trigger=recipe.subject.trigger,
        class_word=recipe.subject.class_,
        resolution=recipe.frame.resolution,
        step=recipe.frame.step,
    )


def _token(text: str) -> str:
    return re.sub(r"[^\w-]+", "-", text, flags=re.ASCII).strip("-_")


def _read(file: ExportFile) -> bytes:
    try:
        return file.read()
    except FileNotFoundError as error:
        raise InputError(f"{error.filename} is missing", "Run the recipe again to write it anew.") from error
