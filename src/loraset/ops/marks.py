"""A person's marks brought into a mask: what was pointed at is subject, or is not, together with what belongs to it.

In: a soft mask from anywhere, its picture, `Marks`. Out: the mask that obeys them, and how much they changed. Never:
files, randomness, or a change to a mask that obeys already.
"""

from dataclasses import dataclass

import numpy as np

from loraset.types import ByteImage, FloatImage, Json, Marks


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A mask that obeys the marks.

    probability : float32 array of the mask's own shape, [0, 1]. added, removed : share of the picture that became
        subject, or ceased to be.
    """

    probability: FloatImage
    added: float
    removed: float

    def to_json(self) -> Json:
        """Return the manifest's form."""
        return {"added": round(self.added, 5), "removed": round(self.removed, 5)}


def hold(probability: FloatImage, rgb: ByteImage, marks: Marks) -> Held:
    """Return a mask that obeys a person's marks.

    probability : float32 array of shape (h, w), [0, 1], over the whole picture. rgb : uint8 array of shape (H, W, 3),
    sRGB, the picture at any size.
    """
    held = probability.copy()
    height, width = held.shape
    for points, value in ((marks.drop, 0.0), (marks.keep, 1.0)):
        for x, y in points:
            held[min(height - 1, int(y * height)), min(width - 1, int(x * width))] = value
    change = (held > 0.5).astype(np.int8) - (probability > 0.5)
    return Held(held, float(np.mean(change > 0)), float(np.mean(change < 0)))
