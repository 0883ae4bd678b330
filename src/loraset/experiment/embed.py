"""Embeddings by a model that the user names: CLIP, DINO or any other in ONNX that takes a picture.

In: the path of an .onnx file. Out: a function from pictures to vectors of length 1. Never: a download.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.errors import MissingError
from loraset.experiment.measures import Embed
from loraset.types import ByteImage

DEFAULT_SIDE = 224
MEANS = {  # of the pictures that the models were trained on
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
}


def load_embedding(path: Path, scale: str = "imagenet") -> Embed:
    """Return the model as a function.

    scale : "imagenet" (DINO and most others) or "clip": how pictures are normalised for it.

    Raises
    ------
    MissingError
        If there is no such file, onnxruntime is missing or cannot load it, or it takes no picture.
    """
    if not path.is_file():
        raise MissingError(f"there is no model {path}", "Name an .onnx file with --embed, or leave it out.")
    try:
        import onnxruntime

        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises types of its own
        words = str(error).splitlines()[0]
        raise MissingError(f"cannot load {path}: {words}", "Is it a whole .onnx file of a vision model?") from error
    inputs = session.get_inputs()
    shape = inputs[0].shape
    if len(inputs) != 1 or len(shape) != 4 or not _takes_colors(shape):
        raise MissingError(f"{path} takes no single picture (N, 3, H, W)", "Export the model's vision part alone.")
    side = shape[2] if isinstance(shape[2], int) else DEFAULT_SIDE
    mean, deviation = (np.array(values, np.float32) for values in MEANS[scale])

    def embed(rgb: ByteImage) -> NDArray[np.float64]:
        resized = cv2.resize(rgb, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
        given = ((resized - mean) / deviation).transpose(2, 0, 1)[None]
        answer: Any = session.run(None, {inputs[0].name: given})[0]
        vector = np.asarray(answer[0], np.float64)
        vector = vector[0] if vector.ndim == 2 else vector.ravel()  # of a list of tokens the first stands for all
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float64)

    return embed


def _takes_colors(shape: Sequence[int | str | None]) -> bool:
    """Whether the second axis has three channels, or is left open without the last one having them."""
    return shape[1] == 3 or (not isinstance(shape[1], int) and shape[3] != 3)
