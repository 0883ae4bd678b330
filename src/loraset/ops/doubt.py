"""How sure a mask is: of itself, and when its picture is shown in another way.

In: soft masks. Out: numbers in [0, 1], px. Never: pixels of the picture, truth, thresholds.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from loraset.types import BoolImage, FloatImage

TOLERANCE_PX = 2.0  # detail below this does not lengthen an outline
RAMP_CELLS = 3.0  # usual width of a right edge on a saliency network's own grid
DOUBT_SIDE = 160  # px, long side at which answers are compared
SEAM_SHARE = 0.03  # of that side: the radius under which doubt is the softness of an edge


def perimeter_px(mask: BoolImage) -> float:
    """Return the length of all outlines, inner ones too, simplified to 2 px (Douglas and Peucker).

    mask : bool array of shape (H, W). The picture's border counts as outline where the mask lies on it.
    """
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return float(sum(cv2.arcLength(cv2.approxPolyDP(line, TOLERANCE_PX, True), True) for line in contours))


def undecided(probability: FloatImage) -> float:
    """Return how undecided a mask is beyond a usual soft edge: doubt / (doubt + mass), [0, 1]; 1 for an empty mask.

    Half-decided cells are summed as 4 p (1 - p). A ramp w cells wide has 2 w / 3 of it per cell of outline; that of
    `RAMP_CELLS` is allowed.

    probability : float32 array of shape (h, w), [0, 1], on the grid of who made it.
    """
    mass = float(np.sum(probability, dtype=np.float64))
    half = float(np.sum(4.0 * probability * (1.0 - probability), dtype=np.float64))
    doubt = max(0.0, half - 2.0 / 3.0 * RAMP_CELLS * perimeter_px(probability > 0.5))
    return doubt / (doubt + mass) if mass > 0 else 1.0


def expected_overlap(probability: FloatImage, answers: Sequence[FloatImage]) -> float:
    """Return the IoU to be expected of a mask by answers to the question where the subject is: [0, 1].

    The overlap of the mask (above 1/2) with a random truth that follows the mean of the answers, as the ratio of the
    expected intersection to the expected union. Answers to the same picture shown in another way are honest: a
    network's own certainty is a habit (test-time augmentation as a measure of doubt: Wang et al., Neurocomputing 2019).
    Only doubt counts that fills a disc of `SEAM_SHARE`: an opening takes away the seam that runs along every outline,
    right or wrong, and leaves the lost limb and the grabbed cushion.

    probability, answers : float32 arrays of one shape (h, w), [0, 1].
    """
    shape = probability.shape
    scale = min(1.0, DOUBT_SIDE / max(shape))
    size = max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))
    inside = cv2.resize(probability, size, interpolation=cv2.INTER_AREA) > 0.5
    count = float(np.count_nonzero(inside))
    mean = np.mean([cv2.resize(answer, size, interpolation=cv2.INTER_AREA) for answer in answers], axis=0)
    doubt = np.abs(mean - inside)
    radius = max(1, round(SEAM_SHARE * max(size)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    doubt = cv2.morphologyEx(doubt.astype(np.float32), cv2.MORPH_OPEN, disc)
    union = count + float(doubt[~inside].sum(dtype=np.float64))
    return (count - float(doubt[inside].sum(dtype=np.float64))) / union if count else 0.0
