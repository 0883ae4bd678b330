"""Files to arrays and back: the only door to Pillow and pillow-heif.

In: paths and bytes of picture files. Out: upright sRGB arrays, and encoded bytes. Never: a decision about a picture, or
a decoder's own exception (every failure to read is an `Unreadable` with words for a person).
"""

import io
import os
import struct
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TextIO, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageColor, UnidentifiedImageError

from loraset.types import ByteImage, Picture

Pixels = NDArray[np.uint8] | NDArray[np.uint16]

ORIENTATION_TAG = ExifTags.Base.Orientation.value
ANIMATION_FORMATS = ("GIF", "PNG", "WEBP", "AVIF", "FLI")  # in others, further frames are pages, views or layers
REFUSED_FORMATS = ("EPS", "WMF", "MPEG", "BUFR", "GRIB", "HDF5")  # no stills, or drawn by an outside program
EXACT_CURVES = (
    ImageCms.Flags.NOOPTIMIZE
)  # the optimised path samples a gray curve at 32 points: 10 levels off in shadows
RAW_SUFFIXES = (".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw")
UNSUPPORTED_SUFFIXES = (".svg", ".jxl", ".ai", ".xcf", ".kra", ".clip")
HEIF_SUFFIXES = (".heic", ".heif", ".hif")


class Unreadable(Exception):  # noqa: N818 - a verdict on one picture, not a failure of the run
    """A file that gives no picture: `code` is unreadable, too_large, animated or not_an_image; `detail` is words."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


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


def css_color(text: str) -> tuple[int, int, int]:
    """Red, green and blue, each 0..255, of an opaque CSS colour.

    Raises
    ------
    ValueError
        If the text is no colour, or one with transparency.
    """
    understood = "write a name such as white, or #rgb, #rrggbb, rgb(r, g, b) or hsl(h, s%, l%)"
    try:
        color = ImageColor.getrgb(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is not a colour: {understood}") from None
    if len(color) != 3:
        raise ValueError(f"{text!r} is a colour with transparency: {understood}")
    if max(color) > 255:
        raise ValueError(f"{text!r} has a value above 255: {understood}")
    return color


# -- decoding ---------------------------------------------------------------------------------------------------------


def claims_picture(name: str) -> bool:
    """Whether a file's name ends as a picture's does, one that can be read or not."""
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 - a name, not a path
    return suffix in _picture_suffixes()


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
            _refuse_by_name(path, head)
            file.seek(0)
            with _warnings_into(notes):
                return _decode_open(file, head, max_pixels, animated, notes)
    except Unreadable:
        raise
    except (MemoryError, Image.DecompressionBombError):
        raise Unreadable("too_large", f"more pixels than may be decoded (input.max_pixels = {max_pixels})") from None
    except UnidentifiedImageError:
        raise _no_picture(path, head) from None
    except Exception as error:  # decoders raise nearly everything on broken files, so a list of types would have holes
        raise Unreadable("unreadable", _explained(error)) from error


def _decode_open(file: io.BufferedReader, head: bytes, max_pixels: int, animated: str, notes: list[str]) -> Decoded:
    formats = _formats()
    if head[4:8] == b"ftyp":  # AVIF too begins like this, but Pillow reads it by itself
        _register_heif()
        formats = (*formats, "HEIF")
    Image.MAX_IMAGE_PIXELS = max_pixels  # so that a plugin's own check of an inner frame follows the recipe
    with Image.open(file, formats=formats) as image:
        _check_size(image, max_pixels)
        frames = _count_frames(image, notes)
        if frames > 1 and animated == "skip" and image.format in ANIMATION_FORMATS:
            raise Unreadable("animated", f"an animation of {frames} frames (input.animated = skip)")
        if frames > 1:
            notes.append(f"{frames} frames or pages; the first is used")
        # TIFF is turned by its decoder; elsewhere nothing is asked before load(), which is where damage is reported
        turned = _orientation(image, notes) if image.format == "TIFF" else 1
        mode = image.mode
        image.load()
        _check_size(image, max_pixels)
        turned = int(image.info.get("original_orientation") or turned)  # HEIF: likewise
        left = _orientation(image, notes)
        rgb, alpha, profile = _to_srgb(image, notes)
        rgb = _turn(rgb, left)
        alpha = None if alpha is None or alpha.min(initial=255) == 255 else _turn(alpha, left)
        orientation = turned if left == 1 else left
        picture = Picture(rgb, alpha)
        return Decoded(picture, str(image.format), mode, frames, orientation, profile, tuple(dict.fromkeys(notes)))


@cache
def _formats() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in Image.ID if name not in (*REFUSED_FORMATS, "HEIF"))


@cache
def _picture_suffixes() -> frozenset[str]:
    formats = _formats()
    known = {suffix for suffix, name in Image.registered_extensions().items() if name in formats}
    return frozenset(known.union(RAW_SUFFIXES, UNSUPPORTED_SUFFIXES, HEIF_SUFFIXES))


@cache
def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()


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


def _orientation(image: Image.Image, notes: list[str]) -> int:
    try:
        value = image.getexif().get(ORIENTATION_TAG, 1)
    except Exception:  # EXIF blocks are written by everyone; a broken one says nothing about the pixels
        notes.append("the EXIF data are damaged and were ignored")
        return 1
    return int(value) if value in range(1, 9) else 1


def _says_adobe_rgb(image: Image.Image) -> bool:
    """Whether EXIF says Adobe RGB as cameras do that embed no profile: interoperability index R03 (DCF 2.0)."""
    try:
        return bool(image.getexif().get_ifd(ExifTags.IFD.Interop).get(1) == "R03")
    except Exception:  # as above
        return False


def _turn(pixels: ByteImage, orientation: int) -> ByteImage:
    """Upright pixels of stored ones: EXIF 5..8 swap the axes, then rows or columns run backwards."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    rows = -1 if orientation in (3, 4, 7, 8) else 1
    columns = -1 if orientation in (2, 3, 6, 7) else 1
    return np.ascontiguousarray(pixels[::rows, ::columns])


