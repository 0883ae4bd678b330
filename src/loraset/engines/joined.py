"""Several engines joined: what they agree on counts most, and where they differ the set decides.

In: engines. Out: one mask per picture, and how much its makers disagree. Never: a member's refusal hidden, or a member
asked twice for a picture, unless its mask is too large to be held.

A sample of the set is cut by all members first. What they agree on there teaches what the subject is, every member
gets a record by how well its masks fit what the other pictures teach, and in each picture the pieces in which the
members differ are given to one or the other. A picture that stands alone gets the mean of its masks.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np

from loraset.engines.interface import Answer, Engine, EngineOptions
from loraset.ops.cosegmentation import Knowledge, Look, look, others_say
from loraset.ops.garbage import where_said
from loraset.ops.joining import UNKNOWN, Record, can_teach, overlap, records, settled, taught_by, zone_of
from loraset.ops.repair import Piece
from loraset.ops.sampling import chosen
from loraset.types import PROXY_SIDE, Declined, FloatImage, Json, Map, Mask, View

VERSION = 4
SAMPLE = 24  # pictures by which the members are judged; their masks and looks are held until they are cut
FEWEST = 3  # pictures that can judge each other
AGREED = 0.75  # IoU with the others from which an exact mask is taken as it is: a mean would only blur its edge
CERTAIN = 0.01  # a member's probability counts at most this near to 0 and 1
CLEARLY = 0.7  # better a coarser member's record must be to be the base, where the members agree wholly

Answers = dict[str, Answer]


class JoinedEngine:
    """Asks every member; in a set, judges them by each other first."""

    name = "joined"

    def __init__(self, members: Sequence[Engine], options: EngineOptions) -> None:
        self._members = list(members)
        self._shared, self._seed, self._recall = options.shared, options.seed, options.recall
        self._lock = threading.Lock()
        self._run: Map = lambda function, items: [function(item) for item in items]
        self._sample: list[View] = []
        self._fitted = False
        self._knowledge: Knowledge | None = None
        self._records: dict[str, Record] = {}
        self._places: dict[str, int] = {}
        self._held: dict[str, tuple[Answers, Look | None]] = {}

    def identity(self) -> Json:
        """Return what decides the masks."""
        members = [member.identity() for member in self._members]
        return {
            "engine": self.name,
            "version": VERSION,
            "members": members,
            "shared": self._shared,
            "seed": self._seed,
        }

    @property
    def learns(self) -> bool:
        """Whether the other pictures take part: where they show one subject, they judge the members."""
        return self._shared or any(member.learns for member in self._members)

    def models(self) -> list[Json]:
        """Return the facts of all members' models, each once."""
        facts = [facts for member in self._members for facts in member.models()]
        return [one for place, one in enumerate(facts) if one not in facts[:place]]

    def prepare(self, views: Sequence[View], run: Map) -> None:
        """Hand the set to every member, and choose the sample that judges them: seeded, one of each file content."""
        for member in self._members:
            member.prepare(views, run)
        distinct = {view.sha256: view for view in sorted(views, key=lambda view: view.id)}
        self._sample = [distinct[name] for name in chosen(distinct, SAMPLE, self._seed)]
        self._run = run
        self._fitted = False

    def mask(self, view: View) -> Answer:
        """Return the joined mask; decline where every member does.

        `details.disagreement` is 1 - the mean IoU of all pairs of members' masks.
        """
        knowledge = self._learnt()
        held = self._held.pop(view.id, None)
        answers, seen = held or (self._ask(view), None)
        masks = {name: answer for name, answer in answers.items() if isinstance(answer, Mask)}
        silent = {name: answer.why for name, answer in answers.items() if isinstance(answer, Declined)}
        if not masks:
            return Declined(self.name, "; ".join(f"{name}: {why}" for name, why in silent.items()))
        sure = {name: mask for name, mask in masks.items() if not mask.reasons} or masks
        keyed = self._keyed(masks, silent)
        if keyed is not None:
            return keyed
        voters = masks if knowledge else sure
        silent |= {name: masks[name].reasons[0].detail for name in masks.keys() - voters.keys()}
        if len(voters) == 1:
            name, mask = next(iter(voters.items()))
            return replace(mask, details={**mask.details, "members": {name: {}}, "declined": silent})
        size = _common_size(view.size, list(voters.values()))
        maps = {name: _resize(mask.probability, size) for name, mask in voters.items()}
        agreement = {
            name: float(np.mean([overlap(one, other) for key, other in maps.items() if key != name]))
            for name, one in maps.items()
        }
        details = self._details(voters, agreement, silent)
        for name, mask in voters.items():
            if mask.exact and agreement[name] >= AGREED:
                return replace(mask, details={**details, "chose": name, "why": "it is exact and the others agree"})
        if knowledge is None:
            probability = _mean(maps, agreement)
        else:
            seen = seen or look(view.proxy())
            probability, said = self._settle(seen, knowledge, view, sure, maps)
            details |= said
        used = [mask.model for mask in voters.values() if mask.model]
        return Mask(
            probability,
            self.name,
            size,
            model="+".join(dict.fromkeys(used)) or None,
            confidence=float(np.mean(list(agreement.values()))),
            reasons=tuple(reason for mask in sure.values() for reason in mask.reasons),
            details=details,
        )

    def _keyed(self, masks: Mapping[str, Mask], silent: Json) -> Mask | None:
        """The mask of a member that keyed, without what the others see nothing of; None where they do not agree.

        The key knows the edge, the others know what stands beside the screen.
        """
        others = {name: mask for name, mask in masks.items() if mask.key_color is None and not mask.reasons}
        keyed = {name: mask for name, mask in masks.items() if mask.key_color is not None and mask.exact}
        if not others or not keyed:
            return None
        name, mask = next(iter(keyed.items()))
        size = _common_size((mask.probability.shape[1], mask.probability.shape[0]), list(others.values()))
        maps = {key: _resize(other.probability, size) for key, other in others.items()}
        said = _mean(maps, dict.fromkeys(maps, 1.0))
        subject = where_said(mask.probability, said)
        agreement = overlap(_resize(subject, size), said)
        if agreement < AGREED:
            return None
        members = {key: {"details": one.details} for key, one in {name: mask, **others}.items()}
        details: Json = {"disagreement": round(1 - agreement, 4), "members": members, "declined": silent}
        words = "it is keyed, and the others agree with its subject"
        return replace(mask, probability=subject, reasons=(), details={**details, "chose": name, "why": words})

    def _details(self, voters: Mapping[str, Mask], agreement: Mapping[str, float], silent: Json) -> Json:
        members: Json = {}
        for name, mask in voters.items():
            members[name] = {"iou": round(agreement[name], 4), "details": mask.details}
            if name in self._records:
                record = self._records[name]
                members[name]["record"] = {"fit": round(record.fit, 4), "agreement": round(record.agreement, 4)}
        disagreement = round(1 - float(np.mean(list(agreement.values()))), 4)
        return {"disagreement": disagreement, "members": members, "declined": silent}

    def _settle(
        self, seen: Look, knowledge: Knowledge, view: View, sure: Mapping[str, Mask], maps: Mapping[str, FloatImage]
    ) -> tuple[FloatImage, Json]:
        """The base's mask, and the others' where the set and the picture speak for those; with words on it."""
        evidence = others_say(seen, knowledge, self._places.get(view.sha256))
        shape = seen.lab.shape[1], seen.lab.shape[0]
        reduced = {name: _resize(values, shape) for name, values in maps.items()}
        base = self._base({name: mask for name, mask in sure.items() if name in maps})
        joined, changes = maps[base], []
        for name in sorted(maps.keys() - {base}, key=lambda other: (-self._record(other).fit, other)):
            old = _resize(joined, shape)
            pieces = settled(seen, old, reduced[name], evidence, self._record(base), self._record(name))
            if pieces:
                zone = zone_of(pieces, (joined.shape[1], joined.shape[0]))
                joined = joined + zone * (maps[name] - joined)
                changes += [_told(piece, name) for piece in pieces]
        return joined, {"base": base, "pieces": changes}

    def _base(self, masks: Mapping[str, Mask]) -> str:
        """The member whose edges count: the finest, unless another's record is better.

        Where the members agree they differ in their edges only, and it must be clearly better.
        """
        finest = max(masks, key=lambda name: max(masks[name].probability.shape))
        best = max(masks, key=lambda name: self._record(name).fit)
        better = self._record(best).fit - self._record(finest).fit
        return best if better > CLEARLY * self._record(best).agreement ** 2 else finest

    def _record(self, name: str) -> Record:
        return self._records.get(name, UNKNOWN)

    def _learnt(self) -> Knowledge | None:
        """What the members' masks of the sample teach; None where there is no set, or too few pictures to compare."""
        with self._lock:
            if not self._fitted:
                self._fitted = True
                if self._shared and len(self._sample) >= FEWEST:
                    self._fit()
            return self._knowledge

    def _fit(self) -> None:
        first = self._ask(self._sample[0])  # a member that learns does so here, with all threads to itself
        asked = [first, *self._run(self._ask, self._sample[1:])]
        looks = self._run(lambda view: look(view.proxy()), self._sample)
        for view, answers, seen in zip(self._sample, asked, looks, strict=True):
            if all(max(mask.probability.shape) <= PROXY_SIDE for mask in answers.values() if isinstance(mask, Mask)):
                self._held[view.id] = answers, seen
        pairs = [
            (view, seen, _reduced(answers, seen))
            for view, seen, answers in zip(self._sample, looks, asked, strict=True)
        ]
        pairs = [(view, seen, maps) for view, seen, maps in pairs if len(maps) > 1 and can_teach(list(maps.values()))]
        if len(pairs) < FEWEST:
            return
        looks, maps = [seen for _, seen, _ in pairs], [maps for _, _, maps in pairs]
        knowledge = taught_by(looks, maps, self._seed, self._run)
        evidence = self._run(lambda place: others_say(looks[place], knowledge, place), range(len(looks)))
        self._records = records(maps, evidence)
        self._places = {view.sha256: place for place, (view, _, _) in enumerate(pairs)}
        self._knowledge = knowledge

    def _ask(self, view: View) -> Answers:
        return {self._label(index): self._answer(member, view) for index, member in enumerate(self._members)}

    def _answer(self, member: Engine, view: View) -> Answer:
        """What a member says; where the set does not change that, a larger set need not ask again."""
        if member.learns:
            return member.mask(view)
        return self._recall(view, member.identity(), lambda: member.mask(view))

    def _label(self, index: int) -> str:
        """Name of a member, with its model; numbered where two have the same."""
        names = [":".join([member.name, *(facts["name"] for facts in member.models())]) for member in self._members]
        return names[index] if names.count(names[index]) == 1 else f"{names[index]}#{index + 1}"


