"""Effects: measured samples -> paired differences for each outcome and comparison.

In: the samples' numbers, the protocol. Out: `Comparison`s. Never: a sample without its partner counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from loraset.experiment.measures import Measured, mean_distance
from loraset.experiment.outcomes import BY_KEY, OUTCOMES, Outcome
from loraset.experiment.samples import Cell, prompts
from loraset.experiment.statistics import Direction, Effect, holm, paired_effect
from loraset.types import Json


@dataclass(frozen=True, slots=True)
class Pair:
    """One training seed: each arm's mean over the prompts that both arms have, and how many those are."""

    seed: int
    first: float
    second: float
    prompts: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """One outcome in two arms, first minus second. corrected : p by Holm, of the exploratory ones only."""

    outcome: Outcome
    first: str
    second: str
    pairs: tuple[Pair, ...]
    effect: Effect | None
    primary: bool = False
    corrected: float | None = None


def compare_all(measured: Mapping[Cell, Measured], protocol: Json) -> list[Comparison]:
    """Return the primary comparison first, then every outcome of its first arm against each other arm."""
    said = protocol["primary"]
    first, second = said["arms"]
    primary = replace(
        compare(measured, protocol, BY_KEY[said["outcome"]], first, second, said["direction"]), primary=True
    )
    others = [
        compare(measured, protocol, outcome, first, arm["name"])
        for arm in protocol["arms"]
        for outcome in OUTCOMES
        if arm["name"] != first and (outcome.key, arm["name"]) != (said["outcome"], second)
    ]
    others = [each for each in others if each.pairs]
    corrected = holm([each.effect.p if each.effect else None for each in others])
    return [primary, *(replace(each, corrected=p) for each, p in zip(others, corrected, strict=True))]


def compare(
    measured: Mapping[Cell, Measured],
    protocol: Json,
    outcome: Outcome,
    first: str,
    second: str,
    direction: Direction = "either",
) -> Comparison:
    """Return one outcome's paired differences at the last step."""
    pairs = []
    for seed in protocol["seeds"]:
        one, other = (run_samples(measured, protocol, outcome, arm, seed) for arm in (first, second))
        shared = sorted(one.keys() & other.keys())
        values = [_value([side[prompt] for prompt in shared], outcome) for side in (one, other)]
        if values[0] is not None and values[1] is not None:
            pairs.append(Pair(seed, values[0], values[1], len(shared)))
    effect = paired_effect([pair.first - pair.second for pair in pairs], direction)
    return Comparison(outcome, first, second, tuple(pairs), effect)


def run_samples(
    measured: Mapping[Cell, Measured], protocol: Json, outcome: Outcome, arm: str, seed: int, step: int | None = None
) -> dict[int, Measured]:
    """Return a run's samples of the outcome's prompts that have its number, by prompt; at the last step, or another."""
    step = protocol["steps"] if step is None else step
    found = {}
    for prompt, probe in enumerate(protocol["probes"]):
        sample = measured.get(Cell(arm, seed, step, prompt))
        if sample is None or probe["kind"] not in outcome.kinds:
            continue
        if outcome.of_run or sample.values.get(outcome.measure) is not None:
            found[prompt] = sample
    return found


def _value(samples: Sequence[Measured], outcome: Outcome) -> float | None:
    if not samples:
        return None
    if outcome.of_run:
        return mean_distance([sample.thumbnail for sample in samples])
    return float(np.mean([sample.values[outcome.measure] for sample in samples]))


def run_value(
    measured: Mapping[Cell, Measured], protocol: Json, outcome: Outcome, arm: str, seed: int, step: int
) -> float | None:
    """Return a run's number at one step, over all samples that it has."""
    return _value(list(run_samples(measured, protocol, outcome, arm, seed, step).values()), outcome)


def unpaired(measured: Mapping[Cell, Measured], protocol: Json) -> list[str]:
    """Return in words which samples of the primary comparison have no partner, at the last step."""
    first, second = protocol["primary"]["arms"]
    outcome = BY_KEY[protocol["primary"]["outcome"]]
    notes = []
    for seed in protocol["seeds"]:
        one, other = (run_samples(measured, protocol, outcome, arm, seed) for arm in (first, second))
        for arm, alone in ((first, one.keys() - other.keys()), (second, other.keys() - one.keys())):
            if alone:
                notes.append(f"{arm}-seed{seed}: {prompts(sorted(alone))} without a partner, not counted")
    return notes
