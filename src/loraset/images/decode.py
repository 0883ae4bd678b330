"""A picture file to upright sRGB pixels.

In: a path, whatever lies there. Out: a `Decoded`, or an `Unreadable`. Never: half a picture, more pixels than allowed.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from loraset.images.formats import ANIMATION_FORMATS, opened_formats, register_heif
from loraset.images.native import pixel_limit, warnings_into
from loraset.images.orientation import read_orientation, turn
from loraset.images.profiles import adobe_rgb_profile, apply_profile
from loraset.images.unreadable import Unreadable, explained, no_picture, refuse_by_name
from loraset.types import ByteImage, Picture


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A picture and what its file said of it; `mode` is the decoder's, `orientation` the EXIF value (1: upright)."""

    picture: Picture
    format: str
    mode: str
    frames: int
    orientation: int
    profile: str | None
    notes: tuple[str, ...]


def decode(path: Path, *, max_pixels: int, animated: Literal["first-frame", "skip"] = "first-frame") -> Decoded:
    """Decode a still picture: turned upright by its EXIF tag, in sRGB, 8 bits, straight alpha.

    Integer pictures of 16 bits are scaled, never clipped. Of several frames the first is taken.

    max_pixels : larger pictures are refused from their header, before pixels are decoded.
    animated : "skip" refuses animations.

    Raises
    ------
    Unreadable
        Whatever goes wrong: with code unreadable, too_large, animated or not_an_image.
    """
    notes: list[str] = []
    try:
        with path.open("rb") as file:
            head = file.read(4096)
            refuse_by_name(path, head)
            file.seek(0)
            with warnings_into(notes), pixel_limit(max_pixels):
                return _decode_open(file, head, max_pixels, animated, notes)
    except Unreadable:
        raise
    except (MemoryError, Image.DecompressionBombError):
        raise Unreadable("too_large", f"more pixels than may be decoded (input.max_pixels = {max_pixels})") from None
    except UnidentifiedImageError:
        raise no_picture(path, head) from None
    except Exception as error:  # decoders raise nearly everything on broken files, so a list of types would have holes
        raise Unreadable("unreadable", explained(error)) from error


def _decode_open(file: io.BufferedReader, head: bytes, max_pixels: int, animated: str, notes: list[str]) -> Decoded:
    formats = opened_formats()
    if head[4:8] == b"ftyp":  # AVIF too begins like this, but Pillow reads it by itself
        register_heif()
        formats = (*formats, "HEIF")
    with Image.open(file, formats=formats) as image:
        _check_size(image, max_pixels)
        frames = _count_frames(image, notes)
        if frames > 1 and animated == "skip" and image.format in ANIMATION_FORMATS:
            raise Unreadable("animated", f"an animation of {frames} frames (input.animated = skip)")
        if frames > 1:
            notes.append(f"{frames} frames or pages; the first is used")
        # TIFF is turned by its decoder; elsewhere nothing is asked before load(), which is where damage is reported
        turned = read_orientation(image, notes) if image.format == "TIFF" else 1
        mode = image.mode
        image.load()
        _check_size(image, max_pixels)
        turned = int(image.info.get("original_orientation") or turned)  # HEIF: likewise
        left = read_orientation(image, notes)
        rgb, alpha, profile = _to_srgb(image, notes)
        rgb = turn(rgb, left)
        alpha = None if alpha is None or alpha.min(initial=255) == 255 else turn(alpha, left)
        orientation = turned if left == 1 else left
        picture = Picture(rgb, alpha)
        return Decoded(picture, str(image.format), mode, frames, orientation, profile, tuple(dict.fromkeys(notes)))


def _check_size(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    if width <= 0 or height <= 0:
        raise Unreadable("unreadable", f"the picture is {width}x{height} px: there is nothing in it")
    if width * height > max_pixels:
        raise Unreadable("too_large", f"{width}x{height} px is more than input.max_pixels = {max_pixels}")


def _count_frames(image: Image.Image, notes: list[str]) -> int:
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:  # a broken later frame does not make the first one unreadable
        notes.append("the frames after the first are damaged")
        image.seek(0)
        return 1


def _to_srgb(image: Image.Image, notes: list[str]) -> tuple[ByteImage, ByteImage | None, str | None]:
    """Return (rgb, alpha or None, name of the profile that was applied or None), as stored, not yet turned."""
    if image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    icc = image.info.get("icc_profile") or (adobe_rgb_profile() if _says_adobe_rgb(image) else None)
    alpha = None
    if image.mode.startswith(("I", "F")):
        key = image.info.get("transparency")
        if isinstance(key, int):  # 16-bit gray with one transparent level
            alpha = np.where(np.asarray(image) == key, 0, 255).astype(np.uint8)
        image = Image.fromarray(_to_8_bits(image, notes))
    elif image.has_transparency_data:
        rgba = image.convert("RGBA")
        alpha = np.asarray(rgba.getchannel("A"))
        image = image.convert("L") if image.mode in ("1", "L", "LA") else rgba.convert("RGB")
    elif image.mode not in ("RGB", "L", "CMYK", "LAB"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    converted, name = apply_profile(image, icc, notes)
    return np.asarray(converted if converted.mode == "RGB" else converted.convert("RGB")), alpha, name


def _to_8_bits(image: Image.Image, notes: list[str]) -> ByteImage:
    """Scale a picture of 16-bit, 32-bit or float samples to 0..255 by what its samples can hold."""
    values = np.asarray(image, dtype=np.float64)
    values = np.where(np.isfinite(values), values, 0.0)
    low, high = float(values.min()), float(values.max())
    if image.mode == "F":
        scales = ((0.0, 1.0), (16.0, 255.0), (4096.0, 65535.0))  # the units that float pictures are kept in
        top = next((top for least, top in scales if low >= 0 and least < high <= top), max(high, low + 1e-9))
    else:
        bits = getattr(image, "tag_v2", {}).get(258, (16,))[0]
        top = max(2.0 ** min(int(bits), 16) - 1, high)
    bottom = min(low, 0.0)
    if bottom < 0 or top not in (65535.0, 255.0, 1.0):
        notes.append(f"samples from {low:g} to {high:g} were scaled to 0..255")
    return ((values - bottom) * (255.0 / (top - bottom)) + 0.5).astype(np.uint8)


def _says_adobe_rgb(image: Image.Image) -> bool:
    """Whether EXIF says Adobe RGB as cameras do that embed no profile: interoperability index R03 (DCF 2.0)."""
    try:
        return bool(image.getexif().get_ifd(ExifTags.IFD.Interop).get(1) == "R03")
    except Exception:  # a broken EXIF block says nothing about the pixels
        return False
