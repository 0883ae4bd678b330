import tomllib
from pathlib import Path

import pytest

from loraset.exporters import EXPORTERS
from loraset.exporters.interface import Context, Item
from loraset.registry import load

# Which keys the trainer allows where, and of which type; anything else ends its start.
ANYWHERE = {
    "shuffle_caption": bool,
    "keep_tokens": int,
    "num_repeats": int,
    "caption_extension": str,
}
DATASET = {
    "resolution": int,
    "batch_size": int,
    "enable_bucket": bool,
    "min_bucket_reso": int,
    "max_bucket_reso": int,
    "bucket_reso_steps": int,
    "bucket_no_upscale": bool,
}
PLAIN_SUBSET = {"image_dir": str, "class_tokens": str, "alpha_mask": bool}
MASKED_SUBSET = {"image_dir": str, "conditioning_data_dir": str}

ITEMS = [
    Item("bear-1", Path("in/bear-1.png"), Path("m/bear-1.png"), "korbin, sitting", (1024, 1024)),
    Item("bear-2", Path("in/bear-2.png"), Path("m/bear-2.png"), "", (896, 1152)),
]


def export(*, transparent=False, trigger="korbin", class_word="plush toy", resolution=1024, step=64):
    context = Context("gray", transparent, "korbin", trigger, class_word, resolution, step)
    return {file.path: file.content for file in load(EXPORTERS, "kohya", "trainer").export(ITEMS, context)}


def check_keys(table, allowed):
    for key, value in table.items():
        assert type(value) is allowed[key], key


def read(files, name):
    config = tomllib.loads(files[name].decode())
    assert set(config) == {"general", "datasets"}
    check_keys(config["general"], ANYWHERE | DATASET)
    (dataset,) = config["datasets"]
    (subset,) = dataset.pop("subsets")
    check_keys(dataset, DATASET)
    assert dataset["min_bucket_reso"] <= dataset["resolution"] <= dataset["max_bucket_reso"]
    check_keys(subset, ANYWHERE | (MASKED_SUBSET if "conditioning_data_dir" in subset else PLAIN_SUBSET))
    return config["general"], dataset, subset


def test_folder_of_an_opaque_variant():
    files = export()
    assert list(files) == [
        "10_korbin/bear-1.png",
        "10_korbin/bear-1.txt",
        "10_korbin/bear-2.png",
        "10_korbin/bear-2.txt",
        "masks/bear-1.png",
        "masks/bear-2.png",
        "dataset-masked.toml",
        "dataset.toml",
    ]
    assert files["10_korbin/bear-1.txt"] == b"korbin, sitting\n"
    assert files["10_korbin/bear-2.txt"] == b"korbin plush toy\n"  # the trainer stops at an empty caption
    assert files["10_korbin/bear-1.png"] == Path("in/bear-1.png")


def test_plain_config_trains_on_whole_pictures():
    general, dataset, subset = read(export(), "dataset.toml")
    assert general == {"caption_extension": ".txt", "shuffle_caption": False, "keep_tokens": 1}
    assert subset == {"image_dir": "10_korbin", "num_repeats": 10, "class_tokens": "korbin plush toy"}
    assert dataset["bucket_no_upscale"] and dataset["enable_bucket"]


def test_masked_config_names_the_masks_and_what_the_trainer_must_be_told():
    files = export()
    _, _, subset = read(files, "dataset-masked.toml")
    assert subset == {"image_dir": "10_korbin", "num_repeats": 10, "conditioning_data_dir": "masks"}
    assert b"--masked_loss" in files["dataset-masked.toml"]
    assert b"--masked_loss" not in files["dataset.toml"]


def test_transparent_variant_is_weighted_by_its_alpha_and_has_no_masks():
    files = export(transparent=True)
    assert not [path for path in files if path.startswith("masks") or "masked" in path]
    _, _, subset = read(files, "dataset.toml")
    assert subset["alpha_mask"] is True


def test_without_trigger_nothing_is_held_in_front():
    general, _, subset = read(export(trigger="", class_word=""), "dataset.toml")
    assert general["keep_tokens"] == 0 and subset["class_tokens"] == "korbin"


@pytest.mark.parametrize(("resolution", "step", "steps"), [(1024, 64, 64), (512, 32, 32), (768, 8, 64), (64, 64, 64)])
def test_buckets_are_what_the_trainer_accepts(resolution, step, steps):
    _, dataset, _ = read(export(resolution=resolution, step=step), "dataset.toml")
    assert dataset["bucket_reso_steps"] == steps
    assert dataset["min_bucket_reso"] % steps == 0 and dataset["max_bucket_reso"] == 2 * resolution


@pytest.mark.parametrize("trigger", ['a "b" \\ c', "naïve\tline\nbreak", "日本"])
def test_any_trigger_is_valid_toml(trigger):
    _, _, subset = read(export(trigger=trigger, class_word=""), "dataset.toml")
    assert subset["class_tokens"] == trigger.replace("\t", " ").replace("\n", " ")
