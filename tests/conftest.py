"""What tests share: one small sample set with its truth, and a cache of the tests' own."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from loraset.sample import write_sample

SHOTS = ("wood-hello", "lawn-sit", "night-lights", "screen-hello", "leaves-sit", "back-turn", "close-face", "dark-room")


@dataclass(frozen=True)
class Sample:
    """photos : the pictures. truth : <stem>.png with true colour and alpha, labels.json."""

    photos: Path
    truth: Path


@pytest.fixture(scope="session")
def sample(tmp_path_factory) -> Sample:
    root = tmp_path_factory.mktemp("sample")
    write_sample(root / "photos", side=352, truth=root / "truth", shots=SHOTS)
    return Sample(root / "photos", root / "truth")


@pytest.fixture(scope="session")
def session_cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(session_cache, monkeypatch):
    """No test reads or fills the user's cache."""
    monkeypatch.setenv("LORASET_CACHE", str(session_cache))
