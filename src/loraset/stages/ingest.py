"""ingest: file -> what is known of it before anything is cut: size, hashes, a reduced picture; its caption apart.

In: a file that `find` listed. Out: numbers and text; images `proxy` (the picture with its long side at most
PROXY_SIDE, on mid gray where it is transparent) and `small` (what dedupe compares). A file that gives no picture says
so in `reasons` and has no `width`. Never: a change to the file, the whole picture kept.
"""

import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np

from loraset.images import Decoded, Unreadable, reduce_to
from loraset.ops.compose import composite
from loraset.ops.hashes import perceptual_hashes, sharpness, small_picture
from loraset.recipe.model import Recipe
from loraset.stages.interface import Task
from loraset.stages.sources import find
from loraset.types import PROXY_SIDE, ByteImage, Json, Picture, Reason, StageResult

__all__ = ["NAME", "READS", "VERSION", "find", "run", "settings"]

NAME = "ingest"
VERSION = 2
READS: tuple[str, ...] = ()

ENCODINGS = (  # of caption files: by their first bytes, else UTF-8, else the old Windows one, which is always possible
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def settings(recipe: Recipe) -> Json:
    """Return what the recipe says of decoding. A caption is no part of it: a new word in one decodes nothing."""
    said = recipe.input
    return {
        "max_pixels": said.max_pixels,
        "min_side_px": said.min_side_px,
        "animated": said.animated,
    }


def run(task: Task) -> StageResult:
    """Decode one file and say what it is. A file that is no picture, or a broken one, is a result with its reason."""
    found, limits = task.found, task.recipe.input
    data: Json = {"bytes": None, "notes": []}
    try:
        data["bytes"] = found.path.stat().st_size
        decoded = task.decoded()
    except OSError as error:
        return StageResult(data, reasons=(Reason("unreadable", NAME, f"cannot be opened: {error.strerror}"),))
    except Unreadable as error:
        return StageResult(data, reasons=(Reason(error.code, NAME, error.detail),))
    proxy, contrasted = _reduced(decoded.picture)
    hashes = perceptual_hashes(contrasted)
    data |= _facts(decoded)
    data["pixel_sha256"] = pixel_sha256(decoded.picture)
    data["hashes"] = asdict(hashes) if hashes else None
    data["sharpness"] = round(sharpness(proxy), 6)
    data["notes"] = list(decoded.notes)
    images = {"proxy": proxy, "small": small_picture(contrasted)}
    return StageResult(data, images, _too_small(decoded.picture, limits.min_side_px))


def _facts(decoded: Decoded) -> Json:
    width, height = decoded.picture.size
    return {
        "width": width,
        "height": height,
        "has_alpha": decoded.picture.alpha is not None,
        "format": decoded.format,
        "mode": decoded.mode,
        "frames": decoded.frames,
        "orientation": decoded.orientation,
        "profile": decoded.profile,
    }


def _too_small(picture: Picture, least: int) -> tuple[Reason, ...]:
    width, height = picture.size
    if min(width, height) >= least:
        return ()
    return (Reason("too_small", NAME, f"{width}x{height} px: the shorter side is below {least} (input.min_side_px)"),)


def pixel_sha256(picture: Picture) -> str:
    """Hash of what is seen: the upright pixels, but not the colour that lies under alpha 0."""
    seen = hashlib.sha256(repr(picture.size).encode())
    if picture.alpha is None:
        seen.update(np.ascontiguousarray(picture.rgb).data)
    else:
        seen.update((picture.rgb * (picture.alpha > 0)[..., None]).tobytes())
        seen.update(picture.alpha.tobytes())
    return seen.hexdigest()


def _reduced(picture: Picture) -> tuple[ByteImage, ByteImage]:
    """Return the picture reduced to PROXY_SIDE: for the eye, and for hashing.

    What is transparent is mid gray for the eye. For hashing it is white under a dark subject and black under a light
    one: by the colour that a file keeps under alpha 0, mostly black, all cut-outs would be alike.
    """
    if picture.alpha is None:
        proxy = reduce_to(picture.rgb, PROXY_SIDE)
        return proxy, proxy
    covered = reduce_to(composite(np.dstack([picture.rgb, picture.alpha]), np.zeros(3, np.uint8)), PROXY_SIDE)
    alpha = reduce_to(picture.alpha, PROXY_SIDE)
    dark = float(covered.mean()) < 0.5 * float(alpha.mean())
    shows = (255 - alpha.astype(np.uint16))[..., None]
    eye, hashed = (
        (covered + shows * level // 255).clip(max=255).astype(np.uint8) for level in (128, 255 if dark else 0)
    )
    return eye, hashed


def read_caption(path: Path) -> tuple[str | None, list[str]]:
    """Text of a caption file, or None of an empty one, and what had to be guessed."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        return None, [f"the caption file {path.name} cannot be read: {error.strerror}"]
    notes: list[str] = []
    encoding = next((name for mark, name in ENCODINGS if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
        notes.append(f"the caption file {path.name} is not UTF-8; it was read as Windows-1252")
    text = "\n".join(line.strip() for line in text.replace("\0", "").splitlines()).strip()
    return text or None, notes
