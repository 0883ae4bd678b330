"""Nerogar/OneTrainer: a JSON for --config-path, the concepts with the run's seed, and a JSON of samples.

In: a run, the exported concepts. Out: its configuration and command. Never: a cache that is left from another run.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loraset.errors import UsageError
from loraset.experiment.kits.settings import CONFIG, DIFFUSION_STEPS, LIBRARY, RANK, RATE, merged
from loraset.experiment.runs import Command, Kit, Run, Setup
from loraset.exporters import onetrainer
from loraset.exporters.interface import ExportFile
from loraset.exporters.layout import to_json
from loraset.exporters.reading import is_picture

VERSION = 11  # of its configurations: one without a version is taken for the first, and fails to be brought up to date
MODELS = {
    "sd15": "STABLE_DIFFUSION_15",
    "sdxl": "STABLE_DIFFUSION_XL_10_BASE",
    "flux": "FLUX_DEV_1",
    "qwen-image": "QWEN",
}


def configure(run: Run, setup: Setup, data: Sequence[ExportFile]) -> list[ExportFile]:
    """Return the run's configuration and its concepts, whose seed is the run's.

    Raises
    ------
    UsageError
        If the user's batch size is none, or larger than any size's pictures.
    """
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
    settings = merged(ours, setup.base, fixed)
    # an epoch more than the steps take: a sample is drawn before a step, so none after the last
    settings["epochs"] = setup.steps // _batches(data, setup.repeats, settings["batch_size"]) + 1
    return [ExportFile(onetrainer.CONFIG, concepts.content), ExportFile(f"{CONFIG}.json", to_json(settings))]


def _batches(data: Sequence[ExportFile], repeats: int, batch_size: Any) -> int:
    """Return the steps of an epoch. A batch has pictures of one size; those that do not fill one are left out."""
    if not isinstance(batch_size, int) or batch_size < 1:
        raise UsageError(f"batch_size is {batch_size!r} in your settings", "OneTrainer takes a whole number from 1.")
    sizes = Counter(file.path.split("/")[0] for file in data if _is_trained(file.path))
    batches = sum(pictures * repeats // batch_size for pictures in sizes.values())
    if not batches:
        raise UsageError(
            f"no size of the set has the {batch_size} pictures of a batch", "Give a smaller batch_size with --base."
        )
    return batches


def _is_trained(path: str) -> bool:
    return is_picture(Path(path)) and not Path(path).stem.endswith(onetrainer.LABEL)


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
