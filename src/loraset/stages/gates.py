"""The gates of `select`: one number, one threshold, one reason code each.

In: the metrics of pictures, the recipe's thresholds. Out: which gates a picture fails, and which most of a set fail.
Never: a verdict passed, or a threshold of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from loraset.ops.likeness import FEWEST
from loraset.recipe.model import Limits
from loraset.types import Verdict

Metrics = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Gate:
    """A threshold on one number.

    code : the reason's; it names the threshold in [select.limits], too, where `limit` does not. side : where the number
    fails. words : of the number, for a person. common : said once, and of no picture, where most fail: that is the
    subject's or the recipe's, not theirs. of_recipe : it is the recipe's, whatever the pictures show. of_set : the
    metric that takes this one's place where it is known.
    """

    code: str
    metric: str
    side: Literal["below", "above"]
    words: str
    verdict: Verdict = Verdict.REVIEW
    limit: str = ""
    common: str = ""
    of_recipe: bool = False
    of_set: str = ""

    def fails(self, metrics: Metrics, limit: float) -> bool:
        """Whether these numbers are beyond the limit; what is not known passes."""
        value = self.value(metrics)
        return value is not None and (value < limit if self.side == "below" else value > limit)

    def value(self, metrics: Metrics) -> float | None:
        """Return the number that is judged, None where it is not known."""
        beside = metrics.get(self.of_set) if self.of_set else None
        return metrics.get(self.metric) if beside is None else beside

    def threshold(self, limits: Limits) -> float:
        """Return the recipe's."""
        return float(getattr(limits, self.limit or self.code))


GATES = (
    Gate("no_subject", "subject_share", "below", "the subject's share of the photo", Verdict.REJECT),
    Gate("subject_cut_off", "cut_off", "above", "the share of the outline on the photo's edge"),
    Gate(
        "too_small",
        "true_size",
        "below",
        "the subject's size in the output, in px of the photo,",
        common="the subject is small in most pictures: a smaller frame.resolution would fit these photos",
        of_recipe=True,
    ),
    Gate("mask_uncertain", "mask_wrong", "above", "the chance that the mask is wrong"),
    Gate("engines_disagree", "engines_disagree", "above", "the engines' disagreement"),
    Gate("halo", "halo", "above", "the old background that is seen in the edge", of_set="set_halo"),
    Gate("blurry", "motion_blur", "above", "the way that the subject moved, in px of the output,", limit="moved"),
    Gate(
        "blurry",
        "sharpness",
        "below",
        "the subject's sharpness",
        common="the subject is not sharp in most pictures: only those less sharp than the others are called blurry",
    ),
    Gate("blurry", "set_sharpness", "below", "the subject's sharpness over the set's usual", limit="less_sharp"),
    Gate(
        "dark",
        "lightness",
        "below",
        "the subject's mean lightness",
        common="the subject is dark in most pictures, which is taken for its own colour",
    ),
    Gate(
        "overexposed",
        "overexposed",
        "above",
        "the share of the subject burnt out to white",
        common="the subject is white in most pictures, which is taken for its own colour",
    ),
    Gate("odd_one_out", "subject_fit", "below", "the subject's fit to the others"),
)


def shared_by_most(pictures: Sequence[Metrics], limits: Limits, *, one_subject: bool) -> dict[Gate, str]:
    """Return the gates that more than half of the pictures fail, of those that may be common, with a line for the user.

    Among fewer than `FEWEST` pictures nothing is common. Asked is at the recipe's threshold, but at none stricter than
    the default: a stricter one is there to be told of more pictures. one_subject : the pictures show one, so that what
    most have may be its own.
    """
    found: dict[Gate, str] = {}
    for gate in (gate for gate in GATES if gate.common and (one_subject or gate.of_recipe)):
        looser = min if gate.side == "below" else max
        limit = looser(gate.threshold(limits), gate.threshold(Limits()))
        failing = sum(gate.fails(metrics, limit) for metrics in pictures)
        if len(pictures) >= FEWEST and 2 * failing > len(pictures):
            found[gate] = f"{gate.common} ({failing} of {len(pictures)}, {gate.code})"
    return found
