"""What a pixel looks like: its colour and the colour and texture round it, as columns for a classifier.

In: a Lab picture. Out: float32 columns. Never: position, so that nothing learns where in a picture the subject stood.
"""

import cv2
import numpy as np

from loraset.types import FloatImage


def pixel_features(lab: FloatImage, stride: int = 1) -> FloatImage:
    """Features of every `stride`-th pixel: float32 array of shape (ceil(H / stride), ceil(W / stride), 22).

    Lab; Lab blurred with sigma 2, 5 and 10; deviation of L at 2 and 5; band-pass of L; energy and coherence of the
    structure tensor at 1.5 and 4; chroma at 2.

    lab : float32 array of shape (H, W, 3), CIE Lab, long side a few hundred px (the blurs are in px).
    """
    light = np.ascontiguousarray(lab[..., 0])
    blurred = {sigma: _blur(lab, sigma) for sigma in (2.0, 5.0, 10.0)}
    columns = [lab, *blurred.values()]
    for sigma in (2.0, 5.0):
        variance = _blur(light * light, sigma) - np.square(blurred[sigma][..., 0])
        columns.append(np.sqrt(np.maximum(variance, 0)))
    columns.append(_blur(np.abs(_blur(light, 1.0) - blurred[2.0][..., 0]), 3.0))
    for sigma in (1.5, 4.0):
        columns.extend(_structure(light, sigma))
    columns.append(np.hypot(blurred[2.0][..., 1], blurred[2.0][..., 2]))
    kept = [column[::stride, ::stride] for column in columns]
    return np.asarray(np.dstack(kept), dtype=np.float32)


def _structure(light: FloatImage, sigma: float) -> tuple[FloatImage, FloatImage]:
    """Energy and coherence of the gradients within `sigma`: how strong they are, how far they point one way."""
    dx = cv2.Sobel(light, cv2.CV_32F, 1, 0, scale=0.125)
    dy = cv2.Sobel(light, cv2.CV_32F, 0, 1, scale=0.125)
    xx, yy, xy = (_blur(product, sigma) for product in (dx * dx, dy * dy, dx * dy))
    energy = np.sqrt(np.maximum(xx + yy, 0))
    coherence = np.hypot(xx - yy, 2 * xy) / (xx + yy + 0.5)
    return energy, coherence


def _blur(values: FloatImage, sigma: float) -> FloatImage:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), dtype=np.float32)
