"""The plan: every run's configuration, the frozen protocol, and what is refused."""

import json
import subprocess
import sys
import tomllib
from dataclasses import replace

import pytest
from making import RECIPE, planned

import small_set
from loraset.errors import InputError, LorasetError, OutputError, UsageError
from loraset.experiment.choose import Wish
from loraset.experiment.kits import KITS
from loraset.experiment.kits.settings import merged
from loraset.experiment.plan import plan
from loraset.experiment.probes import ASKS_PLAIN, make_probes, read_probes
from loraset.experiment.protocol import changes, load_protocol
from loraset.experiment.runs import Command, Run, run_script
from loraset.registry import load

TRAINED = ["kohya", "onetrainer", "ai-toolkit", "simpletuner", "invoke-training"]
MUSUBI = {"trainer": "musubi-tuner", "target": "qwen-image"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    top = tmp_path_factory.mktemp("plan")
    small_set.paint(top / "photos", count=3)
    small_set.run(top / "photos", top / "set", recipe=RECIPE)
    return top / "set"


def settings(folder, run) -> dict:
    """Return a run's configuration; of YAML its keys and the text of their values."""
    path = next(path for path in (folder / "runs" / run).iterdir() if path.stem in ("config", "job"))
    if path.suffix == ".toml":
        return tomllib.loads(path.read_text())
    if path.suffix == ".json":
        return {key.removeprefix("--"): value for key, value in json.loads(path.read_text()).items()}
    pairs = (line.strip(" -").split(": ", 1) for line in path.read_text().splitlines() if ": " in line)
    return {key: json.loads(value) for key, value in pairs if not key.startswith("#")}


SEEDS = {"kohya": "seed", "ai-toolkit": "training_seed", "simpletuner": "seed", "invoke-training": "seed"}
EVERY = {
    "kohya": "sample_every_n_steps",
    "onetrainer": "sample_after",
    "ai-toolkit": "sample_every",
    "simpletuner": "validation_step_interval",
    "invoke-training": "validate_every_n_steps",
}


@pytest.mark.parametrize("trainer", TRAINED)
def test_runs_of_a_trainer_differ_in_arm_and_seed_only(made, tmp_path, trainer):
    folder = tmp_path / "x"
    protocol = plan(made, folder, Wish(trainer=trainer, target="sdxl", steps=900))
    runs = [f"{arm['name']}-seed{seed}" for arm in protocol["arms"] for seed in (1, 2, 3)]
    assert sorted(path.name for path in (folder / "runs").iterdir()) == sorted(runs)
    said = {run: settings(folder, run) for run in runs}
    for run, each in said.items():
        assert each[EVERY[trainer]] == 300
        if trainer in SEEDS:
            assert each[SEEDS[trainer]] == int(run[-1])
        else:
            concepts = json.loads((folder / "runs" / run / "concepts.json").read_text())
            assert {concept["seed"] for concept in concepts} == {int(run[-1])}
        other = {key: str(value).replace(run, "RUN") for key, value in each.items() if key != SEEDS.get(trainer)}
        twin = said[run[:-1] + "3"]
        assert other == {
            key: str(value).replace(run[:-1] + "3", "RUN") for key, value in twin.items() if key != SEEDS.get(trainer)
        }


def test_kohya_trains_masks_and_alpha_each_in_its_way(made, tmp_path):
    plan(made, tmp_path, Wish(trainer="kohya", target="sdxl"))
    gray, masked, alpha = (settings(tmp_path, f"{arm}-seed1") for arm in ("gray", "gray-masked", "transparent"))
    assert [each["masked_loss"] for each in (gray, masked, alpha)] == [False, True, False]
    assert masked["dataset_config"] == f"{tmp_path}/arms/gray-masked/dataset-masked.toml"
    assert "alpha_mask = true" in (tmp_path / "arms/transparent/dataset.toml").read_text()
    subset = tomllib.loads((tmp_path / "arms/gray-masked/dataset-masked.toml").read_text())["datasets"][0]["subsets"][0]
    assert subset["image_dir"].startswith(f"{tmp_path}/arms/gray-masked/")
    assert not any(each["cache_latents_to_disk"] for each in (gray, masked, alpha))


def test_other_trainers_weigh_the_same_arms(made, tmp_path):
    plan(made, tmp_path / "o", Wish(trainer="onetrainer", target="sdxl"))
    weighed = {arm: settings(tmp_path / "o", f"{arm}-seed1")["masked_training"] for arm in ("gray", "transparent")}
    assert weighed == {"gray": False, "transparent": True}
    assert settings(tmp_path / "o", "gray-seed1")["__version"] == 11  # without it the trainer fails at its start
    plan(made, tmp_path / "i", Wish(trainer="invoke-training", target="sdxl"))
    text = (tmp_path / "i/runs/gray-masked-seed2/config.yaml").read_text()
    assert text.count("use_masks:") == 1 and "use_masks: true" in text
    plan(made, tmp_path / "a", Wish(trainer="ai-toolkit", target="sdxl"))
    assert "mask_path" in settings(tmp_path / "a", "gray-masked-seed1")
    assert settings(tmp_path / "a", "transparent-seed1")["alpha_mask"] is True
    assert not {"alpha_mask", "mask_path"} & set(settings(tmp_path / "a", "gray-seed1"))


def test_what_ai_toolkit_writes_at_its_start_changes_nothing_of_the_plan(made, tmp_path):
    protocol = plan(made, tmp_path, Wish(trainer="ai-toolkit", target="sdxl"))
    assert f"{tmp_path}/runs/gray-seed1/job.yaml" in (tmp_path / "run.py").read_text()
    (tmp_path / "runs/gray-seed1/config.yaml").write_text("job: extension")  # its own copy of the job
    assert changes(tmp_path, protocol) == []


def test_musubi_caches_before_it_trains_and_says_that_it_has_no_masks(made, tmp_path):
    base = tmp_path / "mine.toml"
    base.write_text(
        'vae = "v.safetensors"\ntext_encoder = "t.safetensors"\n[training]\nlearning_rate = 5e-5\nseed = 9\n'
    )
    protocol = plan(made, tmp_path / "x", Wish(**MUSUBI, base=base, root="/data/x"))
    said = settings(tmp_path / "x", "gray-seed2")
    assert (said["learning_rate"], said["seed"], said["vae"]) == (5e-5, 2, "v.safetensors")  # theirs but for the seed
    assert said["dataset_config"] == "/data/x/arms/gray/dataset.toml"
    script = (tmp_path / "x/run.py").read_text()
    order = [script.index(f"qwen_image_{part}") for part in ("cache_latents", "cache_text_encoder", "train_network")]
    assert order == sorted(order)
    assert "weighs no loss" in " ".join(protocol["words"])


def test_base_settings_give_way_where_the_experiment_decides():
    ours, base, fixed = {"a": 1, "t": {"x": 1, "y": 2}}, {"a": 2, "b": 3, "t": {"y": 5}}, {"b": 4}
    assert merged(ours, base, fixed) == {"a": 2, "b": 4, "t": {"x": 1, "y": 5}}
    assert ours == {"a": 1, "t": {"x": 1, "y": 2}}


@pytest.mark.parametrize("ending", ["toml", "json"])
def test_epochs_and_null_in_base_settings_do_not_reach_kohya(made, tmp_path, ending):
    said = {"max_train_epochs": 2, "sample_every_n_epochs": 1, "network_dropout": 0.5}
    base = tmp_path / f"mine.{ending}"
    if ending == "toml":
        base.write_text("[training]\n" + "".join(f"{key} = {value}\n" for key, value in said.items()))
    else:
        base.write_text(json.dumps({"training": said, "vae": None, "network_args": ["a=1", None]}))
    plan(made, tmp_path / "x", Wish(trainer="kohya", target="sdxl", base=base, steps=90))
    config = settings(tmp_path / "x", "gray-seed1")
    assert not {"max_train_epochs", "sample_every_n_epochs", "training", "vae"} & set(config)
    assert (config["max_train_steps"], config["network_dropout"]) == (90, 0.5)
    assert config.get("network_args", ["a=1"]) == ["a=1"]


def test_tables_in_base_settings_stay_tables_where_the_trainer_has_them(made, tmp_path):
    base = tmp_path / "mine.toml"
    base.write_text("[optimizer]\noptimizer = 'PRODIGY'\n[network]\nlinear = 4\n")
    plan(made, tmp_path / "o", Wish(trainer="onetrainer", target="sdxl", base=base))
    assert settings(tmp_path / "o", "gray-seed1")["optimizer"] == {"optimizer": "PRODIGY"}
    plan(made, tmp_path / "a", Wish(trainer="ai-toolkit", target="sdxl", base=base))
    assert "\n        linear: 4\n" in (tmp_path / "a/runs/gray-seed1/job.yaml").read_text()


@pytest.mark.parametrize(("batch_size", "epochs"), [(1, 4), (4, 13), (30, 91)])
def test_onetrainers_epochs_take_the_steps_at_any_batch_size(made, tmp_path, batch_size, epochs):
    base = tmp_path / "mine.json"
    base.write_text(json.dumps({"batch_size": batch_size}))
    plan(made, tmp_path / "x", Wish(trainer="onetrainer", target="sdxl", base=base, steps=90))
    sizes = json.loads((tmp_path / "x/runs/gray-seed1/concepts.json").read_text())
    assert [size["balancing"] for size in sizes] == [10]  # of 3 pictures, so a batch of 4 is filled 7 times
    assert settings(tmp_path / "x", "gray-seed1")["epochs"] == epochs


@pytest.mark.parametrize(("batch_size", "said"), [(31, "has the 31 pictures of a batch"), (None, "batch_size is None")])
def test_a_batch_that_onetrainer_could_not_fill_is_refused(made, tmp_path, batch_size, said):
    base = tmp_path / "mine.json"
    base.write_text(json.dumps({"batch_size": batch_size}))
    with pytest.raises(UsageError, match=said):
        plan(made, tmp_path / "x", Wish(trainer="onetrainer", target="sdxl", base=base))


def test_prompts_are_of_four_kinds_with_a_seed_each():
    probes = make_probes("mydisc, toy", "toy")
    kinds = [probe.kind for probe in probes]
    assert {kind: kinds.count(kind) for kind in kinds} == {"scene": 8, "plain": 2, "trigger": 2, "none": 2}
    assert len({probe.seed for probe in probes}) == len(probes)
    for probe in probes:
        assert ("mydisc" in probe.text) == (probe.kind != "none")
        assert probe.kind == "plain" or not ASKS_PLAIN.search(probe.text)
    assert [probe.text for probe in probes if probe.kind == "trigger"] == ["mydisc, toy"] * 2
    assert make_probes("x", "")[-1].text.startswith("on a wooden table")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scene: {subject}, gray background", "line 1: a scene must not ask for a background, but says 'gray'"),
        ("scene: {subject} on a roof\nscen: {subject}", "line 2: write `kind: prompt`"),
        ("scene: {subject}, a studio", "a scene must not ask for a background, but says 'studio'"),
        (
            "scene: {subject}\nnone: {subject} on a roof",
            "line 2: {subject} brings the trigger into a prompt without one",
        ),
        ("scene: a roof", "the prompt names no {subject}"),
        ("# nothing\nnone: a roof", "holds no `scene:` prompt"),
    ],
)
def test_a_file_of_prompts_that_would_spoil_the_measure_is_refused(tmp_path, text, said):
    path = tmp_path / "p.txt"
    path.write_text(text)
    with pytest.raises(UsageError) as raised:
        read_probes(path)
    assert said in str(raised.value)


