"""ICC colour profiles: conversion by them, and three of our own.

In: opened pictures and their profiles. Out: pictures in sRGB, profiles' bytes. Never: a failure over a broken profile.
"""

import io
import struct
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageCms

# The optimised path samples a gray curve at 32 points: 10 levels off in shadows.
EXACT_CURVES = ImageCms.Flags.NOOPTIMIZE
D65_TO_D50 = (1.04791, 0.02293, -0.05022, 0.02960, 0.99046, -0.01707, -0.00925, 0.01506, 0.75179)  # Bradford
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
CURVE_KINDS = {1: 0, 5: 3}  # ICC's function types by their number of parameters: gamma; gamma with a line below


def apply_profile(image: Image.Image, icc: bytes | None, notes: list[str]) -> tuple[Image.Image, str | None]:
    """Convert by the embedded profile, by Lab where that is the mode, else leave the picture as it is."""
    if not icc and image.mode != "LAB":
        if image.mode == "CMYK":
            notes.append("CMYK without a colour profile: converted by the plain formula")
        return image, None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc) if icc else ImageCms.createProfile("LAB"))
        name = ImageCms.getProfileDescription(source).strip("\0 \n")
        space = source.profile.xcolor_space.strip()
        if space == "RGB" and image.mode == "L":
            image = image.convert("RGB")
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            image.mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION | (EXACT_CURVES if image.mode == "L" else ImageCms.Flags.NONE),
        )
        if image.mode == "RGB" and _is_identity(transform):
            return image, name
        converted = transform.apply(image)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        notes.append(f"the colour profile does not fit or is damaged and was ignored ({error})")
        return image, None
    return converted, name


def _is_identity(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether a profile is sRGB under any name: no colour of a 9x9x9 grid moves by more than rounding."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(27, 27, 3)
    moved = np.asarray(transform.apply(Image.fromarray(grid)))
    return int(np.abs(moved.astype(int) - grid).max()) <= 1


def convert_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """Return an sRGB picture in the values of another profile."""
    target = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    converted = ImageCms.profileToProfile(image, ImageCms.createProfile("sRGB"), target)
    assert converted is not None  # None only when converting in place
    return converted


def srgb_profile() -> bytes:
    """ICC profile of sRGB (IEC 61966-2-1), its primaries adapted to D50 (Bradford): the same bytes on every day."""
    columns = (0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)
    return _matrix_profile("sRGB", columns, SRGB_CURVE)


def display_p3_profile() -> bytes:
    """ICC profile of Display P3: its primaries adapted to D50 (Bradford), sRGB's transfer curve."""
    columns = (0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)
    return _matrix_profile("Display P3", columns, SRGB_CURVE)


def adobe_rgb_profile() -> bytes:
    """ICC profile of Adobe RGB (1998), for cameras that only say in EXIF that they used it: gamma 563/256."""
    columns = (0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)
    return _matrix_profile("Adobe RGB (1998)", columns, (563 / 256,))


def _matrix_profile(name: str, columns: Sequence[tuple[float, float, float]], curve: Sequence[float]) -> bytes:
    """Bytes of an ICC profile, version 4: XYZ of red, green and blue under D50, and one transfer curve for all."""
    shape = b"para" + bytes(4) + struct.pack(">HH", CURVE_KINDS[len(curve)], 0) + _fixed(*curve)
    xyz, white = b"XYZ " + bytes(4), _fixed(0.96420, 1.0, 0.82491)
    tags = {b"desc": _text_tag(name), b"cprt": _text_tag("No copyright, use freely"), b"wtpt": xyz + white}
    tags[b"chad"] = b"sf32" + bytes(4) + _fixed(*D65_TO_D50)
    for channel, column in zip((b"r", b"g", b"b"), columns, strict=True):
        tags |= {channel + b"XYZ": xyz + _fixed(*column), channel + b"TRC": shape}
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for key, data in tags.items():
        table += key + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4sI4s4s4s", start + len(body), bytes(4), 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + white + bytes(48)
    return header + table + body


def _fixed(*values: float) -> bytes:
    """Numbers in ICC's s15Fixed16 form."""
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _text_tag(words: str) -> bytes:
    encoded = words.encode("utf-16-be")
    return b"mluc" + struct.pack(">IIIHHII", 0, 1, 12, 0x656E, 0x5553, len(encoded), 28) + encoded
