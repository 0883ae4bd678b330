"""Bytes and pictures to files.

In: a path and what is to lie there. Out: the file. Never: half a file, time or chance in its bytes.
"""

import io
import mmap
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from loraset.images.encode import encode_png
from loraset.images.formats import HEIF_SUFFIXES, register_heif
from loraset.images.orientation import ORIENTATION_TAG, turn_back
from loraset.images.profiles import convert_srgb, display_p3_profile, srgb_profile
from loraset.types import ByteImage, Pixels


def write_bytes(path: Path, data: bytes | mmap.mmap) -> None:
    """Write a file so that under its name there is all of it or nothing: a temporary name beside it, then a move."""
    temporary = path.with_name(f".part-{secrets.token_hex(8)}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_picture(
    path: Path,
    pixels: Pixels,
    *,
    quality: int = 92,
    orientation: int = 1,
    icc: Literal["srgb", "display-p3"] | None = None,
    cmyk: bool = False,
    frames: Sequence[ByteImage] = (),
) -> None:
    """Write an upright sRGB picture in the format that the path's ending names, as cameras and programs write them.

    pixels : uint8 array of shape (H, W), (H, W, 3) or (H, W, 4), or uint16 for PNG.
    orientation : EXIF value; the pixels are stored turned, so that a reader who heeds it sees the picture upright.
    icc : the profile to embed; for display-p3 the values are converted.
    cmyk : store JPEG or TIFF in four inks, without a profile.
    frames : further frames of an animation (GIF, PNG, WebP).
    """
    if pixels.dtype == np.uint16:
        write_bytes(path, encode_png(pixels))
        return
    suffix = path.suffix.lower()
    if suffix in HEIF_SUFFIXES:
        register_heif()
    stored = [Image.fromarray(turn_back(frame.astype(np.uint8), orientation)) for frame in (pixels, *frames)]
    options: dict[str, Any] = {"quality": quality} if suffix not in (".png", ".gif", ".tif", ".tiff") else {}
    if orientation != 1:
        exif = Image.Exif()
        exif[ORIENTATION_TAG] = orientation
        options["exif"] = exif.tobytes()
    if icc == "display-p3":
        options["icc_profile"] = display_p3_profile()
        stored = [convert_srgb(frame, options["icc_profile"]) for frame in stored]
    elif icc == "srgb":
        options["icc_profile"] = srgb_profile()
    if cmyk:
        stored = [frame.convert("CMYK") for frame in stored]
    if frames:
        options |= {"save_all": True, "append_images": stored[1:], "duration": 120, "loop": 0}
    out = io.BytesIO()
    stored[0].save(out, Image.registered_extensions()[suffix], **options)
    write_bytes(path, out.getvalue())
