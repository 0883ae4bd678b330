"""One picture on its way through the per-picture stages: results are pulled, cached, and computed when missing.

In: a file, the recipe, the engine, the cache. Out: `StageResult`s and their keys. Never: pixels kept after `release`.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from loraset.engines.interface import Answer, Engine
from loraset.images import Decoded, decode
from loraset.ops.compose import composite
from loraset.ops.geometry import crop
from loraset.recipe.model import Recipe
from loraset.runtime.cache import Cache, make_key
from loraset.stages import points
from loraset.stages.knowledge import SetKnowledge
from loraset.stages.mask import answer_of, stored
from loraset.stages.matte import output_frame
from loraset.types import ByteImage, Found, Json, Marks, Picture, StageResult

Given = tuple[str | None, str | None]  # hashes of the mask and of the points file that a person made for a picture


class Stopwatch:
    """Seconds of work per stage, summed over threads. A stage's time is its own, without what it pulled in."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()
        self._here = threading.local()

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time a block of a stage."""
        outer: list[float] | None = getattr(self._here, "inner", None)
        self._here.inner = inner = [0.0]
        start = time.perf_counter()
        try:
            yield
        finally:
            whole = time.perf_counter() - start
            self._here.inner = outer
            if outer is not None:
                outer[0] += whole
            with self._lock:
                self.seconds[stage] += whole - inner[0]


@dataclass(slots=True)
class Workshop:
    """What all tasks of a run share."""

    recipe: Recipe
    cache: Cache
    stages: dict[str, ModuleType]
    engine: Engine | None = None
    engine_key: Json = field(default_factory=dict)  # the engine's identity, and the set's hash where it learns
    knowledge: SetKnowledge | None = None
    set_key: str = ""  # hash of all masks of the set, where they may correct each other
    watch: Stopwatch = field(default_factory=Stopwatch)


class PictureTask:
    """One picture; implements both `stages.interface.Task` and `types.View`."""

    def __init__(self, shop: Workshop, found: Found, row_id: str, sha256: str, given: Given = (None, None)) -> None:
        self.shop, self.found, self.id, self.sha256, self.given = shop, found, row_id, sha256, given
        self._keys: dict[str, str] = {}
        self._results: dict[str, StageResult] = {}
        self._decoded: Decoded | None = None
        self._framed: tuple[ByteImage, NDArray[np.bool_]] | None = None

    @property
    def recipe(self) -> Recipe:
        """The run's recipe."""
        return self.shop.recipe

    @property
    def engine(self) -> Engine:
        """The run's engine."""
        assert self.shop.engine is not None, "no engine before the mask stage"
        return self.shop.engine

    @property
    def knowledge(self) -> SetKnowledge | None:
        """What the set's masks teach."""
        return self.shop.knowledge

    @property
    def view(self) -> "PictureTask":
        """The picture as engines see it."""
        return self

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the upright picture."""
        data = self.result("ingest").data
        return data["width"], data["height"]

    @property
    def has_alpha(self) -> bool:
        """Whether the file carries transparency that is not all opaque."""
        return bool(self.result("ingest").data["has_alpha"])

    @property
    def mask_file(self) -> Path | None:
        """The mask given for this picture."""
        return self.found.mask_file

    @property
    def marks(self) -> Marks | None:
        """What a person marked in this picture; None too where the points file is broken (the mask stage says so)."""
        return points.read_points(self.found.points_file, self.size)[0]

    def proxy(self) -> ByteImage:
        """Return the reduced picture from ingest."""
        return self.result("ingest").images["proxy"].astype(np.uint8, copy=False)

    def decoded(self) -> Decoded:
        """Return the file's picture and what it says of it; decoded once, kept until `release`."""
        if self._decoded is None:
            limits = self.recipe.input
            self._decoded = decode(self.found.path, max_pixels=limits.max_pixels, animated=limits.animated)
        return self._decoded

    def picture(self) -> Picture:
        """Return the whole picture."""
        return self.decoded().picture

    def photo(self) -> ByteImage:
        """Return the picture's colours; on mid gray where the file has an alpha of its own."""
        picture = self.picture()
        if picture.alpha is None:
            return picture.rgb
        return composite(np.dstack([picture.rgb, picture.alpha]), np.full(3, 128, np.uint8))

    def framed(self) -> tuple[ByteImage, NDArray[np.bool_]]:
        """Return the photo in its frame, and where it has pixels there."""
        if self._framed is None:
            self._framed = crop(self.photo(), output_frame(self))
        return self._framed

    def release(self) -> None:
        """Let go of the pixels."""
        self._decoded = self._framed = None

    def recall(self, maker: Json, make: Callable[[], Answer]) -> Answer:
        """Return what an engine once said of this picture alone; it outlives the mask that the set makes of it."""
        version, read = self.shop.stages["mask"].VERSION, self.key("ingest")
        key = make_key(maker=maker, version=version, read=read, input=self.sha256, given=self.given)
        known = self.shop.cache.get("mask", key) or self.shop.cache.put("mask", key, stored(make()))
        return answer_of(known)

    def key(self, stage: str) -> str:
        """Return the cache key of a stage's result, without computing any but one that is keyed by its result."""
        if stage not in self._keys:
            module = self.shop.stages[stage]
            self._keys[stage] = make_key(
                stage=stage,
                version=module.VERSION,
                settings=module.settings(self.recipe),
                reads={name: self._read(name) for name in module.READS},
                input=self.sha256,
                given=self.given if stage == "mask" else None,
                engine=self.shop.engine_key if stage == "mask" else None,
                set=self.shop.set_key if stage == "repair" else None,
                suffix=Path(self.found.source).suffix.lower() if stage == "ingest" else None,
            )
        return self._keys[stage]

    def _read(self, stage: str) -> str:
        """Return what stands for a stage in the keys of those that read it."""
        if self._is_keyed_by_result(stage) and not self.result(stage).images:
            return "nothing"
        return self.key(stage)

    def _is_keyed_by_result(self, stage: str) -> bool:
        return getattr(self.shop.stages[stage], "KEYED_BY_RESULT", False)

    def is_cached(self, stage: str) -> bool:
        """Whether a stage's result is stored; never where its key hangs on a result that is not."""
        if stage in self._results:
            return True
        read = self.shop.stages[stage].READS
        if not all(self.is_cached(name) for name in read if self._is_keyed_by_result(name)):
            return False
        return self.shop.cache.has(stage, self.key(stage))

    def knows(self, stage: str) -> bool:
        """Whether this run has a stage's result already."""
        return stage in self._results

    def result(self, stage: str) -> StageResult:
        """Return a stage's result: known, stored, or made now."""
        if stage not in self._results:
            key = self.key(stage)
            stored = self.shop.cache.get(stage, key)
            if stored is None:
                with self.shop.watch(stage):
                    made: StageResult = self.shop.stages[stage].run(self)
                    stored = self.shop.cache.put(stage, key, made)
            self._results[stage] = stored
        return self._results[stage]
