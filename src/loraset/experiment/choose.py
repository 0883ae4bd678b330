"""Choosing: what the user wants of an experiment, and what is planned where they say nothing.

In: a `Wish`, the set's recipe. Out: seeds, what all runs share, the primary outcome. Never: a choice that the protocol
does not show.
"""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loraset.errors import InputError, UsageError
from loraset.experiment.arms import Arm, Captions
from loraset.experiment.outcomes import BY_KEY, PRIMARY
from loraset.experiment.probes import Probe, make_probes, read_probes
from loraset.experiment.runs import Kit, Setup
from loraset.experiment.statistics import MIN_SEEDS, Direction
from loraset.exporters.ai_toolkit import MODELS
from loraset.recipe.model import Recipe
from loraset.registry import nearest
from loraset.stages.export import context_of
from loraset.types import Json

ALPHA = 0.05
# how often samples are drawn in a run: the first that divides its steps, else once
TIMES = (*range(3, 11), 2)


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


def choose_seeds(seeds: Sequence[int]) -> list[int]:
    """Return the training seeds, each once.

    Raises
    ------
    UsageError
        If there is none, or one is under 1.
    """
    chosen = list(dict.fromkeys(seeds))
    if not chosen or min(chosen) < 1:
        raise UsageError("training seeds are whole numbers from 1", f"{MIN_SEEDS} are the least that can be tested.")
    return chosen


def choose_setup(recipe: Recipe, wish: Wish, kit: Kit, output: Path) -> Setup:
    """Return what all runs share.

    Raises
    ------
    UsageError
        If there is no trigger word or base model, or no sample would be drawn at the last step.
    InputError
        If a file that the user names cannot be read.
    """
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
    every = wish.sample_every or wish.steps // next((times for times in TIMES if wish.steps % times == 0), 1)
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
        repeats=recipe.export.repeats,
        base=kit.settings(_base(wish.base)) if wish.base else {},
    )


def _probes(wish: Wish, subject: str, class_word: str) -> list[Probe]:
    if wish.prompts is None:
        return make_probes(subject, class_word)
    return make_probes(subject, class_word, read_probes(wish.prompts))


def _base(path: Path) -> Json:
    """Return the user's own settings."""
    try:
        text = path.read_text("utf-8-sig")
        settings = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}", "--base takes a TOML or JSON file.") from error
    except ValueError as error:
        raise InputError(
            f"cannot read {path}: {error}", "--base takes TOML (.toml) or JSON; save YAML as JSON."
        ) from error
    if not isinstance(settings, dict):
        raise InputError(f"{path} holds no settings", "--base takes a JSON object or TOML.")
    return settings


def choose_primary(arms: Sequence[Arm], wish: Wish) -> Json:
    """Return the one outcome and comparison that a finding may rest on: first arm minus second.

    Where the user names no arms it is the first against one that is weighed by the subject, by alpha if there is one.

    Raises
    ------
    UsageError
        If there is no such arm or outcome, or nothing that it could measure.
    """
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
