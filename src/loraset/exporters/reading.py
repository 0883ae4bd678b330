"""Reading back: what the loaders of several trainers have in common.

In: a trainer's folder. Out: `Sample`s and `Finding`s. Never: opening a picture, a change to a file.
"""

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from loraset.exporters.interface import Alpha, Finding, Reading, Sample, Size
from loraset.registry import nearest

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp"})
CAPTIONS = (".txt",)
OTHERS_MASK = ("-masklabel", "-condlabel")  # OneTrainer's masks: every other trainer takes them for pictures


def is_picture(path: Path) -> bool:
    """Whether a trainer would take a file for a picture by its name."""
    return path.suffix.lower() in PICTURES and not path.name.startswith(".")


def pictures(folder: Path) -> list[Path]:
    """Return the pictures in a folder, in order of their names; [] where there is no such folder."""
    return sorted(path for path in folder.iterdir() if is_picture(path)) if folder.is_dir() else []


def relative(path: Path, root: Path) -> str:
    """Return how a finding names a file."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def located(folder: Path, written: str) -> Path:
    """Return the folder that a configuration means.

    It may be written as it is called on the machine that trains: here its end counts, as far as it is found.
    """
    parts = PurePosixPath(written.replace("\\", "/")).parts or (".",)
    ends = [folder.joinpath(*parts[start:]) for start in reversed(range(len(parts)))]
    return next((end for end in ends if end.is_dir()), ends[0])


def masks_in(folder: Path, *, expected: bool = False) -> dict[str, Path] | None:
    """Return the masks in a folder by their stems; None where there is no such folder, and none is expected."""
    return {path.stem: path for path in pictures(folder)} if expected or folder.is_dir() else None


def read_pairs(
    root: Path,
    images: Path,
    masks: Mapping[str, Path] | None = None,
    *,
    captions: Sequence[str] = CAPTIONS,
    alpha: Alpha = "dropped",
    fit: Callable[[Size], Size] | None = None,
) -> Reading:
    """Return the reading of a folder of pictures with captions of the same stem, and of their masks.

    root : what findings are relative to. masks : by the stems of their pictures; None where the trainer knows of none.
    captions : the endings that its captions may have, the first that is there. Another trainer's masks among the
    pictures are findings, not samples.
    """
    own = set(masks.values()) if masks else set()
    shown = [path for path in pictures(images) if path not in own]
    found = [path for path in shown if not path.stem.endswith(OTHERS_MASK)]
    findings = [*_doubles(root, found), *_orphans(root, images, found, captions), *_others_masks(root, shown)]
    if not found:
        findings.append(Finding("no_pictures", relative(images, root), "there are no pictures in this folder"))
    samples = []
    for image in found:
        beside = (image.with_suffix(ending) for ending in captions)
        caption = next((path for path in beside if path.is_file()), None)
        mask = masks.get(image.stem) if masks else None
        if caption is None:
            findings.append(Finding("caption_missing", relative(image, root), "no caption of the same stem"))
        if masks is not None and mask is None:
            findings.append(Finding("mask_missing", relative(image, root), "no mask for this picture"))
        samples.append(Sample(image, caption, mask, alpha, fit))
    stems = {image.stem for image in found}
    for stem, mask in (masks or {}).items():
        if stem not in stems:
            findings.append(Finding("mask_extra", relative(mask, root), "a mask without a picture"))
    return Reading(tuple(samples), tuple(findings))


def joined(readings: Iterable[Reading], findings: Sequence[Finding] = ()) -> Reading:
    """Return one reading of several, and what else was found."""
    parts = list(readings)
    return Reading(
        tuple(sample for part in parts for sample in part.samples),
        (*(finding for part in parts for finding in part.findings), *findings),
    )


def with_finding(reading: Reading, *findings: Finding) -> Reading:
    """Return a reading with further findings."""
    return replace(reading, findings=(*reading.findings, *findings))


def _doubles(root: Path, found: Sequence[Path]) -> list[Finding]:
    seen: dict[str, Path] = {}
    doubles = []
    for path in found:
        first = seen.setdefault(path.stem.lower(), path)
        if first is not path:
            detail = f"shares its stem with {first.name}: both get one caption and one mask"
            doubles.append(Finding("same_stem", relative(path, root), detail))
    return doubles


def _orphans(root: Path, images: Path, found: Sequence[Path], endings: Sequence[str]) -> list[Finding]:
    stems = {path.stem for path in found}
    files = sorted(images.iterdir()) if images.is_dir() else []
    return [
        Finding("caption_extra", relative(path, root), "a caption without a picture")
        for path in files
        if path.suffix in endings and path.stem not in stems
    ]


def _others_masks(root: Path, found: Sequence[Path]) -> list[Finding]:
    return [
        Finding("stray", relative(path, root), "a mask of OneTrainer's: this trainer would train on it")
        for path in found
        if path.stem.endswith(OTHERS_MASK)
    ]


def strays(root: Path, folder: Path, allowed: frozenset[str]) -> list[Finding]:
    """Return the files that a loader without a list of endings would open as pictures."""
    files = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    return [
        Finding("stray", relative(path, root), "the trainer opens every such file as a picture")
        for path in files
        if not is_picture(path) and path.suffix.lower() not in allowed
    ]


def load_toml(path: Path) -> tuple[dict[str, Any], list[Finding]]:
    """Return a TOML configuration, {} and a finding where it cannot be read."""
    return _load(path, tomllib.loads)


def load_json(path: Path) -> tuple[Any, list[Finding]]:
    """Return a JSON configuration, {} and a finding where it cannot be read."""
    return _load(path, json.loads)


def _load(path: Path, parse: Callable[[str], Any]) -> tuple[Any, list[Finding]]:
    try:
        return parse(path.read_text("utf-8")), []
    except OSError:
        return {}, [Finding("config", path.name, "the configuration is not there")]
    except ValueError as error:
        return {}, [Finding("config", path.name, f"cannot be read: {error}")]


def unknown_keys(file: str, table: Mapping[str, Any], known: Iterable[str], where: str = "") -> list[Finding]:
    """Return a finding for each key that the trainer does not know, and so would pass over in silence."""
    known = frozenset(known)
    findings = []
    for key in table:
        if key not in known:
            close = nearest(key, known)
            meant = f"; did you mean {close}?" if close else ""
            findings.append(Finding("config", file, f"{where}{key} is no key of the trainer, which ignores it{meant}"))
    return findings


def tables(value: Any) -> list[Mapping[str, Any]]:
    """Return the tables of a list of tables, [] of anything else."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
