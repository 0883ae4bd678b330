"""What a few points mend: an engine's masks, and up to three points where each is most wrong.

In: the folder that LORASET_DATA names, an engine's name (default cosegment). Out: a table of mean IoU with 0 to 3
points, with a box about the subject, and how many points made a mask worse by .01. Masks over .985 are left out.
"""

import sys

import cv2
import numpy as np
from material import iou, pasted_set, photo_sets

from loraset.engines import make_engine
from loraset.engines.interface import EngineOptions
from loraset.ops.marks import hold
from loraset.types import Marks

POINTS = 3
GOOD = 0.985
LEAST = 0.002  # of the picture: a smaller fault is not pointed at


def most_wrong(probability, truth):
    """Whether to keep, and where: the innermost point of the largest wrong piece; None where there is none."""
    mask = cv2.resize(probability, truth.shape[::-1]) > 0.5
    best = (LEAST * truth.size, None)
    for keep, wrong in ((True, ~mask & (truth == 255)), (False, mask & (truth == 0))):
        count, pieces, stats, _ = cv2.connectedComponentsWithStats(wrong.astype(np.uint8))
        largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()) if count > 1 else 0
        if largest and stats[largest, cv2.CC_STAT_AREA] > best[0]:
            inner = np.pad((pieces == largest).astype(np.uint8), 1)
            depth = cv2.distanceTransform(inner, cv2.DIST_L2, 5)[1:-1, 1:-1]
            y, x = np.unravel_index(depth.argmax(), depth.shape)
            place = (x + 0.5) / truth.shape[1], (y + 0.5) / truth.shape[0]
            best = (stats[largest, cv2.CC_STAT_AREA], (keep, place))
    return best[1]


def box_about(truth):
    rows, columns = (np.flatnonzero((truth == 255).any(axis=axis)) for axis in (1, 0))
    down, across = truth.shape
    box = columns[0] / across, rows[0] / down, (columns[-1] + 1) / across, (rows[-1] + 1) / down
    return tuple(float(np.clip(side + step, 0, 1)) for side, step in zip(box, (-0.02, -0.02, 0.02, 0.02), strict=True))


def measure(shot, probability):
    """IoU with 0, 1, 2 ... points, then with the box."""
    found, held, said = [iou(probability, shot.truth)], probability, {True: (), False: ()}
    for _ in range(POINTS):
        place = most_wrong(held, shot.truth)
        if place:
            said[place[0]] += (place[1],)
            held = hold(probability, shot.proxy(), Marks(said[True], said[False])).probability
        found.append(iou(held, shot.truth))
    boxed = hold(probability, shot.proxy(), Marks(keep_boxes=(box_about(shot.truth),)))
    return [*found, iou(boxed.probability, shot.truth)]


def main(name):
    sets = photo_sets() | {kind: pasted_set(kind, 0) for kind in ("lego", "gopher")}
    for title, shots in sets.items():
        engine = make_engine(name, EngineOptions())
        engine.prepare(shots, lambda function, items: [function(item) for item in items])
        masks = [engine.mask(shot).probability for shot in shots]
        rows = [measure(*pair) for pair in zip(shots, masks, strict=True) if iou(pair[1], pair[0].truth) < GOOD]
        if rows:
            worse = int((np.diff(np.array(rows)[:, : POINTS + 1]) < -0.01).sum())
            print(f"{title:22} {len(rows):3} masks {np.round(np.mean(rows, axis=0), 3)}  worse: {worse}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "cosegment")
