"""Settings: what the configurations of several trainers have in common.

In: a run, what all runs share, the user's own settings. Out: keys with values, and files of them. Never: a seed, step
or prompt left to the trainer or to the user's file.
"""

from collections.abc import Mapping
from typing import Any

from loraset.experiment.runs import Command, Run, Setup
from loraset.exporters.interface import ExportFile
from loraset.exporters.layout import lines, toml_string
from loraset.types import Json

CONFIG = "config"
PROMPTS, LIBRARY = "prompts.txt", "prompts.json"
DIFFUSION_STEPS = 28
RATE, RANK = 1e-4, 16  # where the user names none: what the trainers' own examples start with
EPOCHS = ("max_train_epochs", "sample_every_n_epochs")

SHRINKS = (
    "{trainer} multiplies the loss by the mask and divides by all pixels: the loss and gradient of a masked arm are "
    "about {share} of an unmasked one's."
)


def merged(ours: Json, base: Mapping[str, object], fixed: Json) -> Json:
    """Return settings: ours where the user says nothing, then the user's, then those that the experiment needs."""
    out: Json = dict(ours)
    for layer in (base, fixed):
        for key, value in layer.items():
            inner = out.get(key)
            out[key] = merged(inner, value, {}) if isinstance(inner, dict) and isinstance(value, Mapping) else value
    return out


def flat(base: Json) -> Json:
    """Return the user's settings as sd-scripts and musubi-tuner read them, who have tables for order only.

    Left out is what says nothing (null), and what counts a run in epochs: it would outdo the experiment's steps.
    """
    out: Json = {}
    for key, value in base.items():
        out |= value if isinstance(value, dict) else {key: value}
    return {key: value for key, value in out.items() if value is not None and key not in EPOCHS}


def to_toml(values: Mapping[str, Any]) -> ExportFile:
    """Return a configuration of keys with plain values and lists of them."""
    return ExportFile(f"{CONFIG}.toml", lines([f"{key} = {_toml(value)}" for key, value in values.items()]))


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(each) for each in value if each is not None) + "]"
    return toml_string(str(value))


def prompt_lines(setup: Setup) -> list[ExportFile]:
    """Return the prompts as sd-scripts and musubi-tuner read them, one on each line with size, seed and steps."""
    size = f"--w {setup.side} --h {setup.side}"
    text = [f"{probe.text} {size} --d {probe.seed} --s {DIFFUSION_STEPS}" for probe in setup.probes]
    return [ExportFile(PROMPTS, lines(text))]


def no_prompts(setup: Setup) -> list[ExportFile]:
    """Return no file: the prompts stand in each run's configuration."""
    return []


def usual(setup: Setup) -> Json:
    """Return where sd-scripts and musubi-tuner start when the user says nothing."""
    return {
        "network_dim": RANK,
        "network_alpha": RANK,
        "learning_rate": RATE,
        "optimizer_type": "AdamW",
        "lr_scheduler": "constant",
        "mixed_precision": "bf16",
        "gradient_checkpointing": True,
        "sdpa": True,
        "max_data_loader_n_workers": 2,
    }


def planned(run: Run, setup: Setup, data: str) -> Json:
    """Return what the experiment fixes for sd-scripts and musubi-tuner. data : the dataset's file in its folder."""
    return {
        "dataset_config": setup.place(f"{run.data}/{data}"),
        "output_dir": setup.place(run.folder),
        "output_name": run.name,
        "seed": run.seed,
        "max_train_steps": setup.steps,
        "sample_every_n_steps": setup.sample_every,
        "sample_at_first": True,
        "sample_prompts": setup.place(PROMPTS),
    }


def accelerate(script: str, run: Run, setup: Setup) -> Command:
    """Return how sd-scripts and musubi-tuner are started."""
    start = ("accelerate", "launch", "--num_cpu_threads_per_process", "1", script)
    return Command((*start, "--config_file", setup.place(f"{run.folder}/{CONFIG}.toml")))
