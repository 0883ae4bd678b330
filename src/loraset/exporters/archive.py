"""zip: the plain folder as one file, to be sent somewhere.

In: items of one variant. Out: `<token>-<variant>.zip`. Never: compression (PNGs hold no air) or a clock in its bytes.
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from loraset.exporters.interface import Context, ExportFile, Finding, Item, Reading, Trainer
from loraset.exporters.plain import export as plain_export
from loraset.exporters.reading import joined


def export(items: Sequence[Item], context: Context) -> list[ExportFile]:
    """Return the one file."""
    return [ExportFile(f"{context.token}-{context.variant}.zip", tuple(plain_export(items, context)))]


def read(folder: Path) -> Reading:
    """Return no samples, for they are packed; an archive that is damaged is a finding."""
    findings = []
    archives = sorted(folder.glob("*.zip"))
    for path in archives:
        try:
            with zipfile.ZipFile(path) as archive:
                broken = archive.testzip()
        except zipfile.BadZipFile as error:
            broken = str(error)
        if broken is not None:
            findings.append(Finding("unreadable", path.name, f"the archive is damaged: {broken}"))
    if not archives:
        findings.append(Finding("no_pictures", "", "there is no archive in this folder"))
    return joined([], findings)


TRAINER = Trainer("zip of the plain folder", "", export, read, masked=True)
