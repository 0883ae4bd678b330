"""Geometry: the pixels and the mask that a frame shows.

In: arrays over the whole picture and a `Frame`. Out: arrays at the frame's output size, which agree to a fraction of a
pixel. Never: files or settings, or a choice of frame.

Pixel i covers [i, i + 1): a position is a distance from the picture's corner, so a mask's grid and the photo share one
system whatever their resolutions. Colour is reduced in linear light, where the mean of two colours is what a lens makes
of them, and enlarged in sRGB, where the filter's overshoot is evenly small.
"""

from functools import lru_cache
from typing import TypeAlias, TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from loraset.color import to_linear, to_srgb
from loraset.types import BoolImage, ByteImage, FloatImage, Frame

Pixels = TypeVar("Pixels", ByteImage, FloatImage)
Indices = NDArray[np.intp]
Weights: TypeAlias = "sparse.csr_matrix[np.float32]"


def crop(rgb: ByteImage, frame: Frame) -> tuple[ByteImage, BoolImage]:
    """Return what the frame shows of a photo, and where the photo has pixels there.

    Parameters
    ----------
    rgb : uint8 array of shape (H, W, 3)
        The whole picture, sRGB.
    frame : Frame

    Returns
    -------
    uint8 array of shape (h, w, 3), outside the photo its border's colour
    bool array of shape (h, w)
    """
    x0, y0, x1, y1 = frame.source_box
    size = _inner_size(frame)
    part = np.ascontiguousarray(rgb[y0:y1, x0:x1])
    if size == (x1 - x0, y1 - y0):
        inner = part
    elif _reduces(part, size):
        encode, decode = _light_tables()
        inner = decode[cv2.resize(cv2.LUT(part, encode), size, interpolation=cv2.INTER_AREA)]
    else:
        inner = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_LANCZOS4), dtype=np.uint8)
    return _pad(inner, frame, cv2.BORDER_REPLICATE), _pad(np.ones(size[::-1], np.uint8), frame) > 0


