"""Runs: what one training of one arm is, and what a trainer must be told for it.

In: nothing. Out: the values that pass between the plan and each trainer's part, and the script that starts the runs.
Never: files written, a trainer started.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from re import Pattern

from loraset.errors import UsageError
from loraset.experiment.arms import Arm
from loraset.experiment.probes import Probe
from loraset.exporters.interface import ExportFile
from loraset.types import Json

ARMS, RUNS = "arms", "runs"
SCRIPT = "run.py"
FINISHED = "finished"  # marks a run's folder


@dataclass(frozen=True, slots=True)
class Setup:
    """What all runs share.

    root : where the experiment lies on the machine that trains. base : the user's own settings of the trainer.
    model : name or path of the base model. target : its kind, as in the recipe.
    repeats : of every picture in an epoch.
    """

    root: str
    token: str
    target: str
    model: str
    resolution: int
    step: int
    steps: int
    sample_every: int
    probes: tuple[Probe, ...]
    repeats: int
    base: Mapping[str, object]

    @property
    def side(self) -> int:
        """Side of the square samples in px."""
        return self.resolution // self.step * self.step

    def place(self, path: str) -> str:
        """Return a path of the experiment as configurations have it."""
        return f"{self.root}/{path}"

    def place_of(self, arm: Arm) -> str:
        """Return where an arm's pictures lie, as configurations have it."""
        return self.place(f"{ARMS}/{arm.name}")


@dataclass(frozen=True, slots=True)
class Run:
    """One training: an arm with a training seed."""

    arm: Arm
    seed: int

    @property
    def name(self) -> str:
        """Names the folder and the LoRA."""
        return f"{self.arm.name}-seed{self.seed}"

    @property
    def folder(self) -> str:
        """Its folder below the experiment's."""
        return f"{RUNS}/{self.name}"

    @property
    def data(self) -> str:
        """Its pictures' folder below the experiment's; runs of one arm share it."""
        return f"{ARMS}/{self.arm.name}"


@dataclass(frozen=True, slots=True)
class Command:
    """Words that start a program in the trainer's folder, and the variables it reads."""

    words: tuple[str, ...]
    variables: Mapping[str, str] | None = None


Configure = Callable[[Run, Setup, Sequence[ExportFile]], list[ExportFile]]


@dataclass(frozen=True, slots=True)
class Kit:
    """What the experiment knows of one trainer.

    configure : the files of a run, below its folder; it is given those of the arm's data. commands : in their order.
    prompts : the files that all runs read, below the experiment. pattern : finds a sample by its path below the run's
    folder, with groups `step` and `prompt`, and `seed` or `time` where the name has them.
    weighing : in words, what a masked loss does to the size of the step. cautions : what else limits a comparison.
    needs : by target, the settings that the user's own file must have; a target that is not there is not trained.
    settings : makes of that file what the trainer reads. seeded : each prompt's own seed is passed to the trainer.
    """

    pattern: Pattern[str]
    configure: Configure
    commands: Callable[[Run, Setup], list[Command]]
    prompts: Callable[[Setup], list[ExportFile]]
    needs: Mapping[str, tuple[str, ...]]
    weighing: str
    cautions: tuple[str, ...] = ()
    settings: Callable[[Json], Json] = dict
    seeded: bool = True


def check_base(trainer: str, kit: Kit, setup: Setup) -> None:
    """Refuse what this trainer cannot train, or could not without settings that the user has not given.

    Raises
    ------
    UsageError
        If so, naming what is missing.
    """
    if not kit.needs:
        return
    if setup.target not in kit.needs:
        which = f"does not train {setup.target}" if setup.target else "must know the kind of base model"
        raise UsageError(f"{trainer} {which}", f"--target is one of {', '.join(kit.needs)}.")
    missing = [key for key in kit.needs[setup.target] if key not in setup.base]
    if missing:
        hint = "Give your own settings of the trainer, as TOML or JSON, with --base."
        raise UsageError(f"{trainer} needs {', '.join(missing)} to train {setup.target}", hint)


def run_script(runs: Sequence[Run], kit: Kit, setup: Setup) -> bytes:
    """Return run.py: it starts every run that is not finished, in the trainer's folder and environment.

    The arms of one seed follow each other, so that an experiment that ends early still has whole pairs.
    """
    jobs = []
    for run in sorted(runs, key=lambda run: run.seed):
        commands = [[list(command.words), dict(command.variables or {})] for command in kit.commands(run, setup)]
        jobs.append(json.dumps([run.folder, commands], ensure_ascii=False))
    script = _SCRIPT.replace("@FINISHED@", FINISHED)
    return script.replace("@JOBS@", "[\n" + ",\n".join(jobs) + "\n]").encode()


_SCRIPT = '''"""Starts the runs of an experiment, one after the other. Written by loraset experiment plan; do not edit.

Call it in the folder and environment of the trainer:  python /path/to/run.py
A run that ended well is not started again; the first that fails stops the rest.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
JOBS = json.loads(r"""@JOBS@""")

for number, (folder, commands) in enumerate(JOBS, 1):
    done = HERE / folder / "@FINISHED@"
    if done.exists():
        print(f"{folder}: finished before", flush=True)
        continue
    print(f"{folder}: {number} of {len(JOBS)}", flush=True)
    (HERE / folder).mkdir(parents=True, exist_ok=True)
    for words, variables in commands:
        if subprocess.call(words, env={**os.environ, **variables}):
            sys.exit(f"{folder} failed: {' '.join(words)}")
    done.touch()
print(f"all runs are finished: loraset experiment analyze {HERE}")
'''
