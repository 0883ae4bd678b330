"""analyze: the samples of an experiment -> measures, statistics, a page and tables.

In: a folder that `plan` wrote and a trainer filled. Out: experiment.html, samples.csv, outcomes.csv, and what may be
concluded. Never: a file of the plan changed, a sample left out without a word.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from loraset.errors import InputError
from loraset.experiment.analysis import Analysis
from loraset.experiment.effects import compare_all, unpaired
from loraset.experiment.kits import KITS
from loraset.experiment.measures import Embed, Measured, make_reference, measure
from loraset.experiment.outcomes import ASKED
from loraset.experiment.page import render_page
from loraset.experiment.plan import REFERENCES
from loraset.experiment.protocol import changes, load_protocol
from loraset.experiment.runs import Kit
from loraset.experiment.samples import Cell, find_samples
from loraset.experiment.subject import OPAQUE
from loraset.experiment.tables import outcome_table, sample_table
from loraset.images import Unreadable, decode, encode_thumbnail, quiet_native, read_png
from loraset.registry import load
from loraset.runtime.cache import write_atomic
from loraset.runtime.executor import Executor
from loraset.types import ByteImage, Json, Progress, Silent

MAX_PIXELS = 100_000_000
BLACK = 8  # levels: a picture without a brighter one is what a safety filter or an overflow leaves
TILE = 176  # px of a sample on the page
ANEW = "Put back what `experiment plan` wrote: the same plan on the same set, in another folder, writes it again."
PAGE, SAMPLES, OUTCOMES = "experiment.html", "samples.csv", "outcomes.csv"


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    measured: Measured | None
    tile: bytes | None
    note: str = ""


def analyze(
    folder: Path, *, embed: Embed | None = None, expected: str = "", progress: Progress | None = None
) -> Analysis:
    """Measure an experiment's samples, and write its page and tables beside the protocol.

    embed : a model's embedding for likeness to the set. expected : the hash that was noted at planning, or its start.

    Raises
    ------
    InputError
        If the folder holds no experiment, or no sample at all.
    OutputError
        If the page cannot be written.
    """
    progress = progress or Silent()
    protocol = load_protocol(folder)
    kit: Kit = load(KITS, protocol["trainer"], "trainer")
    broken = tuple(changes(folder, protocol, expected))
    found = find_samples(folder, protocol, kit)
    if not found.paths:
        raise InputError(
            f"there are no samples in {folder / 'runs'}",
            f"They are looked for by the names that {protocol['title']} gives them. {_first(found.notes)}".strip(),
        )
    cv2.setNumThreads(1)
    with quiet_native(), Executor() as executor:
        progress.stage("references", 1)
        reference = make_reference(_references(folder, protocol), embed)
        progress.advance("references")
        fills = sorted({tuple(arm["fill"]) for arm in protocol["arms"] if arm["fill"]})
        progress.stage("samples", len(found.paths))

        def read(cell: Cell) -> _Read:
            done = _read(
                found.paths[cell], cell.step == protocol["steps"], lambda rgb: measure(rgb, fills, reference, embed)
            )
            progress.advance("samples")
            return done

        cells = sorted(found.paths)
        results = dict(zip(cells, executor.map(read, cells), strict=True))
    measured = {cell: result.measured for cell, result in results.items() if result.measured is not None}
    unread = [
        f"{found.paths[cell].relative_to(folder).as_posix()} {result.note}, and is left out"
        for cell, result in results.items()
        if result.note
    ]
    analysis = Analysis(
        folder,
        protocol,
        broken,
        (*found.notes, *unread, *unpaired(measured, protocol), *_not_found(measured, protocol)),
        tuple(compare_all(measured, protocol)),
        measured,
        {cell: result.tile for cell, result in results.items() if result.tile is not None},
        len(unread),
    )
    write_atomic(folder / SAMPLES, sample_table(measured, protocol, found.paths, folder))
    write_atomic(folder / OUTCOMES, outcome_table(analysis.comparisons))
    write_atomic(folder / PAGE, render_page(analysis))
    return analysis


def _first(notes: Sequence[str]) -> str:
    said = [note for note in notes if not note.endswith("no samples")]
    return f"What is there instead: {said[0]}." if said else ""


def _references(folder: Path, protocol: Json) -> list[ByteImage]:
    """Return the set's cut-outs as the protocol names them; what else lies beside them is none."""
    cutouts = []
    for file in sorted(file for file in protocol["files"] if file.startswith(f"{REFERENCES}/")):
        try:
            cutout = read_png(folder / file).astype(np.uint8, copy=False)
        except (OSError, Unreadable) as error:
            raise InputError(f"cannot read {folder / file}: {error}", ANEW) from error
        if cutout.ndim != 3 or cutout.shape[2] != 4:
            raise InputError(f"{folder / file} is no cut-out: it has no alpha", ANEW)
        cutouts.append(cutout)
    if not any((cutout[..., 3] > OPAQUE).any() for cutout in cutouts):
        raise InputError(f"no picture in {folder / REFERENCES} has an opaque pixel to know the subject by", ANEW)
    return cutouts


def _read(path: Path, shown: bool, measure_it: Callable[[ByteImage], Measured]) -> _Read:
    try:
        rgb = decode(path, max_pixels=MAX_PIXELS).picture.rgb
    except (Unreadable, OSError) as error:
        return _Read(None, None, f"cannot be read ({error})")
    if rgb.max() < BLACK:
        return _Read(None, None, "is black, as a safety filter or an overflow leaves it")
    return _Read(measure_it(rgb), encode_thumbnail(rgb, TILE) if shown else None)


def _not_found(measured: Mapping[Cell, Measured], protocol: Json) -> list[str]:
    asked = [sample for cell, sample in measured.items() if protocol["probes"][cell.prompt]["kind"] in ASKED]
    missing = sum(sample.values["found"] == 0 for sample in asked)
    if not missing:
        return []
    count = f"{missing} of {len(asked)} samples that should show it"
    return [f"in {count} no subject was found by the set's colours: no likeness and no outline there"]
