"""Engine rembg: a published saliency model, run by rembg's session class for it, or an .onnx file of the user's.

In: pictures. Out: the model's map in float, at the model's own size, stretched to 0..1 as rembg does. Never: a session
that uploads pictures, or a download of a model that nobody named.

rembg hands out 8-bit masks. So the raw output is listened to on its way: it is what rembg made its bytes of if one of
the ways in `ACTIVATIONS` gives the same bytes, and then the float map is used; else rembg's bytes are.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.engines import sam
from loraset.engines.graph import with_outputs
from loraset.engines.interface import EngineOptions
from loraset.errors import MissingError
from loraset.images import to_pillow
from loraset.ops.doubt import expected_overlap
from loraset.runtime.executor import core_count
from loraset.runtime.hardware import choose_providers
from loraset.runtime.models import accept_license, find, lookup, missing, pull, sessions_of_rembg, sha256
from loraset.types import ByteImage, FloatImage, Json, Map, Mask, Reason, View

VERSION = 4
MEAN = np.array([0.485, 0.456, 0.406], np.float32)  # ImageNet's, for models given by path
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
MIRRORED = slice(None), slice(None, None, -1)
BEYOND = 1 / 6  # of the picture: as much is added on each side where it is seen from afar
ASKED_BELOW = 0.9995  # expected overlap by the mask alone: only a surer one is right as it is so often that it is left
FLAT_RANGE = 0.3  # a map whose values span less than this (before stretching) saw no subject
LANCZOS = 1  # Pillow's number of the filter
ACTIVATIONS: dict[str, Callable[[FloatImage], FloatImage]] = {
    "as it is": lambda raw: raw,
    "sigmoid": lambda raw: np.asarray(1 / (1 + np.exp(-raw)), np.float32),
}


class RembgEngine:
    """One model, one onnxruntime session for the run; inference takes turns, so memory does not grow with threads."""

    name = "rembg"
    learns = False

    def __init__(self, options: EngineOptions) -> None:
        self._file, self.model, self.licence = _resolve(options)
        self._provider_setting = options.provider
        if options.provider != "auto":  # named: that it does not work here is said before any work
            choose_providers(options.provider)
        self._say = options.say
        self._look_again = options.look_again
        self._start = threading.Lock()
        self._session: _Session | sam.SamSession | None = None

    def identity(self) -> Json:
        """Return what decides the masks. The provider is left out: it decides speed."""
        version = sam.VERSION if self.model == sam.MODEL else VERSION
        facts = {"engine": self.name, "version": version, "model": self.model, "sha256": sha256(self._file)}
        return facts | {"look_again": self._look_again}

    def models(self) -> list[Json]:
        """Return the model's facts for run.json."""
        provider = self._session.provider if self._session else None
        return [{"name": self.model, "sha256": sha256(self._file), "licence": self.licence, "provider": provider}]

    def prepare(self, views: Sequence[View], run: Map) -> None:
        """Open the session."""
        self._open()

    def mask(self, view: View) -> Mask:
        """Return the model's map; `mask_uncertain` where it is flat.

        Of `details.asked_again`, `stays` is the IoU to be expected of the mask by what the model says of the picture
        and of its mirror image, `from_afar` by what it says of the picture with more about it. A mask that leaves no
        doubt stands for the answers that were not asked for.
        """
        session = self._open()
        if isinstance(session, sam.SamSession):
            return session.mask(view)
        photo = _seen(view, session)
        mask = self._mask(session.look(photo))
        own = mask.probability
        alone = expected_overlap(own, [own])
        if not self._look_again or not alone:
            return mask
        stays, from_afar = alone, 1.0  # of a mask too sure to be asked about
        if alone < ASKED_BELOW:
            mirrored = session.look(np.ascontiguousarray(photo[MIRRORED])).map[MIRRORED]
            stays = expected_overlap(own, [own, mirrored])
            from_afar = expected_overlap(own, [_from_afar(photo, session, own.shape)])
        again: Json = {"stays": round(stays, 4), "from_afar": round(from_afar, 4)}
        return replace(mask, details={**mask.details, "asked_again": again})

    def expose(self, names: Sequence[str]) -> None:
        """Have `look_inside` give tensors of the model's own, by their names in its graph."""
        session = self._open()
        assert isinstance(session, _Session), "a model of two files has no one graph"
        session.expose(names)

    def look_inside(self, view: View) -> tuple[Mask, Sequence[NDArray[np.float32]]]:
        """Return the mask and, of the same inference, the tensors that were exposed last."""
        session = self._open()
        assert isinstance(session, _Session)
        answer = session.look(_seen(view, session))
        return self._mask(answer), answer.inner

    def _mask(self, answer: "_Answer") -> Mask:
        reasons = []
        if answer.span < FLAT_RANGE:
            reasons.append(Reason("mask_uncertain", "mask", f"{self.model} sees no subject (its map is nearly flat)"))
        return Mask(
            answer.map,
            self.name,
            (answer.map.shape[1], answer.map.shape[0]),
            model=self.model,
            confidence=round(answer.span * _decided(answer.map), 4),
            reasons=tuple(reasons),
            details={"span": round(answer.span, 4), "depth": answer.depth},
        )

    def _open(self) -> "_Session | sam.SamSession":
        with self._start:
            if self._session is None:
                providers = choose_providers(self._provider_setting)
                promptable = self.model == sam.MODEL
                self._session = sam.SamSession() if promptable else _Session(self.model, self._file, providers)
                self._say(f"model {self.model} (licence {self.licence}) runs on {self._session.provider}")
            return self._session