def test_own_prompts_are_drawn(made, tmp_path):
    path = tmp_path / "p.txt"
    path.write_text("scene: {subject} on a roof\n\n# why\nnone: a roof\n")
    protocol = plan(made, tmp_path / "x", Wish(trainer="kohya", target="sdxl", prompts=path, steps=10))
    assert [probe["text"] for probe in protocol["probes"]] == ["mydisc, toy on a roof", "a roof"]
    assert (tmp_path / "x/prompts.txt").read_text().splitlines()[
        0
    ] == "mydisc, toy on a roof --w 128 --h 128 --d 1001 --s 28"


@pytest.mark.parametrize(
    ("steps", "every"), [(1500, 500), (1000, 250), (2000, 500), (1010, 202), (22, 11), (1009, 1009), (1, 1)]
)
def test_samples_are_drawn_three_times_or_so(made, tmp_path, steps, every):
    protocol = plan(made, tmp_path, Wish(trainer="plain", target="sdxl", steps=steps, seeds=(1,)))
    assert protocol["sample_every"] == every


def test_the_same_plan_is_the_same_hash_and_any_change_is_said(made, tmp_path):
    wish = Wish(trainer="kohya", target="sdxl", root="/data")
    one, other = plan(made, tmp_path / "a", wish), plan(made, tmp_path / "b", wish)
    assert one["hash"] == other["hash"] and changes(tmp_path / "a", one, one["hash"][:12]) == []
    assert plan(made, tmp_path / "c", replace(wish, steps=1200))["hash"] != one["hash"]
    said = load_protocol(tmp_path / "a")
    said["primary"]["alpha"] = 0.2
    assert changes(tmp_path / "a", said) == [
        "protocol.json was changed after it was frozen: its hash does not fit what it says"
    ]
    assert "another one than was noted" in changes(tmp_path / "b", other, "0000")[0]
    (tmp_path / "b/runs/gray-seed1/config.toml").write_text("seed = 7")
    (tmp_path / "b/arms/gray/dataset.toml").unlink()
    assert changes(tmp_path / "b", other) == [
        "runs/gray-seed1/config.toml was changed after the protocol was frozen",
        "arms/gray/dataset.toml is missing",
    ]


