"""plan: a finished set -> matched arms, the runs of a trainer, and the protocol that says how they will be judged.

In: a set's folder and what the user wants. Out: the experiment's folder. Never: a trainer started, a protocol written
beside results that are already there.
"""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from loraset import __version__
from loraset.errors import InputError, OutputError, UsageError
from loraset.experiment.arms import (
    Arm,
    Captions,
    arm_items,
    check_pixels,
    check_same_pictures,
    coverage,
    cutout_of,
    make_arms,
)
from loraset.experiment.kits import KITS
from loraset.experiment.outcomes import BY_KEY, PRIMARY
from loraset.experiment.probes import Probe, make_probes, read_probes
from loraset.experiment.protocol import PROTOCOL, SCHEMA, freeze, to_bytes
from loraset.experiment.runs import ARMS, RUNS, SCRIPT, Kit, Run, Setup, check_base, run_script
from loraset.experiment.statistics import MIN_SEEDS, Direction
from loraset.experiment.words import describe_plan
from loraset.exporters import EXPORTERS
from loraset.exporters.ai_toolkit import MODELS
from loraset.exporters.interface import Item, Trainer
from loraset.exporters.reading import is_picture
from loraset.images import encode_png, reduce_to
from loraset.manifest import MANIFEST, read_rows
from loraset.recipe.model import Recipe
from loraset.registry import load, nearest
from loraset.runtime.cache import hash_file
from loraset.runtime.outputs import OutputFolder
from loraset.runtime.runfile import read_run
from loraset.stages.export import context_of
from loraset.types import Json, Progress, Silent

REFERENCES = "references"
REFERENCE_SIDE = 384  # px: what subjects in samples are compared with
TEXT = "protocol.md"
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants; what is empty or 0 is chosen by us.

    arms : names. compare : the two arms of the primary outcome. seeds : training seeds. base, prompts : files.
    root : where the experiment will lie on the machine that trains.
    """

    trainer: str = ""
    arms: Sequence[str] = ()
    captions: Captions = "same"
    compare: Sequence[str] = ()
    outcome: str = PRIMARY
    direction: Direction = "either"
    seeds: Sequence[int] = (1, 2, 3)
    steps: int = 1500
    sample_every: int = 0
    model: str = ""
    target: str = ""
    base: Path | None = None
    prompts: Path | None = None
    root: str = ""


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
    progress = progress or Silent()
    recipe = Recipe.model_validate(read_run(folder)["recipe"])
    rows = read_rows(folder)
    name = wish.trainer or next((each for each in recipe.export.trainers if each in KITS), "")
    kit: Kit = load(KITS, name, "trainer for an experiment")
    trainer: Trainer = load(EXPORTERS, name, "trainer")
    arms = make_arms(recipe, trainer, wish.arms, wish.captions)
    items = {arm.name: arm_items(arm, rows, folder, recipe, trainer) for arm in arms}
    check_same_pictures(items)
    pictures = items[arms[0].name]
    setup = _setup(recipe, wish, len(pictures), output)
    check_base(name, kit, setup)
    primary = _primary(arms, wish)
    seeds = _seeds(wish.seeds)
    runs = [Run(arm, seed) for arm in arms for seed in seeds]
    _refuse_results(output)
    with OutputFolder(output, "an experiment") as out:
        files = _write(out, folder, recipe, rows, arms, items, runs, kit, trainer, setup, progress)
        protocol: Json = {
            "schema": SCHEMA,
            "loraset": __version__,
            "trainer": name,
            "title": trainer.title,
            "set": {
                "name": recipe.name,
                "manifest": hash_file(folder / MANIFEST),
                "pictures": [item.stem for item in pictures],
                "coverage": round(coverage(pictures), 4),
            },
            "arms": [arm.to_json() for arm in arms],
            "captions": wish.captions,
            "seeds": seeds,
            "steps": setup.steps,
            "sample_every": setup.sample_every,
            "model": setup.model,
            "target": setup.target,
            "root": setup.root,
            "probes": [probe.to_json() for probe in setup.probes],
            "primary": primary,
            "files": files,
        }
        protocol["words"] = describe_plan(protocol, kit)
        protocol = freeze(protocol)
        out.write(TEXT, ("\n\n".join(protocol["words"]) + f"\n\nFrozen as {protocol['hash']}\n").encode())
        out.write(PROTOCOL, to_bytes(protocol))
        out.prune()
        if out.kept:
            raise OutputError(
                f"{', '.join(out.kept[:3])} in {output} was edited by hand",
                "Delete what was edited, or plan anew elsewhere.",
            )
    return protocol


def _seeds(seeds: Sequence[int]) -> list[int]:
    chosen = list(dict.fromkeys(seeds))
    if not chosen or min(chosen) < 1:
        raise UsageError("training seeds are whole numbers from 1", f"{MIN_SEEDS} are the least that can be tested.")
    return chosen


def _refuse_results(output: Path) -> None:
    """Refuse an output that holds samples: a protocol that is written after them is none."""
    there = (path for path in sorted((output / RUNS).rglob("*")) if is_picture(path))
    if (first := next(there, None)) is not None:
        raise OutputError(
            f"there are results already: {first.relative_to(output).as_posix()}",
            "A protocol is frozen before any result is seen: plan into a new folder.",
        )


def _setup(recipe: Recipe, wish: Wish, pictures: int, output: Path) -> Setup:
    subject = ", ".join(filter(None, (recipe.subject.trigger, recipe.subject.class_)))
    if not recipe.subject.trigger:
        raise UsageError("the set has no trigger word to prompt with", "Set subject.trigger in its recipe and run it.")
    target = wish.target or recipe.frame.target
    if target and target not in MODELS:
        close = nearest(target, MODELS)
        raise UsageError(
            f"unknown target {target!r}", f"Did you mean {close}?" if close else f"One of {', '.join(MODELS)}."
        )
    if not wish.model and not target:
        raise UsageError("no base model is named", "--target sdxl takes its usual weights; --model names others.")
    every = wish.sample_every or (wish.steps // 3 if wish.steps % 3 == 0 else wish.steps)
    if wish.steps % every:
        raise UsageError(
            f"samples every {every} steps miss step {wish.steps}, which is judged", "Let --sample-every divide --steps."
        )
    return Setup(
        root=(wish.root or str(output.resolve())).replace("\\", "/").rstrip("/"),
        token=context_of(recipe, next(iter(recipe.variants)), "").token,
        target=target,
        model=wish.model or MODELS[target][1],
        resolution=recipe.frame.resolution,
        step=recipe.frame.step,
        steps=wish.steps,
        sample_every=every,
        probes=tuple(_probes(wish, subject, recipe.subject.class_)),
        pictures=pictures,
        repeats=recipe.export.repeats,
        base=_base(wish.base) if wish.base else {},
    )


def _probes(wish: Wish, subject: str, class_word: str) -> list[Probe]:
    if wish.prompts is None:
        return make_probes(subject, class_word)
    return make_probes(subject, class_word, read_probes(wish.prompts))


def _base(path: Path) -> Json:
    """Return the user's own settings; the tables of a TOML, which sd-scripts only has for order, are joined."""
    try:
        text = path.read_text("utf-8-sig")
        if path.suffix == ".toml":
            flat: Json = {}
            for key, value in tomllib.loads(text).items():
                flat |= value if isinstance(value, dict) else {key: value}
            return flat
        settings = json.loads(text)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}", "--base takes a TOML or JSON file.") from error
    except ValueError as error:
        raise InputError(
            f"cannot read {path}: {error}", "--base takes TOML (.toml) or JSON; save YAML as JSON."
        ) from error
    if not isinstance(settings, dict):
        raise InputError(f"{path} holds no settings", "--base takes a JSON object or TOML.")
    return settings


