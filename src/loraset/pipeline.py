"""The pipeline: ingest -> dedupe -> mask -> frame -> matte -> decontaminate -> score -> select -> variants -> export.

In: a `Request`. Out: the output folder and an `Outcome`. Never: printing (a `Progress` hears what happens), pixels kept
for the whole set, a decision that the manifest does not tell. The steps themselves are `runtime.line.Line`'s.
"""

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2

from loraset.errors import InputError, OutputError, UsageError
from loraset.images import quiet_native
from loraset.manifest import MANIFEST, Row, assign_stems, cutout_names, read_rows, to_csv, to_jsonl
from loraset.recipe.model import Recipe
from loraset.report.page import render_report
from loraset.runtime.cache import Cache, cache_root
from loraset.runtime.executor import Executor
from loraset.runtime.line import Item, Line, Request
from loraset.runtime.outputs import STATE, OutputFolder
from loraset.runtime.planning import Plan, make_plan
from loraset.runtime.results import fill_rows, publish, tiles_of, words_of
from loraset.runtime.runfile import RUN, describe_run, read_run
from loraset.stages import export, matte
from loraset.types import Json, Progress, Silent

__all__ = ["Outcome", "Plan", "Request", "cutout", "dedupe", "export_set", "plan", "rescore", "run"]

REPORT = "report.html"
BYTES_PER_PIXEL = 1.5  # of a written PNG cut-out, about; for the disk check before the work


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did: the folder, the manifest's rows, run.json's object, the report, the process's exit code."""

    output: Path
    rows: list[Json]
    run: Json
    report: Path | None
    exit_code: int


@contextmanager
def _line(request: Request, progress: Progress, *, cuts: bool = True, download: bool = True) -> Iterator[Line]:
    """Open a line with its engine made, if it cuts at all, and its files found and hashed."""
    cv2.setNumThreads(1)  # the pictures are what runs in parallel
    cache = Cache(cache_root(), fresh=request.fresh)
    with quiet_native(), Executor(request.recipe.run.jobs) as executor:
        line = Line(request, executor, cache, progress)
        if cuts:
            line.make_engine(download=download)
        line.find(cache.root / "archives")
        yield line


