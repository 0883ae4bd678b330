"""Engine alpha: the picture brings its own transparency.

In: a picture with an alpha channel. Out: that channel, to the pixel. Never: a guess where there is none.
"""

from collections.abc import Sequence

import numpy as np

from loraset.engines.interface import EngineOptions
from loraset.types import Declined, Json, Map, Mask, View


class AlphaEngine:
    """Takes the alpha channel of the file."""

    name = "alpha"
    learns = False

    def __init__(self, options: EngineOptions) -> None:
        pass

    def identity(self) -> Json:
        """Return what decides the masks."""
        return {"engine": self.name, "version": 1}

    def models(self) -> list[Json]:
        """Return []: there is no model."""
        return []

    def prepare(self, views: Sequence[View], run: Map) -> None:
        """Do nothing: every picture stands alone."""

    def mask(self, view: View) -> Mask | Declined:
        """Return the file's alpha, or decline an opaque picture."""
        alpha = view.picture().alpha if view.has_alpha else None
        if alpha is None:
            return Declined(self.name, "the file has no transparency")
        probability = alpha.astype(np.float32) / np.float32(255)
        return Mask(probability, self.name, view.size, exact=True, confidence=1.0)
