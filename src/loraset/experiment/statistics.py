"""Statistics of an experiment: paired differences with the training seed as the unit.

In: one difference for each training seed. Out: mean and interval, p-value, effect size, what could have been found.
Never: prompts or pictures counted as independent observations: pictures of one LoRA share its training run.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Direction = Literal["either", "greater", "less"]

MIN_SEEDS = 3  # with fewer the deviation between seeds is hardly known, and no test is made
LEVEL = 0.95  # of every interval
POWER = 0.8
NO_DEVIATION = 1e-12  # of the differences' own size: rounding, no deviation


@dataclass(frozen=True, slots=True)
class Effect:
    """What paired differences say.

    seeds : their number. mean : mean difference, in the measure's own units. deviation : standard deviation of the
    differences (n - 1); None with one seed. low, high : 95 % interval of the mean. p : None where no test is made, and
    why then says the reason. size : mean over deviation (Cohen's d of paired differences), with its 95 % interval.
    """

    seeds: int
    mean: float
    deviation: float | None = None
    low: float | None = None
    high: float | None = None
    t: float | None = None
    p: float | None = None
    size: float | None = None
    size_low: float | None = None
    size_high: float | None = None
    why: str = ""


def paired_effect(differences: Sequence[float], direction: Direction = "either") -> Effect | None:
    """Return the paired t test of differences, one for each training seed; None where there is none.

    Student's t on the per-seed differences, df = seeds - 1. The interval is two-sided whatever the direction. The
    interval of the size inverts the noncentral t (Cumming and Finch, Educ. Psychol. Meas. 61, 2001).

    direction : declared before the results: "greater" asks only whether the differences lie above 0.
    """
    from scipy import stats

    values = np.asarray(differences, float)
    count = len(values)
    if not count:
        return None
    mean = float(values.mean())
    if count == 1:
        return Effect(1, mean, why="one training seed: no deviation between seeds is known")
    deviation = float(values.std(ddof=1))
    if deviation <= NO_DEVIATION * max(1.0, abs(mean)):
        if abs(mean) <= NO_DEVIATION:
            return Effect(count, 0.0, 0.0, 0.0, 0.0, why="the same in every seed: there is no difference to test")
        return Effect(count, mean, 0.0, why="the same difference in every seed: without a deviation there is no test")
    error = deviation / math.sqrt(count)
    reach = float(stats.t.ppf((1 + LEVEL) / 2, count - 1)) * error
    interval = (mean - reach, mean + reach)
    if count < MIN_SEEDS:
        why = f"{count} training seeds: no test is made with fewer than {MIN_SEEDS}"
        return Effect(count, mean, deviation, *interval, why=why)
    t = mean / error
    p = {
        "either": 2 * stats.t.sf(abs(t), count - 1),
        "greater": stats.t.sf(t, count - 1),
        "less": stats.t.cdf(t, count - 1),
    }[direction]
    shifts = [_noncentrality(t, count - 1, tail) for tail in ((1 + LEVEL) / 2, (1 - LEVEL) / 2)]
    low, high = (None if shift is None else shift / math.sqrt(count) for shift in shifts)
    return Effect(count, mean, deviation, *interval, t, float(p), mean / deviation, low, high)


def _noncentrality(t: float, df: int, share: float) -> float | None:
    """Return the noncentrality under which a share of all t values lie below this one; None if it is out of reach."""
    from scipy import optimize, stats

    reach = 10.0 + 4.0 * abs(t)
    try:
        return float(optimize.brentq(lambda nc: float(stats.nct.cdf(t, df, nc)) - share, -reach, reach))
    except ValueError:  # beyond what the distribution can be computed for: a deviation near 0
        return None


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Return p-values corrected for their number (Holm, Scand. J. Stat. 6, 1979); None stays, and is not counted."""
    tested = sorted((value, place) for place, value in enumerate(values) if value is not None)
    corrected: list[float | None] = [None] * len(values)
    highest = 0.0
    for rank, (value, place) in enumerate(tested):
        highest = max(highest, min(1.0, value * (len(tested) - rank)))
        corrected[place] = highest
    return corrected


def detectable_size(seeds: int, alpha: float, direction: Direction = "either") -> float | None:
    """Return the effect size that a test with so many seeds finds four times in five; None where none is made."""
    from scipy import optimize, stats

    if seeds < MIN_SEEDS:
        return None
    df = seeds - 1
    edge = float(stats.t.ppf(1 - (alpha / 2 if direction == "either" else alpha), df))
    return float(
        optimize.brentq(lambda size: float(stats.nct.sf(edge, df, size * math.sqrt(seeds))) - POWER, 0.1, 40.0)
    )