def test_a_plan_is_repeated_and_pruned_until_there_are_results(made, tmp_path):
    plan(made, tmp_path, Wish(trainer="kohya", target="sdxl"))
    plan(made, tmp_path, Wish(trainer="kohya", target="sdxl", seeds=(1, 2, 3, 4), arms=("gray", "transparent")))
    assert not (tmp_path / "arms/white").exists() and (tmp_path / "runs/gray-seed4").is_dir()
    (tmp_path / "runs/gray-seed1/x.png").write_bytes(b"")
    with pytest.raises(OutputError, match=r"there are results already: runs/gray-seed1/x\.png"):
        plan(made, tmp_path, Wish(trainer="kohya", target="sdxl"))


@pytest.mark.parametrize("edited", ["prompts.txt", "arms/white/**/*.txt"])
def test_an_edited_plan_is_not_frozen_and_nothing_of_it_is_changed(made, tmp_path, edited):
    wish = Wish(trainer="kohya", target="sdxl", steps=90)
    plan(made, tmp_path, wish)
    path = sorted(tmp_path.glob(edited))[0]
    path.write_text("mine")
    contents = lambda: {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and p.parent.name != ".loraset"}  # noqa: E731
    before = contents()
    with pytest.raises(OutputError, match=rf"{path.name} in .* was edited or put there by hand"):
        plan(made, tmp_path, replace(wish, steps=300, captions="both"))
    assert contents() == before
    path.unlink()
    assert plan(made, tmp_path, replace(wish, steps=300))["steps"] == 300


