"""cosegment: the subject that the pictures of a set share, by what they look like and, where there is one, by a model.

In: the set's views, reduced. Out: a soft mask for each, at 320 px. Never: a download, full-size pictures, or a result
that depends on the order of the pictures or the number of threads. Only descriptions of a sample of the set are held
(3 MB each), each until its picture is cut.

A saliency model that is on this disk describes the pictures, too: its inner maps become one more feature. A picture
that stands alone gets its mask, unless it sees nothing there. "cosegment:none" does without.
"""

import threading
from collections.abc import Sequence
from dataclasses import replace

from loraset.engines.given import is_by_hand, known_from, read_mask
from loraset.engines.inside import Inside, pooled_in
from loraset.engines.interface import EngineOptions
from loraset.engines.on_disk import file_of, models_on_disk
from loraset.ops.cosegmentation import Knowledge, Look, learn, look, outline
from loraset.ops.inner_maps import Discriminant, informed, lesson_of, teach
from loraset.ops.marks import hold
from loraset.ops.sampling import chosen
from loraset.types import Declined, FloatImage, Json, Map, Marks, Mask, Reason, View

VERSION = 9
SAMPLE = 40  # pictures that the set is learnt from; more add time and memory, not knowledge
TEACHERS = 12  # of them teach what their inner maps mean: those are 4 to 12 MB each
DOUBT = 0.82  # stability of a mask, below which a person should look
NO_MODEL = "none"


class CosegmentEngine:
    """Learns the shared subject from the set at the first mask asked for."""

    name = "cosegment"

    def __init__(self, options: EngineOptions) -> None:
        self._shared = options.shared
        self._seed = options.seed
        self._inside = _describer(options)
        self._lock = threading.Lock()
        self._sample: list[View] = []
        self._run: Map = lambda function, items: [function(item) for item in items]
        self._fitted = False
        self._knowledge: Knowledge | None = None
        self._discriminant: Discriminant | None = None
        self._by_hand = 0
        self._places: dict[str, int] = {}
        self._looks: dict[str, Look] = {}

    def identity(self) -> Json:
        """Return name, version and what decides the fit beside the pictures."""
        model = self._inside.identity() if self._inside else None
        return {"name": self.name, "version": VERSION, "shared": self._shared, "seed": self._seed, "model": model}

    @property
    def learns(self) -> bool:
        """Whether the other pictures change a mask: only when they show one subject."""
        return self._shared

    def models(self) -> list[Json]:
        """Return the facts of the model that describes the pictures, if there is one."""
        return self._inside.models() if self._inside else []

    def prepare(self, views: Sequence[View], run: Map) -> None:
        """Choose what will be learnt from: a seeded sample, one of each file content, those with a person's word first.

        No picture is opened yet.
        """
        distinct = {view.sha256: view for view in sorted(views, key=lambda view: (is_by_hand(view), view.id))}
        names = chosen(distinct, SAMPLE, self._seed, first=lambda name: is_by_hand(distinct[name]))
        self._sample = [distinct[name] for name in names]
        self._run = run
        self._fitted = False

    def mask(self, view: View) -> Mask:
        """Cut one picture; the first call learns the set."""
        knowledge = self._learnt()
        if knowledge is None and self._inside:
            answer, _ = self._inside.look(view)
            if not answer.reasons:
                return replace(answer, engine=self.name, details={**self._details(), **answer.details})
        seen = self._looks.pop(view.sha256, None) or self._look(view)
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
            model=self._inside.name if self._inside and knowledge else None,
            confidence=found.stability,
            reasons=reasons,
            details={**self._details(), "stability": round(found.stability, 4)},
        )

    def _learnt(self) -> Knowledge | None:
        """What the set taught, or None for a picture alone."""
        with self._lock:
            if not self._fitted:
                if self._shared and len(self._sample) > 1:
                    looks = self._describe()
                    taught = self._taught(looks)
                    self._by_hand = len(taught)
                    self._knowledge = learn(looks, self._seed, self._run, taught)
                    names = [view.sha256 for view in self._sample]
                    self._places = {name: place for place, name in enumerate(names)}
                    self._looks = dict(zip(names, looks, strict=True))
                self._fitted = True
            return self._knowledge

    def _taught(self, looks: Sequence[Look]) -> dict[int, FloatImage]:
        """What a person says of pictures in the sample, by their places.

        A given mask says it all. Marks mend a mask, and so that has to be found first: who looked at it and pointed at
        its faults takes the rest for right.
        """
        taught: dict[int, FloatImage] = {}
        marked: dict[int, Marks] = {}
        for place, (view, item) in enumerate(zip(self._sample, looks, strict=True)):
            given = read_mask(view)
            if not isinstance(given, Declined):
                taught[place] = known_from(given, (item.lab.shape[0], item.lab.shape[1]))
            elif view.marks:
                marked[place] = view.marks
        if marked:
            knowledge = learn(looks, self._seed, self._run, dict(taught))
            for place, marks in marked.items():
                found = outline(looks[place], knowledge, place).probability
                held = hold(found, self._sample[place].proxy(), marks).probability
                taught[place] = known_from(held, (looks[place].lab.shape[0], looks[place].lab.shape[1]))
        return taught

    def _describe(self) -> list[Look]:
        """Looks of the sample; with a model, the first of them teach what its inner maps mean in this set."""
        inside = self._inside
        if inside is None:
            return self._run(lambda view: look(view.proxy()), self._sample)
        teachers = self._sample[:TEACHERS]
        looks = self._run(lambda view: look(view.proxy()), teachers)
        seen = self._run(inside.look, teachers)
        lessons = [
            lesson_of(maps, mask.probability, item.start) for (mask, maps), item in zip(seen, looks, strict=True)
        ]
        self._discriminant = discriminant = teach(lessons)
        for place, (_, maps) in enumerate(seen):
            size = looks[place].lab.shape[1], looks[place].lab.shape[0]
            looks[place] = informed(looks[place], discriminant.evidence(maps, place, size))
        return looks + self._run(self._look, self._sample[TEACHERS:])

    def _look(self, view: View) -> Look:
        """Describe a picture that taught nothing about the inner maps."""
        item = look(view.proxy())
        if self._inside is None or self._discriminant is None:
            return item
        _, maps = self._inside.look(view)
        size = item.lab.shape[1], item.lab.shape[0]
        return informed(item, self._discriminant.evidence(maps, None, size))

    def _details(self) -> Json:
        described = {"inner_maps": self._inside.name} if self._inside else {}
        if self._knowledge is None:
            why = "the set has one picture" if self._shared else "subject.shared is false"
            return {"how": f"single picture: {why}", **described}
        by_hand = f", {self._by_hand} of them with a mask or points by hand" if self._by_hand else ""
        how = f"learnt from {len(self._sample)} pictures{by_hand}"
        return {"how": how, **described}


def _describer(options: EngineOptions) -> Inside | None:
    """The first usable model on this disk that can be looked into, with a line about it; None where there is none."""
    if options.model == NO_MODEL:
        return None
    names, _ = models_on_disk(options)
    for name in names:
        if pooled_in(file_of(name)):
            options.say(
                f"cosegment: the inner maps of model {name} describe the pictures, too (cosegment:none: without)"
            )
            return Inside(replace(options, model=name, model_named=False))
    if names:
        options.say(f"cosegment: no inner maps are found in {', '.join(names)}: the set alone teaches")
    return None