# -- colour -----------------------------------------------------------------------------------------------------------


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
    elif image.mode not in ("L", "CMYK", "LAB"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    converted, name = _apply_profile(image, icc, notes)
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


def _apply_profile(image: Image.Image, icc: bytes | None, notes: list[str]) -> tuple[Image.Image, str | None]:
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


# -- words for what went wrong ----------------------------------------------------------------------------------------


def _refuse_by_name(path: Path, head: bytes) -> None:
    if not head:
        raise Unreadable("unreadable" if claims_picture(path.name) else "not_an_image", "the file is empty")
    if path.suffix.lower() in RAW_SUFFIXES:  # many are TIFF files whose first picture is a thumbnail
        raise Unreadable("unreadable", "a camera raw file: develop it to TIFF, PNG or JPEG first")


def _no_picture(path: Path, head: bytes) -> Unreadable:
    """Return what to say of bytes that no decoder knows: it matters only where the name promised a picture."""
    suffix = path.suffix.lower()
    if suffix in UNSUPPORTED_SUFFIXES:
        return Unreadable("unreadable", f"{suffix[1:]} files cannot be read: save it as PNG or JPEG first")
    if head.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        what = "a web page, perhaps from a failed download"
    elif "".join(head.decode("utf-8", "ignore").split()).isprintable():
        what = "text"
    else:
        what = "no picture in a known format, or one with a damaged header"
    if claims_picture(path.name):
        return Unreadable("unreadable", f"the file is named like a picture, but holds {what}")
    return Unreadable("not_an_image", "not a picture")


def _explained(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, FileNotFoundError):
        return "the file is not there, or it is a link that leads nowhere"
    if isinstance(error, PermissionError):
        return "the file may not be read: check its permissions"
    if any(word in text.lower() for word in ("truncated", "end of file", "unexpected eof", "broken data stream")):
        return f"the file is cut short or damaged ({text})"
    return f"the picture is damaged or of an unknown kind ({text})"


# -- state of the process that decoders touch -------------------------------------------------------------------------


class _Shared:
    """A change to the process that threads need at once: the first one in makes it, the last one out undoes it."""

    def __init__(self, change: Callable[[ExitStack], None]) -> None:
        self._change = change
        self._lock = threading.Lock()
        self._users = 0
        self._undo = ExitStack()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if self._users == 0:
                self._change(self._undo)
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self._undo.close()


_listener = threading.local()


def _hook_warnings(undo: ExitStack) -> None:
    undo.enter_context(warnings.catch_warnings())
    warnings.filterwarnings("always", module=r"(PIL|pillow_heif)\b")
    original = warnings.showwarning

    def show(message: Warning | str, *details: Any, **named: Any) -> None:
        notes: list[str] | None = getattr(_listener, "notes", None)
        if notes is None:
            original(message, *details, **named)
        else:
            notes.append(" ".join(str(message).split()))

    warnings.showwarning = show


_hooked_warnings = _Shared(_hook_warnings)


@contextmanager
def _warnings_into(notes: list[str]) -> Iterator[None]:
    """Append the text of the decoders' warnings in this thread to notes.

    `warnings.catch_warnings` alone swaps state that all threads share: threads that overlap would restore each other's.
    """
    with _hooked_warnings():
        _listener.notes = notes
        try:
            yield
        finally:
            _listener.notes = None


def _silence_descriptor(undo: ExitStack) -> None:
    try:
        saved = os.dup(2)
    except OSError:  # there is no standard error: nothing to keep clean
        return
    undo.callback(os.close, saved)
    before = sys.stderr
    if before is not None and _descriptor(before) == 2:
        before.flush()
        encoding, errors = before.encoding, before.errors or "backslashreplace"
        terminal = os.fdopen(os.dup(saved), "w", buffering=1, encoding=encoding, errors=errors)
        undo.enter_context(terminal)
        sys.stderr = terminal
        undo.callback(setattr, sys, "stderr", before)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)
    undo.callback(os.dup2, saved, 2)


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError):
        return None


