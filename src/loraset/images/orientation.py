"""Turning by the EXIF orientation.

In: an opened picture, arrays. Out: the EXIF value, turned arrays. Never: a failure over broken EXIF data.
"""

import numpy as np
from PIL import ExifTags, Image

from loraset.types import ByteImage

ORIENTATION_TAG = ExifTags.Base.Orientation.value


def read_orientation(image: Image.Image, notes: list[str]) -> int:
    """EXIF orientation, 1..8; 1, and a note, where the data are damaged."""
    try:
        value = image.getexif().get(ORIENTATION_TAG, 1)
    except Exception:  # EXIF blocks are written by everyone; a broken one says nothing about the pixels
        notes.append("the EXIF data are damaged and were ignored")
        return 1
    return int(value) if value in range(1, 9) else 1


def turn(pixels: ByteImage, orientation: int) -> ByteImage:
    """Upright pixels of stored ones: EXIF 5..8 swap the axes, then rows or columns run backwards."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    rows = -1 if orientation in (3, 4, 7, 8) else 1
    columns = -1 if orientation in (2, 3, 6, 7) else 1
    return np.ascontiguousarray(pixels[::rows, ::columns])


def turn_back(pixels: ByteImage, orientation: int) -> ByteImage:
    """Stored pixels of upright ones: only EXIF 6 and 8, the quarter turns, are not their own inverse."""
    return turn(pixels, {6: 8, 8: 6}.get(orientation, orientation))
