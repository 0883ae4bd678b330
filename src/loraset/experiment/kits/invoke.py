"""invoke-ai/invoke-training: a YAML for each run, the exported part of it first.

In: a run, the exported part. Out: its configuration and command. Never: settings in YAML read.
"""

import re
from collections.abc import Sequence

from loraset.errors import UsageError
from loraset.experiment.kits.settings import CONFIG, RANK, RATE, SHRINKS, no_prompts
from loraset.experiment.runs import Command, Kit, Run, Setup
from loraset.exporters import invoke
from loraset.exporters.interface import ExportFile
from loraset.exporters.layout import lines, yaml_lines

TYPES = {"sd15": "SD_LORA", "sdxl": "SDXL_LORA", "flux": "FLUX_LORA"}
MASKS_KEY = "use_masks"


def configure(run: Run, setup: Setup, data: Sequence[ExportFile]) -> list[ExportFile]:
    """Return the run's configuration.

    Raises
    ------
    UsageError
        If the user gives settings of their own.
    """
    if setup.base:
        raise UsageError("invoke-training is configured in YAML, which --base does not read", "Leave --base out.")
    loader = bytes(next(file for file in data if file.path == invoke.CONFIG).read()).decode()
    part = [line for line in loader.splitlines() if not line.startswith(("#", f"{MASKS_KEY}:"))]
    settings = {
        MASKS_KEY: run.arm.weighed,
        "type": TYPES[setup.target],
        "seed": run.seed,
        "base_output_dir": setup.place(run.folder),
        "model": setup.model,
        "optimizer": {"optimizer_type": "AdamW", "learning_rate": RATE},
        "lr_scheduler": "constant",
        "lora_rank_dim": RANK,
        "train_batch_size": 1,
        "gradient_checkpointing": True,
        "max_train_steps": setup.steps,
        "save_every_n_steps": setup.steps,
        "validate_every_n_steps": setup.sample_every,
        "validation_prompts": [probe.text for probe in setup.probes],
        "num_validation_images_per_prompt": 1,
    }
    return [ExportFile(f"{CONFIG}.yaml", lines([*part, *yaml_lines(settings)]))]


def commands(run: Run, setup: Setup) -> list[Command]:
    """Return the one command that trains."""
    return [Command(("invoke-train", "--cfg-file", setup.place(f"{run.folder}/{CONFIG}.yaml")))]


KIT = Kit(
    re.compile(r"(?:.*/)?validation/epoch_\d+-step_(?P<step>\d+)/prompt_(?P<prompt>\d+)/0000\.\w+"),
    configure,
    commands,
    no_prompts,
    dict.fromkeys(TYPES, ()),
    SHRINKS,
    ("invoke-training writes its samples as JPEG, which blurs what is measured at edges.",),
    seeded=False,
)
