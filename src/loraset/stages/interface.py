"""What a per-picture stage is.

A stage is a module with `NAME`, `VERSION` (raised when its result changes), `READS` (names of the stages whose results
it reads), `settings(recipe)` (the part of the recipe that decides its result, as JSON) and `run(task)`. The pipeline
caches a result under a key made of exactly these, the file's bytes, and the keys of what it read. Set-wide stages
(dedupe, select) are plain functions on the results of the others.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from loraset.engines.interface import Engine
from loraset.images import Decoded
from loraset.recipe.model import Recipe
from loraset.stages.knowledge import SetKnowledge
from loraset.types import ByteImage, Found, Json, Picture, StageResult, View


class Task(Protocol):
    """One picture on its way through the per-picture stages. Pixels are read when asked, and kept for it only."""

    found: Found

    @property
    def recipe(self) -> Recipe:
        """The run's recipe."""

    @property
    def engine(self) -> Engine:
        """The run's engine."""

    @property
    def view(self) -> View:
        """The picture as engines see it."""

    @property
    def knowledge(self) -> SetKnowledge | None:
        """What the set's masks teach, where they may correct each other."""

    def result(self, stage: str) -> StageResult:
        """Return what an earlier stage said of this picture."""

    def decoded(self) -> Decoded:
        """Return the file's picture at full size and what it says of it; decoded once."""

    def picture(self) -> Picture:
        """Return the whole picture at full size."""

    def photo(self) -> ByteImage:
        """Return its colours: uint8 (H, W, 3); on mid gray where the file has an alpha of its own."""

    def framed(self) -> tuple[ByteImage, NDArray[np.bool_]]:
        """Return the photo in its frame, uint8 (H, W, 3) at output size, and where it has pixels, bool (H, W)."""


class PictureStage(Protocol):
    """The shape of a per-picture stage's module."""

    NAME: str
    VERSION: int
    READS: tuple[str, ...]

    def settings(self, recipe: Recipe) -> Json:
        """Return the part of the recipe that decides the result."""

    def run(self, task: Task) -> StageResult:
        """Do the work for one picture."""


__all__ = ["PictureStage", "StageResult", "Task"]
