"""variants: one cut-out -> the picture on each background of the recipe.

In: the framed cut-out as stored (straight RGBA, 8 bit) and one variant's settings. Out: pixels, all of one size, and
what may be said of their background. Never: the source's background, but in the variants that ask for it.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from loraset.images import css_color
from loraset.ops.color_names import PLAIN, name_color
from loraset.ops.compose import blurred_background, composite
from loraset.ops.hidden import extend_colour
from loraset.recipe.model import Variant
from loraset.stages.captions import Backdrop
from loraset.stages.decontaminate import REACH_SHARE
from loraset.types import ByteImage

STORED_FILL = (128, 128, 128)  # what `decontaminate` lays under alpha 0, beyond the subject's own colour


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """A variant's picture: uint8 array of shape (H, W, 4) where transparent, else (H, W, 3)."""

    pixels: ByteImage
    backdrop: Backdrop


def needs_photo(variant: Variant) -> bool:
    """Whether the variant shows the photo's own background."""
    return variant.background == "original" or variant.background.startswith("blur:")


def backdrop_of(variant: Variant, *, picture_id: str, seed: int) -> Backdrop:
    """Return what may be said of the variant's background. For `random-named` the colour is drawn here.

    picture_id and seed alone decide that colour, so adding a picture changes no other.
    """
    background = variant.background
    if background == "transparent":
        return Backdrop("hidden")
    if background == "original":
        return Backdrop("photo")
    if background.startswith("blur:"):
        return Backdrop("blurred")
    if background == "random-named":
        digest = hashlib.sha256(f"{seed}:{picture_id}".encode()).digest()
        return Backdrop("plain", list(PLAIN)[int.from_bytes(digest[:8], "big") % len(PLAIN)])
    return Backdrop("plain", name_color(css_color(background)))


def render(rgba: ByteImage, variant: Variant, *, photo: ByteImage | None, picture_id: str, seed: int) -> Rendered:
    """Return the cut-out on the variant's background.

    Parameters
    ----------
    rgba : uint8 array of shape (H, W, 4), straight
        The framed cut-out as `decontaminate` made it.
    variant : Variant
    photo : uint8 array of shape (H, W, 3), or None
        The photo in the same frame; only read where `needs_photo`.
    picture_id, seed
        See `backdrop_of`.

    Raises
    ------
    ValueError
        If the variant needs the photo and there is none.
    """
    background = variant.background
    backdrop = backdrop_of(variant, picture_id=picture_id, seed=seed)
    if backdrop.kind == "hidden":
        return Rendered(_with_fill(rgba, css_color(variant.under)), backdrop)
    if backdrop.kind == "plain":
        color = PLAIN[backdrop.color] if background == "random-named" else css_color(background)
        return Rendered(composite(rgba, np.array(color, dtype=np.uint8)), backdrop)
    if photo is None:
        raise ValueError(f"background {background!r} needs the photo")
    if backdrop.kind == "photo":
        return Rendered(photo.copy(), backdrop)
    behind = blurred_background(photo, np.ascontiguousarray(rgba[..., 3]), float(background.removeprefix("blur:")))
    return Rendered(composite(rgba, behind), backdrop)


def _with_fill(rgba: ByteImage, fill: tuple[int, int, int]) -> ByteImage:
    """Return the same picture with, under alpha 0, the edge's colour carried outwards and then the fill."""
    if fill == STORED_FILL:
        return rgba.copy()
    reach_px = max(4, round(max(rgba.shape) * REACH_SHARE))
    return extend_colour(rgba, reach_px=reach_px, fill=fill)
