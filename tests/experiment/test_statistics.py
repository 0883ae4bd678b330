"""Statistics against known answers, and their rates over made experiments (benchmarks/experiment.py makes more)."""

import numpy as np
import pytest
from scipy import stats

from loraset.experiment.effects import compare, compare_all
from loraset.experiment.measures import Measured
from loraset.experiment.outcomes import BY_KEY
from loraset.experiment.samples import Cell
from loraset.experiment.statistics import detectable_size, holm, paired_effect

FLAT = np.zeros(192, np.float32)


def protocol(seeds, arms=("gray", "transparent"), prompts=8):
    return {
        "arms": [{"name": arm} for arm in arms],
        "seeds": list(range(1, seeds + 1)),
        "steps": 1500,
        "probes": [{"kind": "scene"}] * prompts,
        "primary": {"outcome": "fill_share@scene", "arms": list(arms[:2]), "alpha": 0.05, "direction": "either"},
    }


def made(rng, plan, effect=0.0, *, shared=1.0, seed=1.0, noise=1.0):
    """Measured samples: what arms share of a seed, each arm's own part, prompts' noise, the first arm's effect."""
    cells = {}
    for number in plan["seeds"]:
        together = rng.normal(0, shared)
        for place, arm in enumerate(each["name"] for each in plan["arms"]):
            run = together + rng.normal(0, seed) + (effect if place == 0 else 0.0)
            for prompt in range(len(plan["probes"])):
                value = run + np.sin(prompt) + rng.normal(0, noise)
                cells[Cell(arm, number, plan["steps"], prompt)] = Measured({"fill_share": float(value)}, FLAT)
    return cells


def test_it_is_the_paired_t_test_on_the_means_of_seeds():
    rng = np.random.default_rng(3)
    one, other = rng.normal(0.3, 1, 5), rng.normal(0, 1, 5)
    effect = paired_effect(list(one - other))
    truth = stats.ttest_rel(one, other)
    interval = truth.confidence_interval(0.95)
    assert (effect.t, effect.p) == pytest.approx((truth.statistic, truth.pvalue))
    assert (effect.low, effect.high) == pytest.approx((interval.low, interval.high))
    assert effect.seeds - 1 == truth.df == 4
    assert effect.size == pytest.approx((one - other).mean() / (one - other).std(ddof=1))


@pytest.mark.parametrize("direction", ["greater", "less"])
def test_a_declared_direction_asks_one_side_only(direction):
    values = [0.1, 0.4, 0.2, 0.3]
    assert paired_effect(values, direction).p == pytest.approx(
        stats.ttest_1samp(values, 0, alternative=direction).pvalue
    )


def test_the_interval_of_the_size_leaves_a_fortieth_on_either_side():
    effect = paired_effect([0.2, 0.5, 0.1, 0.6, 0.4])
    for bound, share in ((effect.size_low, 0.975), (effect.size_high, 0.025)):
        assert stats.nct.cdf(effect.t, 4, bound * np.sqrt(5)) == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([0.3], "one training seed"),
        ([0.3, 0.4], "2 training seeds: no test is made with fewer than 3"),
        ([0.0, 0.0, 0.0], "the same in every seed"),
        ([0.3, 0.3, 0.3], "without a deviation there is no test"),
    ],
)
def test_where_no_test_is_made_it_says_why(values, why):
    effect = paired_effect(values)
    assert effect.p is None and why in effect.why
    assert effect.mean == pytest.approx(np.mean(values))


def test_of_nothing_there_is_no_effect():
    assert paired_effect([]) is None


def test_holm_on_a_known_example():
    assert holm([0.01, None, 0.04, 0.03, 0.005]) == [
        pytest.approx(v) if v else None for v in (0.03, None, 0.06, 0.06, 0.02)
    ]


def test_the_detectable_size_is_found_in_four_experiments_of_five():
    rng = np.random.default_rng(0)
    size = detectable_size(5, 0.05)
    draws = rng.normal(size, 1, (20_000, 5))
    p = stats.ttest_1samp(draws, 0, axis=1).pvalue
    assert (p < 0.05).mean() == pytest.approx(0.8, abs=0.01)
    assert detectable_size(2, 0.05) is None
    assert detectable_size(3, 0.05, "greater") < detectable_size(3, 0.05)


def test_prompts_are_no_units_and_partners_are_needed():
    plan = protocol(3)
    cells = made(np.random.default_rng(1), plan)
    del cells[Cell("gray", 2, 1500, 5)]
    cells = {cell: sample for cell, sample in cells.items() if cell[:2] != ("transparent", 3)}
    found = compare(cells, plan, BY_KEY["fill_share@scene"], "gray", "transparent")
    assert [(pair.seed, pair.prompts) for pair in found.pairs] == [(1, 8), (2, 7)]
    left = [cells[Cell("transparent", 2, 1500, prompt)].values["fill_share"] for prompt in range(8) if prompt != 5]
    assert found.pairs[1].second == pytest.approx(np.mean(left))
    assert found.effect.p is None


def test_a_planted_effect_of_twice_the_deviation_between_seeds_is_found():
    rng, plan = np.random.default_rng(11), protocol(5)
    # the difference of two arms in one seed deviates by sqrt(2) * .7 = 1 from seed to seed; a prompt's noise is half
    found = [
        compare_all(made(rng, plan, effect=2.0, seed=0.5**0.5, noise=0.5), plan)[0].effect.p < 0.05 for _ in range(150)
    ]
    assert np.mean(found) >= 0.8


def test_without_an_effect_little_is_found():
    rng, plan = np.random.default_rng(12), protocol(3)
    found = [compare_all(made(rng, plan), plan)[0].effect.p < 0.05 for _ in range(600)]
    assert np.mean(found) <= 0.065


def test_many_arms_and_outcomes_find_no_more_by_chance():
    rng, plan = np.random.default_rng(13), protocol(3, ("gray", "transparent", "white", "original", "gray-masked"))
    found = []
    for _ in range(80):
        primary, *others = compare_all(made(rng, plan), plan)
        tested = [each.corrected for each in others if each.effect.p is not None]
        assert primary.primary and primary.corrected is None and len(tested) == 3
        found.append(min(tested) < 0.05)
    assert np.mean(found) <= 0.08