def run(request: Request, progress: Progress | None = None) -> Outcome:
    """Make a training set.

    Raises
    ------
    InputError, OutputError, MissingError, UsageError
        What stops a run as a whole; a bad picture is a row with its reason.
    PictureFailed
        With `strict`, at the first picture that fails.
    """
    progress = progress or Silent()
    started, begin = datetime.now(UTC), time.perf_counter()
    _check(request)
    with OutputFolder(request.output_path(), "a set") as out, _line(request, progress) as line:
        words_of(out)  # a table of captions that cannot be read is told before the work
        line.decode()
        _check_disk(request, sum(not item.ended for item in line.items))
        line.drop_copies()
        line.mask()
        line.cut()
        line.decide()
        fill_rows(line, _stems(line.items, out.root))
        publish(line, out)
        rows = [item.row for item in sorted(line.items, key=lambda item: (item.row.root, item.row.source))]
        _export(line, rows, out, progress)
        out.write(MANIFEST, to_jsonl(rows))
        out.write("manifest.csv", to_csv(rows))
        facts = _facts(line, rows, started, begin)
        report = out.write(REPORT, render_report(rows, tiles_of(line), facts))
        out.write(RUN, (json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
        out.prune()
        if out.kept:
            count = len(out.kept)
            words = f"{count} captions edited by hand were" if count > 1 else "1 caption edited by hand was"
            progress.message(f"{words} kept, such as {min(out.kept)}; delete one to have it written again")
    failed = any(item.has_failed for item in line.items)
    kept = any(row.verdict != "reject" for row in rows)
    return Outcome(out.root, [row.to_json() for row in rows], facts, report, 1 if failed or not kept else 0)


def _check(request: Request) -> None:
    """Refuse, before any work, what cannot end well."""
    matte.check(request.recipe)
    export.check(request.recipe)
    output = request.output_path().resolve()
    for text in request.input_paths():
        folder = Path(text).resolve()
        if folder.is_dir() and (output == folder or folder in output.parents):
            raise OutputError(
                f"the output {output} lies inside the input {folder}", "Name a folder outside it with --output."
            )


def _check_disk(request: Request, pictures: int) -> None:
    recipe = request.recipe
    copies = len(recipe.variants) + 1 + len(recipe.export.trainers)
    need = pictures * copies * recipe.frame.resolution**2 * BYTES_PER_PIXEL
    free = shutil.disk_usage(request.output_path()).free
    if free < need:
        raise OutputError(
            f"{pictures} pictures need about {need / 1e6:,.0f} MB, "
            f"{request.output_path()} has {free / 1e6:,.0f} MB free",
            "Free some space, or name a folder on another disk with --output.",
        )


def _stems(items: Sequence[Item], root: Path) -> dict[str, str]:
    """Return the stems of all files that are pictures; those of an earlier run in this folder stay."""
    earlier = {}
    if (root / MANIFEST).is_file():
        earlier = {str(row["id"]): str(row["stem"]) for row in read_rows(root) if row.get("stem")}
    sources = {item.row.id: item.found.source for item in items if item.is_picture}
    return assign_stems(sources, earlier)


def _export(line: Line, rows: Sequence[Row], out: OutputFolder, progress: Progress) -> None:
    """Write a folder for each trainer and variant."""
    recipe = line.recipe
    pairs = [(trainer, variant) for trainer in recipe.export.trainers for variant in recipe.variants]
    progress.stage("export", len(pairs))
    data = [row.to_json() for row in rows]
    with line.shop.watch("export"):
        for trainer, variant in pairs:
            root = recipe.export.root
            export.export(
                data,
                out.root,
                recipe,
                trainer=trainer,
                variant=variant,
                write=out.write,
                folder=f"exports/{trainer}/{variant}",
                place=f"{root}/{trainer}/{variant}" if root else "",
            )
            progress.advance("export")


def _facts(line: Line, rows: Sequence[Row], started: datetime, begin: float) -> Json:
    return describe_run(
        line.recipe,
        rows,
        base=line.request.base,
        inputs=line.request.input_paths(),
        engine=line.recipe.mask.name,
        models=[
            *(model for model in line.models() if any(model["name"] in (row.model or "") for row in rows)),
            *matte.models(line.recipe),
        ],
        seconds=line.shop.watch.seconds,
        seconds_total=time.perf_counter() - begin,
        started=started,
        stages={name: module.VERSION for name, module in line.shop.stages.items()},
        notes=line.selection.notes,
        groups=line.selection.groups,
        coverage=line.selection.coverage.to_json() if line.selection.coverage else None,
    )


def plan(request: Request, progress: Progress | None = None) -> Plan:
    """Say what `run` would do: it decodes what was never decoded, and writes nothing but the cache."""
    _check(request)
    with _line(request, progress or Silent(), download=False) as line:
        return make_plan(line, _earlier_recipe(request.output_path()))


def _earlier_recipe(folder: Path) -> Recipe | None:
    try:
        return Recipe.model_validate(read_run(folder)["recipe"])
    except InputError:
        return None


def cutout(request: Request, *, alpha_only: bool = False, progress: Progress | None = None) -> Outcome:
    """Cut out every picture at its own size: one RGBA PNG each, named by its path below the input.

    alpha_only : writes the 8-bit mask instead. Copies are cut like all others, and no verdict is passed.
    """
    progress = progress or Silent()
    started, begin = datetime.now(UTC), time.perf_counter()
    recipe = request.recipe
    if "frame" in recipe.model_fields_set:
        raise UsageError("cutout keeps each picture's own size: [frame] does nothing here", "Leave frame.* out.")
    recipe = recipe.model_copy(update={"frame": recipe.frame.model_copy(update={"mode": "keep"})})
    request = Request(recipe, request.base, request.inputs, request.output, request.fresh, request.strict)
    _check(request)
    with OutputFolder(request.output_path(), "cut-outs") as out, _line(request, progress) as line:
        names = cutout_names({item.row.id: item.found.source for item in line.items})
        line.decode()
        line.mask()
        stage, picture = ("matte", "alpha") if alpha_only else ("decontaminate", "cutout")

        def write(item: Item) -> None:
            if item.task is None or item.ended:
                return
            file, key = names[item.row.id], item.task.key(stage)
            if not out.is_current(file, key):
                out.write(file, line.shop.cache.png(stage, key, picture), key)
            item.row.files = {"cutout": file}

        line.cut(("frame", "matte") if alpha_only else ("frame", "matte", "decontaminate"), write)
        fill_rows(line, {})
        for item in line.items:
            if item.row.files:
                item.row.verdict = "review" if item.reasons else "keep"
            item.row.reasons = [reason.to_json() for reason in item.reasons]
    rows = [item.row for item in line.items]
    done = any(row.files for row in rows)
    failed = any(item.has_failed for item in line.items)
    facts = _facts(line, rows, started, begin)
    return Outcome(out.root, [row.to_json() for row in rows], facts, None, 1 if failed or not done else 0)


def dedupe(request: Request, progress: Progress | None = None) -> Json:
    """Return {"groups": [{"kind", "kept", "members": [paths]}]}: the copies among the inputs."""
    with _line(request, progress or Silent(), cuts=False) as line:
        line.decode()
        groups = line.drop_copies()
        unpacked = cache_root()  # what came out of an archive is named as a part of it
        path = {
            item.row.id: item.found.source if item.found.path.is_relative_to(unpacked) else str(item.found.path)
            for item in line.items
        }
        return {
            "groups": [
                {"kind": group.kind, "kept": path[group.kept], "members": [path[member] for member in group.members]}
                for group in groups
            ]
        }


def rescore(folder: Path, progress: Progress | None = None) -> list[Json]:
    """Return the rows of a finished set, scored anew and sorted by score, worst first; nothing is written.

    Raises
    ------
    InputError
        If the folder is no finished set, or its pictures are gone.
    """
    request = _made_with(folder)
    with _line(request, progress or Silent()) as line:
        line.decode()
        line.drop_copies()
        line.mask()
        line.cut(("frame", "matte", "decontaminate", "score"))
        line.decide()
        fill_rows(line, _stems(line.items, folder))
        rows = [item.row.to_json() for item in line.items]
    return sorted(rows, key=lambda row: (row["score"] is None, row["score"] or 0.0, row["source"]))


def _made_with(folder: Path) -> Request:
    said = read_run(folder)
    recipe = Recipe.model_validate(said["recipe"])
    return Request(recipe, Path(said["base"]), tuple(said["inputs"]), folder)


def export_set(folder: Path, *, trainer: str, variant: str, output: Path, place: str = "") -> int:
    """Write one variant of a finished set for one trainer into `output`; returns the number of its pictures.

    place : where that folder will lie on the machine that trains; "" leaves the paths in configurations relative.
    """
    recipe = Recipe.model_validate(read_run(folder)["recipe"])
    rows = read_rows(folder)
    if output.is_dir() and any(output.iterdir()) and not (output / STATE).is_dir():
        raise OutputError(f"{output} holds other files", "A trainer would read them too: name a new or empty folder.")
    with OutputFolder(output, "an export") as out:
        count = export.export(rows, folder, recipe, trainer=trainer, variant=variant, write=out.write, place=place)
        out.prune()
    return count
