"""ostris/ai-toolkit: a job in YAML for each run, with its prompts.

In: a run. Out: its configuration and command. Never: settings in YAML read; a job saved as JSON is.
"""

import re
from collections.abc import Sequence
from typing import Any

from loraset.experiment.kits.settings import merged, no_prompts
from loraset.experiment.probes import FIRST_SEED
from loraset.experiment.runs import RUNS, Command, Kit, Run, Setup
from loraset.exporters import ai_toolkit
from loraset.exporters.interface import Context, ExportFile
from loraset.exporters.layout import MASKS, lines, yaml_lines

JOB = "job.yaml"  # the trainer writes a config.yaml of its own into the run's folder


def configure(run: Run, setup: Setup, data: Sequence[ExportFile]) -> list[ExportFile]:
    """Return the run's job. The user's settings are a job's one process, or a whole job."""
    arm = run.arm
    context = Context(
        variant=arm.variant,
        transparent=arm.background == "transparent",
        token=setup.token,
        resolution=setup.resolution,
        step=setup.step,
        target=setup.target,
        repeats=setup.repeats,
        root=setup.place_of(arm),
    )
    weight: dict[str, Any] = {"alpha_mask": True} if arm.weighed else {}
    ours = ai_toolkit.process(context, {"mask_path": context.place(MASKS)} if arm.masked else weight)
    fixed = {
        "training_folder": setup.place(RUNS),
        "training_seed": run.seed,
        "datasets": ours["datasets"],
        "train": {"steps": setup.steps, "skip_first_sample": False},
        "model": {"name_or_path": setup.model},
        "sample": {
            "sample_every": setup.sample_every,
            "seed": FIRST_SEED,
            "walk_seed": True,  # adds the prompt's place
            "format": "png",
            "prompts": [probe.text for probe in setup.probes],
        },
    }
    process = merged(merged(ours, _process_of(setup), {}), fixed, {})
    job = {"job": "extension", "config": {"name": run.name, "process": [process]}}
    return [ExportFile(JOB, lines(list(yaml_lines(job))))]


def _process_of(setup: Setup) -> dict[str, Any]:
    config = setup.base.get("config")
    return dict(config["process"][0]) if isinstance(config, dict) else dict(setup.base)


def commands(run: Run, setup: Setup) -> list[Command]:
    """Return the one command that trains."""
    return [Command(("python", "run.py", setup.place(f"{run.folder}/{JOB}")))]


KIT = Kit(
    re.compile(r"samples/(?P<time>\d+)__(?P<step>\d{9})_(?P<prompt>\d+)\.\w+"),
    configure,
    commands,
    no_prompts,
    dict.fromkeys(("sd15", "sdxl", "flux", "qwen-image", "wan"), ()),
    "{trainer} divides the loss by the mask's mean: the loss of a masked arm is as large as an unmasked one's, but it "
    "is the mean of {share} of the pixels, so it varies more.",
    ("ai-toolkit blurs masks by chance, which takes from the training's random numbers in arms with masks only.",),
)
