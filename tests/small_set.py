"""A small set of painted discs, made by a whole run of the pipeline: fast, and without an engine's guesses."""

from pathlib import Path

import numpy as np

from loraset import pipeline
from loraset.images import encode_png
from loraset.recipe.load import from_text
from loraset.types import Silent

RECIPE = """
name = "disc"
[subject]
trigger = "mydisc"
class = "toy"
[input]
min_side_px = 64
[dedupe]
near = false
[mask]
engine = "alpha"
[frame]
resolution = 128
step = 64
[select]
min_score = 0.0
review_below = 0.0
subject_duplicates = false
[variants.gray]
background = "#808080"
[variants.transparent]
background = "transparent"
under = "#2050c0"
[export]
trainers = ["kohya", "musubi-tuner", "onetrainer"]
"""


class Heard(Silent):
    """Keeps what a run says."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def message(self, text: str) -> None:
        self.said.append(text)


def paint(photos: Path, count: int = 3, side: int = 160) -> None:
    """Write photos of textured discs as RGBA, the first with a caption beside it."""
    photos.mkdir(parents=True)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    for number in range(count):
        rng = np.random.default_rng(number)
        distance = np.hypot(x - side / 2 - 9 * number, y - side / 2)
        alpha = np.clip((side * 0.3 - distance) / 3 + 0.5, 0, 1)
        color = rng.uniform(60, 200, (side // 8, side // 8, 3)).repeat(8, 0).repeat(8, 1)
        rgba = np.dstack([color, alpha * 255]).round().astype(np.uint8)
        (photos / f"disc-{number}.png").write_bytes(encode_png(rgba))
    (photos / "disc-0.txt").write_text("a round toy, smiling", "utf-8")


def run(photos: Path, output: Path, *sets, recipe: str = RECIPE) -> list[str]:
    """Make the set; return what was said meanwhile."""
    heard = Heard()
    request = pipeline.Request(from_text(recipe, settings=sets), Path.cwd(), (str(photos),), output)
    assert pipeline.run(request, heard).exit_code == 0
    return heard.said
