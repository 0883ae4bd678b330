"""Tests of `loraset.runtime.line`: how often a file is decoded."""

from pathlib import Path

import numpy as np
import pytest

from loraset import pipeline
from loraset.images import write_picture
from loraset.recipe.load import from_text, parse_set
from loraset.runtime import task


@pytest.mark.parametrize(("pictures", "times"), [(2, 1), (3, 3)])  # found, masked, cut
def test_no_more_pictures_than_threads_stay_decoded(tmp_path, monkeypatch, pictures, times):
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(pictures):
        rgb = np.full((300, 320, 3), (20, 200, 40), np.uint8)
        rgb[80:220, 90 + 10 * number : 240] = (200, 60, 90)
        write_picture(photos / f"{number}.png", rgb)
    decoded = []

    def counted(path, **limits):
        decoded.append(Path(path).name)
        return real(path, **limits)

    real = task.decode
    monkeypatch.setattr(task, "decode", counted)
    monkeypatch.setenv("LORASET_CACHE", str(tmp_path / "cache"))
    recipe = from_text("", settings=[parse_set('mask.engine="key"'), parse_set("run.jobs=2")])
    outcome = pipeline.cutout(pipeline.Request(recipe, tmp_path, (str(photos),), tmp_path / "out"))
    assert outcome.exit_code == 0
    assert sorted(decoded) == sorted([f"{number}.png" for number in range(pictures)] * times)
