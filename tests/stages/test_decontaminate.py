"""What the recipe's despill means, on pictures whose mask was made by something other than the key."""

from types import SimpleNamespace

import numpy as np
import pytest

from loraset.recipe.load import from_text, parse_set
from loraset.stages import decontaminate
from loraset.types import Frame, StageResult

SIDE = 64
GREEN = (20, 180, 60)


class Task:
    """A gray disc with green light on it, before a screen of this colour; its mask was given."""

    def __init__(self, despill: str, screen: tuple[int, int, int]) -> None:
        self.recipe = from_text("", settings=[parse_set(f"decontaminate.despill={despill}")])
        rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE // 2
        disc = rows**2 + columns**2 < 18**2
        self.rgb = np.where(disc[..., None], np.uint8((113, 137, 119)), np.uint8(screen))
        frame = Frame((0, 0, SIDE, SIDE), 1.0, (0, 0, 0, 0), (SIDE, SIDE))
        self.results = {
            "mask": StageResult({"engine": "given", "key_color": None}),
            "frame": StageResult({"frame": frame.to_json()}),
            "matte": StageResult({}, {"alpha": disc.astype(np.uint8) * 255}),
        }
        self.view = SimpleNamespace(proxy=lambda: self.rgb, size=(SIDE, SIDE))

    def result(self, stage: str) -> StageResult:
        return self.results[stage]

    def framed(self):
        return self.rgb, np.ones((SIDE, SIDE), np.bool_)

    def picture(self):
        raise AssertionError("only engine alpha reads the file's own colour")


@pytest.mark.parametrize(
    ("despill", "screen", "removed"),
    [("on", GREEN, True), ("auto", GREEN, False), ("off", GREEN, False), ("on", (128, 128, 128), False)],
)
def test_despill_on_finds_a_coloured_screen_that_was_not_keyed(despill, screen, removed):
    said = decontaminate.run(Task(despill, screen))
    red, green, _ = said.images["cutout"][SIDE // 2, SIDE // 2, :3].astype(int)
    assert said.data["despill"] is removed
    assert (int(green - red) < 8) is removed
