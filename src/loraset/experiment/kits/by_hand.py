"""Trainers that write no samples, or that loraset does not know: the arms are exported, the rest is done by hand.

In: a run. Out: no configuration and no command; samples are drawn with any program from `prompts.txt`, and put into the
run's folder as `step<steps>_prompt<place from 0>_seed<seed>.png`. Never: a guess of what such a trainer would do.
"""

import re
from collections.abc import Sequence

from loraset.experiment.kits.settings import prompt_lines
from loraset.experiment.runs import Command, Kit, Run, Setup
from loraset.exporters.interface import ExportFile


def configure(run: Run, setup: Setup, data: Sequence[ExportFile]) -> list[ExportFile]:
    """Return no file."""
    return []


def commands(run: Run, setup: Setup) -> list[Command]:
    """Return no command."""
    return []


KIT = Kit(
    re.compile(r"(?:.*/)?step(?P<step>\d+)_prompt(?P<prompt>\d+)_seed(?P<seed>\d+)\.\w+"),
    configure,
    commands,
    prompt_lines,
    {},
    "A trainer that multiplies the loss by them and does not normalise trains masked arms with about {share} of the "
    "loss.",
)
