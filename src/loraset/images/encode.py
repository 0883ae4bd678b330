"""Arrays to bytes and back: PNG, thumbnails, reduction.

In: arrays, PNG bytes. Out: encoded bytes, arrays exactly as stored. Never: a colour profile, a turn.
"""

import io
from pathlib import Path
from typing import Literal, cast

import cv2
import numpy as np
from PIL import Image

from loraset.images.unreadable import Unreadable
from loraset.types import ByteImage, Pixels


def reduce_to(rgb: ByteImage, long_side: int) -> ByteImage:
    """Return the picture with its long side reduced to at most `long_side` px, by area; never enlarged.

    rgb : uint8 array of shape (H, W) or (H, W, C).
    """
    height, width = rgb.shape[:2]
    scale = long_side / max(height, width)
    if scale >= 1:
        return rgb
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def encode_png(pixels: Pixels, *, compress_level: int = 1) -> bytes:
    """Bytes of a PNG that `read_png` gives back exactly, colour under alpha 0 included.

    pixels : uint8 or uint16 array of shape (H, W), (H, W, 3) or (H, W, 4).
    compress_level : 0..9 of zlib; 1 is several times as fast as 6 for a third more bytes.
    """
    # One filter for all rows: trying all of them for each row takes twice the time, and the files are as large. Masks
    # and cut-outs are runs of one value beside noise: looking for runs alone is faster, and mostly smaller.
    runs = pixels.ndim == 2 or pixels.shape[2] == 4
    options = [
        *(cv2.IMWRITE_PNG_COMPRESSION, compress_level),
        *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE if runs else cv2.IMWRITE_PNG_STRATEGY_DEFAULT),
        *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP),
    ]
    done, data = cv2.imencode(".png", _swap_red_blue(pixels), options)
    if not done:
        raise ValueError(f"no PNG can be made of an array of shape {pixels.shape} and type {pixels.dtype}")
    return bytes(data.tobytes())


def read_png(source: Path | bytes) -> Pixels:
    """Array of a PNG as stored: uint8 or uint16, of shape (H, W), (H, W, 3) or (H, W, 4); no profile, no turning.

    Raises
    ------
    Unreadable
        If the bytes are no whole PNG.
    """
    data = np.frombuffer(source if isinstance(source, bytes) else source.read_bytes(), np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    if pixels is None:
        raise Unreadable("unreadable", "not a whole PNG")
    return _swap_red_blue(cast(Pixels, pixels))


def _swap_red_blue(pixels: Pixels) -> Pixels:
    """RGB(A) to OpenCV's BGR(A), or back."""
    if pixels.ndim == 2:
        return cast(Pixels, np.ascontiguousarray(pixels))
    code = cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    return cast(Pixels, cv2.cvtColor(pixels, code))


def encode_thumbnail(pixels: ByteImage, side: int, format: Literal["webp", "jpeg"] = "webp") -> bytes:  # noqa: A002
    """Bytes of a small lossy copy, its long side at most `side` px.

    pixels : uint8 array of shape (H, W), (H, W, 3), or (H, W, 4) for webp.
    """
    out = io.BytesIO()
    Image.fromarray(reduce_to(pixels, side)).save(out, format, quality=82)
    return out.getvalue()


def to_pillow(pixels: ByteImage) -> Image.Image:
    """Return a Pillow image of the array, for libraries that take nothing else."""
    return Image.fromarray(pixels)
