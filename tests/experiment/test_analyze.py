"""A made experiment from plan to page: what was planted is found, what is wrong is said."""

import csv
import json
import re

import numpy as np
import pytest
from making import planned, write_samples

from loraset.cli.main import invoke
from loraset.errors import InputError
from loraset.experiment.analyze import analyze
from loraset.experiment.protocol import load_protocol

PROMPTS = """scene: {subject}, in a sunlit forest
scene: {subject}, on a kitchen table
scene: {subject}, in a library
scene: {subject}, at the sea
trigger: {subject}
none: a meadow
"""


def leak(plain, masked, deviation=0.03):
    """Return the share of fill by arm, run and prompt: transparent and masked arms leak less."""

    def share(arm, seed, prompt):
        rng = np.random.default_rng((seed, len(arm), 7))
        each = np.random.default_rng((seed, len(arm), prompt, 8))
        mean = plain if arm in ("gray", "white") else masked
        return float(np.clip(mean + rng.normal(0, deviation) + each.normal(0, deviation), 0, 1))

    return share


def experiment(top, share=None, *, seeds=(1, 2, 3), arms=("gray", "transparent"), trainer="", **options):
    prompts = top / "prompts.txt"
    top.mkdir(parents=True, exist_ok=True)
    prompts.write_text(PROMPTS)
    _, folder, protocol = planned(top, seeds=seeds, arms=arms, prompts=prompts, trainer=trainer)
    write_samples(folder, protocol, share or leak(0.5, 0.1), **options)
    return folder, protocol


@pytest.fixture(scope="module")
def leaky(tmp_path_factory):
    return experiment(tmp_path_factory.mktemp("leaky"), steps=(1000, 1500), arms=("gray", "transparent", "white"))


@pytest.fixture(scope="module")
def analysis(leaky):
    return analyze(leaky[0])


def table(path):
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def sample(folder, run, prompt, step=1500):
    (path,) = (folder / "runs" / run / "sample").glob(f"{run}_{step:06d}_{prompt:02d}_*")
    return path


def test_a_planted_leak_is_found_and_said(analysis):
    effect = analysis.primary.effect
    assert analysis.found and analysis.exit_code == 0
    assert analysis.notes == ("step 500: no run has samples",)
    assert effect.mean == pytest.approx(0.4, abs=0.08) and effect.p < 0.01
    told, verdict, limits = analysis.words
    assert told.startswith("gray against transparent, fill in scenes: +0.") and "t(2) = " in told
    assert re.search(r"p = 0\.\d+, \+\d+\.\d times the deviation between seeds \(\+\d", told)
    assert verdict == (
        "A difference was found: fill in scenes is higher with gray than with transparent, "
        "which speaks for transparent."
    )
    assert "It says nothing of other subjects" in limits and "background and dose together" in limits


def test_the_measured_fill_is_what_was_painted(leaky, analysis):
    share = leak(0.5, 0.1)
    painted = np.array([share(cell.arm, cell.seed, cell.prompt) for cell in analysis.measured])
    measured = np.array([sample.values["fill_share"] for sample in analysis.measured.values()])
    assert abs(measured - painted).max() < 0.1  # a patch's own edge is not smooth
    assert np.corrcoef(measured, painted)[0, 1] > 0.99
    pair = analysis.primary.pairs[0]
    scenes = [analysis.measured[("gray", 1, 1500, prompt)].values["fill_share"] for prompt in range(4)]
    assert pair.first == pytest.approx(np.mean(scenes)) and pair.prompts == 4


def test_without_a_leak_nothing_is_found_and_that_is_no_proof(tmp_path):
    folder, _ = experiment(tmp_path, leak(0.2, 0.2))
    analysis = analyze(folder)
    assert not analysis.found and analysis.exit_code == 0
    assert "That is not evidence that there is none" in analysis.words[1]


def test_the_tables_hold_every_sample_and_outcome(leaky, analysis):
    folder, _ = leaky
    rows = table(folder / "samples.csv")
    assert len(rows) == 3 * 3 * 2 * 6 and {row["kind"] for row in rows} == {"scene", "trigger", "none"}
    assert all((folder / row["file"]).is_file() for row in rows)
    outcomes = table(folder / "outcomes.csv")
    assert [row["primary"] for row in outcomes] == ["1"] + ["0"] * (len(outcomes) - 1)
    assert float(outcomes[0]["difference"]) == pytest.approx(analysis.primary.effect.mean, rel=1e-4)
    assert {row["second"] for row in outcomes} == {"transparent", "white"}
    corrected = [float(row["p_holm"]) for row in outcomes if row["p_holm"]]
    assert len(corrected) >= 12
    assert all(float(row["p_holm"]) >= float(row["p"]) for row in outcomes if row["p_holm"])


