"""Engine auto: for each picture the surest engine that can cut it, without a download.

In: a picture. Out: the mask of the first of these that does not decline or see nothing: a given mask, the file's own
transparency, the empty set where plates are named, a plain background to key on, a saliency model that is on this disk
(the recipe's first, then the others whose licence allows every use), and where there is no such model, the set's own
knowledge. Never: silence about the choice: `details` says who was chosen, why, and what the others said.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from loraset.engines.alpha import AlphaEngine
from loraset.engines.cosegment import CosegmentEngine
from loraset.engines.given import GivenEngine
from loraset.engines.interface import EngineOptions
from loraset.engines.key import KeyEngine
from loraset.engines.on_disk import models_on_disk
from loraset.engines.plate import PlateEngine
from loraset.engines.rembg import RembgEngine
from loraset.types import Declined, Json, Map, Mask, View

MIN_TRANSPARENT = 0.02  # of the picture: less is rounded corners, not a cut-out


class AutoEngine:
    """Asks the engines in turn. It learns from the set only where no model is on this disk."""

    name = "auto"

    def __init__(self, options: EngineOptions) -> None:
        self._alpha, self._given, self._key = AlphaEngine(options), GivenEngine(options), KeyEngine(options)
        self._plate = PlateEngine(options) if options.plate else None
        names, note = models_on_disk(options)
        self._models = [RembgEngine(replace(options, model=name, model_named=False)) for name in names]
        self._fallback = None if self._models else CosegmentEngine(options)
        self._why = note if names else f"{note}; the set itself teaches what its subject is (engine cosegment)"
        if self._why:
            options.say(f"auto: {self._why}")

    def identity(self) -> Json:
        """Return what decides the masks."""
        return {
            "engine": self.name,
            "version": 1,
            "plate": self._plate.identity() if self._plate else None,
            "key": self._key.identity(),
            "models": [model.identity() for model in self._models],
            "fallback": self._fallback.identity() if self._fallback else None,
        }

    @property
    def learns(self) -> bool:
        """Whether the set's knowledge takes part."""
        return self._fallback is not None and self._fallback.learns

    def models(self) -> list[Json]:
        """Return the facts of the models that may be used."""
        return [facts for model in self._models for facts in model.models()]

    def prepare(self, views: Sequence[View], run: Map) -> None:
        """Hand the set to the engine that learns from it."""
        if self._fallback:
            self._fallback.prepare(views, run)

    def mask(self, view: View) -> Mask | Declined:
        """Return the first engine's mask that is no refusal, with the choice in `details`."""
        declined: Json = {}
        sure: list[tuple[str, Callable[[View], Mask | Declined], str]] = [
            ("given", self._given.mask, "a mask file belongs to the picture"),
            ("alpha", self._own_alpha, "the file is transparent around its subject"),
            ("key", self._key.attempt, "the background is plain"),
        ]
        if self._plate:
            sure.insert(2, ("plate", self._plate.attempt, "the recipe names a photo of the empty set that fits"))
        for name, ask, why in sure:
            answer = ask(view)
            if isinstance(answer, Mask):
                return _chosen(answer, name, why, declined)
            declined[name] = answer.why
        return self._by_look(view, declined)

    def _own_alpha(self, view: View) -> Mask | Declined:
        answer = self._alpha.mask(view)
        if isinstance(answer, Declined):
            return answer
        free, solid = float(np.mean(answer.probability < 0.5)), float(np.mean(answer.probability > 0.5))
        if free < MIN_TRANSPARENT or solid == 0:
            return Declined("alpha", f"{free:.1%} of the picture is transparent: no cut-out")
        return answer

    def _by_look(self, view: View, declined: Json) -> Mask | Declined:
        """Ask the models, else the set; a model that sees nothing is used only where all others see nothing too."""
        first: Mask | None = None
        for model in self._models:
            answer = model.mask(view)
            if not answer.reasons:
                return _chosen(
                    answer, f"rembg:{model.model}", self._why or "the recipe's model is on this disk", declined
                )
            declined[f"rembg:{model.model}"] = answer.reasons[0].detail
            first = first or answer
        if first is not None:
            return _chosen(first, f"rembg:{first.model}", "no engine is sure of a subject", declined)
        assert self._fallback is not None
        last = self._fallback.mask(view)
        if isinstance(last, Declined):
            declined["cosegment"] = last.why
            return Declined(self.name, "; ".join(f"{name}: {why}" for name, why in declined.items()))
        return _chosen(last, "cosegment", self._why, declined)


def _chosen(mask: Mask, name: str, why: str, declined: Json) -> Mask:
    return replace(mask, details={**mask.details, "chose": name, "why": why, "declined": declined})
