"""The sample set on disk: the photos, and planted among them what real folders hold.

In: a folder, a seed, a size. Out: files; when asked, the truth beside them. Never: a picture that is not ours.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from loraset.images import encode_png, write_bytes, write_picture
from loraset.sample.scene import Shot, shoot
from loraset.sample.shots import SHOTS, Spec
from loraset.types import ByteImage, Json


@dataclass(frozen=True, slots=True)
class Stored:
    """How a shot is written: a plain JPEG but for what is said. cut_out : colour and alpha, without a background."""

    ending: str = ".jpg"
    orientation: int = 1
    icc: Literal["srgb", "display-p3"] | None = None
    cmyk: bool = False
    bits: int = 8
    cut_out: bool = False


STORED: dict[str, Stored] = {
    "leaves-sit": Stored(orientation=3),
    "half-figure": Stored(orientation=6),
    "side-view": Stored(orientation=8),
    "denim-kick": Stored(icc="display-p3"),
    "brick-hip": Stored(icc="srgb"),
    "tiles-flash": Stored(cmyk=True),
    "books-chin": Stored(".heic"),
    "linen-hug": Stored(".png", bits=16),
    "back-turn": Stored(".png", cut_out=True),
}


@dataclass(frozen=True, slots=True)
class Planted:
    """A file made from a shot's: its kind is the label, `of` the shot."""

    kind: str
    of: str
    file: str
    make: Callable[[Path, Path, ByteImage], None]
    """make(path, original file, photo)."""
    is_copy: bool = True


def _same_bytes(path: Path, original: Path, photo: ByteImage) -> None:
    write_bytes(path, original.read_bytes())


def _again(path: Path, original: Path, photo: ByteImage) -> None:
    write_picture(path, photo, quality=62)


def _smaller(path: Path, original: Path, photo: ByteImage) -> None:
    size = (round(photo.shape[1] * 0.6), round(photo.shape[0] * 0.6))
    write_picture(path, _resized(photo, size))


def _resized(photo: ByteImage, size: tuple[int, int]) -> ByteImage:
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)


def _mirrored(path: Path, original: Path, photo: ByteImage) -> None:
    write_picture(path, np.ascontiguousarray(photo[:, ::-1]))


def _cropped(path: Path, original: Path, photo: ByteImage) -> None:
    height, width = photo.shape[:2]
    write_picture(path, np.ascontiguousarray(photo[round(height * 0.02) :, : width - round(width * 0.015)]))


