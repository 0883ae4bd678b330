"""A trainer's folder: read as that trainer reads it, then looked at file by file.

In: a folder and a trainer's name. Out: what was read, and `Finding`s. Never: a change to a file.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loraset.errors import InputError
from loraset.exporters import EXPORTERS
from loraset.exporters.interface import Finding, Reading, Sample, Trainer
from loraset.exporters.reading import relative
from loraset.registry import load
from loraset.runtime.cache import hash_file
from loraset.verify.caches import stale_caches
from loraset.verify.pictures import Color, check_caption, check_sample

JOURNAL = Path(".loraset/outputs.jsonl")
CAPTION = ".txt"


@dataclass(frozen=True, slots=True)
class Checked:
    """One trainer's folder: whose it is, what that trainer takes from it, what is wrong."""

    trainer: str
    folder: Path
    samples: tuple[Sample, ...]
    findings: tuple[Finding, ...]


def check_folder(folder: Path, trainer: str | None = None, *, fill: Color | None = None) -> Checked:
    """Return what is wrong with a trainer's folder.

    trainer : its name; found out by the folder's configuration where it is None. fill : see `check_sample`.

    Raises
    ------
    InputError
        If there is no such folder.
    UsageError
        If there is no such trainer.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}", "Name a set that loraset made, or a trainer's folder.")
    name = trainer or whose(folder)
    member: Trainer = load(EXPORTERS, name, "trainer")
    reading = member.read(folder)
    findings = [*reading.findings, *_of_samples(folder, reading, fill), *stale_caches(folder)]
    found = {finding.path for finding in findings}
    findings += [finding for finding in _changed(folder) if finding.path not in found]
    return Checked(name, folder, reading.samples, tuple(findings))


def whose(folder: Path) -> str:
    """Return the trainer whose configuration lies in a folder and can be read; plain where there is none."""
    for name in EXPORTERS:
        member: Trainer = load(EXPORTERS, name, "trainer")
        if member.marker and (folder / member.marker).exists() and member.read(folder).samples:
            return name
    if any(path.is_dir() and path.name.split("_")[0].isdigit() for path in folder.glob("*_*")):
        return "kohya"
    return "plain"


def _of_samples(folder: Path, reading: Reading, fill: Color | None) -> Iterator[Finding]:
    seen: set[Path] = set()
    for sample in reading.samples:
        name = relative(sample.image, folder)
        if sample.image not in seen:  # two datasets of one configuration may share a folder
            yield from check_sample(sample, name, relative(sample.mask, folder) if sample.mask else "", fill)
            caption = sample.caption
            yield from check_caption(caption, relative(caption, folder) if isinstance(caption, Path) else name)
        seen.add(sample.image)


def _changed(folder: Path) -> Iterator[Finding]:
    """Yield the files that are not as an export of loraset wrote them; captions are a person's to change."""
    if not (folder / JOURNAL).is_file():
        return
    for line in (folder / JOURNAL).read_text("utf-8").splitlines():
        entry = json.loads(line)
        path = folder / entry["file"]
        if not path.is_file():
            yield Finding("missing", entry["file"], "loraset wrote it, and it is not there any more")
        elif path.suffix != CAPTION and hash_file(path) != entry["sha256"]:
            yield Finding("changed", entry["file"], "it is not as loraset wrote it")