def _primary(arms: Sequence[Arm], wish: Wish) -> Json:
    """Return the one outcome and comparison that a finding may rest on: first arm minus second."""
    names = [arm.name for arm in arms]
    if wish.compare:
        for name in wish.compare:
            if name not in names:
                close = nearest(name, names)
                hint = f"Did you mean {close}? " if close else ""
                raise UsageError(f"there is no arm {name!r} to compare", f"{hint}There are: {', '.join(names)}.")
        if len(set(wish.compare)) != 2:
            raise UsageError("two arms are compared", f"Such as --compare {names[0]},{names[1]}.")
        first, second = wish.compare
    else:
        others = sorted(arms[1:], key=lambda arm: (not arm.weighed, arm.masked, arm.named))
        first, second = names[0], others[0].name
    if wish.outcome not in BY_KEY:
        close = nearest(wish.outcome, BY_KEY)
        hint = f"Did you mean {close}? " if close else ""
        raise UsageError(f"there is no outcome {wish.outcome!r}", f"{hint}There are: {', '.join(BY_KEY)}.")
    fills = {arm.name: arm.fill for arm in arms}
    if wish.outcome.startswith("fill_share") and not (fills[first] or fills[second]):
        raise UsageError(
            f"neither {first} nor {second} has one fill that could leak", "Judge by --outcome plain@scene."
        )
    return {"outcome": wish.outcome, "arms": [first, second], "alpha": ALPHA, "direction": wish.direction}


def _write(
    out: OutputFolder,
    folder: Path,
    recipe: Recipe,
    rows: Sequence[Json],
    arms: Sequence[Arm],
    items: dict[str, list[Item]],
    runs: Sequence[Run],
    kit: Kit,
    trainer: Trainer,
    setup: Setup,
    progress: Progress,
) -> dict[str, str]:
    """Write arms, references, configurations and the script; return their hashes."""
    hashes: dict[str, str] = {}

    def write(path: str, content: bytes) -> None:
        out.write(path, content)
        hashes[path] = out.sha256(path)

    stems = {item.stem for item in items[arms[0].name]}
    chosen = [row for row in rows if row["stem"] in stems and row["files"]]
    progress.stage("check", len(chosen))
    for row in chosen:
        check_pixels(arms, row, folder, recipe)
        write(f"{REFERENCES}/{row['stem']}.png", encode_png(reduce_to(cutout_of(row, folder, recipe), REFERENCE_SIDE)))
        progress.advance("check")
    progress.stage("arms", len(arms))
    for arm in arms:
        context = context_of(recipe, arm.variant, setup.place(f"{ARMS}/{arm.name}"))
        for file in trainer.export(items[arm.name], context):
            write(f"{ARMS}/{arm.name}/{file.path}", bytes(file.read()))
        for run in (run for run in runs if run.arm == arm):
            data = trainer.export(items[arm.name], replace(context, seed=run.seed))
            for file in kit.configure(run, setup, data):
                write(f"{run.folder}/{file.path}", bytes(file.read()))
        progress.advance("arms")
    for file in kit.prompts(setup):
        write(file.path, bytes(file.read()))
    if kit.commands(runs[0], setup):
        write(SCRIPT, run_script(runs, kit, setup))
    return dict(sorted(hashes.items()))
