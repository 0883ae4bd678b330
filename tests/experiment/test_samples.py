"""Samples by the names that each trainer gives them, and what is said of those that do not fit."""

import pytest

from loraset.experiment.kits import KITS
from loraset.experiment.samples import Cell, find_samples
from loraset.registry import load

PROTOCOL = {
    "arms": [{"name": "gray"}, {"name": "transparent"}],
    "seeds": [1, 2],
    "steps": 200,
    "sample_every": 100,
    "probes": [{"seed": 1001}, {"seed": 1002}],
}
RUN = "gray-seed1"

NAMES = {
    "kohya": "sample/gray-seed1_000200_01_20260102030405_1002.png",
    "musubi-tuner": "sample/gray-seed1_000200_01_20260102030405_1002_000.png",
    "onetrainer": "samples/1 - mydisc, toy/2026-01-02_03-04-05-training-sample-200-3-20.png",
    "ai-toolkit": "samples/1767323045123__000000200_1.png",
    "simpletuner": "validation_images/step_200_p01_0_1024x1024.png",
    "invoke-training": "1767323045/validation/epoch_00000003-step_00000200/prompt_0001/0000.jpg",
    "diffusers": "step200_prompt01_seed1002.png",
    "diffusion-pipe": "samples/step000200_prompt1_seed1002.webp",
    "plain": "step200_prompt01_seed1002.png",
}


def found(folder, trainer, *names, run=RUN):
    for name in names:
        path = folder / "runs" / run / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return find_samples(folder, PROTOCOL, load(KITS, trainer, "trainer"))


@pytest.mark.parametrize("trainer", KITS)
def test_every_trainers_names_are_read(tmp_path, trainer):
    samples = found(tmp_path, trainer, NAMES[trainer])
    (cell,) = samples.paths
    assert cell == Cell("gray", 1, 200, 1) and samples.paths[cell] == tmp_path / "runs" / RUN / NAMES[trainer]


def all_names(step, *, prompts=(0, 1)):
    return [f"sample/r_{step:06d}_{prompt:02d}_20260102030405_{1001 + prompt}.png" for prompt in prompts]


def complete(folder, *, but=()):
    for arm in ("gray", "transparent"):
        for seed in (1, 2):
            for step in (100, 200):
                for name in all_names(step):
                    if (arm, seed, name) not in but:
                        found(folder, "kohya", name, run=f"{arm}-seed{seed}")


def test_a_whole_experiment_has_no_notes(tmp_path):
    complete(tmp_path)
    samples = found(tmp_path, "kohya")
    assert samples.notes == () and len(samples.paths) == 16


def test_missing_runs_steps_and_prompts_are_said(tmp_path):
    complete(tmp_path, but=[("gray", 1, name) for name in (*all_names(100), all_names(200)[1])])
    for path in (tmp_path / "runs/transparent-seed2/sample").iterdir():
        path.unlink()
    assert found(tmp_path, "kohya").notes == (
        "transparent-seed2: no samples",
        "gray-seed1: step 100 has no samples",
        "gray-seed1: step 200 misses prompt 1",
    )


def test_a_step_that_nobody_sampled_is_said_once(tmp_path):
    for arm in ("gray", "transparent"):
        for seed in (1, 2):
            found(tmp_path, "kohya", *all_names(200), run=f"{arm}-seed{seed}")
    assert found(tmp_path, "kohya").notes == ("step 100: no run has samples",)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sample/r_000150_00_20260102030405_1001.png", "not planned, and left out: r_000150_00"),
        ("sample/r_000200_07_20260102030405_1001.png", "not planned, and left out: r_000200_07"),
        ("sample/r_e000002_00_20260102030405_1001.png", "not planned, and left out: r_e000002"),
        ("sample/grid.jpg", "not planned, and left out: grid.jpg"),
        ("sample/r_000200_00_20260102030406_5.png", "drawn with another seed than planned, and left out: r_000200"),
        (
            "sample/r_000200_00_20260102030404_1001.png",
            "drawn twice, the later one is taken, not r_000200_00_20260102030404",
        ),
        (
            "sample/r_000200_00_20260102030406_1001.png",
            "drawn twice, the later one is taken, not r_000200_00_20260102030405",
        ),
    ],
)
def test_pictures_that_do_not_fit_are_said_and_not_used(tmp_path, name, said):
    complete(tmp_path)
    before = found(tmp_path, "kohya").paths
    samples = found(tmp_path, "kohya", name)
    (note,) = samples.notes
    assert note.startswith(f"gray-seed1: {said}")
    later = name.endswith("20260102030406_1001.png")
    assert samples.paths == before | ({Cell("gray", 1, 200, 0): tmp_path / "runs" / RUN / name} if later else {})


def test_hidden_thumbnails_and_the_first_step_are_no_notes(tmp_path):
    complete(tmp_path)
    samples = found(tmp_path, "kohya", "sample/.thumbs/x.png", *all_names(0))
    assert samples.notes == () and Cell("gray", 1, 0, 1) in samples.paths


def test_runs_of_something_else_are_said(tmp_path):
    complete(tmp_path)
    assert found(tmp_path, "kohya", "a.png", run="old").notes == ("not of this experiment, and left out: old",)