_quiet = _Shared(_silence_descriptor)


def quiet_native() -> AbstractContextManager[None]:
    """Keep what C libraries write to file descriptor 2 off the terminal, for a whole run.

    Python's sys.stderr is replaced by one that goes on to where it went. Nested and concurrent use is fine; the last
    one out restores everything.
    """
    return _quiet()


# -- encoding ---------------------------------------------------------------------------------------------------------


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
    done, data = cv2.imencode(".png", _swap_red_blue(pixels), [cv2.IMWRITE_PNG_COMPRESSION, compress_level])
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


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that under its name there is all of it or nothing: a temporary name first, then a move."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
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
        _register_heif()
    stored = [Image.fromarray(_turn_back(frame.astype(np.uint8), orientation)) for frame in (pixels, *frames)]
    options: dict[str, Any] = {"quality": quality} if suffix not in (".png", ".gif", ".tif", ".tiff") else {}
    if orientation != 1:
        exif = Image.Exif()
        exif[ORIENTATION_TAG] = orientation
        options["exif"] = exif.tobytes()
    if icc == "display-p3":
        options["icc_profile"] = display_p3_profile()
        stored = [_convert_profile(frame, options["icc_profile"]) for frame in stored]
    elif icc == "srgb":
        options["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    if cmyk:
        stored = [frame.convert("CMYK") for frame in stored]
    if frames:
        options |= {"save_all": True, "append_images": stored[1:], "duration": 120, "loop": 0}
    out = io.BytesIO()
    stored[0].save(out, Image.registered_extensions()[suffix], **options)
    write_bytes(path, out.getvalue())


def _turn_back(pixels: ByteImage, orientation: int) -> ByteImage:
    """Stored pixels of upright ones: only EXIF 6 and 8, the quarter turns, are not their own inverse."""
    return _turn(pixels, {6: 8, 8: 6}.get(orientation, orientation))


def _convert_profile(image: Image.Image, icc: bytes) -> Image.Image:
    target = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    converted = ImageCms.profileToProfile(image, ImageCms.createProfile("sRGB"), target)
    assert converted is not None  # None only when converting in place
    return converted


D65_TO_D50 = (1.04791, 0.02293, -0.05022, 0.02960, 0.99046, -0.01707, -0.00925, 0.01506, 0.75179)  # Bradford


def display_p3_profile() -> bytes:
    """ICC profile of Display P3: its primaries adapted to D50 (Bradford), sRGB's transfer curve."""
    srgb_curve = b"para" + bytes(4) + struct.pack(">HH", 3, 0)
    srgb_curve += _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    columns = (0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)
    return _matrix_profile("Display P3", columns, srgb_curve)


def adobe_rgb_profile() -> bytes:
    """ICC profile of Adobe RGB (1998), for cameras that only say in EXIF that they used it: gamma 563/256."""
    curve = b"para" + bytes(4) + struct.pack(">HH", 0, 0) + _fixed(563 / 256)
    columns = (0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)
    return _matrix_profile("Adobe RGB (1998)", columns, curve)


def _matrix_profile(name: str, columns: Sequence[tuple[float, float, float]], curve: bytes) -> bytes:
    """Bytes of an ICC profile, version 4: XYZ of red, green and blue under D50, and one transfer curve for all."""
    xyz, white = b"XYZ " + bytes(4), _fixed(0.96420, 1.0, 0.82491)
    tags = {b"desc": _text_tag(name), b"cprt": _text_tag("No copyright, use freely"), b"wtpt": xyz + white}
    tags[b"chad"] = b"sf32" + bytes(4) + _fixed(*D65_TO_D50)
    for channel, column in zip((b"r", b"g", b"b"), columns, strict=True):
        tags |= {channel + b"XYZ": xyz + _fixed(*column), channel + b"TRC": curve}
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
