"""What each configuration says, by the keys and values that its trainer knows."""

import json
import tomllib

import pytest

from loraset.exporters import ai_toolkit, onetrainer, simpletuner
from loraset.exporters.layout import yaml_lines
from painted_exports import exported, trainer


def written(top, name, **options):
    return {file.path: file.read() for file in exported(top, name, **options)[1]}


def broken(top, name, file, old, new, **options) -> list[str]:
    """Return what is said of a configuration after an edit by hand."""
    folder, _ = exported(top, name, **options)
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")
    return [finding.detail for finding in trainer(name).read(folder).findings if finding.code == "config"]


def test_musubi_has_no_mask_key_and_a_cache_of_its_own(tmp_path):
    files = written(tmp_path, "musubi-tuner")
    config = tomllib.loads(files["dataset.toml"].decode())
    assert config["general"] == {
        "resolution": [256, 256],
        "caption_extension": ".txt",
        "batch_size": 1,
        "enable_bucket": True,
        "bucket_no_upscale": True,
    }
    assert config["datasets"] == [{"image_directory": "images", "cache_directory": "cache", "num_repeats": 7}]
    assert not [path for path in files if "mask" in path]


def test_onetrainer_has_a_concept_for_each_size_and_nothing_random(tmp_path):
    files = written(tmp_path, "onetrainer")
    concepts = json.loads(files["concepts.json"])
    assert [each["path"] for each in concepts] == ["192x320", "256x256"]
    for concept in concepts:
        assert concept["balancing"] == 7.0 and concept["balancing_strategy"] == "REPEATS"
        assert concept["seed"] == 3 and concept["image"]["enable_resolution_override"] is True
        assert concept["image"]["resolution_override"] == concept["path"]
        assert concept["image"]["enable_crop_jitter"] is concept["image"]["enable_random_flip"] is False
        assert set(concept) <= onetrainer.CONCEPT and set(concept["image"]) <= onetrainer.IMAGE
        assert set(concept["text"]) <= onetrainer.TEXT
    assert {"256x256/bear-1.png", "256x256/bear-1.txt", "256x256/bear-1-masklabel.png"} <= set(files)


def test_ai_toolkit_job(tmp_path):
    files = written(tmp_path, "ai-toolkit", target="sdxl")
    text = files["config.yaml"].decode()
    assert ai_toolkit.read_datasets(text) == [
        {
            "folder_path": '"images"',
            "caption_ext": '"txt"',
            "caption_dropout_rate": "0.0",
            "num_repeats": "7",
            "resolution": "[256]",
            "bucket_tolerance": "64",
            "cache_latents_to_disk": "true",
        }
    ]
    for line in (
        'job: "extension"',
        '  name: "korbin-gray"',
        '      trigger_word: "korbin"',
        '        arch: "sdxl"',
        '        noise_scheduler: "ddpm"',
        '        format: "png"',
    ):
        assert line in text.splitlines()
    (masked,) = ai_toolkit.read_datasets(files["config-masked.yaml"].decode())
    assert masked["mask_path"] == '"masks"' and "alpha_mask" not in masked
    (transparent,) = ai_toolkit.read_datasets(written(tmp_path, "ai-toolkit", transparent=True)["config.yaml"].decode())
    assert transparent["alpha_mask"] == "true" and "mask_path" not in transparent


def test_simpletuner_pairs_pictures_with_masks(tmp_path):
    files = written(tmp_path, "simpletuner")
    pictures, masks, text = json.loads(files["multidatabackend-masked.json"])
    assert pictures["conditioning_data"] == masks["id"] and masks["conditioning_type"] == "mask"
    assert (pictures["dataset_type"], masks["dataset_type"], text["dataset_type"]) == (
        "image",
        "conditioning",
        "text_embeds",
    )
    assert pictures["repeats"] == 6  # here 0 means once
    geometry = ("resolution", "resolution_type", "crop", "minimum_image_size")
    assert [pictures[key] for key in geometry] == [masks[key] for key in geometry]
    assert len({each.get("cache_dir_vae", each.get("cache_dir")) for each in (pictures, masks, text)}) == 3
    plain = json.loads(files["multidatabackend.json"])
    assert len(plain) == 2 and "conditioning_data" not in plain[0]
    for backend in (pictures, masks, text):
        assert set(backend) <= simpletuner.KEYS
    (transparent, *_) = json.loads(written(tmp_path, "simpletuner", transparent=True)["multidatabackend.json"])
    assert "conditioning_data" in transparent