def test_a_finished_run_of_an_earlier_plan_is_a_result(made, tmp_path):
    wish = Wish(trainer="kohya", target="sdxl", steps=90)
    plan(made, tmp_path, wish)
    (tmp_path / "runs/gray-seed1/finished").touch()
    with pytest.raises(OutputError, match="there are results already: runs/gray-seed1/finished"):
        plan(made, tmp_path, replace(wish, steps=300))


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish(trainer="kohyaa", target="sdxl"), "unknown trainer for an experiment 'kohyaa'"),
        (Wish(trainer="kohya"), "no base model is named"),
        (Wish(trainer="kohya", model="m.safetensors"), "kohya must know the kind of base model"),
        (Wish(trainer="kohya", target="sdxxl"), "unknown target 'sdxxl'"),
        (Wish(trainer="kohya", target="wan"), "kohya does not train wan"),
        (Wish(trainer="kohya", target="flux"), "kohya needs clip_l, t5xxl, ae to train flux"),
        (Wish(**MUSUBI), "musubi-tuner needs vae, text_encoder to train qwen-image"),
        (Wish(trainer="kohya", target="sdxl", steps=1000, sample_every=300), "samples every 300 steps miss step 1000"),
        (Wish(trainer="kohya", target="sdxl", seeds=(0, 1)), "training seeds are whole numbers from 1"),
        (Wish(trainer="kohya", target="sdxl", compare=("gray", "grey")), "there is no arm 'grey' to compare"),
        (Wish(trainer="kohya", target="sdxl", compare=("gray", "gray")), "two arms are compared"),
        (Wish(trainer="kohya", target="sdxl", outcome="fil"), "there is no outcome 'fil'"),
        (
            Wish(trainer="kohya", target="sdxl", compare=("original", "random-named")),
            "neither original nor random-named",
        ),
    ],
)
def test_what_does_not_go_together_is_said(made, tmp_path, wish, said):
    with pytest.raises(UsageError) as raised:
        plan(made, tmp_path / "x", wish)
    assert said in str(raised.value) and raised.value.hint
    assert not (tmp_path / "x/protocol.json").exists()