def _resolve(options: EngineOptions) -> tuple[Path, str, str]:
    """File, name and licence of the model; downloads it if it was named and is not here."""
    if options.model.endswith(".onnx"):
        file = Path(options.model).expanduser()
        if not file.is_file():
            raise MissingError(f"there is no model file {file}", "Correct the path, or name one of rembg's models.")
        return file, file.name, "its own"
    model = lookup(options.model)
    accept_license(model.name, options.accept_licenses)
    here = find(model.name)
    if here is None and not (options.model_named and options.download):
        raise missing(model.name)
    return here or pull(model.name, options.say, accepted=options.accept_licenses), model.name, model.licence


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """map: float32 (h, w), stretched to [0, 1]. span: what it spanned before. depth: "float", or "8 bit" as rembg's.

    inner: the tensors that were exposed.
    """

    map: FloatImage
    span: float
    depth: str
    inner: Sequence[NDArray[np.float32]] = ()


class _Session:
    """A loaded model: pictures of its own size in, `_Answer`s out, one at a time."""

    def __init__(self, name: str, file: Path, providers: list[str]) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = core_count()
        options.use_deterministic_compute = True
        options.enable_mem_pattern = False  # else the second run takes memory anew beside the first's
        self._turn = threading.Lock()
        self._open: Callable[[Path | bytes], Any] = lambda model: _load(model, options, providers)
        self._file = file
        self._rembg: Any = None
        if name == file.name:
            self._tap = _Tap(self._open(file))
            self.size = _input_size(self._tap.inner, file)
        else:
            self._rembg = sessions_of_rembg().sessions[name](name, options, providers=list(providers))
            self._tap = _Tap(getattr(self._rembg, "inner_session", None))
            self._rembg.inner_session = self._tap
            side = lookup(name).input_size
            self.size = (side, side)
        used = self._tap.inner.get_providers() if self._tap.inner else providers
        self.provider = used[0].removesuffix("ExecutionProvider").lower()

    def expose(self, names: Sequence[str]) -> None:
        """Have every `_Answer` hold the tensors of these names."""
        with self._turn:
            self._tap.inner = self._open(with_outputs(self._file.read_bytes(), names))
            self._tap.exposed = len(names)

    def look(self, photo: ByteImage) -> _Answer:
        """Run the model on a uint8 picture of shape (size[1], size[0], 3)."""
        with self._turn, np.errstate(all="ignore"):
            self._tap.outputs = []
            if self._rembg is None:
                return replace(self._look_own(photo), inner=self._tap.inside)
            masks = [np.asarray(mask) for mask in self._rembg.predict(to_pillow(photo))]
            outputs, inside = self._tap.outputs, self._tap.inside
        stepped = np.max(masks, axis=0)
        for activate in ACTIVATIONS.values():
            made = _stretch(activate(outputs[0][0, 0])) if outputs and outputs[0].ndim == 4 else None
            if made is not None and _same_bytes(made.map, stepped):
                return replace(made, inner=inside)
        return _Answer(stepped.astype(np.float32) / np.float32(255), 1.0, "8 bit", inside)

    def _look_own(self, photo: ByteImage) -> _Answer:
        values = (photo.astype(np.float32) / np.float32(255) - MEAN) / DEVIATION
        feed = {self._tap.inner.get_inputs()[0].name: np.ascontiguousarray(values.transpose(2, 0, 1))[None]}
        raw = np.asarray(self._tap.run(None, feed)[0], np.float32)
        raw = raw.reshape(-1, *raw.shape[-2:])[0]
        within = raw.min() >= -0.001 and raw.max() <= 1.001
        return _stretch(raw if within else ACTIVATIONS["sigmoid"](raw))


