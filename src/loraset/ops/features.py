"""What a pixel looks like: its colour and the colour and texture round it, as columns for a classifier.

In: a Lab picture. Out: float32 columns. Never: position, so that nothing learns where in a picture the subject stood.
"""

import cv2
import numpy as np

from loraset.types import FloatImage


def halved(values: FloatImage) -> FloatImage:
    """Means of two by two pixels: float32 array of shape (H / 2, W / 2) or (H / 2, W / 2, C); H and W are even."""
    size = values.shape[1] // 2, values.shape[0] // 2
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def pixel_features(lab: FloatImage) -> FloatImage:
    """Features of every block of two by two pixels: float32 array of shape (H / 2, W / 2, 20).

    Lab; Lab blurred with sigma 2, 5 and 10; deviation of L at 2 and 5; band-pass of L; energy and coherence of the
    structure tensor at 1.5 and 4; chroma at 2. Squares and gradients are taken at full size, their means at half.

    lab : float32 array of shape (H, W, 3), CIE Lab, H and W even, long side a few hundred px (sigmas are in its px).
    """
    light = np.ascontiguousarray(lab[..., 0])
    small, squared = halved(lab), halved(light * light)
    blurred = {sigma: _blur(small, sigma / 2) for sigma in (2.0, 5.0, 10.0)}
    columns = [small, *blurred.values()]
    for sigma in (2.0, 5.0):
        variance = _blur(squared, sigma / 2) - np.square(blurred[sigma][..., 0])
        columns.append(np.sqrt(np.maximum(variance, 0)))
    columns.append(_blur(halved(np.abs(_blur(light, 1.0) - _blur(light, 2.0))), 1.5))
    dx = cv2.Sobel(light, cv2.CV_32F, 1, 0, scale=0.125)
    dy = cv2.Sobel(light, cv2.CV_32F, 0, 1, scale=0.125)
    gradients = halved(np.dstack([dx * dx, dy * dy, dx * dy]))
    for sigma in (1.5, 4.0):
        columns.extend(_structure(_blur(gradients, sigma / 2)))
    columns.append(np.hypot(blurred[2.0][..., 1], blurred[2.0][..., 2]))
    return np.asarray(np.dstack(columns), dtype=np.float32)


def _structure(tensor: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Energy and coherence of the gradients: how strong they are, how far they point one way.

    tensor : float32 array of shape (H, W, 3): mean xx, yy and xy.
    """
    xx, yy, xy = np.moveaxis(tensor, 2, 0)
    return np.sqrt(xx + yy), np.hypot(xx - yy, 2 * xy) / (xx + yy + np.float32(0.5))


def _blur(values: FloatImage, sigma: float) -> FloatImage:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), dtype=np.float32)
