"""A trainer's folder: read as that trainer reads it, then looked at file by file.

In: a folder and a trainer's name. Out: what was read, and `Finding`s. Never: a change to a file.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from loraset.errors import InputError
from loraset.exporters import EXPORTERS
from loraset.exporters.interface import Finding, Reading, Sample, Trainer
from loraset.exporters.reading import relative
from loraset.registry import load
from loraset.runtime.cache import hash_file
from loraset.runtime.outputs import CAPTION, JOURNAL, STATE
from loraset.verify.caches import stale_caches
from loraset.verify.pictures import Color, check_caption, check_sample

LOSSES = frozenset(("mask_missing", "config", "no_pictures"))


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
    reading = _read(member, folder)
    findings = [*reading.findings, *_of_samples(folder, reading, fill), *stale_caches(folder)]
    return Checked(name, folder, reading.samples, (*findings, *changed(folder, folder, findings)))


def whose(folder: Path) -> str:
    """Return the trainer whose configuration lies in a folder and can be read; plain where there is none."""
    for name in EXPORTERS:
        member: Trainer = load(EXPORTERS, name, "trainer")
        if member.marker and (folder / member.marker).exists() and _read(member, folder).samples:
            return name
    if any(path.is_dir() and path.name.split("_")[0].isdigit() for path in folder.glob("*_*")):
        return "kohya"
    return "plain"


def _read(trainer: Trainer, folder: Path) -> Reading:
    """Return what the trainer takes; a configuration edited into something else is a finding."""
    try:
        return trainer.read(folder)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        detail = f"its values are not of the kinds that the trainer takes: {error}"
        return Reading(findings=(Finding("config", trainer.marker, detail),))


def _of_samples(folder: Path, reading: Reading, fill: Color | None) -> Iterator[Finding]:
    seen: set[Path] = set()
    for sample in reading.samples:
        name = relative(sample.image, folder)
        if sample.image not in seen:  # two datasets of one configuration may share a folder
            yield from check_sample(sample, name, relative(sample.mask, folder) if sample.mask else "", fill)
            caption = sample.caption
            yield from check_caption(caption, relative(caption, folder) if isinstance(caption, Path) else name)
        seen.add(sample.image)


def changed(root: Path, folder: Path, known: Sequence[Finding]) -> list[Finding]:
    """Return the files of a trainer's folder that are not as loraset wrote them; captions are a person's to change.

    root : where the journal of what was written lies: the folder itself, or the set that it is a part of.
    known : what was found before, about paths relative to the folder; a loss that it tells of is not told again.
    """
    if not (root / STATE / JOURNAL).is_file():
        return []
    named, told = {finding.path for finding in known}, {finding.code for finding in known}
    findings = []
    for line in (root / STATE / JOURNAL).read_text("utf-8").splitlines():
        entry = json.loads(line)
        path = root / entry["file"]
        if not path.is_relative_to(folder) or path.suffix == CAPTION or relative(path, folder) in named:
            continue
        if path.is_file():
            if hash_file(path) != entry["sha256"]:
                findings.append(Finding("changed", relative(path, folder), "it is not as loraset wrote it"))
        elif not told & LOSSES:
            findings.append(
                Finding("missing", relative(path, folder), "loraset wrote it, and it is not there any more")
            )
    return findings
