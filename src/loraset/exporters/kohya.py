"""kohya: a folder for kohya-ss/sd-scripts and all that reads its datasets (kohya_ss, ComfyUI's loader).

In: items of one variant. Out: `<repeats>_<token>/` with pictures and captions, which also serves `--train_data_dir`; a
dataset TOML beside it for `--dataset_config`; for opaque pictures `masks/` and a second TOML for masked training.
Never: absolute paths that nobody asked for, so that the folder can be moved to the machine that trains.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loraset.exporters.interface import Context, ExportFile, Finding, Item, Reading, Trainer
from loraset.exporters.layout import LOSS_NOTE, MASKS, lines, masks, paths_note, pictures, toml_string
from loraset.exporters.reading import joined, load_toml, located, masks_in, read_pairs, tables, with_finding
from loraset.exporters.sizes import side_of, whole_steps

CONFIG = "dataset.toml"
MASKED = "dataset-masked.toml"
GRID = 32  # the trainers of SDXL, SD3 and FLUX refuse a bucket step that this does not divide
DEFAULT_STEP = 64
CAPTIONS = (".caption", ".txt")  # its default, and what everybody sets
FOLDER = re.compile(r"[1-9]\d*_.+")  # what --train_data_dir takes: repeats, then the words for it

_WEIGHT_NOTES = {
    "": (),
    "alpha": (
        "# Alpha is the weight of the loss: the fill under it is not counted.",
        LOSS_NOTE,
    ),
    "masks": (
        "# The masks are the weight of the loss. The trainer takes this file only with --masked_loss beside it.",
        LOSS_NOTE,
    ),
}


def export(items: Sequence[Item], context: Context) -> list[ExportFile]:
    """Return the files of the folder, pictures first.

    A transparent variant is trained with its alpha as the weight of the loss. For an opaque one that is a choice:
    `dataset.toml` trains on whole pictures, `dataset-masked.toml` with the masks.
    """
    folder = f"{context.repeats}_{context.token}"
    files = pictures(items, context, folder)
    if context.transparent:
        return [*files, ExportFile(CONFIG, _toml(folder, context, "alpha"))]
    return [
        *files,
        *masks(items),
        ExportFile(MASKED, _toml(folder, context, "masks")),
        ExportFile(CONFIG, _toml(folder, context, "")),
    ]


def _toml(folder: str, context: Context, weight: str) -> bytes:
    """Return a dataset config. weight: where the loss's weight comes from: "alpha", "masks", or "" for none."""
    step = context.step if context.step % GRID == 0 else DEFAULT_STEP
    least = max(step, context.resolution // 4 // step * step)
    text = [
        f"# Dataset for kohya-ss/sd-scripts (--dataset_config): variant {context.variant}.",
        *paths_note(context),
        *_WEIGHT_NOTES[weight],
        "[general]",
        'caption_extension = ".txt"',
        "shuffle_caption = false",
        f"keep_tokens = {int(bool(context.trigger))}",
        "",
        "[[datasets]]",
        f"resolution = {context.resolution}",
        "batch_size = 1",
        "enable_bucket = true",
        f"min_bucket_reso = {least}",
        f"max_bucket_reso = {context.resolution * 2}",
        f"bucket_reso_steps = {step}",
        "bucket_no_upscale = true",
        "",
        "  [[datasets.subsets]]",
        f"  image_dir = {toml_string(context.place(folder))}",
        f"  num_repeats = {context.repeats}",
    ]
    if weight == "alpha":
        text.append("  alpha_mask = true")
    if weight == "masks":  # a subset with masks has no class_tokens
        text.append(f"  conditioning_data_dir = {toml_string(context.place(MASKS))}")
    else:
        text.append(f"  class_tokens = {toml_string(context.words)}")
    return lines(text)


def read(folder: Path) -> Reading:
    """Return what the trainer takes: by the dataset TOML where there is one, else by the names of the folders."""
    if not (folder / CONFIG).is_file():
        named = [inner for inner in _folders(folder) if FOLDER.fullmatch(inner.name)]
        readings = [read_pairs(folder, inner, _masks(folder), captions=CAPTIONS) for inner in named]
        none = Finding("no_pictures", "", f"there is no {CONFIG}, and no folder named <repeats>_<words>")
        return joined(readings, [*_misnamed(folder), *([] if named else [none])])
    config, findings = load_toml(folder / CONFIG)
    general = config.get("general", {})
    readings = []
    for dataset in tables(config.get("datasets")):
        for subset in tables(dataset.get("subsets")):
            said = {**general, **dataset, **subset}
            reading = read_pairs(
                folder,
                located(folder, str(subset.get("image_dir", ""))),
                _masks(folder),
                captions=(said.get("caption_extension", CAPTIONS[0]),),
                alpha="weight" if subset.get("alpha_mask") is True else "dropped",
                fit=whole_steps(side_of(said.get("resolution", 512)), said.get("bucket_reso_steps", DEFAULT_STEP)),
            )
            readings.append(with_finding(reading, *_ambiguous(folder, reading)))
    return joined(readings, [*findings, *_keys(config), *_misnamed(folder)])


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _misnamed(folder: Path) -> list[Finding]:
    """Return the folders of pictures that --train_data_dir passes over."""
    return [
        Finding("name", inner.name, "a folder's name must be <repeats>_<words>, or the trainer passes it over")
        for inner in _folders(folder)
        if inner.name != MASKS and not FOLDER.fullmatch(inner.name) and any(inner.glob("*.png"))
    ]


def _ambiguous(folder: Path, reading: Reading) -> list[Finding]:
    """Return the stems of five parts and more: without a caption of their own they take that of a shorter name."""
    return [
        Finding(
            "name", sample.image.relative_to(folder).as_posix(), "four underscores: it may take another one's caption"
        )
        for sample in reading.samples
        if sample.image.stem.count("_") >= 4
    ]


def _keys(config: dict[str, Any]) -> list[Finding]:
    """Return what the trainer refuses: alpha_mask anywhere but in a subset, or beside masks."""
    above = [config.get("general", {}), *tables(config.get("datasets"))]
    if any("alpha_mask" in table for table in above):
        return [Finding("config", CONFIG, "alpha_mask belongs into [[datasets.subsets]]: elsewhere it is refused")]
    return []


def _masks(folder: Path) -> dict[str, Path] | None:
    return masks_in(folder / MASKS, expected=(folder / MASKED).is_file())


TRAINER = Trainer("kohya sd-scripts", CONFIG, export, read, alpha="weight", masked=True)
