"""Which pictures were taken before much the same background, by its colours.

In: a picture and its mask. Out: colours as bytes; groups. Never: the subject, or the place of a colour in the picture.

The same place in another light is another background here: what counts is what would be learnt with the subject.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from loraset.color import to_lab
from loraset.images import reduce_to
from loraset.ops.likeness import COLOR_BINS, LIGHTNESS_BINS, color_shares
from loraset.types import ByteImage, FloatImage

SIDE_PX = 160
NO_SUBJECT = 0.05  # probability under which a pixel is background
RIM_PX = 9  # of the reduced picture, round the subject: shadows, and what the mask left out
FEWEST_PX = 400
MAX_APART = 0.25  # Hellinger distance: one place in one light lies under 0.15, two places mostly over 0.3


def backdrop_colors(rgb: ByteImage, probability: FloatImage) -> ByteImage | None:
    """Return the background's colours as `likeness.color_shares` has them, or None where hardly any of it shows.

    rgb : uint8 array of shape (H, W, 3). probability : float32 array of shape (h, w), [0, 1], over the whole picture.
    """
    small = reduce_to(rgb, SIDE_PX)
    mask = cv2.resize(probability, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
    near = cv2.dilate((mask >= NO_SUBJECT).astype(np.uint8), np.ones((RIM_PX, RIM_PX), np.uint8)) > 0
    if int((~near).sum()) < FEWEST_PX:
        return None
    return color_shares(to_lab(np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), np.uint8))[~near])


def same_backdrops(colors: Sequence[ByteImage]) -> list[list[int]]:
    """Return the indices in groups of much the same background, the largest first; equal ones by their first index.

    Each joins the group whose mean is nearest, if it is near enough, else it begins one: memory grows with the number
    of pictures only, not with that of pairs.

    colors : as `backdrop_colors` makes them.
    """
    groups: list[list[int]] = []
    means = np.empty((len(colors), LIGHTNESS_BINS * COLOR_BINS**2))
    for index, each in enumerate(colors):
        roots = each.ravel().astype(np.float64) / (255 * np.sqrt(2))
        apart = np.linalg.norm(means[: len(groups)] - roots, axis=1)
        nearest = int(np.argmin(apart)) if groups else 0
        if groups and apart[nearest] <= MAX_APART:
            groups[nearest].append(index)
            means[nearest] += (roots - means[nearest]) / len(groups[nearest])
        else:
            means[len(groups)] = roots
            groups.append([index])
    return sorted(groups, key=lambda group: (-len(group), group[0]))
