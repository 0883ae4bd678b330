"""The values that pass between the parts of loraset.

In: nothing. Out: plain frozen dataclasses and type aliases. Never: file access, settings, or an import of another
loraset module but `errors`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Json = dict[str, Any]
ByteImage = NDArray[np.uint8]  # (H, W) or (H, W, C), 0..255, sRGB where it is colour
FloatImage = NDArray[np.float32]  # (H, W) or (H, W, C), [0, 1]
BoolImage = NDArray[np.bool_]  # (H, W)
Pixels = NDArray[np.uint8] | NDArray[np.uint16]  # as PNG can hold it: (H, W), (H, W, 3) or (H, W, 4)

T = TypeVar("T")
R = TypeVar("R")

Light = Literal["linear", "srgb"]  # the light in which edge colours were mixed


class Verdict(StrEnum):
    """What becomes of a picture."""

    KEEP = "keep"
    REVIEW = "review"
    REJECT = "reject"


REASON_CODES = (
    "not_an_image",
    "unreadable",
    "too_large",
    "animated",
    "too_small",
    "exact_duplicate",
    "near_duplicate",
    "subject_duplicate",
    "no_subject",
    "subject_cut_off",
    "mask_uncertain",
    "engines_disagree",
    "odd_one_out",
    "halo",
    "blurry",
    "dark",
    "overexposed",
    "low_score",
    "over_limit",
    "by_hand",
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a picture was not simply kept: a code of `REASON_CODES`, the stage that says so, and words for a person."""

    code: str
    stage: str
    detail: str

    def __post_init__(self) -> None:
        if self.code not in REASON_CODES:
            raise ValueError(f"unknown reason code {self.code!r}")

    def to_json(self) -> Json:
        """Return the manifest's form."""
        return {"code": self.code, "stage": self.stage, "detail": self.detail}


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded still picture: upright (EXIF turned), in sRGB.

    rgb : uint8 array of shape (H, W, 3); under alpha 0 it is whatever the file held.
    alpha : uint8 array of shape (H, W), or None where the file has no transparency. All-opaque alpha is None.
    """

    rgb: ByteImage
    alpha: ByteImage | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in px."""
        return self.rgb.shape[1], self.rgb.shape[0]


@dataclass(frozen=True, slots=True)
class Found:
    """A file that ingest found, before it is opened.

    root is the index of the input it came from; source its POSIX path relative to that input (for a member of an
    archive: the archive's name, then the member's path); path where its bytes lie on this disk.
    """

    root: int
    source: str
    path: Path
    caption_file: Path | None = None
    mask_file: Path | None = None
    points_file: Path | None = None


Point = tuple[float, float]  # x, y
Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Marks:
    """What a person says of a picture: points and boxes that are subject, and ones that are not.

    All numbers are fractions of the upright picture's width and height, so they hold at any size. keep_boxes say "the
    subject is in here, and nowhere else"; drop_boxes "what lies in here is not the subject".
    """

    keep: tuple[Point, ...] = ()
    drop: tuple[Point, ...] = ()
    keep_boxes: tuple[Box, ...] = ()
    drop_boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """What an engine says of one picture.

    probability : float32 array of shape (h, w), values in [0, 1]: the probability of "subject" over the whole
        picture, at any size (an engine leaves it at its own grid; nothing is stretched before it must be).
    exact : the mask is right to the pixel at its own size, with true soft edges (alpha, given, key): matting may only
        leave it alone or touch what is uncertain.
    inference_size : (width, height) that the engine worked at.
    confidence : in [0, 1], or None where the engine has no such measure.
    key_color : the screen colour as three floats in [0, 1] sRGB, where the mask was keyed: its spill is to be removed.
    reasons : doubts that send the picture to review, e.g. `mask_uncertain`.
    details : JSON for the manifest (`details.mask`): why auto chose, what a list joined, and so on.
    """

    probability: FloatImage
    engine: str
    inference_size: tuple[int, int]
    model: str | None = None
    exact: bool = False
    confidence: float | None = None
    key_color: tuple[float, float, float] | None = None
    reasons: tuple[Reason, ...] = ()
    details: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class StageResult:
    """What a per-picture stage says: JSON, pictures (uint8 or uint16 arrays, stored as PNG) and doubts."""

    data: Json = field(default_factory=dict)
    images: Mapping[str, Pixels] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Declined:
    """An engine could not cut this picture: the reason in words, for `details` and for the next engine's turn."""

    engine: str
    why: str


