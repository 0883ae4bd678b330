"""kohya: a folder for kohya-ss/sd-scripts and all that reads its datasets (kohya_ss, ComfyUI's loader).

In: items of one variant. Out: `<repeats>_<token>/` with pictures and captions, which also serves `--train_data_dir`; a
dataset TOML beside it for `--dataset_config`; for opaque pictures `masks/` and a second TOML for masked training.
Never: absolute paths, so that the folder can be moved to the machine that trains.
"""

from collections.abc import Sequence

from loraset.exporters.interface import Context, ExportFile, Item

REPEATS = 10
MASKS = "masks"
GRID = 32  # the trainers of SDXL, SD3 and FLUX refuse a bucket step that this does not divide
DEFAULT_STEP = 64

LOSS_NOTE = "# The loss shrinks with the subject's share of the picture: mind that when runs are compared at one rate."
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
_WEIGHT_KEYS = {
    "": (),
    "alpha": ("  alpha_mask = true",),
    "masks": (f'  conditioning_data_dir = "{MASKS}"',),
}


def export(items: Sequence[Item], context: Context) -> list[ExportFile]:
    """Return the files of the folder, pictures first.

    A transparent variant is trained with its alpha as the weight of the loss. For an opaque one that is a choice:
    `dataset.toml` trains on whole pictures, `dataset-masked.toml` with the masks.
    """
    folder = f"{REPEATS}_{context.token}"
    files = []
    for item in items:
        files.append(ExportFile(f"{folder}/{item.stem}{item.image.suffix}", item.image))
        if item.caption:  # the trainer stops at an empty caption file; without one it takes the class tokens
            files.append(ExportFile(f"{folder}/{item.stem}.txt", f"{item.caption}\n".encode()))
        if not context.transparent:
            files.append(ExportFile(f"{MASKS}/{item.stem}{item.mask.suffix}", item.mask))
    if context.transparent:
        return [*files, ExportFile("dataset.toml", _toml(folder, context, "alpha").encode())]
    return [
        *files,
        ExportFile("dataset-masked.toml", _toml(folder, context, "masks").encode()),
        ExportFile("dataset.toml", _toml(folder, context, "").encode()),
    ]


def _toml(folder: str, context: Context, weight: str) -> str:
    """Return a dataset config. weight: where the loss's weight comes from: "alpha", "masks", or "" for none."""
    name = "dataset-masked.toml" if weight == "masks" else "dataset.toml"
    step = context.step if context.step % GRID == 0 else DEFAULT_STEP
    least = max(step, context.resolution // 4 // step * step)
    lines = [
        f"# Dataset for kohya-ss/sd-scripts: variant {context.variant}.",
        "# The folders below are relative to this file, but the trainer looks for them where it is started: start it",
        f"# from this folder with --dataset_config {name}, or write whole paths, with forward slashes.",
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
        f'  image_dir = "{folder}"',
        f"  num_repeats = {REPEATS}",
        *_WEIGHT_KEYS[weight],
    ]
    if weight != "masks":  # a subset with conditioning_data_dir has no such key
        words = " ".join(filter(None, (context.trigger, context.class_word))) or context.token
        lines.append(f"  class_tokens = {_string(words)}")
    return "\n".join(lines) + "\n"


def _string(text: str) -> str:
    """Return a TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(character if character.isprintable() else " " for character in escaped) + '"'
