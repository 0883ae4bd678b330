"""What an engine is.

In: `View`s of the set's pictures. Out: a `Mask` or `Declined` for each. Never: writing files, printing, deciding a
verdict.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from loraset.types import Declined, Json, Map, Mask, View

Answer = Mask | Declined
Recall = Callable[[View, Json, Callable[[], Answer]], Answer]


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """All that an engine may be told; each takes what it needs.

    model is what stands behind the colon of the engine's name in the recipe, else the recipe's `mask.model`;
    model_named says whether the user wrote it: only then, and where download allows, it may be fetched. say gives one
    line to the user. recall(view, maker, make) returns what `make` once said of a picture alone; `maker` is the JSON
    that decides it beside the picture. look_again says whether a model that works alone is asked again, about the
    picture mirrored and from afar, unless its mask leaves no doubt.
    """

    model: str = "isnet-general-use"
    model_named: bool = False
    download: bool = True
    key_color: str = "auto"
    plate: tuple[Path, ...] = ()
    shared: bool = True
    seed: int = 0
    provider: str = "auto"
    accept_licenses: tuple[str, ...] = ()
    jobs: int = 1
    look_again: bool = True
    say: Callable[[str], None] = lambda text: None
    recall: Recall = lambda view, maker, make: make()


class Engine(Protocol):
    """Cuts subjects out. One object serves a whole run and may be called from several threads at once."""

    name: str

    def identity(self) -> Json:
        """Return what decides this engine's masks beside the pictures: name, version, settings, model sha256.

        It becomes part of the cache key and so must be cheap, stable and JSON.
        """

    @property
    def learns(self) -> bool:
        """Whether a mask depends on the other pictures of the set (their hashes then join the cache key)."""

    def models(self) -> list[Json]:
        """Return {name, sha256, licence, provider} of each model behind the masks, for run.json; [] without one."""

    def prepare(self, views: Sequence[View], run: Map) -> None:
        """Hand over the set (sorted by sha256). Called once, before the first `mask`; fitting may wait until then."""

    def mask(self, view: View) -> Mask | Declined:
        """Cut one picture. The array is whole, float, and at the engine's own grid."""
