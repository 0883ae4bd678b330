"""What a finished line leaves: manifest rows, the files of each picture, the report's tiles.

In: a `Line` that has decided. Out: filled rows; files through an `OutputFolder`. Never: a decision.
"""

from collections.abc import Callable, Iterator

import numpy as np

from loraset.manifest import Row
from loraset.report.page import Tiles
from loraset.runtime.line import Item, Line
from loraset.runtime.outputs import OutputFolder
from loraset.runtime.publish import Publisher
from loraset.runtime.task import PictureTask
from loraset.stages import dedupe
from loraset.stages.captions_table import TABLE, read_table, to_table
from loraset.stages.captions_table import Line as Words
from loraset.stages.mask import probability_of
from loraset.stages.preview import change_tiles, photo_tile
from loraset.types import Json, Verdict


def fill_rows(line: Line, stems: dict[str, str]) -> None:
    """Write what the stages said into the manifest's rows."""
    for item in line.items:
        row, decision = item.row, item.decision
        ingested, mask, frame = (item.said(name) for name in ("ingest", "mask", "frame"))
        row.width, row.height = ingested.get("width"), ingested.get("height")
        row.engine, row.model = mask.get("engine"), mask.get("model")
        row.inference_size = mask.get("inference_size")
        row.frame = frame.get("frame")
        row.metrics, worth = item.numbers or None, item.grade
        row.score = round(worth.score, 6) if worth else None
        row.stem = stems.get(row.id)
        row.details = _details(item)
        if decision is not None:
            row.verdict, row.duplicate_of = decision.verdict, decision.duplicate_of
            row.reasons = [reason.to_json() for reason in decision.reasons]
            if decision.details:
                row.details = (row.details or {}) | {"select": decision.details}


def _details(item: Item) -> Json | None:
    ingested, mask = item.said("ingest"), item.said("mask")
    details = {
        "ingest": {key: ingested.get(key) for key in ("format", "mode", "profile")}
        | {"notes": [*ingested.get("notes", []), *item.caption_notes]},
        "mask": {**mask.get("details", {}), "confidence": mask.get("confidence")},
        "repair": item.said("repair"),
        "frame": {key: value for key, value in item.said("frame").items() if key != "frame"},
        "matte": item.said("matte"),
        "decontaminate": item.said("decontaminate"),
        "score": item.grade.to_json() if item.grade else {},
    }
    return {stage: told for stage, told in details.items() if item.said(stage)} or None


def publish(line: Line, out: OutputFolder) -> None:
    """Write the variants, masks, masters and captions of what was kept, and the table of their words.

    Raises
    ------
    InputError
        If the table that an earlier run left cannot be read any more.
    """
    table = words_of(out)
    items = [item for item in line.items if item.task is not None and item.row.stem]
    line.progress.stage("variants", len(items))

    def write(item: Item) -> None:
        assert item.task is not None and item.row.stem is not None
        with line.shop.watch("variants"):
            sidecar = _caption_of(line, item)
            publisher = Publisher(item.task, item.row.stem, out, sidecar, table)
            files, caption = publisher.publish(Verdict(item.row.verdict))
        item.row.files, item.row.caption = files or None, caption or None
        if caption:
            item.row.details = (item.row.details or {}) | {"variants": publisher.details(files)}
        item.task.release()
        line.progress.advance("variants")

    line.executor.map(write, items)
    out.write(TABLE, to_table(_words(line), table))


def words_of(out: OutputFolder) -> dict[str, Words]:
    """Return the table of words that an earlier run left in the folder and a person may have edited; {} without one."""
    path = out.root / TABLE
    return read_table(path.read_bytes(), str(path)) if path.is_file() else {}


def _words(line: Line) -> Iterator[Words]:
    """Yield this run's words, in the manifest's order."""
    for row in sorted((item.row for item in line.items), key=lambda row: (row.root, row.source)):
        if row.caption is not None and row.stem is not None and row.details is not None:
            composed = row.details["variants"]["caption"]["composed"]
            yield Words(row.stem, row.caption["subject"], composed, row.source)


def _caption_of(line: Line, item: Item) -> str:
    """Return the picture's sidecar text, or that of a dropped copy of the photo where it has none of its own."""
    copies = sorted(
        (
            other
            for other in line.items
            if other.row.duplicate_of == item.row.id and any(reason.stage == dedupe.NAME for reason in other.reasons)
        ),
        key=lambda other: other.found.source,
    )
    texts = [other.caption for other in [item, *copies]]
    return next((text for text in texts if text), "")


def _change_of(task: PictureTask) -> Tiles:
    """Return the masks before and after the set corrected them, {} where it did not."""
    repaired = task.result("repair")
    if not repaired.images:
        return {}
    return change_tiles(photo_tile(task.proxy()), probability_of(task.result("mask")), probability_of(repaired))


def tiles_of(line: Line) -> Callable[[Row], Tiles]:
    """Return what gives the report the tiles of a row."""
    by_id = {item.row.id: item for item in line.items}

    def tiles(row: Row) -> Tiles:
        task = by_id[row.id].task
        if task is None or not task.knows("ingest"):
            return {}
        if task.knows("preview"):
            return {**task.result("preview").images, **_change_of(task)}
        images = task.result("ingest").images
        return {"photo": photo_tile(images["proxy"].astype(np.uint8, copy=False))} if "proxy" in images else {}

    return tiles
