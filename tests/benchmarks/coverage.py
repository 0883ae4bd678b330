"""Coverage against painted truth: is what a set is said to show what it shows? Prints a table, asserts nothing.

    python tests/benchmarks/coverage.py [first seed] [last seed]

Sets of the sample's toy in its two species, with views that are known as they are drawn: to the left, to the right, to
the front or back; whole, half, near; in darker and brighter light; before few or many backdrops. Masks are the true
ones: what is measured is the judgement of views, not of masks.
"""

import sys
from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np

from loraset.color import to_lab
from loraset.ops.backdrop import backdrop_colors
from loraset.ops.descriptors import describe
from loraset.ops.extent import find_subject
from loraset.ops.subject_copies import small_cutout
from loraset.sample.scene import shoot
from loraset.sample.shots import Spec
from loraset.sample.toy import Pose
from loraset.stages.coverage import ALIKE, DARKER, EVEN, ONE_WAY, OTHER_WAY, cover
from loraset.stages.views import View

SIDE = 300
COUNT = 14
ARMS = ("down", "hip", "front", "chin", "wave", "out")
USUAL = ("window", "sun", "overcast")
PLACES = ("room", "terrace", "blanket", "rug", "library", "bed", "sofa", "kitchen", "yard", "table")
TURNS = {"left": (-65, -35), "front": (-8, 8), "right": (35, 65)}
NEAR = {"whole": (9.0, 0.85), "in part": (5.4, 1.12), "close-up": (3.4, 1.3)}


def drawn(seed, at, species, rng, *, sides, shown, lights, places):
    side, near, light = (str(rng.choice(names)) for names in (sides, shown, lights))
    yaw = float(rng.uniform(*TURNS[side]))
    arms = tuple(str(arm) for arm in rng.choice(ARMS, 2))
    pose = Pose(
        arms, tilt=float(rng.uniform(-8, 8)), turn=yaw / 6, yaw=yaw, tail=str(rng.choice(("side", "left", "wave")))
    )
    distance, height = NEAR[near]
    place = str(rng.choice(places))
    spec = Spec(f"{species}-{seed}-{at}", place, light, pose, distance * rng.uniform(0.95, 1.05), target=(0, height, 0))
    shot = shoot(replace(spec, species=species), seed=seed, side=SIDE)
    return shot, {"sides": side, "figure": near, "light": light, "background": place}


def view_of(name, shot):
    height, width = shot.alpha.shape
    extent = find_subject(shot.alpha, (width, height))
    solid = shot.alpha > 0.5
    return View(
        name,
        name,
        describe(shot.color, shot.alpha),
        float(to_lab(shot.photo[solid][None])[..., 0].mean()) / 100,
        extent.cut_share,
        extent.share,
        small_cutout(shot.color, shot.alpha),
        backdrop_colors(shot.photo, shot.alpha),
    )


def mixed(seed, species, count, **choices):
    rng = np.random.default_rng((seed, len(species)))
    given = {"sides": tuple(TURNS), "shown": ("whole",), "lights": USUAL, "places": PLACES}
    made = [drawn(seed, at, species, rng, **(given | choices)) for at in range(count)]
    truths = {f"{at:02d}": truth for at, (_, truth) in enumerate(made)}
    return [view_of(f"{at:02d}", shot) for at, (shot, _) in enumerate(made)], truths


SETS = {
    "all sides": {},
    "one side and front": {"sides": ("front", "right", "right")},
    "front only": {"sides": ("front",)},
    "near and far, one in five dim": {
        "shown": ("whole", "whole", "in part", "close-up"),
        "lights": ("dim", *USUAL, "sun"),
    },
    "near only, two places": {"shown": ("in part", "close-up"), "places": ("room", "room", "terrace")},
}


def said_of(coverage, axis):
    """{id: name of its part}; backgrounds that are shared are told apart by their example."""
    return {
        one: part.example if part.name == ALIKE else part.name
        for part in coverage.axes.get(axis, ())
        for one in part.ids
    }


def right_sides(coverage, truths):
    """How many of the pictures of which a side is said are on that side: which is which is taken as it fits best."""
    said = said_of(coverage, "sides")
    names = ({ONE_WAY: one, OTHER_WAY: other, EVEN: "front"} for one, other in (("left", "right"), ("right", "left")))
    return max(sum(way[part] == truths[at]["sides"] for at, part in said.items()) for way in names), len(said)


def right_backdrops(coverage, truths):
    """Of pairs said to share a background how many do, and of pairs that share place and light how many are said to."""
    said = said_of(coverage, "background")
    pairs = list(combinations(said, 2))
    told = [(a, b) for a, b in pairs if said[a] == said[b] and said[a] in said]
    true = [(a, b) for a, b in pairs if all(truths[a][axis] == truths[b][axis] for axis in ("background", "light"))]
    places = sum(truths[a]["background"] == truths[b]["background"] for a, b in told)
    return places, len(told), sum(pair in told for pair in true), len(true)


def untrue(coverage, truths):
    """Sentences of the advice that the truth contradicts."""
    shown = {axis: {truth[axis] for truth in truths.values()} for axis in ("sides", "figure", "light")}
    wrong = {
        "no close-up": "close-up" in shown["figure"],
        "shows the whole figure": "whole" in shown["figure"],
        "to the same one": {"left", "right"} <= shown["sides"],
        "No picture turns": bool({"left", "right"} & shown["sides"]),
        "clearly lighter or darker": "dim" in shown["light"],
    }
    return [text for text in coverage.advice if any(words in text and false for words, false in wrong.items())]


def benchmark(first, last):
    for name, choices in SETS.items():
        totals = np.zeros(12, int)
        advice, lies = [], []
        for species in ("ringtail", "rabbit"):
            for seed in range(first, last + 1):
                views, truths = mixed(seed, species, COUNT, **choices)
                coverage = cover(views)
                figure, light = said_of(coverage, "figure"), said_of(coverage, "light")
                dim = [at for at, truth in truths.items() if truth["light"] == "dim"]
                darker = [at for at, part in light.items() if part == DARKER]
                totals += [
                    *right_sides(coverage, truths),
                    sum(figure[at] == truth["figure"] for at, truth in truths.items()), len(truths),
                    len(set(dim) & set(darker)), len(dim), len(darker),
                    *right_backdrops(coverage, truths), 1,
                ]  # fmt: skip
                advice += [one.partition(":")[0].partition(",")[0][:48] for one in coverage.advice]
                lies += untrue(coverage, truths)
        side, sides, shown, figures, seen, dims, darker, same, told, found, true, sets = totals.tolist()
        print(
            f"{name:30s} {sets} sets: side {side} of {sides}, figure {shown} of {figures}, dim {seen} of {dims} "
            f"({darker} called darker), one place {same} of {told} pairs so called, {found} of {true} pairs found; "
            f"untrue advice: {lies or 'none'}"
        )
        print(f"    advice: {dict(Counter(advice))}")


if __name__ == "__main__":
    benchmark(*(int(word) for word in sys.argv[1:3] or (11, 12)))
