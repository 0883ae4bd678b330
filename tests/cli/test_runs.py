"""The commands that cut, over a small painted set: what lands on stdout, on stderr, on the disk, and the exit codes."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from loraset.cli.main import invoke
from loraset.images import encode_png
from loraset.recipe.load import packed

RECIPE = """
name = "disc"
[subject]
trigger = "mydisc"
[input]
paths = ["photos"]
min_side_px = 64
[dedupe]
near = false
[mask]
engine = "alpha"
[frame]
resolution = 128
[select]
min_score = 0.0
review_below = 0.0
subject_duplicates = false
[select.limits]
halo = 1.0
blurry = 0.0
mask_uncertain = 1.0
"""


def disc(seed: int, side: int = 160) -> np.ndarray:
    """Paint a textured disc with a soft edge as RGBA, uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    centre = side / 2 + rng.uniform(-12, 12, 2)
    distance = np.hypot(x - centre[0], y - centre[1])
    alpha = np.clip((side * rng.uniform(0.25, 0.33) - distance) / 3 + 0.5, 0, 1)
    color = rng.uniform(60, 200, (side // 8, side // 8, 3)).repeat(8, 0).repeat(8, 1)
    return np.dstack([color, alpha * 255]).round().astype(np.uint8)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Photos, a broken file, a copy and a recipe; the folder of a first run beside them, with its exit code."""
    root = tmp_path_factory.mktemp("runs")
    photos = root / "photos"
    (photos / "sub").mkdir(parents=True)
    for number in range(3):
        (photos / f"Disc {number}.png").write_bytes(encode_png(disc(number)))
    (photos / "sub" / "copy.png").write_bytes((photos / "Disc 0.png").read_bytes())
    (photos / "broken.png").write_bytes((photos / "Disc 1.png").read_bytes()[:900])
    (root / "disc.toml").write_text(RECIPE)
    return root


@pytest.fixture(autouse=True)
def surroundings(made, monkeypatch):
    monkeypatch.chdir(made)
    monkeypatch.setenv("LORASET_CACHE", str(made / "cache"))
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture(scope="module")
def run_once(made):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        patch.setenv("LORASET_CACHE", str(made / "cache"))
        assert invoke(["run", "disc.toml"]) == 1  # broken.png
    return made / "disc-set"


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".loraset" not in path.parts
    }


def test_a_run_writes_the_contracts_files(run_once):
    written = files(run_once)
    stems = ("disc-0", "disc-1", "disc-2")
    expected = {"manifest.jsonl", "manifest.csv", "captions.tsv", "run.json", "report.html"}
    expected |= {f"{folder}/{stem}.png" for folder in ("masks", "masks-dilated") for stem in stems}
    for variant in ("gray", "white", "transparent"):
        expected |= {f"variants/{variant}/{stem}{ending}" for stem in stems for ending in (".png", ".txt")}
    assert {name for name in written if not name.startswith("exports/")} == expected
    assert any(name.startswith("exports/kohya/gray/") for name in written)


def test_a_second_run_says_it_in_words_and_changes_no_byte(run_once, capsys):
    before = files(run_once)
    assert invoke(["run", "disc.toml"]) == 1
    out, err = capsys.readouterr()
    words = " ".join(out.split())
    assert "keep 3" in words
    assert "reject 2 exact_duplicate 1, unreadable 1" in words
    assert "Could not be used broken.png" in words
    assert f"report  {run_once / 'report.html'}" in out
    stages = [line.split(":")[0] for line in err.splitlines()]
    assert max(stages.count(stage) for stage in stages) == 2  # a line when it begins, one when it ends
    changed = {name for name, content in files(run_once).items() if before.get(name) != content}
    assert changed <= {"run.json", "report.html"}


def test_json_has_the_run_and_stderr_has_nothing(run_once, capsys):
    assert invoke(["run", "disc.toml", "--json", "--jobs", "1"]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    run = json.loads(out)
    assert run["verdicts"] == {"keep": 3, "review": 0, "reject": 2}
    assert Path(run["output"]) == run_once
    assert Path(run["report"]) == run_once / "report.html"
    assert run["recipe"]["run"]["jobs"] == 1


def test_a_dry_run_tells_what_changed_and_writes_nothing(run_once, capsys):
    before = files(run_once)
    assert invoke(["run", "disc.toml", "--dry-run", "--set", "frame.resolution=192"]) == 0
    out = capsys.readouterr().out
    assert "its settings changed" in out
    assert "dry run" in out
    assert files(run_once) == before
    assert invoke(["run", "disc.toml", "--dry-run", "--output", "elsewhere", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["found"] == 5
    assert not Path("elsewhere").exists()


@pytest.mark.parametrize("name", sorted(packed()))
def test_a_packed_recipe_can_be_tried_on_ones_own_pictures(name, capsys):
    assert invoke(["run", name, "--input", "photos", "--output", "tried", "--dry-run"]) == 0
    assert "5 files found" in capsys.readouterr().out
    assert not Path("tried").exists()


def test_strict_stops_at_the_picture_that_cannot_be_read(capsys):
    assert invoke(["run", "disc.toml", "--strict", "--output", "strict"]) == 1
    assert "error: broken.png" in capsys.readouterr().err


def test_pictures_of_the_command_line_replace_the_recipes(capsys):
    assert invoke(["run", "disc.toml", "--input", "photos/Disc 2.png", "--output", "one", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdicts"]["keep"] == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--input", "nowhere"], 3), (["--output", "disc.toml"], 5), (["--set", 'export.trainers=["koya"]'], 2)],
)
def test_what_cannot_work_is_said_before_the_work(words, code, capsys):
    assert invoke(["run", "disc.toml", *words]) == code
    assert capsys.readouterr().err.startswith("error: ")


def test_cutout_names_pngs_by_their_path_and_leaves_other_files_alone(capsys):
    Path("cut").mkdir()
    Path("cut/mine.txt").write_text("mine")
    words = ["--engine", "alpha"]
    assert invoke(["cutout", "photos", "--output", "cut", *words]) == 1  # broken.png
    assert set(files(Path("cut"))) == {"Disc 0.png", "Disc 1.png", "Disc 2.png", "sub/copy.png", "mine.txt"}
    capsys.readouterr()
    Path("masks-only").mkdir()
    Path("masks-only/Disc 0.png").write_bytes(b"mine")
    assert invoke(["cutout", "photos/Disc 0.png", "--alpha", "--output", "masks-only", *words]) == 5
    assert Path("masks-only/Disc 0.png").read_bytes() == b"mine"
    assert "Disc 0.png" in capsys.readouterr().err


def test_dedupe_names_the_copies(capsys):
    assert invoke(["dedupe", "photos", "--json"]) == 0
    (group,) = json.loads(capsys.readouterr().out)["groups"]
    assert group["kind"] == "exact"
    assert {Path(member).name for member in group["members"]} == {"Disc 0.png", "copy.png"}
    assert group["kept"] in group["members"]


def test_dedupe_names_a_picture_in_an_archive_as_a_part_of_it(capsys):
    with zipfile.ZipFile("holiday.zip", "w") as archive:
        archive.write("photos/Disc 1.png", "deep/one.png")
    assert invoke(["dedupe", "photos/Disc 1.png", "holiday.zip", "--json"]) == 0
    (group,) = json.loads(capsys.readouterr().out)["groups"]
    assert set(group["members"]) == {str(Path("photos/Disc 1.png")), "holiday.zip/deep/one.png"}


def test_score_lists_the_pictures_of_a_set(run_once, capsys):
    assert invoke(["score", str(run_once)]) == 0
    out = capsys.readouterr().out
    assert all(f"Disc {number}.png" in out for number in range(3))
    assert invoke(["score", str(run_once), "--explain"]) == 0
    told = capsys.readouterr().out
    assert told.count("the mask is right with a chance of") == told.count("a mask by hand would add") == 3
    assert invoke(["score", "photos"]) == 3


def test_export_writes_one_variant_for_one_trainer(run_once, capsys):
    assert invoke(["export", str(run_once), "--trainer", "kohya", "--variant", "white", "--output", "for-kohya"]) == 0
    assert "3 pictures" in capsys.readouterr().err
    written = files(Path("for-kohya"))
    assert (run_once / "variants/white/disc-1.png").read_bytes() in written.values()
    for taken, words in (("photos", "holds other files"), (str(run_once), "holds a set that loraset wrote")):
        before = files(Path(taken))
        assert invoke(["export", str(run_once), "--trainer", "kohya", "--variant", "white", "--output", taken]) == 5
        assert words in capsys.readouterr().err and files(Path(taken)) == before
    assert invoke(["export", str(run_once), "--trainer", "koya", "--variant", "white", "--output", "x"]) == 2
    assert "Did you mean kohya?" in capsys.readouterr().err
    assert invoke(["export", str(run_once), "--trainer", "kohya", "--variant", "grey", "--output", "x"]) == 2
    assert "Did you mean gray?" in capsys.readouterr().err
