"""ai-toolkit: a folder for ostris/ai-toolkit.

In: items of one variant. Out: `images/`, and `config.yaml` of a job; for opaque pictures `masks/` and a second job that
uses them. Never: an opaque file in a folder that is read with `alpha_mask`, which ends that trainer's start.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loraset.exporters.interface import Context, ExportFile, Finding, Item, Reading, Trainer
from loraset.exporters.layout import IMAGES, MASKS, lines, masks, paths_note, pictures, yaml_lines
from loraset.exporters.reading import joined, located, masks_in, read_pairs, unknown_keys
from loraset.exporters.sizes import whole_steps

CONFIG = "config.yaml"
MASKED = "config-masked.yaml"
MODELS = {  # architecture and weights, by the recipe's target
    "sd15": ("sd1", "stable-diffusion-v1-5/stable-diffusion-v1-5"),
    "sdxl": ("sdxl", "stabilityai/stable-diffusion-xl-base-1.0"),
    "flux": ("flux", "black-forest-labs/FLUX.1-dev"),
    "qwen-image": ("qwen_image", "Qwen/Qwen-Image"),
    "wan": ("wan21", "Wan-AI/Wan2.1-T2V-1.3B-Diffusers"),
}
NO_MODEL = ("", "name the base model here")
FLOWING = frozenset({"flux", "qwen-image", "wan", ""})  # trained with the flow matching scheduler
# What the trainer reads of a dataset; it passes over every other word.
_DATASET_WORDS = """
alpha_mask augmentations augments batch_size bucket_tolerance buckets cache_clip_vision_to_disk cache_latents
cache_latents_num_workers cache_latents_to_disk cache_tensors_to_disk cache_text_embeddings caption_dropout_rate
caption_ext caption_type clip_image_augmentations clip_image_from_same_folder clip_image_path
clip_image_shuffle_augmentations control_from_same_folder control_path control_path_1 control_path_2
control_path_3 control_transparent_color controls dataset_path debug default_caption extra_values
fast_image_size flip_x flip_y folder_path full_size_control_images guidance_type inpaint_path invert_mask is_reg
keep_tokens load_image_when_caching_latents loss_multiplier mask_min_value mask_path network_weight
num_controls_from_same_folder num_frames num_repeats num_workers prefetch_factor prior_reg random_crop
random_scale random_triggers random_triggers_max replacements replay_transforms resolution scale
shuffle_augmentations shuffle_tokens square_crop standardize_images token_dropout_rate trigger_word type
unconditional_path use_short_captions
"""
DATASET = frozenset(_DATASET_WORDS.split())
KEY = re.compile(r"^(?P<indent> *)(?P<dash>- +)?(?P<key>\w+):(?: +(?P<value>.*?))?(?: +#.*)?$")


def export(items: Sequence[Item], context: Context) -> list[ExportFile]:
    """Return the files of the folder, pictures first, jobs last."""
    files = pictures(items, context)
    if context.transparent:
        return [*files, ExportFile(CONFIG, _yaml(context, {"alpha_mask": True}))]
    weighed = {"mask_path": context.place(MASKS)}
    return [
        *files,
        *masks(items),
        ExportFile(MASKED, _yaml(context, weighed)),
        ExportFile(CONFIG, _yaml(context, {})),
    ]


def _yaml(context: Context, weight: dict[str, Any]) -> bytes:
    masked = "-masked" if "mask_path" in weight else ""
    job = {
        "job": "extension",
        "config": {"name": f"{context.token}-{context.variant}{masked}", "process": [process(context, weight)]},
        "meta": {"name": "[name]", "version": "1.0"},
    }
    text = [f"# Job for ostris/ai-toolkit: variant {context.variant}.", *paths_note(context)]
    if weight:
        text.append("# The loss is weighed by the subject and divided by the weights' mean.")
    return lines([*text, *yaml_lines(job)])


def _dataset(context: Context) -> dict[str, Any]:
    return {
        "folder_path": context.place(IMAGES),
        "caption_ext": "txt",
        "caption_dropout_rate": 0.0,
        "num_repeats": context.repeats,
        "resolution": [context.resolution],
        "bucket_tolerance": context.step,
        "cache_latents_to_disk": True,
    }


def process(context: Context, weight: dict[str, Any]) -> dict[str, Any]:
    """Return the job's one process. What it says of training is where the trainer's own examples start."""
    architecture, weights = MODELS.get(context.target, NO_MODEL)
    flowing = context.target in FLOWING
    side = context.resolution // context.step * context.step
    return {
        "type": "sd_trainer",
        "training_folder": "output",
        "device": "cuda:0",
        **({"trigger_word": context.trigger} if context.trigger else {}),
        "network": {"type": "lora", "linear": 16, "linear_alpha": 16},
        "save": {"dtype": "float16", "save_every": 250},
        "datasets": [_dataset(context) | weight],
        "train": {
            "batch_size": 1,
            "steps": 2000,
            "lr": 0.0001,
            "optimizer": "adamw8bit",
            "noise_scheduler": "flowmatch" if flowing else "ddpm",
            "gradient_checkpointing": True,
            "train_unet": True,
            "train_text_encoder": False,
            "dtype": "bf16",
        },
        "model": {**({"arch": architecture} if architecture else {}), "name_or_path": weights},
        "sample": {
            "sampler": "flowmatch" if flowing else "ddpm",
            "sample_every": 250,
            "width": side,
            "height": side,
            "seed": 42,
            "walk_seed": False,
            "format": "png",
            "prompts": [context.words],
        },
    }


def read(folder: Path) -> Reading:
    """Return what the trainer takes by its job's datasets."""
    try:
        datasets = read_datasets((folder / CONFIG).read_text("utf-8"))
    except (OSError, ValueError) as error:
        return Reading(findings=(Finding("config", CONFIG, f"cannot be read: {error}"),))
    findings, readings = [], []
    for dataset in datasets:
        findings += unknown_keys(CONFIG, dataset, DATASET, "datasets: ")
        sides = [int(side) for side in re.findall(r"\d+", dataset.get("resolution", "512"))]
        fit = whole_steps(max(sides, default=512), int(dataset.get("bucket_tolerance", "64")))
        ending = "." + dataset.get("caption_ext", "txt").strip("\"'.")
        reading = read_pairs(
            folder,
            located(folder, dataset.get("folder_path", "").strip("\"'")),
            _masks(folder),
            captions=(ending,),
            alpha="weight" if dataset.get("alpha_mask", "").lower() == "true" else "dropped",
            fit=fit,
        )
        readings.append(reading)
    return joined(readings, findings)


def read_datasets(text: str) -> list[dict[str, str]]:
    """Return the datasets of a job in block YAML: keys and the text of their values; what they hold is not read."""
    datasets: list[dict[str, str]] = []
    outer = inner = -1
    for line in text.splitlines():
        match = KEY.match(line)
        if match is None:
            continue
        dash = match["dash"] or ""
        column = len(match["indent"]) + len(dash)
        if outer < 0:
            outer = column if match["key"] == "datasets" else -1
            continue
        if column <= outer and not dash:
            break
        if inner < 0:
            inner = column
        if dash and column == inner:
            datasets.append({})
        if column == inner and datasets:
            datasets[-1][match["key"]] = match["value"] or ""
    return datasets


def _masks(folder: Path) -> dict[str, Path] | None:
    return masks_in(folder / MASKS, expected=(folder / MASKED).is_file())


TRAINER = Trainer("ai-toolkit", CONFIG, export, read, alpha="weight", masked=True)
