"""Photos whose subject people agree on, from folders of photos with truth: what single pictures' doubts are fitted to.

In: folders with images/ and gt/ of one stem each, named by LORASET_TRUTH (parted by the platform's path separator); gt
is a mask, or the share of people that chose each pixel as gray. Out: `Shot`s. Never: a choice by anything but the
truth, or the photos that the result is measured on.
"""

import os
import sys
from pathlib import Path

import cv2
import numpy as np
from material import Shot, read_rgb

AREA = 0.03, 0.8  # of the picture: a subject
ONE_PIECE = 0.85  # of the subject: its largest piece
BETWEEN = 0.12, 0.85  # of the people: as many choose what they do not agree on
DISPUTED = 0.15  # of the subject: as much may be of that kind


def folders():
    """The folders, or an end with a word."""
    named = os.environ.get("LORASET_TRUTH")
    if not named:
        sys.exit("LORASET_TRUTH names no folder of photos with truth")
    return [Path(folder) for folder in named.split(os.pathsep)]


def agreed(votes):
    """Whether there is one subject: votes, uint8 (H, W), 255 where everybody chose."""
    subject, share = votes > 127, votes / 255
    if not AREA[0] <= subject.mean() <= AREA[1]:
        return False
    pieces = cv2.connectedComponentsWithStats(subject.astype(np.uint8))[2][1:, cv2.CC_STAT_AREA]
    between = ((share > BETWEEN[0]) & (share < BETWEEN[1])).sum() / subject.sum()
    return pieces.max() / pieces.sum() >= ONE_PIECE and between <= DISPUTED


def photos(folder):
    """The shots of one folder that count, in order of name."""
    truths = {path.stem: path for path in (folder / "gt").iterdir()}
    for path in sorted((folder / "images").iterdir()):
        if path.stem not in truths:
            continue
        rgb, votes = read_rgb(path), cv2.imread(str(truths[path.stem]), cv2.IMREAD_GRAYSCALE)
        votes = cv2.resize(votes, rgb.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        if agreed(votes):
            yield Shot(path.stem, rgb, np.where(votes > 127, 255, 0).astype(np.uint8))