def _reduced(answers: Answers, seen: Look) -> dict[str, FloatImage]:
    """The masks among answers, at the look's size."""
    size = seen.lab.shape[1], seen.lab.shape[0]
    masks = {name: answer for name, answer in answers.items() if isinstance(answer, Mask)}
    return {name: _resize(mask.probability, size) for name, mask in masks.items()}


def _told(piece: Piece, by: str) -> Json:
    """A piece for the manifest."""
    return {"by": by, "added": piece.added, "share": round(piece.share, 4), "belief": round(piece.belief, 2)}


def _mean(maps: Mapping[str, FloatImage], agreement: Mapping[str, float]) -> FloatImage:
    """Mean in log odds, each map weighing by its agreement with the others."""
    sure = np.clip(np.stack(list(maps.values())), CERTAIN, 1 - CERTAIN)
    weights = np.maximum([agreement[name] for name in maps], 1e-6)
    logit = np.average(np.log(sure / (1 - sure)), axis=0, weights=weights)
    probability = 1 / (1 + np.exp(-logit))
    return np.asarray((probability - CERTAIN) / (1 - 2 * CERTAIN), np.float32)


def _common_size(picture: tuple[int, int], masks: Sequence[Mask]) -> tuple[int, int]:
    """(width, height) in the picture's shape, as fine as the finest mask but at most `PROXY_SIDE`."""
    finest = max(max(mask.probability.shape) for mask in masks)
    scale = min(1.0, PROXY_SIDE / max(picture), finest / max(picture))
    return max(1, round(picture[0] * scale)), max(1, round(picture[1] * scale))


def _resize(values: FloatImage, size: tuple[int, int]) -> FloatImage:
    shrinks = values.shape[1] > size[0] and values.shape[0] > size[1]
    resized = cv2.resize(values, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.asarray(np.clip(resized, 0, 1), np.float32)