def test_diffusers_rows(tmp_path):
    files = written(tmp_path, "diffusers")
    rows = [json.loads(line) for line in files["train/metadata.jsonl"].decode().splitlines()]
    assert rows[0] == {"file_name": "bear-1.png", "text": "korbin, sitting", "mask_file_name": "masks/bear-1.png"}
    assert {f"train/{row[key]}" for row in rows for key in ("file_name", "mask_file_name")} <= set(files)
    assert not [path for path in files if path.endswith(".txt")]


def test_diffusion_pipe_names_the_sizes_that_there_are(tmp_path):
    files = written(tmp_path, "diffusion-pipe")
    config = tomllib.loads(files["dataset.toml"].decode())
    assert config["size_buckets"] == [[192, 320, 1], [256, 256, 1]]
    assert config["directory"] == [{"path": "images", "num_repeats": 7}]
    assert tomllib.loads(files["dataset-masked.toml"].decode())["directory"][0]["mask_path"] == "masks"
    transparent = tomllib.loads(written(tmp_path, "diffusion-pipe", transparent=True)["dataset.toml"].decode())
    assert transparent["directory"][0]["mask_path"] == "masks"  # else white would be learnt


def test_invoke_has_the_buckets_of_the_set_and_uses_masks_for_alpha(tmp_path):
    files = written(tmp_path, "invoke-training")
    text = files["data_loader.yaml"].decode()
    for line in ("    target_resolution: 256", "    divisible_by: 64", "use_masks: false"):
        assert line in text.splitlines()
    rows = [json.loads(line) for line in files["data.jsonl"].decode().splitlines()]
    assert rows[1] == {"image": "images/bear-2.png", "text": "korbin plush toy", "mask": "masks/bear-2.png"}
    assert b"use_masks: true" in written(tmp_path, "invoke-training", transparent=True)["data_loader.yaml"]


@pytest.mark.parametrize(
    ("name", "file", "old", "new", "said"),
    [
        ("ai-toolkit", "config.yaml", "alpha_mask:", "alpha_maks:", "did you mean alpha_mask?"),
        ("onetrainer", "concepts.json", '"balancing":', '"repeats":', "repeats is no key"),
        ("onetrainer", "concepts.json", '"enable_crop_jitter":', '"crop_jitter":', "did you mean enable_crop_jitter?"),
        ("simpletuner", "multidatabackend.json", '"crop":', '"croop":', "did you mean crop?"),
        ("simpletuner", "multidatabackend.json", "-masks", "-mask", "which is not there"),
        ("diffusion-pipe", "dataset.toml", "mask_path", "maskpath", "did you mean mask_path?"),
        ("musubi-tuner", "dataset.toml", "[general]", "[general]\ncache_directory = 'x'", "cache_directory is no key"),
        ("kohya", "dataset.toml", "[general]", "[general]\nalpha_mask = true", "belongs into [[datasets.subsets]]"),
    ],
)
def test_a_typo_that_the_trainer_would_swallow_is_told(tmp_path, name, file, old, new, said):
    (detail,) = broken(tmp_path, name, file, old, new, transparent=True)
    assert said in detail


def test_yaml_is_block_style_with_quoted_words():
    value = {"a": {"b": [{"c": "no", "d": [1, 2]}, {"c": 'x: "y" # z'}]}, "e": True, "f": {}, "g": "日本"}
    assert list(yaml_lines(value)) == [
        "a:",
        "  b:",
        '    - c: "no"',
        "      d: [1, 2]",
        '    - c: "x: \\"y\\" # z"',
        "e: true",
        "f: {}",
        'g: "日本"',
    ]


def test_hand_written_yaml_is_read_as_the_trainer_reads_it():
    text = """
config:
  process:
    - type: sd_trainer
      datasets:
        # pictures of the toy
        - folder_path: "/data/a"   # here
          resolution: [ 512, 768 ]
        - folder_path: /data/b
          alpha_mask: true
      train: {steps: 5}
"""
    assert ai_toolkit.read_datasets(text) == [
        {"folder_path": '"/data/a"', "resolution": "[ 512, 768 ]"},
        {"folder_path": "/data/b", "alpha_mask": "true"},
    ]
