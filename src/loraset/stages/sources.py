"""Inputs to files: folders, files, globs and archives become a list of `Found`.

In: what the user named. Out: one `Found` for each file, with its caption, mask and points. Never: opening a picture,
writing outside the scratch folder.
"""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path, PurePosixPath

from loraset.errors import InputError
from loraset.images import claims_picture
from loraset.stages.archives import is_archive, unpack
from loraset.types import Found

CAPTION_SUFFIXES = (".txt", ".caption")
MASK_ENDING = ".mask.png"
POINTS_ENDING = ".points.json"
OUTPUT_MARK = ".loraset"  # the folder inside every output folder


def find(
    inputs: Sequence[Path | str], *, recursive: bool, captions: str, masks: Path | None, scratch: Path
) -> list[Found]:
    """Every file that the inputs name, in the order of the inputs, then of the files' names.

    Hidden files, output folders of loraset and the masks folder are passed over; a picture's sidecars belong to it and
    are not listed; a file that is reached twice counts where it is reached first.

    inputs : folders, files, globs, archives (.zip, .tar, .tar.gz, ...).
    captions : "none" leaves caption files alone.
    masks : a folder of masks and points files, with the pictures' stems.
    scratch : where archives are unpacked, each into a folder named by its content.

    Raises
    ------
    InputError
        If an input is not there, holds no file, or is an archive that cannot be unpacked safely.
    """
    if masks is not None and not masks.is_dir():
        raise InputError(f"{masks}: there is no such folder of masks", "Mend input.masks, or take it out.")
    listed: dict[Path, Found] = {}
    for root, text in enumerate(inputs):
        for source, path in _list_input(str(text), recursive, masks, scratch):
            listed.setdefault(path.resolve(), Found(root, source, path))
    given = _by_stem(masks)
    siblings = cache(_names_in)
    sidecars: set[Path] = set()
    for real, entry in listed.items():
        caption, mask, points = _sidecars(entry.path, siblings(entry.path.parent))
        sidecars.update(file.resolve() for file in (caption, mask, points) if file)
        listed[real] = replace(
            entry,
            caption_file=caption if captions == "sidecar" else None,
            mask_file=_given(entry.source, given.masks) or mask,
            points_file=_given(entry.source, given.points) or points,
        )
    return [entry for real, entry in listed.items() if real not in sidecars]


def _list_input(text: str, recursive: bool, masks: Path | None, scratch: Path) -> list[tuple[str, Path]]:
    """Return (source, path) of every file of one input, sorted by source."""
    path = Path(text)
    if path.is_dir():
        files = list(_walk(path, recursive, masks))
    elif path.is_file():
        files = list(_open_file(path.name, path, scratch))
    elif glob.has_magic(text):
        files = list(_matches(text, recursive, masks, scratch))
    elif path.exists():
        raise InputError(f"{path}: neither a file nor a folder", "Name a folder, a file, a glob or an archive.")
    else:
        raise InputError(
            f"{path}: there is no such file or folder", f"Check the name; this was looked up in {Path.cwd()}."
        )
    if not files:
        if not path.is_dir():
            raise InputError(f"{text}: matches no file", "Check the pattern and the folder it starts from.")
        deeper = " If the pictures lie in subfolders, set recursive = true under [input]." if not recursive else ""
        raise InputError(f"{path}: no files there", f"Name a folder with pictures in it.{deeper}")
    return sorted(files)


def _open_file(source: str, path: Path, scratch: Path) -> Iterator[tuple[str, Path]]:
    if not is_archive(path.name):
        yield source, path
        return
    for member, file in _walk(unpack(path, scratch), True, None):
        yield f"{source}/{member}", file


def _matches(pattern: str, recursive: bool, masks: Path | None, scratch: Path) -> Iterator[tuple[str, Path]]:
    """Yield what a glob names; sources are relative to the folder before its first wildcard."""
    parts = Path(pattern).parts
    fixed = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    base = Path(*parts[:fixed])
    for name in glob.glob(pattern, recursive=True):  # noqa: PTH207 - patterns may be absolute
        path = Path(name)
        source = path.relative_to(base).as_posix()
        if path.is_dir():
            if "**" not in pattern:
                yield from ((f"{source}/{inner}", file) for inner, file in _walk(path, recursive, masks))
        else:
            yield from _open_file(source, path, scratch)


def _walk(folder: Path, recursive: bool, masks: Path | None) -> Iterator[tuple[str, Path]]:
    """Yield (path relative to folder, path) of its files; links to folders are followed once."""
    if (folder / OUTPUT_MARK).is_dir():
        raise InputError(f"{folder}: this is an output folder of loraset", "Name the folder of the original pictures.")
    seen = {folder.resolve()} | ({masks.resolve()} if masks is not None else set())
    for here, folders, files in os.walk(folder, onerror=_cannot_list, followlinks=True):
        kept = []
        for name in sorted(folders):
            inner = Path(here, name)
            real = inner.resolve()
            if recursive and not _hidden(name) and real not in seen and not (inner / OUTPUT_MARK).is_dir():
                seen.add(real)
                kept.append(name)
        folders[:] = kept
        for name in files:
            path = Path(here, name)
            if not _hidden(name) and (path.is_file() or path.is_symlink()):  # no pipes, which would wait for ever
                yield path.relative_to(folder).as_posix(), path


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _cannot_list(error: OSError) -> None:
    raise InputError(f"{error.filename}: cannot be listed: {error.strerror}", "Check the folder's permissions.")


def _names_in(folder: Path) -> dict[str, Path]:
    """Return a folder's files by name, the ending in lower case."""
    return {_plain(entry.name): Path(entry.path) for entry in os.scandir(folder) if entry.is_file()}


def _plain(name: str) -> str:
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a name, not a path
    return stem + suffix.lower()


def _sidecars(path: Path, siblings: dict[str, Path]) -> tuple[Path | None, Path | None, Path | None]:
    """Return what lies beside a picture: caption, mask, points.

    They are `stem.txt`, `stem.caption` or `name.ext.txt`; `stem.mask.png`; `stem.points.json`.
    """
    if not claims_picture(path.name):
        return None, None, None
    names = [base + suffix for base in (path.stem, path.name) for suffix in CAPTION_SUFFIXES]
    caption = next((siblings[name] for name in names if name in siblings), None)
    return caption, siblings.get(path.stem + MASK_ENDING), siblings.get(path.stem + POINTS_ENDING)


@dataclass(frozen=True, slots=True)
class _GivenFiles:
    """Files of the masks folder by their path in it without ending."""

    masks: dict[str, Path] = field(default_factory=dict)
    points: dict[str, Path] = field(default_factory=dict)


def _by_stem(folder: Path | None) -> _GivenFiles:
    """Return the masks folder's files; of several endings of a mask .png is taken first."""
    files: Iterable[tuple[str, Path]] = _walk(folder, True, None) if folder is not None else ()
    given = _GivenFiles()
    for source, path in sorted(files, key=lambda item: (not item[0].lower().endswith(".png"), item[0])):
        if source.lower().endswith(POINTS_ENDING):
            given.points[source[: -len(POINTS_ENDING)]] = path
        elif claims_picture(source):
            stem = str(PurePosixPath(source).with_suffix(""))
            given.masks.setdefault(stem.removesuffix(".mask"), path)
    return given


def _given(source: str, files: dict[str, Path]) -> Path | None:
    """Return a picture's file: at the same place inside the masks folder, else by the stem alone."""
    place = PurePosixPath(source).with_suffix("")
    return files.get(str(place)) or files.get(place.name)
