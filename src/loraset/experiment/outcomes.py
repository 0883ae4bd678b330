"""Outcomes: what is measured of samples, on which prompts, and which way is better.

In: nothing. Out: the table that the protocol, the statistics and the page share. Never: pixels.
"""

from dataclasses import dataclass

from loraset.experiment.probes import Kind


@dataclass(frozen=True, slots=True)
class Outcome:
    """One number per sample and the prompts that it is averaged over.

    better : "lower", "higher", or "" where neither is. of_run : it is a property of a run's samples together.
    """

    measure: str
    kinds: tuple[Kind, ...]
    title: str
    meaning: str
    better: str
    of_run: bool = False

    @property
    def key(self) -> str:
        """Names the outcome."""
        return f"{self.measure}@{'+'.join(self.kinds)}"


ASKED: tuple[Kind, ...] = ("scene", "plain", "trigger")

OUTCOMES = (
    Outcome(
        "fill_share",
        ("scene",),
        "Fill in scenes",
        "share of the border that is smooth and near a training fill",
        "lower",
    ),
    Outcome("fill_share", ("trigger",), "Fill, bare trigger", "the same with the trigger alone", "lower"),
    Outcome("fill_share", ("none",), "Fill, no trigger", "the same without the trigger: spilt into the model", "lower"),
    Outcome("plain", ("scene",), "Plain backgrounds in scenes", "share of samples with a plain border", "lower"),
    Outcome("plain", ("plain",), "Plain when asked", "the same where a plain background is asked for", "higher"),
    Outcome("deviation", ("scene",), "Border deviation", "colour deviation along the border, Lab", "higher"),
    Outcome("fringe", ("scene",), "Outline", "share of the subject's outline with a rim of fill", "lower"),
    Outcome("color", ASKED, "Subject colour", "likeness to the set's colours", "higher"),
    Outcome("texture", ASKED, "Subject texture", "likeness to the set's texture", "higher"),
    Outcome("shape", ASKED, "Subject shape", "likeness to the set's outlines", "higher"),
    Outcome("embedding", ASKED, "Subject embedding", "cosine with the set by the model that was named", "higher"),
    Outcome("diversity", ("scene",), "Diversity", "mean distance between a run's scenes, Lab", "higher", of_run=True),
)
BY_KEY = {outcome.key: outcome for outcome in OUTCOMES}
PRIMARY = "fill_share@scene"
