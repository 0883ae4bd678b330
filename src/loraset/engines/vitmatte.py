"""ViTMatte: a network that reads alpha from a picture and a trimap, by the file that rembg publishes.

In: a photo, a coarse mask of the same size. Out: alpha, and what was done. Never: a download, colour, or a change where
the mask is sure.

Yao et al.: ViTMatte, Boosting Image Matting with Pretrained Plain Vision Transformers, 2024. The file takes 1024x1024
and no other size (its tables of positions are part of it), so the box about the band is laid into that square as it is.
"""

import threading
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from loraset.errors import MissingError
from loraset.ops.carry import carry_up
from loraset.ops.geometry import around
from loraset.ops.matting import RADIUS_CELLS, RADIUS_SHARE, Matte
from loraset.ops.trimap import Trimap, trimap_of
from loraset.runtime.executor import core_count
from loraset.runtime.hardware import choose_providers
from loraset.types import BoolImage, ByteImage, FloatImage, Json

VERSION = 1
SIDE = 1024
OPEN = 128  # of a trimap: neither subject (255) nor background (0)
AROUND = 0.1  # of the box about the band: what lies round it tells the network where it is
_turn = threading.Lock()


def refine(rgb: ByteImage, mask: FloatImage, *, cell_px: float, inside: BoolImage, file: Path, provider: str) -> Matte:
    """Alpha as the network has it in the band that the mask leaves open, and the mask's word elsewhere.

    rgb : uint8 array of shape (H, W, 3), sRGB.
    mask : float32 array of shape (H, W), [0, 1].
    cell_px : size in px of `rgb` of one cell of the grid that the mask was made at.
    inside : bool array of shape (H, W), false where a frame holds no photo; alpha is 0 there.
    file : the model. provider : as `run.provider` names it.

    Raises
    ------
    MissingError
        If the file is no such model, or the provider does not work here.
    """
    whole = np.zeros(mask.shape, dtype=np.float32)
    if not inside.any():
        return Matte(whole, {"guard": "kept: no photo in the frame"})
    photo = around(inside)  # a subject that the photo's border cuts stays solid up to it: no band there
    radius = max(RADIUS_CELLS * cell_px, RADIUS_SHARE * max(mask.shape), 1.0)
    matte = _refine(rgb[photo], mask[photo], radius, file, provider)
    whole[photo] = matte.alpha
    return Matte(whole, matte.details)


def _refine(rgb: ByteImage, mask: FloatImage, radius: float, file: Path, provider: str) -> Matte:
    band = trimap_of(np.ascontiguousarray(mask), radius)
    details: Json = {"band_px": round(radius, 2), "band_share": round(float(band.unknown.mean()), 5)}
    if not (band.unknown.any() and band.subject.any() and band.background.any()):
        return Matte(mask, {**details, "guard": "kept: the mask has no sure subject, no sure background or no edge"})
    alpha = band.subject.astype(np.float32)
    margin = round(AROUND * (max(side.stop - side.start for side in around(band.unknown)) - 1))
    box = around(band.unknown, margin)
    solved, scale = _look(np.ascontiguousarray(rgb[box]), _levels(band)[box], _session(file, provider))
    alpha[box] = np.where(band.unknown[box], solved, alpha[box])
    return Matte(alpha, {**details, "scale": round(scale, 4), "guard": "solved"})


def _levels(band: Trimap) -> ByteImage:
    levels = np.where(band.subject, np.uint8(255), np.uint8(0))
    levels[band.unknown] = OPEN
    return levels


def _look(rgb: ByteImage, levels: ByteImage, session: Any) -> tuple[FloatImage, float]:
    """Alpha of a part of a picture, float32 of shape (h, w), and the scale at which the network saw it."""
    height, width = rgb.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = rgb if scale == 1.0 else np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    room = 0, SIDE - size[1], 0, SIDE - size[0]
    colors = cv2.copyMakeBorder(small, *room, cv2.BORDER_REPLICATE)
    known = cv2.copyMakeBorder(cv2.resize(levels, size, interpolation=cv2.INTER_NEAREST), *room, cv2.BORDER_REPLICATE)
    seen = np.dstack([colors, known]).astype(np.float32) / np.float32(255)
    feed = {session.get_inputs()[0].name: np.ascontiguousarray(seen.transpose(2, 0, 1))[None]}
    with _turn:  # pictures take turns: memory does not grow with the threads
        answer = np.asarray(session.run(None, feed)[0], np.float32)[0, 0]
    alpha = np.clip(np.nan_to_num(answer[: size[1], : size[0]]), 0, 1)
    return carry_up(small, np.ascontiguousarray(alpha), rgb), scale


@cache
def _opened(file: Path, mtime_ns: int, provider: str) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = core_count()
    options.use_deterministic_compute = True
    options.enable_mem_pattern = False  # else the second run takes its memory anew beside the first's
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=choose_providers(provider))
    except MissingError:
        raise
    except Exception as error:  # onnxruntime's own kinds, one for each way to be broken
        raise MissingError(
            f"{file} is no model that onnxruntime can load: {error}", "Fetch it anew: loraset models pull vitmatte"
        ) from error
    shape = session.get_inputs()[0].shape
    wanted = (1, 4, SIDE, SIDE)
    if len(shape) != 4 or any(isinstance(one, int) and one != other for one, other in zip(shape, wanted, strict=True)):
        raise MissingError(
            f"{file} does not take a picture and its trimap: its input is {shape}",
            "It must be 1x4x1024x1024: loraset models pull vitmatte",
        )
    return session


def _session(file: Path, provider: str) -> Any:
    with _turn:
        return _opened(file, file.stat().st_mtime_ns, provider)
