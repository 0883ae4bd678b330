"""One score out of many numbers, and what pulled it down.

In: metrics by name. Out: `Grade`. Never: a picture, a verdict, or a cost for a number that is missing.

The score is the chance that the cut-out is right, times factors for what is wrong with it or with the photo. The chance
is logistic in a few doubts, each 0 where its metric is best, and higher where a set was asked and has none; the weights
lie in right.toml with what they were fitted to. A factor is 1 where its metric is at its best and falls with the cube
of the way to 1 - `cost` where it is `bad`: so the score falls whenever anything gets worse, and little in the range of
sound pictures.
"""

import math
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from loraset.types import Json

EXPLAINED_BELOW = 0.95  # a factor under this is named among what pulled the score down


@dataclass(frozen=True, slots=True)
class Doubt:
    """How one metric speaks against a cut-out: nothing at `best`, `weight` in log odds at `bad` and beyond.

    bend : 0 for a straight way between; the larger, the more the first steps away from the best count.
    """

    best: float
    bad: float
    weight: float
    bend: float = 0.0

    def log_odds(self, value: float) -> float:
        """Return what is taken from the log odds that the cut-out is right, in [0, weight]."""
        way = _way(value, self.best, self.bad)
        return self.weight * (math.log1p(self.bend * way) / math.log1p(self.bend) if self.bend else way)


@dataclass(frozen=True, slots=True)
class Part:
    """How one metric enters the score as a factor: nothing is lost at `best`, `cost` at `bad` and beyond."""

    best: float
    bad: float
    cost: float

    def factor(self, value: float) -> float:
        """Return the factor in [1 - cost, 1]."""
        return 1.0 - self.cost * _way(value, self.best, self.bad) ** 3


# Set by hand: `bad` is a fault that anyone sees, a cost over a half one that alone makes a picture useless.
TECHNICAL = {
    "sharpness": Part(best=0.45, bad=0.05, cost=0.6),
    "set_sharpness": Part(best=1.0, bad=0.25, cost=0.4),
    "motion_blur": Part(best=6.0, bad=20.0, cost=0.4),
    "noise": Part(best=0.01, bad=0.06, cost=0.3),
    "jpeg_blocks": Part(best=0.3, bad=0.9, cost=0.3),
    "lightness": Part(best=0.35, bad=0.03, cost=0.5),
    "set_lightness": Part(best=0.35, bad=0.03, cost=0.5),
    "overexposed": Part(best=0.0, bad=0.5, cost=0.5),
    "cut_off": Part(best=0.0, bad=0.4, cost=0.3),
    "upscaled": Part(best=1.0, bad=4.0, cost=0.5),
    "true_size": Part(best=0.3, bad=0.05, cost=0.3),
}
CUTOUT = {
    "mask_confidence": Part(best=1.0, bad=0.2, cost=0.4),
    "engines_disagree": Part(best=0.0, bad=0.5, cost=0.6),
    "edge_support": Part(best=0.85, bad=0.4, cost=0.4),
    "halo": Part(best=0.0, bad=0.6, cost=0.6),
    "set_halo": Part(best=0.0, bad=0.6, cost=0.6),
    "spill": Part(best=0.01, bad=0.06, cost=0.3),
    "holes_islands": Part(best=0.0, bad=0.1, cost=0.4),
    "subject_fit": Part(best=1.0, bad=0.7, cost=0.6),
}

INSTEAD = {"lightness": "set_lightness", "halo": "set_halo"}  # the first costs nothing where the second is known

WORDS = {
    "sharpness": "the subject is blurred",
    "set_sharpness": "the subject is less sharp than in the other pictures",
    "motion_blur": "the subject moved",
    "noise": "the photo is noisy",
    "jpeg_blocks": "the photo shows JPEG blocks",
    "lightness": "the subject is dark",
    "set_lightness": "the subject is darker than in the other pictures",
    "overexposed": "the subject is burnt out to white",
    "cut_off": "the photo's edge cuts the subject",
    "upscaled": "the photo was enlarged",
    "true_size": "the subject has few pixels",
    "mask_confidence": "the engine is unsure of its mask",
    "engines_disagree": "the engines cut it differently",
    "halo": "the old background shows in the edge",
    "set_halo": "the old background shows in the edge",
    "spill": "the old background's light lies on the subject",
    "holes_islands": "the mask has specks or small holes",
    "subject_fit": "it looks unlike the subject in the other pictures",
    "expected_overlap": "the model is unsure of its mask, or cuts the mirrored photo differently",
    "from_afar": "the model cuts out something else when it sees the photo smaller",
    "scatter": "the mask is in pieces",
    "edge_support": "the outline hardly follows the photo's edges",
    "steady": "the set is not sure where the subject ends",
    "set_edges": "the outline follows the photo's edges less than in the other pictures",
    "set_disputes": "the other pictures speak against a piece of the mask",
}


