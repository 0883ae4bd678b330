"""How often an experiment finds what is there, and what is not: made experiments by the thousand, a few of them drawn.

    PYTHONPATH=src python tests/benchmarks/experiment.py [--drawn N]

The first tables make the measured numbers: a prompt's own level, what both arms share of a training seed, each arm's
own part of it, and noise of prompts half as large. The last draws pictures, writes them as a trainer would, and goes
the whole way from a plan to the verdict.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

TESTS = Path(__file__).parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "experiment")]

import making  # noqa: E402
from test_statistics import made, protocol  # noqa: E402

from loraset.experiment.analyze import analyze  # noqa: E402
from loraset.experiment.effects import compare_all  # noqa: E402
from loraset.experiment.statistics import detectable_size, paired_effect  # noqa: E402

SCENES = "".join(f"scene: {{subject}}, place {number}\n" for number in range(8))


def tested(count, seeds, effect, *, own, direction="either", draw=None):
    """Return the share of made experiments whose primary test is under .05."""
    rng, plan = np.random.default_rng((seeds, count)), protocol(seeds)
    plan["primary"]["direction"] = direction
    found = 0
    for _ in range(count):
        cells = made(rng, plan, effect, seed=own, noise=own / 2) if draw is None else draw(rng, plan)
        primary = compare_all(cells, plan)[0].effect
        found += primary.p is not None and primary.p < 0.05
    return found / count


def power():
    """Print how often a planted effect of twice the deviation between seeds is found."""
    print("planted: 5 seeds x 8 prompts, 500 experiments, alpha .05     found   (detectable size", end=" ")
    print(f"{detectable_size(5, 0.05):.2f} two-sided, {detectable_size(5, 0.05, 'greater'):.2f} one-sided)")
    paired = 0.5**0.5  # two arms' own parts of this size make differences that deviate by 1
    print(f"  2 x the deviation of the paired differences, two-sided      {tested(500, 5, 2.0, own=paired):.3f}")
    print(f"  2 x each arm's own deviation, nothing shared, two-sided     {tested(500, 5, 2.0, own=1.0):.3f}")
    one = tested(500, 5, 2.0, own=1.0, direction="greater")
    print(f"  the same, direction declared as greater                     {one:.3f}")


def skewed(rng, plan):
    """Return null numbers of shares near 0: most runs leak nothing, a few a lot."""
    cells = made(rng, plan)
    leaks = {key: rng.beta(0.3, 2.0) for key in dict.fromkeys(cell[:2] for cell in cells)}
    for cell, sample in cells.items():
        sample.values["fill_share"] = float(np.clip(leaks[cell[:2]] + rng.normal(0, 0.02), 0, 1))
    return cells


def null():
    """Print how often something is found where there is nothing."""
    print("null: 3 seeds x 8 prompts, 2,000 experiments, alpha .05      found")
    print(f"  even noise, two-sided                                       {tested(2000, 3, 0.0, own=1.0):.4f}")
    one = tested(2000, 3, 0.0, own=1.0, direction="greater")
    print(f"  even noise, one direction                                   {one:.4f}")
    few = tested(2000, 3, 0.0, own=1.0, draw=skewed)
    print(f"  shares near 0, skewed                                       {few:.4f}")
    rng, plan = np.random.default_rng(5), protocol(3, ("gray", "transparent", "white", "original", "gray-masked"))
    some = 0
    for _ in range(500):
        others = compare_all(made(rng, plan), plan)[1:]
        some += any(each.corrected is not None and each.corrected < 0.05 for each in others)
    print(f"  any of three exploratory comparisons after Holm (500)       {some / 500:.4f}")
    values = [paired_effect(list(np.full(3, 0.2) + np.random.default_rng(n).normal(0, 1e-15, 3))) for n in range(100)]
    print(f"  the same difference in every seed: tests made               {sum(v.p is not None for v in values)}")


def drawn(count):
    """Print the verdicts of experiments that were drawn: pictures, names, measures, statistics."""
    for name, plain, seeds in (("planted: 5 seeds", 0.3, 5), ("null: 3 seeds", 0.2, 3)):
        found = sum(_draw(plain, seeds, number) for number in range(count))
        print(f"drawn, {name} x 8 prompts: found {found} of {count}")


def _draw(plain, seeds, number):
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top)
        (folder / "prompts.txt").write_text(SCENES)
        wish = {"prompts": folder / "prompts.txt", "arms": ("gray", "transparent"), "seeds": range(1, seeds + 1)}
        _, experiment, said = making.planned(folder, **wish)

        def leak(arm, seed, prompt):
            # an arm's own deviation of .05 / sqrt(2): paired differences deviate by .05, and the effect is twice that
            run = np.random.default_rng((number, seed, len(arm))).normal(0, 0.05 / 2**0.5)
            one = np.random.default_rng((number, seed, len(arm), prompt)).normal(0, 0.01)
            return float(np.clip((plain if arm == "gray" else 0.2) + run + one, 0, 1))

        making.write_samples(experiment, said, leak)
        return analyze(experiment).found


def main():
    """Print all tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--drawn", type=int, default=10, metavar="N", help="experiments drawn of each kind")
    chosen = options.parse_args()
    power()
    null()
    if chosen.drawn:
        drawn(chosen.drawn)


if __name__ == "__main__":
    main()