def test_a_set_without_a_trigger_and_a_folder_that_is_none_are_refused(tmp_path):
    with pytest.raises(InputError):
        plan(tmp_path, tmp_path / "x", Wish(trainer="kohya", target="sdxl"))
    small_set.paint(tmp_path / "photos", count=1)
    small_set.run(tmp_path / "photos", tmp_path / "set", recipe=RECIPE.replace('trigger = "mydisc"', ""))
    with pytest.raises(LorasetError, match="the set has no trigger word"):
        plan(tmp_path / "set", tmp_path / "x", Wish(trainer="kohya", target="sdxl"))


def test_the_words_say_power_dose_and_limits(tmp_path):
    _, _, protocol = planned(tmp_path, seeds=(1, 2))
    words = " ".join(protocol["words"])
    share = f"{protocol['set']['coverage']:.0%}"
    assert "too few for a test, and none will be made" in words
    assert f"about {share} of an unmasked one's" in words and f"cover {share} of the pictures" in words
    assert "gray against gray-masked, the very same pixels, shows what weighing alone does" in words
    assert (tmp_path / "experiment/protocol.md").read_text().endswith(f"Frozen as {protocol['hash']}\n")


def test_the_script_runs_what_is_not_finished_and_stops_at_a_failure(tmp_path):
    made_kit = load(KITS, "plain", "trainer")
    say = "import sys, os; open('log', 'a').write(sys.argv[1] + os.environ['X']); sys.exit(sys.argv[1] == 'b-seed1')"
    kit = replace(
        made_kit, commands=lambda run, setup: [Command((sys.executable, "-c", say, run.name), {"X": "é'\"\\;"})]
    )

    class Arm:
        def __init__(self, name):
            self.name = name

    script = tmp_path / "run.py"
    script.write_bytes(run_script([Run(Arm(name), seed) for name in "ab" for seed in (1, 2)], kit, None))
    start = lambda: subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True)  # noqa: E731
    first, second = start(), start()
    assert first.returncode != 0 and "runs/b-seed1 failed" in first.stderr
    assert "runs/a-seed1: finished before" in second.stdout
    assert (tmp_path / "log").read_text("utf-8") == "a-seed1é'\"\\;b-seed1é'\"\\;b-seed1é'\"\\;"
