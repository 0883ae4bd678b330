"""The best outline: a cut that weighs evidence per pixel against edges in the picture.

In: a Lab picture and evidence in log odds, or a soft mask. Out: masks and evidence. Never: randomness: OpenCV's solver
is given its models, so it draws none.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.ops.mixture import fit_mixture
from loraset.types import BoolImage, FloatImage

_GAMMA = 50.0  # OpenCV's fixed weight of two neighbours of one colour being parted
_LEVELS = 160.0  # grey levels that carry the evidence
_MAX_ODDS = 8.0


def cut(lab: FloatImage, evidence: FloatImage, smoothness: float) -> BoolImage:
    """The labelling that fits evidence and edges best: bool array of shape (H, W), true on the subject.

    A minimum cut (Boykov and Jolly, ICCV 2001) by cv2.grabCut. That function takes no evidence of one's own, but it
    takes its two colour models: the evidence rides in the first channel, for which both models are Gaussians of one
    variance, so that the log odds between them are linear in it; the picture's two strongest colour axes ride in the
    other channels, which the models ignore and the edge weights read.

    evidence : float32 array of shape (H, W), natural log odds of "subject".
    smoothness : log odds that it costs to part two pixels of one colour.
    """
    odds = np.clip(evidence, -_MAX_ODDS, _MAX_ODDS)
    carrier = np.dstack([(odds / _MAX_ODDS + 1) / 2 * _LEVELS, _two_axes(lab)])
    picture = np.clip(carrier + 0.5, 0, 255).astype(np.uint8)
    # a level c stands for log odds of LEVELS (2 c - LEVELS) / (2 variance); at the top: MAX_ODDS * GAMMA / smoothness
    variance = _LEVELS**2 * smoothness / (2 * _MAX_ODDS * _GAMMA)
    background, subject = _gaussian(0.0, variance), _gaussian(_LEVELS, variance)
    labels = np.where(odds > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    if labels.min() == labels.max():
        return np.asarray(odds > 0)
    cv2.grabCut(picture, labels, (0, 0, 0, 0), background, subject, 1, cv2.GC_EVAL_FREEZE_MODEL)
    return np.asarray(labels == cv2.GC_PR_FGD)


def _two_axes(lab: FloatImage) -> FloatImage:
    """The picture on its two strongest colour axes, in levels about the middle of 0..255: float32 (H, W, 2)."""
    points = lab.reshape(-1, 3) - lab.reshape(-1, 3).mean(axis=0)
    _, axes = np.linalg.eigh(points.T @ points)
    projected = points @ axes[:, 1:]
    return np.asarray((projected * 1.5 + 128).reshape(*lab.shape[:2], 2), dtype=np.float32)


def _gaussian(mean: float, variance: float) -> NDArray[np.float64]:
    """OpenCV's form of a mixture of five Gaussians with only one in use, flat in the last two channels."""
    model = np.zeros((1, 65))
    model[0, 0] = 1.0
    model[0, 5:8] = mean, 128.0, 128.0
    model[0, 20:29] = np.diag([variance, 1e9, 1e9]).ravel()
    return model


def colour_evidence(lab: FloatImage, mask: BoolImage, where: FloatImage, components: int = 5) -> FloatImage:
    """Log odds of "subject" by a picture's own colours: float32 array of the shape of `where` (..., 3) less its last.

    Two Gaussian mixtures, of the colours in the mask and of the rest, as in GrabCut (Rother et al., SIGGRAPH 2004).
    Zeros come back where either side has almost no pixels.

    lab : float32 array of shape (H, W, 3). mask : bool array of shape (H, W).
    """
    if min(mask.sum(), (~mask).sum()) < 50:
        return np.zeros(where.shape[:-1], np.float32)
    subject = fit_mixture(lab[mask], components, spread=2.0)
    background = fit_mixture(lab[~mask], components, spread=2.0)
    return subject.log_density(where) - background.log_density(where)