def test_the_page_stands_alone_and_shows_the_pairs(leaky, analysis):
    folder, protocol = leaky
    page = (folder / "experiment.html").read_text("utf-8")
    assert not re.search(r'(?:src|href)="(?!data:)|https?://|<script|@import|url\(', page)
    assert page.count("<img ") == 3 * 3 * 6 and "no sample" not in page
    assert page.count("<svg ") >= 2 and protocol["hash"] in page and "A difference was found" in page
    assert "Training seed 3" in page and "<span>scene, seed 1001</span>" in page and "$" not in page


def test_no_sample_seed_is_told_where_the_trainer_takes_none(tmp_path):
    def name(run, step, prompt, seed):
        assert seed is None
        return f"validation_images/step_{step}_p{prompt:02d}_0_128x128.png"

    folder, protocol = experiment(tmp_path, seeds=(1,), trainer="simpletuner", name=name)
    assert not any("seed" in probe for probe in protocol["probes"])
    analyze(folder)
    assert {row["sample_seed"] for row in table(folder / "samples.csv")} == {""}
    page = (folder / "experiment.html").read_text("utf-8")
    assert "<span>trigger</span>" in page and "seed 1001" not in page


def test_the_same_samples_give_the_same_bytes(tmp_path):
    folder, _ = experiment(tmp_path, seeds=(1,))
    analyze(folder)
    before = [(folder / name).read_bytes() for name in ("experiment.html", "samples.csv", "outcomes.csv")]
    analyze(folder)
    assert before == [(folder / name).read_bytes() for name in ("experiment.html", "samples.csv", "outcomes.csv")]


def test_a_changed_protocol_is_said_and_nothing_is_concluded(tmp_path, capsys):
    folder, _ = experiment(tmp_path)
    said = json.loads((folder / "protocol.json").read_text())
    said["primary"]["outcome"] = "fill_share@trigger"
    (folder / "protocol.json").write_text(json.dumps(said))
    assert invoke(["experiment", "analyze", str(folder)]) == 1
    out = capsys.readouterr().out
    assert "protocol.json was changed after it was frozen" in out and "nothing is concluded" in out
    page = (folder / "experiment.html").read_text("utf-8")
    assert 'class="verdict broken"' in page and "was changed after it was frozen" in page
    said["hash"] = "0" * 64
    assert not analyze(folder).found


def test_a_picture_changed_after_planning_breaks_the_protocol(tmp_path):
    folder, _ = experiment(tmp_path)
    path = sorted((folder / "arms/gray").rglob("*.png"))[0]
    path.write_bytes(path.read_bytes() + b"x")
    analysis = analyze(folder)
    assert analysis.broken == (f"{path.relative_to(folder)} was changed after the protocol was frozen",)
    assert not analysis.found and analysis.exit_code == 1


def test_references_are_those_of_the_protocol(tmp_path):
    import shutil

    from loraset.images import encode_png, read_png

    folder, _ = experiment(tmp_path, seeds=(1,))
    before = analyze(folder).to_json(), (folder / "samples.csv").read_bytes()
    blue = np.full((64, 64, 4), (0, 0, 255, 255), np.uint8)
    (folder / "references/added.png").write_bytes(encode_png(blue))
    assert before == (analyze(folder).to_json(), (folder / "samples.csv").read_bytes())
    paths = [folder / file for file in load_protocol(folder)["files"] if file.startswith("references/")]
    for path in paths:
        clear = read_png(path).copy()
        clear[..., 3] = 100
        path.write_bytes(encode_png(clear))
    with pytest.raises(InputError, match="has an opaque pixel"):
        analyze(folder)
    paths[0].write_bytes(encode_png(blue[..., :3].copy()))
    with pytest.raises(InputError, match="is no cut-out"):
        analyze(folder)
    shutil.rmtree(folder / "references")
    with pytest.raises(InputError, match=r"cannot read .*references") as raised:
        analyze(folder)
    assert "in another folder" in raised.value.hint


