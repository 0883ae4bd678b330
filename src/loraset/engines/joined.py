"""Several engines joined: what they agree on counts most.

In: engines. Out: one mask per picture, and how much its makers disagree. Never: a member's refusal hidden.
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from loraset.engines.interface import Engine
from loraset.types import PROXY_SIDE, Declined, FloatImage, Json, Map, Mask, View

AGREED = 0.75  # IoU with the others from which an exact mask is taken as it is: a mean would only blur its edge
CERTAIN = 0.01  # a member's probability counts at most this near to 0 and 1


class JoinedEngine:
    """Asks every member and joins the masks in logit space, each weighted by its agreement with the others."""

    name = "joined"

    def __init__(self, members: Sequence[Engine]) -> None:
        self._members = list(members)

    def identity(self) -> Json:
        """Return what decides the masks."""
        return {"engine": self.name, "version": 1, "members": [member.identity() for member in self._members]}

    @property
    def learns(self) -> bool:
        """Whether any member learns from the set."""
        return any(member.learns for member in self._members)

    def models(self) -> list[Json]:
        """Return the facts of all members' models."""
        return [facts for member in self._members for facts in member.models()]

    def prepare(self, views: Sequence[View], run: Map) -> None:
        """Hand the set to every member."""
        for member in self._members:
            member.prepare(views, run)

    def mask(self, view: View) -> Mask | Declined:
        """Return the joined mask; decline where every member does.

        A member that doubts its mask does not vote while another is sure. `details.disagreement` is 1 - the mean IoU of
        all pairs of voters.
        """
        answers = {self._label(index): member.mask(view) for index, member in enumerate(self._members)}
        masks = {name: answer for name, answer in answers.items() if isinstance(answer, Mask)}
        silent = {name: answer.why for name, answer in answers.items() if isinstance(answer, Declined)}
        if not masks:
            return Declined(self.name, "; ".join(f"{name}: {why}" for name, why in silent.items()))
        voters = {name: mask for name, mask in masks.items() if not mask.reasons} or masks
        silent |= {name: masks[name].reasons[0].detail for name in masks.keys() - voters.keys()}
        if len(voters) == 1:
            name, mask = next(iter(voters.items()))
            return replace(mask, details={"members": {name: {"details": mask.details}}, "declined": silent})
        return self._join(view, voters, silent)

    def _label(self, index: int) -> str:
        """Name of a member, with its model; numbered where two have the same."""
        names = [":".join([member.name, *(facts["name"] for facts in member.models())]) for member in self._members]
        return names[index] if names.count(names[index]) == 1 else f"{names[index]}#{index + 1}"

    def _join(self, view: View, voters: dict[str, Mask], silent: Json) -> Mask:
        size = _common_size(view.size, list(voters.values()))
        maps = {name: _resize(mask.probability, size) for name, mask in voters.items()}
        agreement = {
            name: float(np.mean([_iou(one, other) for key, other in maps.items() if key != name]))
            for name, one in maps.items()
        }
        details: Json = {
            "disagreement": round(1 - float(np.mean(list(agreement.values()))), 4),
            "members": {
                name: {"iou": round(agreement[name], 4), "details": mask.details} for name, mask in voters.items()
            },
            "declined": silent,
        }
        for name, mask in voters.items():
            if mask.exact and agreement[name] >= AGREED:
                return replace(mask, details={**details, "chose": name, "why": "it is exact and the others agree"})
        sure = np.clip(np.stack(list(maps.values())), CERTAIN, 1 - CERTAIN)
        weights = np.maximum(list(agreement.values()), 1e-6)
        logit = np.average(np.log(sure / (1 - sure)), axis=0, weights=weights)
        probability = np.asarray(1 / (1 + np.exp(-logit)), np.float32)
        used = [mask.model for mask in voters.values() if mask.model]
        return Mask(
            (probability - CERTAIN) / (1 - 2 * CERTAIN),
            self.name,
            size,
            model="+".join(used) or None,
            confidence=float(np.mean(list(agreement.values()))),
            reasons=tuple(reason for mask in voters.values() for reason in mask.reasons),
            details=details,
        )


def _common_size(picture: tuple[int, int], masks: Sequence[Mask]) -> tuple[int, int]:
    """(width, height) in the picture's shape, as fine as the finest mask but at most `PROXY_SIDE`."""
    finest = max(max(mask.probability.shape) for mask in masks)
    scale = min(1.0, PROXY_SIDE / max(picture), finest / max(picture))
    return max(1, round(picture[0] * scale)), max(1, round(picture[1] * scale))


def _resize(values: FloatImage, size: tuple[int, int]) -> FloatImage:
    shrinks = values.shape[1] > size[0] and values.shape[0] > size[1]
    resized = cv2.resize(values, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.asarray(np.clip(resized, 0, 1), np.float32)


def _iou(one: FloatImage, other: FloatImage) -> float:
    """Soft intersection over union of two maps; 1 for two empty ones."""
    union = float(np.maximum(one, other).sum(dtype=np.float64))
    return float(np.minimum(one, other).sum(dtype=np.float64)) / union if union > 0 else 1.0
