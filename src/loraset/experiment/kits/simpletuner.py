"""bghira/SimpleTuner: a config.json for each run, and a library of prompts.

In: a run. Out: its configuration and command. Never: words dropped by chance, or anything sent to a hub.
"""

import re
from collections.abc import Sequence

from loraset.experiment.kits.settings import CONFIG, DIFFUSION_STEPS, LIBRARY, RANK, RATE, SHRINKS, merged
from loraset.experiment.probes import FIRST_SEED
from loraset.experiment.runs import Command, Kit, Run, Setup
from loraset.exporters import simpletuner
from loraset.exporters.interface import ExportFile
from loraset.exporters.layout import to_json

FAMILIES = {"sd15": "sd1x", "sdxl": "sdxl", "flux": "flux", "qwen-image": "qwen_image", "wan": "wan"}


def configure(run: Run, setup: Setup, data: Sequence[ExportFile]) -> list[ExportFile]:
    """Return the run's configuration."""
    ours = {
        "lora_rank": RANK,
        "learning_rate": RATE,
        "lr_scheduler": "constant",
        "lr_warmup_steps": 0,
        "optimizer": "adamw_bf16",
        "mixed_precision": "bf16",
        "gradient_checkpointing": True,
        "train_batch_size": 1,
        "report_to": "none",
    }
    fixed = {
        "model_type": "lora",
        "model_family": FAMILIES[setup.target],
        "pretrained_model_name_or_path": setup.model,
        "data_backend_config": setup.place(
            f"{run.data}/{simpletuner.MASKED if run.arm.masked else simpletuner.CONFIG}"
        ),
        "output_dir": setup.place(run.folder),
        "seed": run.seed,
        "max_train_steps": setup.steps,
        "num_train_epochs": 0,
        "caption_dropout_probability": 0.0,
        "resolution": setup.resolution,
        "resolution_type": "pixel_area",
        "validation_step_interval": setup.sample_every,
        "validation_seed": FIRST_SEED,
        "validation_resolution": f"{setup.side}x{setup.side}",
        "validation_num_inference_steps": DIFFUSION_STEPS,
        "validation_prompt": setup.probes[0].text,
        "user_prompt_library": setup.place(LIBRARY),
        "push_to_hub": False,
    }
    base = {key.removeprefix("--"): value for key, value in setup.base.items()}
    settings = {f"--{key}": value for key, value in merged(ours, base, fixed).items()}
    return [ExportFile(f"{CONFIG}.json", to_json(settings))]


def prompts(setup: Setup) -> list[ExportFile]:
    """Return the library of prompts; a prompt's short name is its place."""
    return [ExportFile(LIBRARY, to_json({f"p{place:02d}": each.text for place, each in enumerate(setup.probes)}))]


def commands(run: Run, setup: Setup) -> list[Command]:
    """Return the one command that trains."""
    variables = {"CONFIG_BACKEND": "json", "CONFIG_PATH": setup.place(f"{run.folder}/{CONFIG}.json")}
    return [Command(("simpletuner", "train"), variables)]


KIT = Kit(
    re.compile(r"(?:.*/)?validation_images/step_(?P<step>\d+)_p(?P<prompt>\d+)_\d+_\d+x\d+\.\w+"),
    configure,
    commands,
    prompts,
    dict.fromkeys(FAMILIES, ()),
    SHRINKS,
    ("SimpleTuner draws every sample of a run from one seed.",),
    seeded=False,
)