def test_missing_unreadable_and_black_samples_are_said_and_their_partners_not_counted(tmp_path):
    from loraset.images import encode_png

    folder, _ = experiment(tmp_path)
    sample(folder, "gray-seed1", 2).unlink()
    broken, black = sample(folder, "transparent-seed2", 0), sample(folder, "gray-seed3", 4)
    broken.write_bytes(b"\x89PNG\r\n")
    black.write_bytes(encode_png(np.zeros((64, 64, 3), np.uint8)))
    analysis = analyze(folder)
    notes = "\n".join(analysis.notes)
    assert "gray-seed1: step 1500 misses prompt 2" in notes
    assert f"{broken.relative_to(folder)} cannot be read" in notes
    assert f"{black.relative_to(folder)} is black" in notes
    assert "transparent-seed1: prompt 2 without a partner, not counted" in notes
    assert "gray-seed2: prompt 0 without a partner, not counted" in notes
    assert [pair.prompts for pair in analysis.primary.pairs] == [3, 3, 4]
    assert analysis.exit_code == 1
    page = (folder / "experiment.html").read_text("utf-8")
    assert page.count('<div class="none">no sample</div>') == 3 and "Not as planned" in page


def test_two_seeds_are_no_test(tmp_path):
    folder, _ = experiment(tmp_path, seeds=(4, 9))
    analysis = analyze(folder)
    assert analysis.primary.effect.p is None and not analysis.found
    assert analysis.words[1].startswith("No test was made: 2 training seeds: no test is made with fewer than 3.")


def test_three_of_four_seeds_are_a_look_ahead(tmp_path):
    import shutil

    folder, _ = experiment(tmp_path, seeds=(1, 2, 3, 4))
    shutil.rmtree(folder / "runs/gray-seed4/sample")
    analysis = analyze(folder)
    assert analysis.primary.effect.p < 0.05 and not analysis.found
    assert analysis.words[1].startswith("Only 3 of the 4 planned seeds are in.")


def test_one_arm_alone_is_no_pair(tmp_path):
    folder, _ = experiment(tmp_path, only=("gray",))
    analysis = analyze(folder)
    assert analysis.exit_code == 1 and analysis.words == [
        "Nothing can be said: there is not one pair of samples of gray and transparent for fill in scenes."
    ]
    assert analysis.notes[:3] == tuple(f"transparent-seed{seed}: no samples" for seed in (1, 2, 3))


def test_no_samples_at_all_say_where_they_are_looked_for(tmp_path):
    folder, _ = experiment(tmp_path, only=("none",))
    (folder / "runs/gray-seed1/other.png").write_bytes(b"x")
    with pytest.raises(InputError, match="there are no samples in") as raised:
        analyze(folder)
    assert "kohya sd-scripts" in raised.value.hint and "other.png" in raised.value.hint
    with pytest.raises(InputError, match=r"no protocol\.json in"):
        analyze(tmp_path)


def test_commands_from_a_set_to_a_verdict(tmp_path, capsys):
    experiment(tmp_path, only=("none",))
    made, words = tmp_path / "set", ["experiment", "plan", str(tmp_path / "set"), "--target", "sdxl"]
    output = tmp_path / "second"
    prompts = ["--prompts", str(tmp_path / "prompts.txt"), "--seeds", "3", "--arms", "gray,transparent"]
    assert made.is_dir() and invoke([*words, "--output", str(output), *prompts]) == 0
    out = capsys.readouterr().out
    assert "The training seed is the unit: 3 for each arm" in out and "Note its hash: " in out
    noted = out.rpartition("Note its hash: ")[2].strip()
    write_samples(output, json.loads((output / "protocol.json").read_text()), leak(0.5, 0.1))
    assert invoke(["experiment", "analyze", str(output), "--hash", noted, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["found"] and said["hash"].startswith(noted) and said["primary"]["arms"] == ["gray", "transparent"]
    assert invoke(["experiment", "analyze", str(output), "--hash", "beef", "--json"]) == 1
    assert "another one than was noted" in json.loads(capsys.readouterr().out)["broken"][0]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["analyse", "x"], 2, "Did you mean analyze?"),
        (["plan", "nowhere", "--output", "x"], 3, "nowhere"),
        (["plan", "nowhere", "--output", "x", "--seeds", "none"], 2, "--seeds none: not a number of seeds"),
        (["analyze", "nowhere"], 3, "no protocol.json in nowhere"),
        (["analyze", "nowhere", "--embed", "m.onnx"], 4, "there is no model m.onnx"),
    ],
)
def test_wrong_words_have_their_exit_codes(words, code, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert invoke(["experiment", *words]) == code
    assert said in capsys.readouterr().err
