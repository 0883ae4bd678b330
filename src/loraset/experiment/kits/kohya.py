"""kohya-ss/sd-scripts: a TOML for --config_file, and a file of prompts.

In: a run. Out: its configuration and command. Never: latents cached on disk: such a cache is accepted by its shape
alone, and a mask in it goes with it.
"""

import re
from collections.abc import Sequence

from loraset.experiment.kits.settings import SHRINKS, accelerate, flat, merged, planned, prompt_lines, to_toml, usual
from loraset.experiment.runs import Command, Kit, Run, Setup
from loraset.exporters import kohya
from loraset.exporters.interface import ExportFile

SCRIPTS = {"sd15": "train_network.py", "sdxl": "sdxl_train_network.py", "flux": "flux_train_network.py"}
NETWORKS = {"flux": "networks.lora_flux"}


def configure(run: Run, setup: Setup, data: Sequence[ExportFile]) -> list[ExportFile]:
    """Return the run's configuration. A transparent arm needs no switch: its dataset says that alpha is the mask."""
    ours = usual(setup) | {
        "network_module": NETWORKS.get(setup.target, "networks.lora"),
        "cache_latents": True,
        "save_model_as": "safetensors",
    }
    fixed = planned(run, setup, kohya.MASKED if run.arm.masked else kohya.CONFIG) | {
        "pretrained_model_name_or_path": setup.model,
        "masked_loss": run.arm.masked,
        "cache_latents_to_disk": False,
    }
    return [to_toml(merged(ours, setup.base, fixed))]


def commands(run: Run, setup: Setup) -> list[Command]:
    """Return the one command that trains."""
    return [accelerate(SCRIPTS[setup.target], run, setup)]


KIT = Kit(
    re.compile(r"(?:.*_)?(?P<step>\d{6})_(?P<prompt>\d{2,})_(?P<time>\d{14})(?:_(?P<seed>\d+))?\.\w+"),
    configure,
    commands,
    prompt_lines,
    {"sd15": (), "sdxl": (), "flux": ("clip_l", "t5xxl", "ae")},
    SHRINKS,
    settings=flat,
)
