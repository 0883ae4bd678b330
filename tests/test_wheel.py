"""The wheel as a user gets it: installed by itself, away from the source tree."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with the unpacked wheel; the packages that it needs are this environment's."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, ROOT], check=True)
    (wheel,) = folder.glob("loraset-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", folder / "site", wheel], check=True)
    return folder / "site"


def loraset(site: Path, where: Path, *words: str) -> subprocess.CompletedProcess:
    code = "import loraset, sys; sys.stderr.write(loraset.__file__ + '\\n'); from loraset.cli.main import main; main()"
    environment = os.environ | {"PYTHONPATH": str(site), "LORASET_CACHE": str(where / "cache")}
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=where, env=environment, capture_output=True, text=True, timeout=500
    )


def test_recipes_init_and_demo_work_from_the_wheel(installed, tmp_path):
    listed = loraset(installed, tmp_path, "recipes")
    assert str(installed) in listed.stderr  # not the source tree
    assert listed.returncode == 0
    names = {path.stem for path in (ROOT / "recipes").glob("*.toml")}
    assert all(name in listed.stdout for name in names) and len(names) >= 5

    assert loraset(installed, tmp_path, "init", "mine.toml").returncode == 0
    assert loraset(installed, tmp_path, "init", "--from", "plushie-photos", "plush.toml").returncode == 0
    assert (tmp_path / "plush.toml").read_text() == (ROOT / "recipes" / "plushie-photos.toml").read_text()
    assert loraset(installed, tmp_path, "init", "mine.toml").returncode == 5  # never overwritten

    demo = loraset(installed, tmp_path, "demo", "--size", "360")
    assert demo.returncode == 0, demo.stderr
    assert "report.html" in demo.stdout
    rows = [json.loads(line) for line in (tmp_path / "demo/set/manifest.jsonl").read_text().splitlines()]
    assert sum(row["verdict"] != "reject" for row in rows) >= 15
    page = (tmp_path / "demo/set/report.html").read_text()
    assert page.count('class="card ') == len(rows)
    assert "http://" not in page and "https://" not in page and "src=" not in page