def crop_rgba(rgb: ByteImage, alpha: ByteImage, frame: Frame) -> ByteImage:
    """Return what the frame shows of a picture with its own transparency: straight RGBA, uint8 of shape (h, w, 4).

    Colours are weighted by alpha, so what lies hidden under alpha 0 reaches no visible pixel. Outside the picture, and
    where nothing is visible, colour and alpha are 0.

    Parameters
    ----------
    rgb : uint8 array of shape (H, W, 3), sRGB, straight
    alpha : uint8 array of shape (H, W)
    frame : Frame
    """
    x0, y0, x1, y1 = frame.source_box
    size = _inner_size(frame)
    part, cover = rgb[y0:y1, x0:x1], alpha[y0:y1, x0:x1]
    if size == (x1 - x0, y1 - y0):
        rgba = np.dstack([np.where(cover[..., None] > 0, part, np.uint8(0)), cover])
        return _pad(rgba, frame)
    # 16 bits hold a large photo; enlarging is done as float, as integers would clip the filter's overshoot.
    method, depth = (cv2.INTER_AREA, cv2.CV_16U) if _reduces(part, size) else (cv2.INTER_CUBIC, cv2.CV_32F)
    encode, _ = _light_tables()
    weighted = cv2.multiply(cv2.LUT(part, encode), cv2.merge([cover] * 3), scale=1 / 255, dtype=depth)
    light = cv2.resize(weighted, size, interpolation=method).astype(np.float32)
    weight = cv2.resize(cover.astype(weighted.dtype) * 257, size, interpolation=method).astype(np.float32)
    straight = to_srgb(np.clip(light / np.maximum(weight, 1.0)[..., None], 0.0, 1.0))
    rgba = (np.clip(np.dstack([straight, weight / np.float32(65535.0)]), 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    rgba[rgba[..., 3] == 0] = 0
    return _pad(rgba, frame)


def crop_mask(probability: FloatImage, picture_size: tuple[int, int], frame: Frame) -> FloatImage:
    """Return what the frame shows of a mask: float32 of shape (h, w), [0, 1]; 0 outside the photo.

    Where the mask has more cells than the output has pixels, each pixel is the mean of what it covers; else bicubic.

    Parameters
    ----------
    probability : float32 array of shape (gh, gw), [0, 1]
        Over the whole picture, at any size.
    picture_size : tuple of int
        (width, height) of the photo in px.
    frame : Frame
    """
    x0, y0, x1, y1 = frame.source_box
    across, down = probability.shape[1] / picture_size[0], probability.shape[0] / picture_size[1]
    width, height = _inner_size(frame)
    columns = _resample(probability.T, x0 * across, x1 * across, width).T
    inner = _resample(columns, y0 * down, y1 * down, height)  # rows last: the result lies in memory as they do
    return _pad(np.clip(inner, 0.0, 1.0, out=inner), frame)


def reduced(image: Pixels, scale: float) -> Pixels:
    """Return the picture or mask made smaller by area, as it is from a scale of 1; halved first while that is exact.

    Halving takes next to no time, and leaves a quarter of the pixels to the slow way.

    Parameters
    ----------
    image : uint8 or float32 array of shape (H, W) or (H, W, C)
    scale : float
        Of the sides, above 0.
    """
    if scale >= 1.0:
        return image
    height, width = image.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    while 2 * max(size) <= max(height, width) and height % 2 == width % 2 == 0:
        height, width = height // 2, width // 2
        image = cast(Pixels, cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))
    return cast(Pixels, cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def around(pixels: BoolImage, margin_px: int = 0, *, step: int = 1) -> tuple[slice, slice]:
    """Return the rows and columns that hold these pixels (there must be one) and a margin, as far as there is one.

    Parameters
    ----------
    pixels : bool array of shape (H, W)
    margin_px : int
    step : int
        The box begins and ends at multiples of it, or at the picture's border.
    """
    box = []
    for axis in (1, 0):
        at = np.flatnonzero(pixels.any(axis=axis))
        first, last = max(0, int(at[0]) - margin_px), int(at[-1]) + 1 + margin_px
        box.append(slice(first // step * step, min(-(-last // step) * step, pixels.shape[1 - axis])))
    return box[0], box[1]


def _inner_size(frame: Frame) -> tuple[int, int]:
    left, top, right, bottom = frame.inner_box
    return right - left, bottom - top


def _reduces(part: ByteImage, size: tuple[int, int]) -> bool:
    return bool(size[0] <= part.shape[1] and size[1] <= part.shape[0])


def _pad(inner: Pixels, frame: Frame, border: int = cv2.BORDER_CONSTANT) -> Pixels:
    left, top, right, bottom = frame.padding
    if not any(frame.padding):
        return inner
    return cast(Pixels, cv2.copyMakeBorder(inner, top, bottom, left, right, border))


def _resample(values: FloatImage, low: float, high: float, count: int) -> FloatImage:
    """Return `count` rows that stand for rows [low, high), fractions allowed."""
    step = (high - low) / count
    weights = area_weights if step >= 1 else _cubic_weights
    return np.asarray(weights(low, step, count, len(values)) @ values, dtype=np.float32)


def area_weights(low: float, step: float, count: int, length: int) -> Weights:
    """Sparse weights, float32 (count, length), with which each sample is the mean of the `step` px that it covers."""
    edges = low + step * np.arange(count + 1)
    cuts = np.union1d(edges, np.arange(np.ceil(edges[0]), edges[-1]))
    middle = (cuts[1:] + cuts[:-1]) / 2
    output = np.clip(np.searchsorted(edges, middle) - 1, 0, count - 1)
    source = np.clip(middle.astype(np.intp), 0, length - 1)
    return _weights(np.diff(cuts) / step, output, source, (count, length))


def _cubic_weights(low: float, step: float, count: int, length: int) -> Weights:
    """Weights of cubic convolution (Keys 1981, a = -1/2); beyond the ends the outermost cell is repeated."""
    centre = low + step * (np.arange(count) + 0.5) - 0.5
    first = np.floor(centre).astype(np.intp) - 1
    taps = first[:, None] + np.arange(4)
    t = np.abs(centre[:, None] - taps)
    weights = np.where(t <= 1, (1.5 * t - 2.5) * t * t + 1, ((-0.5 * t + 2.5) * t - 4) * t + 2)
    output = np.repeat(np.arange(count), 4)
    source = np.clip(taps, 0, length - 1).ravel()
    return _weights(weights.ravel(), output, source, (count, length))


def _weights(values: NDArray[np.float64], output: Indices, source: Indices, shape: tuple[int, int]) -> Weights:
    return sparse.csr_matrix((values.astype(np.float32), (output, source)), shape=shape)


@lru_cache(maxsize=1)
def _light_tables() -> tuple[NDArray[np.uint16], ByteImage]:
    """Tables from sRGB bytes to 16-bit linear light and back; every byte comes back as itself."""
    encode = to_linear(np.arange(256, dtype=np.float32) / np.float32(255.0)) * 65535.0 + 0.5
    decode = to_srgb(np.arange(65536, dtype=np.float32) / np.float32(65535.0)) * 255.0 + 0.5
    return encode.astype(np.uint16), decode.astype(np.uint8)