class View(Protocol):
    """One picture as an engine sees it. Reading is lazy; nothing is kept after the call."""

    @property
    def id(self) -> str:
        """The picture's manifest id."""

    @property
    def sha256(self) -> str:
        """Hash of the file's bytes."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the upright picture."""

    @property
    def has_alpha(self) -> bool:
        """Whether the file carries transparency that is not all opaque."""

    @property
    def mask_file(self) -> Path | None:
        """The mask given for this picture, where there is one."""

    @property
    def marks(self) -> Marks | None:
        """What a person marked in this picture, where somebody did."""

    def proxy(self) -> ByteImage:
        """uint8 array of shape (h, w, 3), sRGB: the picture with its long side reduced to at most `PROXY_SIDE` px."""

    def picture(self) -> Picture:
        """Return the whole picture at full size (decodes the file)."""


PROXY_SIDE = 1024


class Map(Protocol):
    """An ordered parallel map, handed to what may use the cores."""

    def __call__(self, function: Callable[[T], R], items: Sequence[T], /) -> list[R]:
        """Return [function(item) for item in items]."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Geometry of one output picture; no pixels.

    source_box : (x0, y0, x1, y1) in px of the upright picture, whole numbers inside it, half open.
    scale : output px per source px (at most 1 unless up-scaling was asked for).
    padding : (left, top, right, bottom) in output px around the scaled box; 0 on a side where the photo cuts the
        subject, so that it stays flush with the output's edge.
    output_size : (width, height) in px.
    """

    source_box: tuple[int, int, int, int]
    scale: float
    padding: tuple[int, int, int, int]
    output_size: tuple[int, int]

    @property
    def inner_box(self) -> tuple[int, int, int, int]:
        """(x0, y0, x1, y1) of the source's pixels in the output, half open."""
        left, top, right, bottom = self.padding
        return left, top, self.output_size[0] - right, self.output_size[1] - bottom

    @property
    def inner_scale(self) -> float:
        """Output px per source px as the whole-numbered boxes have it."""
        left, _, right, _ = self.inner_box
        return (right - left) / max(1, self.source_box[2] - self.source_box[0])

    def to_json(self) -> Json:
        """Return the manifest's form."""
        return {
            "source_box": list(self.source_box),
            "scale": round(self.scale, 6),
            "padding": list(self.padding),
            "output_size": list(self.output_size),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Frame":
        """Read what `to_json` wrote. The scale is rounded there; only sizes and boxes decide pixels."""
        x0, y0, x1, y1 = data["source_box"]
        left, top, right, bottom = data["padding"]
        width, height = data["output_size"]
        return cls((x0, y0, x1, y1), float(data["scale"]), (left, top, right, bottom), (width, height))


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """The subject with its true colour and soft edge.

    rgb : float32 array of shape (H, W, 3), [0, 1], sRGB-encoded, straight (never premultiplied).
    alpha : float32 array of shape (H, W), [0, 1].
    """

    rgb: FloatImage
    alpha: FloatImage

    def to_rgba8(self) -> ByteImage:
        """uint8 array of shape (H, W, 4): clipped, then rounded."""
        rgba = np.dstack([self.rgb, self.alpha])
        return (np.clip(rgba, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)

    @classmethod
    def from_rgba8(cls, rgba: ByteImage) -> "Cutout":
        """Read a straight-alpha uint8 array of shape (H, W, 4)."""
        values = rgba.astype(np.float32) / np.float32(255.0)
        return cls(values[..., :3], values[..., 3])


class Progress(Protocol):
    """Hears what a run does; the terminal, a plain log or nothing listens."""

    def stage(self, name: str, total: int) -> None:
        """Announce that `total` items of a stage are about to be done (a stage may be announced again)."""

    def advance(self, name: str, done: int = 1, *, cached: bool = False) -> None:
        """Say that items of a stage are finished."""

    def message(self, text: str) -> None:
        """Say one line to the user."""


class Silent:
    """A `Progress` that says nothing."""

    def stage(self, name: str, total: int) -> None:
        """Say nothing."""

    def advance(self, name: str, done: int = 1, *, cached: bool = False) -> None:
        """Say nothing."""

    def message(self, text: str) -> None:
        """Say nothing."""
