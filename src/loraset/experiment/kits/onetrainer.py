"""Nerogar/OneTrainer: a JSON for --config-path, the concepts with the run's seed, and a JSON of samples.

In: a run, the exported concepts. Out: its configuration and command. Never: a cache that is left from another run.
"""

import re
from collections.abc import Sequence

from loraset.experiment.kits.settings import CONFIG, DIFFUSION_STEPS, LIBRARY, RANK, RATE, merged
from loraset.experiment.runs import Command, Kit, Run, Setup
from loraset.exporters import onetrainer
from loraset.exporters.interface import ExportFile
from loraset.exporters.layout import to_json

VERSION = 11  # of its configurations: one without a version is taken for the first, and fails to be brought up to date
MODELS = {
    "sd15": "STABLE_DIFFUSION_15",
    "sdxl": "STABLE_DIFFUSION_XL_10_BASE",
    "flux": "FLUX_DEV_1",
    "qwen-image": "QWEN",
}


def configure(run: Run, setup: Setup, data: Sequence[ExportFile]) -> list[ExportFile]:
    """Return the run's configuration and its concepts, whose seed is the run's."""
    concepts = next(file for file in data if file.path == onetrainer.CONFIG)
    place = setup.place(run.folder)
    ours = {
        "__version": VERSION,
        "learning_rate": RATE,
        "lora_rank": RANK,
        "lora_alpha": float(RANK),
        "batch_size": 1,
        "resolution": str(setup.resolution),
    }
    fixed = {
        "training_method": "LORA",
        "model_type": MODELS[setup.target],
        "base_model_name": setup.model,
        "workspace_dir": place,
        "cache_dir": f"{place}/cache",
        "clear_cache_before_training": True,
        "concept_file_name": f"{place}/{onetrainer.CONFIG}",
        # an epoch more than the steps take: a sample is drawn before a step, so none after the last
        "epochs": setup.steps // (setup.pictures * setup.repeats) + 1,
        "masked_training": run.arm.weighed,
        "sample_definition_file_name": setup.place(LIBRARY),
        "sample_after": setup.sample_every,
        "sample_after_unit": "STEP",
        "sample_image_format": "PNG",
        "samples_to_tensorboard": False,
        "non_ema_sampling": False,
        "save_filename_prefix": "",
        "output_model_destination": f"{place}/{run.name}.safetensors",
    }
    config = to_json(merged(ours, setup.base, fixed))
    return [ExportFile(onetrainer.CONFIG, concepts.content), ExportFile(f"{CONFIG}.json", config)]


def prompts(setup: Setup) -> list[ExportFile]:
    """Return the file of samples, each with its own seed."""
    same = {"enabled": True, "height": setup.side, "width": setup.side, "random_seed": False}
    drawn = same | {"diffusion_steps": DIFFUSION_STEPS}
    return [ExportFile(LIBRARY, to_json([{"prompt": each.text, "seed": each.seed} | drawn for each in setup.probes]))]


def commands(run: Run, setup: Setup) -> list[Command]:
    """Return the one command that trains."""
    return [Command(("python", "scripts/train.py", "--config-path", setup.place(f"{run.folder}/{CONFIG}.json")))]


KIT = Kit(
    re.compile(r"samples/(?P<prompt>\d+) - [^/]*/(?P<time>.*)-training-sample-(?P<step>\d+)-\d+-\d+\.\w+"),
    configure,
    commands,
    prompts,
    dict.fromkeys(MODELS, ()),
    "{trainer} gives what lies outside the mask a tenth of the weight and does not normalise: the loss of a masked arm "
    "is about {share_tenth} of an unmasked one's.",
    ("OneTrainer takes no seed for the LoRA's first weights: runs of one number do not start from the same draw.",),
)
