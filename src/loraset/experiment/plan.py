"""plan: a finished set -> matched arms, the runs of a trainer, and the protocol that says how they will be judged.

In: a set's folder and what the user wants. Out: the experiment's folder. Never: a trainer started, a protocol written
beside results that are already there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from loraset import __version__
from loraset.errors import OutputError
from loraset.experiment.arms import (
    Arm,
    arm_items,
    check_pixels,
    check_same_pictures,
    coverage,
    cutout_of,
    make_arms,
)
from loraset.experiment.choose import Wish, choose_primary, choose_seeds, choose_setup
from loraset.experiment.kits import KITS
from loraset.experiment.protocol import PROTOCOL, SCHEMA, freeze, to_bytes
from loraset.experiment.runs import ARMS, FINISHED, RUNS, SCRIPT, Kit, Run, Setup, check_base, run_script
from loraset.experiment.words import describe_plan
from loraset.exporters import EXPORTERS
from loraset.exporters.interface import ExportFile, Item, Trainer
from loraset.exporters.reading import is_picture
from loraset.images import encode_png, reduce_to
from loraset.manifest import MANIFEST, read_rows
from loraset.recipe.model import Recipe
from loraset.registry import load
from loraset.runtime.cache import hash_file
from loraset.runtime.outputs import CAPTION, OutputFolder
from loraset.runtime.runfile import read_run
from loraset.stages.export import context_of
from loraset.types import Json, Progress, Silent

REFERENCES = "references"
REFERENCE_SIDE = 384  # px: what subjects in samples are compared with
TEXT = "protocol.md"


@dataclass(frozen=True, slots=True)
class _Matched:
    """A set's arms: the rows of the pictures that are trained, and each arm's items."""

    folder: Path
    recipe: Recipe
    trainer: Trainer
    arms: Sequence[Arm]
    rows: Sequence[Json]
    items: Mapping[str, Sequence[Item]]

    @property
    def pictures(self) -> Sequence[Item]:
        """The pictures of the first arm, which are those of all."""
        return self.items[self.arms[0].name]


def plan(folder: Path, output: Path, wish: Wish, progress: Progress | None = None) -> Json:
    """Write an experiment on a finished set, and return its protocol.

    Raises
    ------
    UsageError
        If what is wanted does not go together.
    InputError
        If the folder is no finished set, or its variants do not match to the last level.
    OutputError
        If the output cannot be written, or has results already.
    """
    recipe = Recipe.model_validate(read_run(folder)["recipe"])
    name = wish.trainer or next((each for each in recipe.export.trainers if each in KITS), "")
    kit: Kit = load(KITS, name, "trainer for an experiment")
    matched = _match(folder, recipe, load(EXPORTERS, name, "trainer"), wish)
    setup = choose_setup(recipe, wish, kit, output)
    check_base(name, kit, setup)
    primary, seeds = choose_primary(matched.arms, wish), choose_seeds(wish.seeds)
    runs = [Run(arm, seed) for arm in matched.arms for seed in seeds]
    _refuse_results(output)
    written = _files(matched, runs, kit, setup)
    with OutputFolder(output, "an experiment") as out:
        _refuse_edited(out, written)
        files = _write(out, matched, written, progress or Silent())
        protocol: Json = {
            "schema": SCHEMA,
            "loraset": __version__,
            "trainer": name,
            "title": matched.trainer.title,
            "set": {
                "name": recipe.name,
                "manifest": hash_file(folder / MANIFEST),
                "pictures": [item.stem for item in matched.pictures],
                "coverage": round(coverage(matched.pictures), 4),
            },
            "arms": [arm.to_json() for arm in matched.arms],
            "captions": wish.captions,
            "seeds": seeds,
            "steps": setup.steps,
            "sample_every": setup.sample_every,
            "model": setup.model,
            "target": setup.target,
            "root": setup.root,
            "probes": [probe.to_json(seeded=kit.seeded) for probe in setup.probes],
            "primary": primary,
            "files": files,
        }
        protocol = freeze(protocol | {"words": describe_plan(protocol, kit)})
        out.write(TEXT, ("\n\n".join(protocol["words"]) + f"\n\nFrozen as {protocol['hash']}\n").encode())
        out.write(PROTOCOL, to_bytes(protocol))
        out.prune()
    return protocol


def _match(folder: Path, recipe: Recipe, trainer: Trainer, wish: Wish) -> _Matched:
    rows = read_rows(folder)
    arms = make_arms(recipe, trainer, wish.arms, wish.captions)
    items = {arm.name: arm_items(arm, rows, folder, recipe, trainer) for arm in arms}
    check_same_pictures(items)
    stems = {item.stem for item in items[arms[0].name]}
    return _Matched(folder, recipe, trainer, arms, [row for row in rows if row["stem"] in stems], items)


def _refuse_results(output: Path) -> None:
    """Refuse an output that holds samples or finished runs: a protocol that is written after them is none."""
    there = (path for path in sorted((output / RUNS).rglob("*")) if is_picture(path) or path.name == FINISHED)
    if (first := next(there, None)) is not None:
        raise OutputError(
            f"there are results already: {first.relative_to(output).as_posix()}",
            "A protocol is frozen before any result is seen: plan into a new folder.",
        )


def _files(matched: _Matched, runs: Sequence[Run], kit: Kit, setup: Setup) -> list[ExportFile]:
    """Return arms, configurations, prompts and the script; references are made as they are written."""
    files: list[ExportFile] = []
    for arm in matched.arms:
        items, context = matched.items[arm.name], context_of(matched.recipe, arm.variant, setup.place_of(arm))
        exported = matched.trainer.export(items, context)
        files += [ExportFile(f"{ARMS}/{arm.name}/{file.path}", file.content) for file in exported]
        for run in (run for run in runs if run.arm == arm):
            data = matched.trainer.export(items, replace(context, seed=run.seed))
            files += [ExportFile(f"{run.folder}/{file.path}", file.content) for file in kit.configure(run, setup, data)]
    files += kit.prompts(setup)
    if kit.commands(runs[0], setup):
        files.append(ExportFile(SCRIPT, run_script(runs, kit, setup)))
    return files


def _refuse_edited(out: OutputFolder, files: Sequence[ExportFile]) -> None:
    """Refuse to plan where a person changed words, before anything is written: those would be kept."""
    edited = [file.path for file in files if file.path.endswith(CAPTION) and _is_edited(out, file)]
    if edited:
        raise OutputError(
            f"{', '.join(edited[:3])} in {out.root} was edited or put there by hand",
            "Move it away, or plan into another folder.",
        )


def _is_edited(out: OutputFolder, file: ExportFile) -> bool:
    path = out.root / file.path
    return path.is_file() and not out.is_current(file.path, "") and path.read_bytes() != bytes(file.read())


def _write(out: OutputFolder, matched: _Matched, files: Sequence[ExportFile], progress: Progress) -> dict[str, str]:
    """Write references and all else, once every row is checked; return their hashes."""
    hashes: dict[str, str] = {}

    def write(path: str, content: bytes) -> None:
        out.write(path, content)
        hashes[path] = out.sha256(path)

    progress.stage("check", len(matched.rows))
    for row in matched.rows:
        check_pixels(matched.arms, row, matched.folder, matched.recipe)
        progress.advance("check")
    progress.stage("arms", len(matched.rows) + len(files))
    for row in matched.rows:
        cutout = reduce_to(cutout_of(row, matched.folder, matched.recipe), REFERENCE_SIDE)
        write(f"{REFERENCES}/{row['stem']}.png", encode_png(cutout))
        progress.advance("arms")
    for file in files:
        write(file.path, bytes(file.read()))
        progress.advance("arms")
    return dict(sorted(hashes.items()))
