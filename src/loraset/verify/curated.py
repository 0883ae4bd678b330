"""A finished set: its files against its manifest, then each of its trainers' folders.

In: a folder that `loraset run` wrote. Out: `Finding`s, and what its trainers take. Never: a change to a file.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from loraset.errors import UsageError
from loraset.exporters import EXPORTERS
from loraset.exporters.interface import Finding, Sample
from loraset.exporters.reading import relative
from loraset.images import css_color
from loraset.manifest import MANIFEST, read_rows
from loraset.registry import nearest
from loraset.runtime.cache import hash_file
from loraset.runtime.runfile import read_run
from loraset.types import Json
from loraset.verify.caches import is_cache, stale_caches
from loraset.verify.folder import Checked, changed, check_folder
from loraset.verify.pictures import Color, check_caption, check_sample

VARIANTS, EXPORTS = "variants", "exports"
MASK_FOLDERS = ("masks", "masks-dilated")


def is_set(folder: Path) -> bool:
    """Whether a folder is a set that `loraset run` wrote."""
    return (folder / MANIFEST).is_file()


def check_set(folder: Path) -> list[Finding]:
    """Return what differs from the manifest in a set's variants, masks and captions.

    Raises
    ------
    InputError
        If manifest or run.json are missing or cannot be read.
    """
    recipe = read_run(folder)["recipe"]
    rows = [row for row in read_rows(folder) if row["files"]]
    listed = {path for row in rows for path in row["files"].values()}
    findings = [finding for row in rows for finding in _check_row(row, folder, recipe)]
    return [*findings, *_unlisted(folder, listed), *stale_caches_of(folder)]


def stale_caches_of(folder: Path) -> Iterator[Finding]:
    """Yield the stale caches among a set's variants; those of its exports are found with them."""
    for variant in _folders(folder / VARIANTS):
        for finding in stale_caches(variant):
            yield Finding(finding.code, f"{relative(variant, folder)}/{finding.path}", finding.detail)


def check_exports(folder: Path, trainer: str | None = None) -> list[Checked]:
    """Return what is wrong with each trainer's folder in a set; paths are relative to the set.

    Raises
    ------
    UsageError
        If a trainer is named that the set has no folder for.
    """
    recipe = read_run(folder)["recipe"]
    folders = [
        variant
        for named in _folders(folder / EXPORTS)
        if named.name in EXPORTERS and trainer in (None, named.name)
        for variant in _folders(named)
    ]
    if trainer is not None and not folders:
        there = [path.name for path in _folders(folder / EXPORTS)]
        close = nearest(trainer, there)
        hint = f"Did you mean {close}? " if close else ""
        raise UsageError(
            f"{folder} has no folder for the trainer {trainer!r}", f"{hint}It has: {', '.join(there) or 'none'}."
        )
    return [_check_export(path, folder, recipe) for path in folders]


def _check_export(path: Path, folder: Path, recipe: Json) -> Checked:
    checked = check_folder(path, path.parent.name, fill=fill_of(recipe, path.name))
    above = relative(path, folder)
    everything = [*checked.findings, *changed(folder, path, checked.findings)]
    findings = (Finding(each.code, f"{above}/{each.path}", each.detail) for each in everything)
    return Checked(checked.trainer, path, checked.samples, tuple(findings))


def fill_of(recipe: Json, variant: str) -> Color | None:
    """Return the colour that lies under alpha 0 in a variant, by the recipe; None where there is no alpha."""
    said = recipe["variants"].get(variant)
    return css_color(said["under"]) if said and said["background"] == "transparent" else None


def _folders(folder: Path) -> Sequence[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _check_row(row: Mapping[str, Any], folder: Path, recipe: Json) -> Iterator[Finding]:
    """Yield what is wrong with the files of one picture."""
    hashes = row["details"].get("variants", {}).get("sha256", {})  # a set of an earlier version has none
    for name, file in row["files"].items():
        path = folder / file
        is_mask = file.startswith(tuple(f"{each}/" for each in MASK_FOLDERS))
        if not path.is_file():
            code = "mask_missing" if is_mask else "missing"
            yield Finding(code, file, "the manifest names it, and it is not there")
        elif hash_file(path) != hashes.get(name):
            why = list(_why(path, file, row, folder, recipe, name, is_mask))
            yield from why
            if not why and name in hashes:
                yield Finding("changed", file, "its hash is not the one in the manifest")
        if name in recipe["variants"]:
            yield from _check_words(row, folder, name)


def _why(
    path: Path, file: str, row: Mapping[str, Any], folder: Path, recipe: Json, name: str, is_mask: bool
) -> Iterator[Finding]:
    """Yield in what way a changed file is worse than it was."""
    if is_mask:
        shown = next((folder / each for key, each in row["files"].items() if key in recipe["variants"]), None)
        if shown is not None and shown.is_file():
            found = check_sample(Sample(shown, None, path), "", file, None)
            yield from (finding for finding in found if finding.path == file)
    else:
        yield from check_sample(Sample(path, None), file, "", fill_of(recipe, name))


def _check_words(row: Mapping[str, Any], folder: Path, variant: str) -> Iterator[Finding]:
    """Yield what is wrong with a caption; an empty one is none where the manifest has no words for it either."""
    path = (folder / row["files"][variant]).with_suffix(".txt")
    if not path.is_file():
        yield Finding("caption_missing", relative(path, folder), "no caption beside its picture")
        return
    parts = row["caption"]
    wordless = not (parts["trigger"] or parts["subject"] or parts["background"].get(variant))
    for finding in check_caption(path, relative(path, folder)):
        if not (wordless and finding.code == "caption_empty"):
            yield finding


def _unlisted(folder: Path, listed: set[str]) -> Iterator[Finding]:
    """Yield the files among variants and masks that the manifest does not know."""
    texts = {f"{file.rsplit('.', 1)[0]}.txt" for file in listed if file.startswith(f"{VARIANTS}/")}
    for top in (VARIANTS, *MASK_FOLDERS):
        for path in sorted((folder / top).rglob("*")):
            file = relative(path, folder)
            if path.is_file() and file not in listed | texts and not is_cache(path, folder):
                code = "unlisted" if top == VARIANTS else "mask_extra"
                yield Finding(code, file, "the manifest does not know it, but a trainer would")
