"""cosegment: the subject that the pictures of a set share, without a model.

In: the set's views, reduced. Out: a soft mask for each, at 320 px. Never: a download, full-size pictures, or a result
that depends on the order of the pictures or the number of threads. Only descriptions of a sample of the set are held
(3 MB each), each until its picture is cut.
"""

import threading
from collections.abc import Sequence

import numpy as np

from loraset.engines.interface import EngineOptions
from loraset.ops.cosegmentation import Knowledge, Look, learn, look, outline
from loraset.types import Json, Map, Mask, Reason, View

VERSION = 3
SAMPLE = 40  # pictures that the set is learnt from; more add time and memory, not knowledge
DOUBT = 0.78  # stability of a mask, below which a person should look


class CosegmentEngine:
    """Learns the shared subject from the set at the first mask asked for."""

    name = "cosegment"

    def __init__(self, options: EngineOptions) -> None:
        self._shared = options.shared
        self._seed = options.seed
        self._lock = threading.Lock()
        self._sample: list[View] = []
        self._run: Map = lambda function, items: [function(item) for item in items]
        self._fitted = False
        self._knowledge: Knowledge | None = None
        self._places: dict[str, int] = {}
        self._looks: dict[str, Look] = {}

    def identity(self) -> Json:
        """Return name, version and what decides the fit beside the pictures."""
        return {"name": self.name, "version": VERSION, "shared": self._shared, "seed": self._seed}

    @property
    def learns(self) -> bool:
        """Whether the other pictures change a mask: only when they show one subject."""
        return self._shared

    def models(self) -> list[Json]:
        """Return []: nothing pretrained is behind these masks."""
        return []

    def prepare(self, views: Sequence[View], run: Map) -> None:
        """Choose what will be learnt from: a seeded sample, one of each file content. No picture is opened yet."""
        distinct = {view.sha256: view for view in sorted(views, key=lambda view: view.id)}
        names = sorted(distinct)
        if len(names) > SAMPLE:
            chosen = np.random.default_rng(self._seed).permutation(len(names))[:SAMPLE]
            names = sorted(names[index] for index in chosen)
        self._sample = [distinct[name] for name in names]
        self._run = run
        self._fitted = False

    def mask(self, view: View) -> Mask:
        """Cut one picture; the first call learns the set."""
        knowledge = self._learnt()
        seen = self._looks.pop(view.sha256, None) or look(view.proxy())
        found = outline(seen, knowledge, self._places.get(view.sha256))
        height, width = found.probability.shape
        reasons: tuple[Reason, ...] = ()
        if found.stability < DOUBT:
            detail = (
                f"the outline is unsure: {found.stability:.0%} of it stays when the evidence is weighed differently"
            )
            reasons = (Reason("mask_uncertain", "mask", detail),)
        return Mask(
            probability=found.probability,
            engine=self.name,
            inference_size=(width, height),
            confidence=found.stability,
            reasons=reasons,
            details=self._details(found.stability),
        )

    def _learnt(self) -> Knowledge | None:
        """What the set taught, or None for a picture alone."""
        with self._lock:
            if not self._fitted:
                if self._shared and len(self._sample) > 1:
                    looks = self._run(lambda view: look(view.proxy()), self._sample)
                    self._knowledge = learn(looks, self._seed, self._run)
                    names = [view.sha256 for view in self._sample]
                    self._places = {name: place for place, name in enumerate(names)}
                    self._looks = dict(zip(names, looks, strict=True))
                self._fitted = True
            return self._knowledge

    def _details(self, stability: float) -> Json:
        if self._knowledge is None:
            why = "the set has one picture" if self._shared else "subject.shared is false"
            return {"how": f"single picture: {why}", "stability": round(stability, 4)}
        return {"how": f"learnt from {len(self._sample)} pictures", "stability": round(stability, 4)}
