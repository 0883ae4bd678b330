"""kohya-ss/musubi-tuner: a TOML for --config_file, and a file of prompts; two caches are filled before a run.

In: a run. Out: its configuration and commands. Never: an arm with masks, which this trainer does not know.
"""

import re
from collections.abc import Sequence

from loraset.experiment.kits.settings import accelerate, flat, merged, planned, prompt_lines, to_toml, usual
from loraset.experiment.runs import Command, Kit, Run, Setup
from loraset.exporters import musubi
from loraset.exporters.interface import ExportFile

MODELS = {  # by target: the name of its scripts, its network, the text encoder's option
    "qwen-image": ("qwen_image", "networks.lora_qwen_image", "text_encoder"),
    "wan": ("wan", "networks.lora_wan", "t5"),
}


def configure(run: Run, setup: Setup, data: Sequence[ExportFile]) -> list[ExportFile]:
    """Return the run's configuration."""
    ours = usual(setup) | {"network_module": MODELS[setup.target][1]}
    return [to_toml(merged(ours, setup.base, planned(run, setup, musubi.CONFIG) | {"dit": setup.model}))]


def commands(run: Run, setup: Setup) -> list[Command]:
    """Return what caches latents and words, and what trains."""
    name, _, encoder = MODELS[setup.target]
    script = f"src/musubi_tuner/{name}"
    data = ("--dataset_config", setup.place(f"{run.data}/{musubi.CONFIG}"))
    words = (*data, f"--{encoder}", str(setup.base[encoder]))
    return [
        Command(("python", f"{script}_cache_latents.py", *data, "--vae", str(setup.base["vae"]))),
        Command(("python", f"{script}_cache_text_encoder_outputs.py", *words)),
        accelerate(f"{script}_train_network.py", run, setup),
    ]


KIT = Kit(
    re.compile(r"(?:.*_)?(?P<step>\d{6})_(?P<prompt>\d{2,})_(?P<time>\d{14})(?:_(?P<seed>\d+))?_000\.\w+"),
    configure,
    commands,
    prompt_lines,
    {"qwen-image": ("vae", "text_encoder"), "wan": ("vae", "t5", "task")},
    "{trainer} weighs no loss: a transparent arm is trained on the colour under its alpha.",
    settings=flat,
)
