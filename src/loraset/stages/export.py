"""export: the curated set -> a trainer's folder.

In: manifest rows of a finished output folder, the recipe. Out: the trainer's files, through the caller's `write`.
Never: opening a picture: what is exported is the variants as they stand.
"""

import mmap
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from loraset.errors import InputError, UsageError
from loraset.exporters import EXPORTERS
from loraset.exporters.interface import Context, ExportFile, Item, Trainer
from loraset.images import css_color
from loraset.ops.color_names import name_color
from loraset.recipe.model import Recipe, Variant
from loraset.registry import load, nearest
from loraset.stages.captions import Backdrop, caption_for, render_caption


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
    write: Callable[[str, bytes | mmap.mmap], object],
    folder: str = "",
    place: str = "",
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
    place : str
        Where the folder will lie on the machine that trains; "" keeps the paths in configurations relative to it.

    Raises
    ------
    UsageError
        If there is no such trainer or variant.
    InputError
        If a picture of the set is no longer there.
    """
    wanted: Trainer = load(EXPORTERS, trainer, "trainer")
    items = items_of(rows, root, recipe, variant, wanted)
    for file in wanted.export(items, context_of(recipe, variant, place)) if items else []:
        write(f"{folder}/{file.path}" if folder else file.path, _read(file))
    return len(items)


def items_of(
    rows: Sequence[Mapping[str, Any]], root: Path, recipe: Recipe, variant: str, trainer: Trainer
) -> list[Item]:
    """Return the pictures of one variant that are exported, in order of their stems, as this trainer's words have them.

    Raises
    ------
    UsageError
        If there is no such variant.
    """
    if variant not in recipe.variants:
        close = nearest(variant, recipe.variants)
        hint = f"Did you mean {close}? " if close else ""
        raise UsageError(f"unknown variant {variant!r}", f"{hint}There are: {', '.join(recipe.variants)}.")
    chosen = [row for row in rows if row["verdict"] in recipe.export.verdicts and variant in (row["files"] or {})]
    return [_item(row, root, recipe, variant, trainer) for row in sorted(chosen, key=lambda row: str(row["stem"]))]


def _item(row: Mapping[str, Any], root: Path, recipe: Recipe, variant: str, trainer: Trainer) -> Item:
    image = root / row["files"][variant]
    text = image.with_suffix(".txt")
    words = text.read_text("utf-8").strip() if text.is_file() else ""
    mask = row["files"].get("mask_dilated" if recipe.export.masks == "dilated" else "mask") or row["files"]["mask"]
    width, height = row["frame"]["output_size"]
    words = _as_seen(words, row.get("caption"), recipe, recipe.variants[variant], trainer)
    return Item(row["stem"], image, root / mask, words, (width, height))


def _as_seen(words: str, parts: Mapping[str, Any] | None, recipe: Recipe, variant: Variant, trainer: Trainer) -> str:
    """Return a caption with the words that are true of what this trainer sees.

    A transparent variant has no words on its background, for it is not learnt; a trainer that neither weighs by alpha
    nor by masks learns the fill under it, so there the fill is named. A caption edited by hand is left as it is.
    """
    if variant.background != "transparent" or trainer.masked or parts is None:
        return words
    style = recipe.captions.style

    def line(backdrop: Backdrop) -> str:
        return render_caption(caption_for(parts["trigger"], parts["subject"], backdrop, style), style)

    return line(Backdrop("plain", name_color(css_color(variant.under)))) if words == line(Backdrop("hidden")) else words


def context_of(recipe: Recipe, variant: str, place: str) -> Context:
    """Return what a trainer's folder says beside the pictures. place : where it will lie; "" leaves paths relative."""
    return Context(
        variant=variant,
        transparent=recipe.variants[variant].background == "transparent",
        token=_token(recipe.subject.trigger) or _token(recipe.name) or "subject",
        trigger=recipe.subject.trigger,
        class_word=recipe.subject.class_,
        resolution=recipe.frame.resolution,
        step=recipe.frame.step,
        target=recipe.frame.target,
        repeats=recipe.export.repeats,
        root=place,
        seed=recipe.run.seed,
    )


def _token(text: str) -> str:
    return re.sub(r"[^\w-]+", "-", text, flags=re.ASCII).strip("-_")


def _read(file: ExportFile) -> bytes | mmap.mmap:
    try:
        return file.read()
    except FileNotFoundError as error:
        raise InputError(f"{error.filename} is missing", "Run the recipe again to write it anew.") from error
