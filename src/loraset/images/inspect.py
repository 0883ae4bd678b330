"""What a picture file says of itself, where trainers differ in how they take it.

In: a path. Out: a `Header`. Never: a whole picture decoded, a correction.
"""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from loraset.images.formats import opened_formats
from loraset.images.orientation import read_orientation
from loraset.images.profiles import apply_profile
from loraset.images.unreadable import Unreadable, explained

PNG_DEPTH = 24  # where a PNG's header has its bits per sample: a decoder hides that 16 become 8


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
        with path.open("rb") as file:
            head = file.read(PNG_DEPTH + 1)
            file.seek(0)
            with Image.open(file, formats=opened_formats()) as image:
                bits = head[PNG_DEPTH] if image.format == "PNG" else 16 if image.mode.startswith("I;16") else 8
                frames = int(getattr(image, "n_frames", 1))
                return Header(image.size, image.mode, bits, frames, read_orientation(image, []), _foreign(image))
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
