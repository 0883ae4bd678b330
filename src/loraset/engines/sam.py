"""The promptable model `sam`: it cuts what a person points at, through rembg's session for it.

In: a picture and its marks. Out: the model's map in float, at its own grid. Never: a guess passed off as pointed at.
"""

import threading
from typing import Any

import numpy as np

from loraset.errors import MissingError
from loraset.images import to_pillow
from loraset.runtime.models import sessions_of_rembg
from loraset.types import ByteImage, FloatImage, Json, Marks, Mask, Reason, View

MODEL = "sam"
VERSION = 2
GRID = (1024, 684)  # width and height that rembg's export takes; a picture lies in its upper left corner
LANCZOS = 1  # Pillow's number of the filter
MIDDLE = Marks(keep=((0.5, 0.5),))
NOBODY_POINTED = (
    "sam cuts what is pointed at, and nobody pointed at anything to keep: the middle of the picture was taken. "
    "Name points or a box in <picture>.points.json"
)


class SamSession:
    """A loaded encoder and decoder; pictures take turns."""

    provider = "cpu"  # where rembg's session for it runs

    def __init__(self) -> None:
        import onnxruntime

        self._turn = threading.Lock()
        try:
            self._rembg: Any = sessions_of_rembg().sessions[MODEL](MODEL, onnxruntime.SessionOptions())
        except Exception as error:  # onnxruntime's own kinds, one for each way to be broken
            raise MissingError(
                f"model {MODEL} cannot be loaded: {error}", "Fetch it anew: loraset models pull sam"
            ) from error
        self._decoder = self._rembg.decoder
        self._rembg.decoder = self
        self._outputs: list[Any] = []

    def run(self, names: Any, feed: Any) -> list[Any]:
        """Stand where rembg's decoder stood, and keep its raw outputs."""
        self._outputs = self._decoder.run(names, feed)
        return self._outputs

    def mask(self, view: View) -> Mask:
        """Cut what the marks point at; without such marks, what lies in the middle, with a doubt."""
        marks = view.marks or Marks()
        pointed = bool(marks.keep or marks.keep_boxes)
        prompt = prompts(marks if pointed else Marks(MIDDLE.keep, marks.drop, drop_boxes=marks.drop_boxes))
        probability, confidence = self._look(view.proxy(), prompt)
        return Mask(
            probability,
            "rembg",
            (probability.shape[1], probability.shape[0]),
            model=MODEL,
            confidence=confidence,
            reasons=() if pointed else (Reason("mask_uncertain", "mask", NOBODY_POINTED),),
            details={"prompts": len(prompt), "pointed": pointed},
        )

    def _look(self, photo: ByteImage, prompt: list[Json]) -> tuple[FloatImage, float]:
        """Return the map, and the overlap with the truth that the model expects of it."""
        scale = min(GRID[0] / photo.shape[1], GRID[1] / photo.shape[0])
        width, height = (
            max(1, min(round(side * scale), most)) for side, most in zip(photo.shape[1::-1], GRID, strict=True)
        )
        fitted = to_pillow(photo).resize((width, height), LANCZOS)
        placed = [
            {**one, "data": [value * (width, height)[index % 2] for index, value in enumerate(one["data"])]}
            for one in prompt
        ]
        with self._turn, np.errstate(all="ignore"):
            self._rembg.predict(fitted, sam_prompt=placed)
            logits, expected = (np.asarray(output, np.float32) for output in self._outputs[:2])
        best = logits.reshape(-1, *logits.shape[-2:]).max(axis=0)[:height, :width]
        probability = 1 / (1 + np.exp(-np.clip(np.nan_to_num(best), -30, 30)))
        return probability.astype(np.float32), float(np.clip(np.nan_to_num(expected).max(), 0, 1))


def prompts(marks: Marks) -> list[Json]:
    """Return marks as rembg's prompts for sam, in fractions of the picture.

    The model takes one box, so boxes to keep become the one about them all; of a box to drop its middle is a point.
    """
    drop = [*marks.drop, *(((left + right) / 2, (top + bottom) / 2) for left, top, right, bottom in marks.drop_boxes)]
    said: list[Json] = [{"type": "point", "label": 1, "data": list(point)} for point in marks.keep]
    said += [{"type": "point", "label": 0, "data": list(point)} for point in drop]
    if marks.keep_boxes:
        left, top, right, bottom = zip(*marks.keep_boxes, strict=True)
        said.append({"type": "rectangle", "data": [min(left), min(top), max(right), max(bottom)]})
    return said