@dataclass(frozen=True, slots=True)
class Grade:
    """What a cut-out is worth.

    score : [0, 1], right times all `costs` of `CUTOUT` and `TECHNICAL`. right : the chance that the mask is right,
    [0, 1]. technical : the product of the technical factors. costs : by metric the factor, in [0, 1], by which it
    lowers the score: for a doubt the chance over what it would be without.
    """

    score: float
    right: float
    technical: float
    costs: dict[str, float]

    @property
    def gain(self) -> float:
        """What the score would rise by, [0, 1], if a person made the cut-out right: no look mends a blurred photo."""
        return self.technical - self.score

    @property
    def pulled_down(self) -> list[str]:
        """The metrics that pulled the score down, worst first."""
        named = [name for name, factor in self.costs.items() if factor < EXPLAINED_BELOW]
        return sorted(named, key=lambda name: (self.costs[name], name))

    def to_json(self) -> Json:
        """Return the manifest's form (`details.score`): of the costs those that lower the score by a hundredth."""
        costs = {name: round(1 - factor, 4) for name, factor in self.costs.items() if factor < 0.99}
        worst_first = dict(sorted(costs.items(), key=lambda item: (-item[1], item[0])))
        return {
            "right": round(self.right, 4),
            "technical": round(self.technical, 4),
            "gain": round(self.gain, 4),
            "pulled_down": self.pulled_down,
            "costs": worst_first,
        }


@dataclass(frozen=True, slots=True)
class Doubts:
    """What is in right.toml.

    sure : log odds of a cut-out that nothing speaks against. unasked : what is taken from them where a mask's maker was
    asked once, for its own word is not enough. backed : what is added where a metric is known and raises
    no doubt, for that says more than its being unknown: of several, the first counts. table : the doubts by metric.
    """

    sure: float
    unasked: float
    backed: dict[str, float]
    table: dict[str, Doubt]


@cache
def doubts() -> Doubts:
    """Return the fitted part of the score."""
    said = tomllib.loads(files("loraset.metrics").joinpath("right.toml").read_text("utf-8"))
    table = {name: Doubt(**values) for name, values in said["doubt"].items()}
    return Doubts(float(said["sure"]), float(said["unasked"]), dict(said["backed"]), table)


def asked_once(numbers: Mapping[str, float | None]) -> bool:
    """Whether a mask was guessed, and its maker never asked again about the picture shown in another way."""
    return numbers.get("expected_overlap") is not None and numbers.get("from_afar") is None


def grade(numbers: Mapping[str, float | None], usual: Collection[str] = ()) -> Grade:
    """Return what a cut-out with these metrics is worth. usual : factors that cost nothing, as most of its set fail."""
    fitted = doubts()
    against = {
        name: doubt.log_odds(value) for name, doubt in fitted.table.items() if (value := numbers.get(name)) is not None
    }
    backed = next((amount for name, amount in fitted.backed.items() if name in against), 0.0)
    odds = fitted.sure + backed - sum(against.values()) - fitted.unasked * asked_once(numbers)
    right = _chance(odds)
    factors = {
        name: part.factor(value)
        for name, part in (TECHNICAL | CUTOUT).items()
        if (value := numbers.get(name)) is not None and name not in usual and numbers.get(INSTEAD.get(name, "")) is None
    }
    technical = math.prod(factors[name] for name in TECHNICAL if name in factors)
    costs = {name: right / _chance(odds + amount) for name, amount in against.items()} | factors
    return Grade(right * math.prod(factors.values()), right, technical, costs)


def _chance(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds))


def _way(value: float, best: float, bad: float) -> float:
    return min(1.0, max(0.0, (value - best) / (bad - best)))
