"""What the masks of a set teach about its subject, for `repair`: fitted once, and only when it is asked for.

In: the pictures of a set and their masks. Out: for one picture how it looks and what the OTHERS say of it. Never:
files, more than a sample of the set, or a result that depends on the order of the pictures or the number of threads.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from loraset.ops.cosegmentation import Knowledge, Look, learn_from, look, others_say
from loraset.ops.repair import is_doubtful
from loraset.ops.sampling import chosen
from loraset.types import ByteImage, FloatImage, Map

FEWEST = 3  # pictures that can correct each other
SAMPLE = 40  # pictures that teach; more add time and memory, not knowledge


@dataclass(frozen=True, slots=True)
class Taught:
    """One picture that may teach: its content's hash, and how to get at it.

    rgb : gives uint8 (H, W, 3). mask : gives float32 (h, w), [0, 1]. by_hand : a person made the mask: it is true.
    """

    sha256: str
    rgb: Callable[[], ByteImage]
    mask: Callable[[], FloatImage]
    by_hand: bool


@dataclass(frozen=True, slots=True, eq=False)
class Recalled:
    """One picture before the set's knowledge: how it looks, and the log odds of "subject" by the other pictures.

    evidence : float32 array of the look's shape (h, w). knowledge : what the set taught. taught_by : by how many
    pictures.
    """

    look: Look
    evidence: FloatImage
    knowledge: Knowledge
    taught_by: int


class SetKnowledge:
    """Learns from the set's masks when the first picture asks."""

    def __init__(self, pictures: Sequence[Taught], seed: int, run: Map) -> None:
        distinct = {picture.sha256: picture for picture in pictures}
        names = chosen(distinct, SAMPLE, seed, first=lambda name: distinct[name].by_hand)
        self._sample = [distinct[name] for name in names]
        self.by_hand = any(picture.by_hand for picture in self._sample)
        self._seed, self._run = seed, run
        self._lock = threading.Lock()
        self._knowledge: Knowledge | None = None
        self._fitted = False
        self._places: dict[str, int] = {}
        self._looks: dict[str, Look] = {}

    def recall(self, sha256: str, rgb: Callable[[], ByteImage]) -> Recalled | None:
        """Return what the other pictures say of one, or None where too few of them can teach."""
        knowledge = self._learnt()
        if knowledge is None:
            return None
        seen = self._looks.pop(sha256, None) or look(rgb())
        evidence = others_say(seen, knowledge, self._places.get(sha256))
        return Recalled(seen, evidence, knowledge, len(self._places))

    def _learnt(self) -> Knowledge | None:
        with self._lock:
            if not self._fitted:
                self._fitted = True
                self._fit()
            return self._knowledge

    def _fit(self) -> None:
        """Learn from all but the masks that are wrong at first sight: those may not speak for the others."""
        looks = self._run(lambda picture: look(picture.rgb()), self._sample)
        masks = [at_look(picture.mask(), seen) for picture, seen in zip(self._sample, looks, strict=True)]
        self._looks = {picture.sha256: seen for picture, seen in zip(self._sample, looks, strict=True)}
        teaching = [place for place, mask in enumerate(masks) if not is_doubtful(mask)]
        if len(teaching) < FEWEST:
            return
        self._places = {self._sample[place].sha256: number for number, place in enumerate(teaching)}
        true = [self._sample[place].by_hand for place in teaching]
        self._knowledge = learn_from(
            [looks[place] for place in teaching], [masks[place] for place in teaching], self._seed, self._run, true
        )


def at_look(mask: FloatImage, seen: Look) -> FloatImage:
    """Return a mask at the size that a picture is looked at: float32 array of the look's shape (h, w)."""
    size = seen.lab.shape[1], seen.lab.shape[0]
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.float32)
