"""The whole check: a set with its trainers' folders, or one trainer's folder alone.

In: a folder. Out: a `Verified` with everything that was found. Never: printing, a change to a file.
"""

from dataclasses import dataclass
from pathlib import Path

from loraset.exporters.interface import Finding
from loraset.runtime.runfile import read_run
from loraset.types import Json
from loraset.verify.curated import check_exports, check_set, fill_of, is_set
from loraset.verify.folder import Checked, check_folder


@dataclass(frozen=True, slots=True)
class Verified:
    """folder : what was looked at. kind : "set" or "export". checked : its trainers' folders. findings : in order."""

    folder: Path
    kind: str
    checked: tuple[Checked, ...]
    findings: tuple[Finding, ...]

    def to_json(self) -> Json:
        """Return everything as one object."""
        return {
            "folder": str(self.folder),
            "kind": self.kind,
            "trainers": sorted({each.trainer for each in self.checked}),
            "pictures": sum(len(each.samples) for each in self.checked),
            "findings": [{"code": each.code, "path": each.path, "detail": each.detail} for each in self.findings],
        }


def verify(folder: Path, trainer: str | None = None) -> Verified:
    """Return what is wrong with a set or a trainer's folder.

    Raises
    ------
    InputError
        If there is no such folder, or a set whose manifest cannot be read.
    UsageError
        If there is no such trainer, or the set has no folder for it.
    """
    if is_set(folder):
        checked = check_exports(folder, trainer)
        findings = [*check_set(folder), *(each for one in checked for each in one.findings)]
        return Verified(folder, "set", tuple(checked), tuple(findings))
    one = check_folder(folder, trainer, fill=_fill(folder))
    return Verified(folder, "export", (one,), one.findings)


def _fill(folder: Path) -> tuple[int, int, int] | None:
    """Return the colour under alpha 0 of a folder that lies in a set's exports, None elsewhere."""
    parents = folder.resolve().parents
    if len(parents) < 3 or parents[1].name != "exports" or not is_set(parents[2]):
        return None
    return fill_of(read_run(parents[2])["recipe"], folder.resolve().name)
