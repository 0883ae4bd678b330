"""Pictures that the engines' tests paint, as views."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from loraset.types import Marks, Picture


@dataclass
class Painted:
    """A `View` of a picture in memory."""

    rgb: np.ndarray
    alpha: np.ndarray | None = None
    mask_file: Path | None = None
    marks: Marks | None = None
    id: str = "painted"

    @property
    def sha256(self):
        return hashlib.sha256(self.rgb.tobytes()).hexdigest()

    @property
    def size(self):
        return self.rgb.shape[1], self.rgb.shape[0]

    @property
    def has_alpha(self):
        return self.alpha is not None

    def proxy(self):
        return self.rgb

    def picture(self):
        return Picture(self.rgb, self.alpha)


class Says:
    """An engine that was told its answers, by picture, or one for all; notes what it is asked."""

    learns = False

    def __init__(self, name, answers):
        self.name, self._answers, self.asked = name, answers, []

    def identity(self):
        return {"engine": self.name}

    def models(self):
        return []

    def prepare(self, views, run):
        pass

    def mask(self, view):
        self.asked.append(view.id)
        return self._answers[view.id] if isinstance(self._answers, dict) else self._answers


def disc(side=200, radius=0.3):
    """Alpha of an antialiased disc in the middle."""
    big = np.zeros((side * 8, side * 8), np.uint8)
    cv2.circle(big, (side * 4, side * 4), round(side * 8 * radius), 255, -1)
    return cv2.resize(big, (side, side), interpolation=cv2.INTER_AREA) / 255


def on(background, color=(200, 60, 40), side=200):
    """The disc in a colour on a background: a colour, or an array of the picture's shape."""
    alpha = disc(side)[..., None]
    return (alpha * np.array(color) + (1 - alpha) * np.asarray(background) + 0.5).astype(np.uint8)
