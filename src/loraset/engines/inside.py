"""A saliency model looked into: its mask of a picture and, of the same inference, its inner maps.

In: pictures. Out: masks and maps. Never: a download, or a list of layers by a model's name: which of its tensors are
read is found in its graph, so that a model that has no such stages is passed over with a word.
"""

import threading
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.engines.graph import pooled
from loraset.engines.interface import EngineOptions
from loraset.engines.on_disk import file_of
from loraset.engines.rembg import RembgEngine
from loraset.ops.inner_maps import InnerMaps
from loraset.types import Json, Mask, View

MIN_STAGES = 2
MAX_SIDE = 160  # px: nothing looks closer than this
MAX_BYTES = 1 << 29  # of a file: its bytes are held twice while it is loaded


class Inside:
    """One model; what is asked of it takes turns."""

    def __init__(self, options: EngineOptions) -> None:
        self._engine = RembgEngine(options)
        self._candidates = pooled_in(file_of(options.model))
        self._start = threading.Lock()
        self._stages: list[str] | None = None

    @property
    def name(self) -> str:
        """The model's name."""
        return self._engine.model

    def identity(self) -> Json:
        """Return what decides the maps."""
        return self._engine.identity()

    def models(self) -> list[Json]:
        """Return the model's facts for run.json."""
        return self._engine.models()

    def look(self, view: View) -> tuple[Mask, InnerMaps]:
        """Return the model's mask of a picture, and its stages, float16 arrays of shape (C, h, w), fine to coarse."""
        with self._start:
            if self._stages is None:
                self._engine.expose(self._candidates)
                _, maps = self._engine.look_inside(view)
                shapes = {name: values.shape for name, values in zip(self._candidates, maps, strict=True)}
                self._stages = stages(shapes)
                self._engine.expose(self._stages)
        mask, maps = self._engine.look_inside(view)
        return mask, [_kept(values) for values in maps]


def pooled_in(file: Path | None) -> list[str]:
    """Names of the tensors that a model's file pools; [] where it cannot be looked into, or has too few of them."""
    if file is None or file.stat().st_size > MAX_BYTES:
        return []
    try:
        names = pooled(file.read_bytes())
    except ValueError:
        return []
    return names if len(names) > MIN_STAGES else []


def stages(shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    """The tensors at which a network goes on to a coarser scale, fine to coarse: of those of one size the widest.

    Within a stage a network may pool, too, but fewer channels; of two alike the first is the encoder's. The finest
    stage sees hardly more than a pixel and is left out.

    shapes : of the tensors that are pooled, by name, in the graph's order: (1, C, h, w).
    """
    widest: dict[tuple[int, ...], str] = {}
    for name, shape in shapes.items():
        if len(shape) == 4 and shape[1] > shapes.get(widest.get(shape[2:], ""), (0, 0))[1]:
            widest[shape[2:]] = name
    fine_to_coarse = sorted(widest, key=lambda size: -size[0] * size[1])
    return [widest[size] for size in fine_to_coarse[1:]]


def _kept(values: NDArray[np.float32]) -> NDArray[np.float16]:
    """A stage's map (1, C, h, w) as it is held: float16, at most `MAX_SIDE`."""
    channels = values[0]
    if max(channels.shape[1:]) > MAX_SIDE:
        scale = MAX_SIDE / max(channels.shape[1:])
        channels = np.stack(
            [cv2.resize(one, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) for one in channels]
        )
    return np.asarray(np.clip(channels, -65000, 65000), np.float16)
