"""Samples: the pictures that a trainer drew, by the names that it gave them.

In: an experiment's folder, its protocol. Out: where the sample of each cell lies, and what is missing, doubled or not
planned, in words. Never: a picture opened, or one passed over in silence.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from re import Match
from typing import NamedTuple

from loraset.experiment.runs import RUNS, Kit
from loraset.exporters.reading import is_picture
from loraset.types import Json

NAMED = 3  # files named in a note


class Cell(NamedTuple):
    """One planned sample: training seed, step, and the prompt's place from 0."""

    arm: str
    seed: int
    step: int
    prompt: int


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in the folder: the picture of each cell, and notes for the user."""

    paths: Mapping[Cell, Path]
    notes: tuple[str, ...]


def planned_steps(protocol: Json) -> list[int]:
    """Return the steps at which samples were planned, without step 0, which some trainers leave out."""
    every = protocol["sample_every"]
    return list(range(every, protocol["steps"] + 1, every))


def find_samples(folder: Path, protocol: Json, kit: Kit) -> Found:
    """Return the samples below runs/<arm>-seed<seed>/, and notes on what does not fit the plan."""
    paths: dict[Cell, Path] = {}
    notes: list[str] = []
    known = set()
    for arm in protocol["arms"]:
        for seed in protocol["seeds"]:
            name = f"{arm['name']}-seed{seed}"
            known.add(name)
            run = folder / RUNS / name
            taken, said = _read_run(run, protocol, kit)
            paths |= {Cell(arm["name"], seed, *place): path for place, path in taken.items()}
            notes += [f"{name}: {note}" for note in said]
    others = sorted(path.name for path in (folder / RUNS).glob("*") if path.is_dir() and path.name not in known)
    if others:
        notes.append(f"not of this experiment, and left out: {_named(others)}")
    return Found(paths, (*_missing(set(paths), protocol), *notes))


def _read_run(run: Path, protocol: Json, kit: Kit) -> tuple[dict[tuple[int, int], Path], list[str]]:
    """Return the samples of one run by step and prompt, and notes."""
    probes, steps = protocol["probes"], {0, *planned_steps(protocol)}
    taken: dict[tuple[int, int], tuple[str, Path]] = {}
    strange, seeds, doubles = [], [], []
    for path in _pictures(run):
        match = kit.pattern.fullmatch(path.relative_to(run).as_posix())
        if match is None or int(match["step"]) not in steps or int(match["prompt"]) >= len(probes):
            strange.append(path.name)
            continue
        place = int(match["step"]), int(match["prompt"])
        drawn = _group(match, "seed")
        if drawn and int(drawn) != probes[place[1]]["seed"]:
            seeds.append(path.name)
            continue
        time = _group(match, "time").zfill(20)
        if place in taken:
            doubles.append(min((taken[place], (time, path)))[1].name)
        taken[place] = max(taken.get(place, (time, path)), (time, path))
    notes = [
        *([f"not planned, and left out: {_named(strange)}"] if strange else []),
        *([f"drawn with another seed than planned, and left out: {_named(seeds)}"] if seeds else []),
        *([f"drawn twice, the later one is taken, not {_named(doubles)}"] if doubles else []),
    ]
    return {place: path for place, (_, path) in taken.items()}, notes


def _pictures(run: Path) -> list[Path]:
    """Return the pictures below a run's folder, less those that a trainer hides: thumbnails of its own."""
    shown = (path for path in sorted(run.rglob("*")) if path.is_file() and is_picture(path))
    return [path for path in shown if not any(part.startswith(".") for part in path.relative_to(run).parts)]


def _group(match: Match[str], name: str) -> str:
    return (match.groupdict().get(name) or "") if name in match.re.groupindex else ""


def _missing(found: Set[Cell], protocol: Json) -> list[str]:
    """Return what of the plan is not there: runs, steps of all runs, steps of one, single prompts."""
    runs = [(arm["name"], seed) for arm in protocol["arms"] for seed in protocol["seeds"]]
    begun = [run for run in runs if any(cell[:2] == run for cell in found)]
    notes = [f"{arm}-seed{seed}: no samples" for arm, seed in runs if (arm, seed) not in begun]
    for step in planned_steps(protocol):
        gone = {
            run: [prompt for prompt in range(len(protocol["probes"])) if Cell(*run, step, prompt) not in found]
            for run in begun
        }
        without = [run for run in begun if len(gone[run]) == len(protocol["probes"])]
        if begun and without == begun:
            notes.append(f"step {step}: no run has samples")
            continue
        notes += [f"{arm}-seed{seed}: step {step} has no samples" for arm, seed in without]
        for arm, seed in begun:
            if gone[arm, seed] and (arm, seed) not in without:
                notes.append(f"{arm}-seed{seed}: step {step} misses {prompts(gone[arm, seed])}")
    return notes


def prompts(places: Sequence[int]) -> str:
    """Return prompts by their places: "prompt 3" or "prompts 3, 5"."""
    return f"prompt{'s' if len(places) > 1 else ''} {', '.join(map(str, places))}"


def _named(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:NAMED]) + (f" and {len(listed) - NAMED} more" if len(listed) > NAMED else "")
