"""Which formats are opened, and which names promise a picture.

In: file names. Out: names of Pillow's formats, yes or no. Never: a file's bytes.
"""

import os
from functools import cache

from PIL import Image

ANIMATION_FORMATS = ("GIF", "PNG", "WEBP", "AVIF", "FLI")  # in others, further frames are pages, views or layers
REFUSED_FORMATS = ("EPS", "WMF", "MPEG", "BUFR", "GRIB", "HDF5")  # no stills, or drawn by an outside program
RAW_SUFFIXES = (".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw")
UNSUPPORTED_SUFFIXES = (".svg", ".jxl", ".ai", ".xcf", ".kra", ".clip")
HEIF_SUFFIXES = (".heic", ".heif", ".hif")


def claims_picture(name: str) -> bool:
    """Whether a file's name ends as a picture's does, one that can be read or not."""
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 - a name, not a path
    return suffix in _picture_suffixes()


@cache
def opened_formats() -> tuple[str, ...]:
    """Return Pillow's names of the formats that are opened, HEIF apart."""
    Image.init()
    return tuple(name for name in Image.ID if name not in (*REFUSED_FORMATS, "HEIF"))


@cache
def register_heif() -> None:
    """Teach Pillow to open and save HEIF."""
    import pillow_heif

    pillow_heif.register_heif_opener()


@cache
def _picture_suffixes() -> frozenset[str]:
    formats = opened_formats()
    known = {suffix for suffix, name in Image.registered_extensions().items() if name in formats}
    return frozenset(known.union(RAW_SUFFIXES, UNSUPPORTED_SUFFIXES, HEIF_SUFFIXES))