class _Tap:
    """Stands where an onnxruntime session stood, and keeps the last raw outputs; the `exposed` last ones it hides."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.exposed = 0
        self.outputs: list[NDArray[np.float32]] = []
        self.inside: list[NDArray[np.float32]] = []

    def run(self, names: Any, feed: Any) -> list[NDArray[np.float32]]:
        """Run the session."""
        every = self.inner.run(names, feed)
        own = len(every) - self.exposed
        self.outputs, self.inside = every[:own], every[own:]
        return self.outputs

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def _load(model: Path | bytes, options: Any, providers: list[str]) -> Any:
    import onnxruntime

    try:
        source = model if isinstance(model, bytes) else str(model)
        return onnxruntime.InferenceSession(source, options, providers=providers)
    except Exception as error:  # onnxruntime's own kinds, one for each way to be broken
        raise MissingError(
            f"{model if isinstance(model, Path) else 'this'} is no model that onnxruntime can load: {error}",
            "Give another .onnx file.",
        ) from error


def _input_size(session: Any, file: Path) -> tuple[int, int]:
    """(width, height) of a graph's picture input; sides that it leaves open are taken as 1024."""
    shape = session.get_inputs()[0].shape
    if len(session.get_inputs()) != 1 or len(shape) != 4 or shape[1] != 3:
        raise MissingError(
            f"{file} does not take one picture (its input is {shape})", "It must take one float input of 1x3xHxW."
        )
    height, width = (side if isinstance(side, int) else 1024 for side in shape[2:])
    return width, height


def _seen(view: View, session: _Session) -> ByteImage:
    """The picture as the model takes it: the reduced one, where that is large enough."""
    width, height = session.size
    photo = view.proxy()
    if min(photo.shape[:2]) < min(width, height, *view.size):
        photo = view.picture().rgb
    return _to_size(photo, session.size)


def _from_afar(photo: ByteImage, session: _Session, shape: tuple[int, int]) -> FloatImage:
    """What the model sees where the photo's own mirror image goes on beyond its borders: a map of `shape` (h, w)."""
    wider = [round(side * BEYOND) for side in photo.shape[:2]]
    mirrored = cv2.copyMakeBorder(photo, wider[0], wider[0], wider[1], wider[1], cv2.BORDER_REFLECT_101)
    seen = session.look(_to_size(np.asarray(mirrored, np.uint8), session.size)).map
    hidden = [round(side * BEYOND / (1 + 2 * BEYOND)) for side in seen.shape]
    inner = seen[hidden[0] : seen.shape[0] - hidden[0], hidden[1] : seen.shape[1] - hidden[1]]
    return _stretch(np.asarray(cv2.resize(inner, shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)).map


def _to_size(photo: ByteImage, size: tuple[int, int]) -> ByteImage:
    """Resize as rembg does: the networks notice another filter (on one of 20 photos u2netp's IoU fell by .09)."""
    return np.asarray(to_pillow(photo).resize(size, LANCZOS), np.uint8)


def _stretch(raw: FloatImage) -> _Answer:
    low, high = float(np.nanmin(raw)), float(np.nanmax(raw))
    stretched = (raw - low) / (high - low) if high > low else np.zeros_like(raw)
    return _Answer(np.asarray(np.nan_to_num(stretched), np.float32), high - low, "float")


def _same_bytes(made: FloatImage, stepped: NDArray[np.uint8]) -> bool:
    if made.shape != stepped.shape:
        return False
    return int(np.abs((made * 255).astype(np.int16) - stepped.astype(np.int16)).max()) <= 1


def _decided(values: FloatImage) -> float:
    """1 where no value lies between .1 and .9, 0 where as much does as is subject."""
    half = float(np.mean((values > 0.1) & (values < 0.9)))
    whole = float(np.mean(values > 0.5))
    return float(np.clip(1 - half / whole, 0, 1)) if whole > 0 else 0.0
