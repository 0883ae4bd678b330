"""Engine cosegment on photos with truth: mean and worst IoU of each set, seconds a picture beside decoding it.

Run: LORASET_DATA=<folder> python tests/benchmarks/cosegment.py [folder for the masks as PNG]
"""

import hashlib
import os
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from loraset.engines.cosegment import CosegmentEngine
from loraset.engines.interface import EngineOptions
from loraset.runtime.executor import Executor
from loraset.types import PROXY_SIDE, Marks, Picture


@dataclass(frozen=True)
class FileView:
    path: Path
    has_alpha: bool = False
    mask_file: Path | None = None
    marks: Marks | None = None

    @property
    def id(self):
        return self.path.name

    @property
    def sha256(self):
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    @property
    def size(self):
        return self.picture().size

    def picture(self):
        return Picture(cv2.cvtColor(cv2.imread(str(self.path)), cv2.COLOR_BGR2RGB))

    def proxy(self):
        rgb = self.picture().rgb
        scale = PROXY_SIDE / max(rgb.shape[:2])
        return cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else rgb


def measure(probability, truth):
    enlarged = cv2.resize(probability, truth.shape[::-1], interpolation=cv2.INTER_CUBIC) > 0.5
    judged, subject = truth != 128, truth == 255
    return (enlarged & subject & judged).sum() / ((enlarged | subject) & judged).sum()


def main():
    data = os.environ.get("LORASET_DATA")
    if not data:
        sys.exit("skipped: LORASET_DATA names no folder")
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    sets = defaultdict(list)
    for path in sorted(Path(data, "masks", "images").glob("*.jpg")):
        sets[path.stem.rsplit("_", 1)[0]].append(FileView(path))
    every = []
    for name, views in sets.items():
        start = time.process_time()
        for view in views:
            view.proxy()
        decoding = time.process_time() - start
        engine = CosegmentEngine(EngineOptions())
        start, work = time.perf_counter(), time.process_time()
        with Executor() as executor:
            engine.prepare(views, executor.map)
            masks = executor.map(engine.mask, views)
        seconds, work = time.perf_counter() - start, time.process_time() - work
        scores = []
        for view, mask in zip(views, masks, strict=True):
            truth = cv2.imread(str(Path(data, "masks", "gt", f"{view.path.stem}.png")), cv2.IMREAD_GRAYSCALE)
            scores.append(measure(mask.probability, truth))
            if out:
                out.mkdir(parents=True, exist_ok=True)
                large = cv2.resize(mask.probability, truth.shape[::-1], interpolation=cv2.INTER_CUBIC)
                picture = np.round(np.clip(large, 0, 1) * 255).astype(np.uint8)
                cv2.imwrite(str(out / f"{view.path.stem}.png"), picture)
        every += scores
        each = "  ".join(f"{score:.3f} ({mask.confidence:.2f})" for score, mask in zip(scores, masks, strict=True))
        count = len(views)
        pace = f"a picture: {seconds / count:.2f} s, {work / count:.2f} s of work, {work / decoding:.0f} x decoding"
        print(f"{name:20} mean {np.mean(scores):.3f} worst {min(scores):.3f}  IoU (confidence): {each}  {pace}")
    print(f"{'all':20} mean {np.mean(every):.3f} worst {min(every):.3f}")


if __name__ == "__main__":
    main()
