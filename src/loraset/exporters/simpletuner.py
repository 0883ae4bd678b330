"""simpletuner: a folder for bghira/SimpleTuner.

In: items of one variant. Out: `images/`, `masks/` and `multidatabackend.json`, in which a set of masks is paired with
the pictures; for opaque pictures also without them, which is the trainer's default name. Never: a crop.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loraset.exporters import layout
from loraset.exporters.interface import Context, ExportFile, Finding, Item, Reading, Trainer
from loraset.exporters.layout import IMAGES, MASKS, pictures, to_json
from loraset.exporters.reading import joined, load_json, located, masks_in, read_pairs, tables, unknown_keys
from loraset.exporters.sizes import by_area

CONFIG = "multidatabackend.json"
MASKED = "multidatabackend-masked.json"
GRID = 64  # aspect_bucket_alignment, unless the trainer is told another
# What the trainer reads of a backend of these kinds; it passes over every other word.
_KEYS_WORDS = """
id type dataset_type disabled disable instance_data_dir cache_dir cache_dir_vae caption_strategy
caption_filter_list instance_prompt prepend_instance_prompt only_instance_prompt metadata_backend resolution
resolution_type minimum_image_size maximum_image_size target_downsample_size minimum_aspect_ratio
maximum_aspect_ratio max_num_samples crop crop_aspect crop_aspect_buckets crop_style repeats probability
conditioning conditioning_config conditioning_data conditioning_type default text_embeds image_embeds
vae_cache_clear_each_epoch vae_cache_ondemand vae_cache_disable hash_filenames disable_validation
is_regularisation_data is_regularization_data train_batch_size source_dataset_id compress_cache
preserve_data_backend_cache skip_file_discovery start_epoch start_step end_epoch end_step video parquet
write_batch_size read_batch_size vae_batch_size text_encoder_batch_size image_processing_batch_size
timestep_sampling_offset disable_multiline_split caption_shuffle caption_dropout_probability text_cache_ondemand
text_cache_disable metadata_update_interval delete_unwanted_images delete_problematic_images delete_nsfw_images
max_upscale_threshold slider_strength conditioning_image_embeds
"""
KEYS = frozenset(_KEYS_WORDS.split())


def export(items: Sequence[Item], context: Context) -> list[ExportFile]:
    """Return the files of the folder. The trainer drops alpha, so a transparent variant comes with its masks."""
    files = [*pictures(items, context), *layout.masks(items)]
    if context.transparent:
        return [*files, ExportFile(CONFIG, to_json(_backends(context, masked=True)))]
    return [
        *files,
        ExportFile(MASKED, to_json(_backends(context, masked=True))),
        ExportFile(CONFIG, to_json(_backends(context, masked=False))),
    ]


def _backends(context: Context, *, masked: bool) -> list[dict[str, Any]]:
    name = f"{context.token}-{context.variant}"
    shape = {
        "resolution": context.resolution,
        "resolution_type": "pixel_area",
        "minimum_image_size": context.step,
        "crop": False,
    }
    pictures_: dict[str, Any] = {
        "id": name,
        "type": "local",
        "dataset_type": "image",
        "instance_data_dir": context.place(IMAGES),
        "caption_strategy": "textfile",
        "metadata_backend": "discovery",
        **shape,
        "repeats": context.repeats - 1,  # here 0 means once
        "cache_dir_vae": context.place("cache/images"),
    }
    masks_ = {
        "id": f"{name}-masks",
        "type": "local",
        "dataset_type": "conditioning",
        "conditioning_type": "mask",
        "instance_data_dir": context.place(MASKS),
        "caption_strategy": "instanceprompt",
        "instance_prompt": "",
        "metadata_backend": "discovery",
        **shape,
        "cache_dir_vae": context.place("cache/masks"),
    }
    text = {
        "id": f"{name}-text",
        "type": "local",
        "dataset_type": "text_embeds",
        "default": True,
        "cache_dir": context.place("cache/text"),
    }
    if not masked:
        return [pictures_, text]
    return [{**pictures_, "conditioning_data": masks_["id"]}, masks_, text]


def read(folder: Path) -> Reading:
    """Return what the trainer takes by its data backends."""
    backends, findings = load_json(folder / CONFIG)
    known = tables(backends)
    names = {backend.get("id") for backend in known}
    readings = []
    for backend in known:
        findings += unknown_keys(CONFIG, backend, KEYS, f"{backend.get('id')}: ")
        paired = backend.get("conditioning_data")
        if paired is not None and paired not in names:
            findings.append(Finding("config", CONFIG, f"conditioning_data names {paired}, which is not there"))
        if backend.get("dataset_type", "image") == "image":
            by_pixels = backend.get("resolution_type") == "pixel_area"  # the others are not what we write
            fit = by_area(int(backend.get("resolution", 1024)), GRID) if by_pixels else None
            images = located(folder, str(backend.get("instance_data_dir", "")))
            masks = masks_in(folder / MASKS, expected=paired is not None or (folder / MASKED).is_file())
            readings.append(read_pairs(folder, images, masks, fit=fit))
    return joined(readings, findings)


TRAINER = Trainer("SimpleTuner", CONFIG, export, read, masked=True)