def _animated(path: Path, original: Path, photo: ByteImage) -> None:
    size = (photo.shape[1] // 2, photo.shape[0] // 2)
    small = _resized(photo, size)
    frames = [np.roll(small, step, axis=1) for step in (0, 2, 4)]
    write_picture(path, frames[0], frames=frames[1:])


def _truncated(path: Path, original: Path, photo: ByteImage) -> None:
    data = original.read_bytes()
    write_bytes(path, data[: len(data) * 2 // 5])


def _text(path: Path, original: Path, photo: ByteImage) -> None:
    write_bytes(path, b"The pictures were taken on Sunday. The dark ones can go.\n")


PLANTED: tuple[Planted, ...] = (
    Planted("exact_duplicate", "wood-hello", "wood-hello-copy.jpg", _same_bytes),
    Planted("re_encoded", "gravel-wide", "gravel-wide-sent.jpg", _again),
    Planted("resized", "lawn-sit", "lawn-sit-small.jpg", _smaller),
    Planted("mirrored", "night-lights", "night-lights-flipped.jpg", _mirrored),
    Planted("cropped", "carpet-lie", "carpet-lie-crop.jpg", _cropped),
    Planted("animated", "sand-stand", "sand-stand.gif", _animated),
    Planted("unreadable", "close-face", "close-face-broken.jpg", _truncated),
    Planted("unreadable", "wood-hello", "notes.png", _text, is_copy=False),
)


def render(shot: int | str, *, seed: int = 0, side: int = 1200) -> Shot:
    """Take one picture of `SHOTS`.

    Parameters
    ----------
    shot : its place in the table, or its name.
    seed : of textures, strands and noise; poses and light are the table's.
    side : the longer side in px.

    Raises
    ------
    ValueError
        No shot has this name.
    """
    if isinstance(shot, int):
        return shoot(SHOTS[shot], seed=seed, side=side)
    for spec in SHOTS:
        if spec.name == shot:
            return shoot(spec, seed=seed, side=side)
    raise ValueError(f"no shot is named {shot!r}")


def write_sample(
    folder: Path, *, seed: int = 0, side: int = 1200, truth: Path | None = None, shots: Sequence[str] | None = None
) -> list[Path]:
    """Write the sample set into a folder and return the pictures' paths, sorted; sidecars lie beside them.

    Parameters
    ----------
    seed, side : as for `render`.
    truth : a folder for ``<stem>.png``, the true straight colour and alpha of each shot, upright, 8-bit RGBA, and
        ``labels.json``: for each file its `kind` ("photo", a reason code, or how a copy was made), the file it is a
        `copy_of`, its `truth` and its `exif_orientation`.
    shots : names of the shots to write, with what is planted of them; all when None.
    """
    labels: dict[str, Json] = {}
    unknown = set(shots or ()) - {spec.name for spec in SHOTS}
    if unknown:
        raise ValueError(f"no shot is named {', '.join(sorted(unknown))}")
    for place in filter(None, (folder, truth)):
        place.mkdir(parents=True, exist_ok=True)
    for spec in SHOTS:
        if shots is not None and spec.name not in shots:
            continue
        shot = shoot(spec, seed=seed, side=side)
        path = _write_shot(folder, spec, shot)
        orientation = STORED.get(spec.name, Stored()).orientation
        labels[path.name] = _label(spec.note or "photo", truth=f"{spec.name}.png", orientation=orientation)
        if truth is not None:
            write_bytes(truth / f"{spec.name}.png", encode_png(_rgba8(shot)))
        for planted in PLANTED:
            if planted.of == spec.name:
                planted.make(folder / planted.file, path, shot.photo)
                copy = path.name if planted.is_copy else None
                labels[planted.file] = _label(planted.kind, copy_of=copy)
    if truth is not None:
        write_bytes(truth / "labels.json", json.dumps(labels, indent=1, sort_keys=True).encode() + b"\n")
    return [folder / name for name in sorted(labels)]


def _label(kind: str, *, copy_of: str | None = None, truth: str | None = None, orientation: int = 1) -> Json:
    return {"kind": kind, "copy_of": copy_of, "truth": truth, "exif_orientation": orientation}


def _rgba8(shot: Shot) -> ByteImage:
    return np.round(np.dstack([shot.color, shot.alpha]) * 255).astype(np.uint8)


def _camera_jpeg(photo: ByteImage) -> bytes:
    """A JPEG with its colour at full resolution: at half of it no cut-out could give a strand its own colour back."""
    full = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
    _, data = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95, *full])
    return bytes(data.tobytes())


def _write_shot(folder: Path, spec: Spec, shot: Shot) -> Path:
    stored = STORED.get(spec.name, Stored())
    path = folder / f"{spec.name}{stored.ending}"
    if stored == Stored():
        write_bytes(path, _camera_jpeg(shot.photo))
    elif stored.cut_out:
        write_bytes(path, encode_png(_rgba8(shot)))
    elif stored.bits == 16:
        write_bytes(path, encode_png(shot.photo.astype(np.uint16) * 257))
    else:
        write_picture(path, shot.photo, quality=95, orientation=stored.orientation, icc=stored.icc, cmyk=stored.cmyk)
    if spec.caption:
        write_bytes(path.with_suffix(".txt"), f"{spec.caption}\n".encode())
    return path
