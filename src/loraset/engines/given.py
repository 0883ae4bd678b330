"""Engine given: a mask file that someone made.

In: a picture and the mask that belongs to it: gray or RGBA, soft or binary, 8 or 16 bit, any size. Out: that mask as it
is, white (or opaque) the subject. Never: turned, inverted or thresholded.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from loraset.engines.interface import EngineOptions
from loraset.images import Unreadable, decode
from loraset.types import Declined, FloatImage, Json, Map, Mask, View

NAME = "given"
ASPECT_TOLERANCE = 0.02
MAX_PIXELS = 400_000_000
SURE = 0.8  # a true mask above this is surely subject, and as near to 0 surely not


class GivenEngine:
    """Takes the mask file that lies beside the picture or in the recipe's folder of masks."""

    name = NAME
    learns = False

    def __init__(self, options: EngineOptions) -> None:
        pass

    def identity(self) -> Json:
        """Return what decides the masks."""
        return {"engine": self.name, "version": 1}

    def models(self) -> list[Json]:
        """Return []: there is no model."""
        return []

    def prepare(self, views: Sequence[View], run: Map) -> None:
        """Do nothing: every picture stands alone."""

    def mask(self, view: View) -> Mask | Declined:
        """Return the given mask; decline where there is none, it cannot be read, or it has another shape.

        It is exact where it has the picture's size and soft values; a binary one leaves the edge to the matting.
        """
        values = read_mask(view)
        if isinstance(values, Declined):
            return values
        height, width = values.shape
        soft = float(np.mean((values > 0.02) & (values < 0.98)))
        exact = (width, height) == view.size and soft > 0
        return Mask(
            values, self.name, (width, height), exact=exact, confidence=1.0, details={"soft_share": round(soft, 5)}
        )


def read_mask(view: View) -> FloatImage | Declined:
    """Return the mask that a person made for a picture: float32 array of shape (h, w), [0, 1].

    It is the file's alpha where it has one, else its lightness. Declined where there is none, it cannot be read, or it
    has another shape than the picture.
    """
    if view.mask_file is None:
        return Declined(NAME, "no mask file was given for this picture")
    try:
        picture = decode(view.mask_file, max_pixels=MAX_PIXELS).picture
    except Unreadable as error:
        return Declined(NAME, f"the mask {view.mask_file.name} cannot be read: {error.detail}")
    (width, height), (across, down) = picture.size, view.size
    if abs(width * down / (height * across) - 1) > max(ASPECT_TOLERANCE, 1.5 / min(width, height)):
        return Declined(
            NAME, f"the mask {view.mask_file.name} is {width}x{height}, the picture {across}x{down}: not the same shape"
        )
    values = picture.alpha if picture.alpha is not None else picture.rgb.mean(axis=2)
    return np.asarray(values, np.float32) / np.float32(255)


def is_by_hand(view: View) -> bool:
    """Whether a person made a mask for a picture or marked something in it."""
    return view.mask_file is not None or view.marks is not None


def known_from(probability: FloatImage, shape: tuple[int, int]) -> FloatImage:
    """Return what a mask that is true says at another size: float32 array of `shape`, 1 subject, 0 not, NaN unsure."""
    reduced = cv2.resize(probability, shape[::-1], interpolation=cv2.INTER_AREA)
    return np.where(reduced > SURE, 1, np.where(reduced < 1 - SURE, 0, np.nan)).astype(np.float32)
