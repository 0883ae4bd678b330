"""musubi-tuner: a folder for kohya-ss/musubi-tuner.

In: items of one variant. Out: `images/` and `dataset.toml`. Never: masks, which this trainer has no way to use: a
transparent variant is trained on the colour under its alpha.
"""

from collections.abc import Sequence
from pathlib import Path

from loraset.exporters.interface import Context, ExportFile, Item, Reading, Trainer
from loraset.exporters.layout import IMAGES, lines, paths_note, pictures, toml_string
from loraset.exporters.reading import joined, load_toml, located, read_pairs, tables, unknown_keys
from loraset.exporters.sizes import side_of, whole_steps

CONFIG = "dataset.toml"
GRID = 16
DEFAULT_SIZE = (960, 544)
GENERAL = frozenset(
    ("caption_extension", "batch_size", "num_repeats", "resolution", "enable_bucket", "bucket_no_upscale")
)
DATASET = GENERAL | {
    *("image_directory", "image_jsonl_file", "cache_directory", "control_directory", "multiple_target"),
    *("fp_latent_window_size", "fp_1f_clean_indices", "fp_1f_target_index", "fp_1f_no_post"),
    *("no_resize_control", "control_resolution"),
}


def export(items: Sequence[Item], context: Context) -> list[ExportFile]:
    """Return the files of the folder: the cache of latents, which the trainer makes, has a folder of its own."""
    text = [
        f"# Dataset for kohya-ss/musubi-tuner: variant {context.variant}.",
        *paths_note(context),
        *(["# This trainer ignores alpha: it sees the colour that lies under it."] if context.transparent else []),
        "[general]",
        f"resolution = [{context.resolution}, {context.resolution}]",
        'caption_extension = ".txt"',
        "batch_size = 1",
        "enable_bucket = true",
        "bucket_no_upscale = true",
        "",
        "[[datasets]]",
        f"image_directory = {toml_string(context.place(IMAGES))}",
        f"cache_directory = {toml_string(context.place('cache'))}",
        f"num_repeats = {context.repeats}",
    ]
    return [*pictures(items, context), ExportFile(CONFIG, lines(text))]


def read(folder: Path) -> Reading:
    """Return what the trainer takes by its dataset TOML."""
    config, findings = load_toml(folder / CONFIG)
    general = config.get("general", {})
    findings += unknown_keys(CONFIG, general, GENERAL, "[general] ")
    readings = []
    for dataset in tables(config.get("datasets")):
        findings += unknown_keys(CONFIG, dataset, DATASET, "[[datasets]] ")
        said = {**general, **dataset}
        images = located(folder, str(dataset.get("image_directory", "")))
        fit = whole_steps(side_of(said.get("resolution", DEFAULT_SIZE)), GRID)
        readings.append(read_pairs(folder, images, captions=(said.get("caption_extension", ".txt"),), fit=fit))
    return joined(readings, findings)


TRAINER = Trainer("musubi-tuner", CONFIG, export, read)
