"""Defects of one picture, its mask and its caption, which a trainer would take without a word.

In: files. Out: `Finding`s. Never: a change to a file, a defect that no trainer would be harmed by.
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.exporters.interface import Finding, Sample
from loraset.images import Header, Unreadable, decode, inspect
from loraset.types import ByteImage, Picture

MAX_PIXELS = 2**28
REACH_SHARE = 1 / 24  # of the long side: so far out a hidden colour may still be the subject's own
FLAT = 2  # levels by which a plain backdrop may differ from its colour
RIM_LEVELS = 32  # by which a mask that is turned round is lighter at the rim than in the middle; true ones are darker
PLAIN_SHARE = 0.05  # of the picture: less of one colour is no backdrop
MODES = {
    "LA": "gray with alpha: converted to RGB its hidden gray is trained",
    "P": "a palette: trainers fail on it or lose its transparency",
    "PA": "a palette: trainers fail on it or lose its transparency",
    "1": "one bit: trainers fail on it or lose its grays",
    "CMYK": "CMYK: trainers convert it without its profile",
    "YCCK": "CMYK: trainers convert it without its profile",
    "LAB": "Lab: trainers convert it without its profile",
}

Color = tuple[int, int, int]


def check_sample(sample: Sample, name: str, mask_name: str, fill: Color | None) -> Iterator[Finding]:
    """Yield what is wrong with one picture as a trainer takes it, with its mask, and with its caption.

    name, mask_name : how findings call the files. fill : the colour that should lie under alpha 0, None if any may.
    """
    try:
        header = inspect(sample.image)
        picture = decode(sample.image, max_pixels=MAX_PIXELS).picture
    except (Unreadable, OSError) as error:
        yield Finding("unreadable", name, getattr(error, "detail", "") or str(error))
        return
    yield from check_header(header, name)
    if sample.alpha == "weight" and header.mode == "RGB":
        yield Finding("no_alpha", name, "it has no alpha, but its folder is read with alpha_mask")
    if picture.alpha is not None:
        yield from check_hidden(picture.rgb, picture.alpha, name, fill)
    if sample.fit is not None and (fitted := sample.fit(header.size)) != header.size:
        yield Finding("resized", name, f"{_size(header.size)} would be trained at {_size(fitted)}")
    if sample.mask is not None:
        yield from check_mask(sample.mask, picture, mask_name)


def check_header(header: Header, name: str) -> Iterator[Finding]:
    """Yield what the file says of itself that trainers take differently."""
    if header.mode in MODES:
        yield Finding("mode", name, MODES[header.mode])
    elif header.bits == 16 or header.mode.startswith(("I", "F")):
        yield Finding("mode", name, f"{header.bits} bits a sample: trainers cut it to 8, some of them wrongly")
    if header.frames > 1:
        yield Finding("animated", name, f"{header.frames} frames: a trainer takes one of them, or it for a video")
    if header.orientation != 1:
        yield Finding("orientation", name, f"EXIF orientation {header.orientation}: only some trainers turn it upright")
    if header.profile is not None:
        yield Finding("profile", name, f"its colours are those of {header.profile}, which trainers ignore")


def check_hidden(rgb: ByteImage, alpha: ByteImage, name: str, fill: Color | None) -> Iterator[Finding]:
    """Yield `under_alpha` where, away from the subject, the colour under alpha 0 is not one fill.

    Most trainers drop alpha and train on that colour: what a cutting tool left there is learnt.
    """
    clear = alpha == 0
    if clear.all():
        return
    reach = max(4, round(max(alpha.shape) * REACH_SHARE)) + 1
    far = clear & (cv2.distanceTransform(clear.astype(np.uint8), cv2.DIST_L2, 5) > reach)
    hidden = rgb[far]
    if hidden.size == 0:
        return
    wanted = fill if fill is not None else _middle(hidden)
    wrong = 1 - float(_is_near(hidden[None], wanted, 1).mean())
    if wrong > 0:
        words = f"rgb{wanted}" if fill is not None else "one colour"
        share = f"{wrong:.0%}" if wrong >= 0.01 else "some"
        yield Finding("under_alpha", name, f"under alpha 0, {share} of the colour is not {words}: trainers see it")


def _middle(pixels: ByteImage) -> Color:
    """Return the median colour of a list of pixels, uint8 (n, 3)."""
    red, green, blue = (int(level) for level in np.median(pixels, axis=0))
    return red, green, blue


def _is_near(rgb: ByteImage, color: Color, levels: int) -> NDArray[np.bool_]:
    """Return where a picture differs from a colour by at most so many levels: bool (H, W)."""
    low = [max(0, level - levels) for level in color]
    high = [min(255, level + levels) for level in color]
    return np.asarray(cv2.inRange(rgb, np.array(low), np.array(high)) > 0)


def check_mask(mask: Path, picture: Picture, name: str) -> Iterator[Finding]:
    """Yield what is wrong with a mask: its file, size, polarity, or that it is empty."""
    try:
        header = inspect(mask)
        read = decode(mask, max_pixels=MAX_PIXELS).picture
    except (Unreadable, OSError) as error:
        yield Finding("unreadable", name, getattr(error, "detail", "") or str(error))
        return
    if header.bits == 16 or header.mode in MODES:
        yield Finding("mode", name, "a mask must have 8 bits of gray or RGB, without alpha or palette")
    if read.size != picture.size:
        yield Finding("mask_size", name, f"{_size(read.size)}, but its picture has {_size(picture.size)}")
        return
    weight = read.rgb[..., 0]  # what trainers read: the red channel, or gray
    if int(weight.max()) < 8:
        yield Finding("mask_blank", name, "it is black all over: nothing of its picture would be trained")
    elif is_inverted(weight, picture):
        yield Finding("mask_inverted", name, "it is black on the subject and white round it")


def is_inverted(weight: ByteImage, picture: Picture) -> bool:
    """Whether a mask is white where its picture shows a plain backdrop or nothing, and black elsewhere."""
    outside = _outside(picture)
    if outside is None:
        rim = np.concatenate([weight[0], weight[-1], weight[:, 0], weight[:, -1]])
        height, width = weight.shape
        middle = weight[height // 4 : height - height // 4, width // 4 : width - width // 4]
        return float(rim.mean()) > float(middle.mean()) + RIM_LEVELS
    return float(weight[outside].mean()) > 128 > float(weight[~outside].mean())


def _outside(picture: Picture) -> NDArray[np.bool_] | None:
    """Return where the subject surely is not: bool (H, W); None where nothing plain is seen round it."""
    if picture.alpha is not None:
        outside = picture.alpha < 128
    else:
        rgb = picture.rgb
        rim = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]])
        outside = _is_near(rgb, _middle(rim), FLAT)
    return outside if PLAIN_SHARE < outside.mean() < 1 else None


def check_caption(caption: Path | str | None, name: str) -> Iterator[Finding]:
    """Yield what is wrong with the words of a picture; a caption that is not there is the reader's to tell."""
    if caption is None:
        return
    if isinstance(caption, Path):
        raw = caption.read_bytes()
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            yield Finding("caption_encoding", name, "it is not UTF-8: trainers stop at it or misread it")
            return
        if text.startswith("\ufeff"):
            yield Finding("caption_encoding", name, "it begins with a byte order mark, which becomes part of the words")
    else:
        text = caption
    lines = [line for line in text.replace("\ufeff", "").splitlines() if line.strip()]
    if not lines:
        yield Finding("caption_empty", name, "it is empty: some trainers stop at it")
    if len(lines) > 1:
        yield Finding("caption_lines", name, "several lines: some trainers take the first, some one at random")


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
