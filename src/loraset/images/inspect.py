"""What a picture file says of itself, where trainers differ in how they take it.

In: a path. Out: a `Header`. Never: a whole picture decoded, a correction.
"""

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from loraset.images.formats import opened_formats
from loraset.images.orientation import read_orientation
from loraset.images.profiles import apply_profile
from loraset.images.unreadable import Unreadable, explained

PNG_DEPTH = 24  # where a PNG's header has its bits per sample: a decoder hides that 16 become 8
EXIF_MARKS = (b"eXIf", b"Raw profile type", b"XML:com.adobe.xmp")  # without one, a PNG need not be decoded to be asked


@dataclass(frozen=True, slots=True)
class Header:
    """size : (width, height) as stored. mode : the decoder's name for the samples. bits : of each sample.

    orientation : the EXIF value, 1 where it is upright or silent. profile : the name of a colour profile by which the
    values are not sRGB; None without one, and where it changes nothing.
    """

    size: tuple[int, int]
    mode: str
    bits: int
    frames: int
    orientation: int
    profile: str | None


def inspect(path: Path) -> Header:
    """Return what the file says of itself.

    Raises
    ------
    Unreadable
        If no decoder knows the file.
    """
    try:
        data = path.read_bytes()
        with Image.open(io.BytesIO(data), formats=opened_formats()) as image:
            is_png = image.format == "PNG"
            bits = data[PNG_DEPTH] if is_png else 16 if image.mode.startswith("I;16") else 8
            frames = int(getattr(image, "n_frames", 1))
            silent = is_png and not any(mark in data for mark in EXIF_MARKS)
            orientation = 1 if silent else read_orientation(image, [])
            return Header(image.size, image.mode, bits, frames, orientation, _foreign(image))
    except Exception as error:  # decoders raise nearly everything on broken files
        raise Unreadable("unreadable", explained(error)) from error


def _foreign(image: Image.Image) -> str | None:
    icc = image.info.get("icc_profile")
    if not icc:
        return None
    probe = Image.new("RGB", (1, 1))
    notes: list[str] = []
    converted, name = apply_profile(probe, icc, notes)
    if notes:
        return "a damaged profile"
    return None if converted is probe else name
