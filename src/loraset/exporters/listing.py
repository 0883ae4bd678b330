"""Lists of pictures: one JSON object on each line, with paths relative to the list.

In: such a file, or items. Out: a `Reading`, or the rows to write. Never: opening a picture.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from loraset.exporters.interface import Context, Finding, Item, Reading, Sample, Size
from loraset.exporters.layout import MASKS, caption
from loraset.exporters.reading import pictures, relative


class Columns(NamedTuple):
    """What a list calls a picture's path, its words and its mask's path."""

    image: str
    text: str
    mask: str


def rows(items: Sequence[Item], context: Context, columns: Columns, folder: str = "") -> list[dict[str, str]]:
    """Return a list's rows: pictures lie below `folder` ("" or one that ends in a slash), masks below `MASKS`."""
    return [
        {
            columns.image: f"{folder}{item.stem}{item.image.suffix}",
            columns.text: caption(item, context),
            columns.mask: f"{MASKS}/{item.stem}{item.mask.suffix}",
        }
        for item in items
    ]


def read_listing(folder: Path, file: Path, columns: Columns, fit: Callable[[Size], Size] | None = None) -> Reading:
    """Return the samples of a list, by its columns, and what is wrong with it."""
    samples: list[Sample] = []
    findings: list[Finding] = []
    for number, row in _rows(file, folder, findings):
        path = file.parent / str(row.get(columns.image, ""))
        if not path.is_file():
            findings.append(
                Finding("config", relative(file, folder), f"line {number}: there is no {row.get(columns.image)!r}")
            )
            continue
        named = row.get(columns.mask)
        beside = file.parent / str(named) if named else None
        if beside is None or not beside.is_file():
            findings.append(Finding("mask_missing", relative(path, folder), "its row names no mask that is there"))
            beside = None
        words = row.get(columns.text)
        if words is None:
            findings.append(Finding("caption_missing", relative(path, folder), f"its row has no {columns.text!r}"))
        samples.append(Sample(path, None if words is None else str(words), beside, fit=fit))
    if not samples:
        findings.append(Finding("no_pictures", relative(file, folder), "the list names no pictures"))
    used = {sample.mask for sample in samples}
    findings += [
        Finding("mask_extra", relative(path, folder), "a mask that no row names")
        for path in pictures(file.parent / MASKS)
        if path not in used
    ]
    return Reading(tuple(samples), tuple(findings))


def _rows(file: Path, folder: Path, findings: list[Finding]) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        findings.append(Finding("config", relative(file, folder), f"cannot be read: {error}"))
        return
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict):
            yield number, row
        else:
            findings.append(Finding("config", relative(file, folder), f"line {number} is no JSON object"))
