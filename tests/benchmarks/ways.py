"""The ways to cut a picture out by one mask, rembg's and ours; as a program, what one of them takes.

    python tests/benchmarks/ways.py WAY edges|whole PICTURE

prints seconds, CPU seconds and the peak memory (MB) of this process, which has imported what it needs and cut a small
picture before the clock starts. edges: matte and colour, the mask given. whole: decoding, inference, edges, PNG.
"""

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from main_job import request

from loraset import pipeline
from loraset.color import to_bytes
from loraset.engines import make_engine
from loraset.engines.interface import EngineOptions
from loraset.images import decode, reduce_to, to_pillow
from loraset.ops.foreground import with_own_edge
from loraset.ops.geometry import crop_mask
from loraset.ops.light import edge_light
from loraset.ops.matting import refine_alpha
from loraset.stages.decontaminate import cover
from loraset.stages.matte import full_frame
from loraset.types import PROXY_SIDE, Picture

MODEL = "u2netp"
REMBG = {
    "rembg": {},
    "rembg putalpha": {"putalpha": True},
    "rembg -dc": {"decontaminate": True},
    "rembg -a": {"alpha_matting": True},
}
OURS = "loraset"
WAYS = (*REMBG, OURS)


class View:
    """A picture in memory as an engine sees it."""

    def __init__(self, rgb):
        self.rgb, self.size, self.marks = rgb, rgb.shape[1::-1], None

    def proxy(self):
        return reduce_to(self.rgb, PROXY_SIDE)

    def picture(self):
        return Picture(self.rgb)


class Held:
    """Stands where a session of rembg's does, and gives a mask that is there already."""

    def __init__(self, mask):
        self.mask = mask

    def predict(self, *_, **__):
        return [self.mask]


def engine():
    return make_engine(f"rembg:{MODEL}", EngineOptions(model_named=True, download=False))


def session():
    import rembg

    return rembg.new_session(MODEL, providers=["CPUExecutionProvider"])


def cut_by_rembg(rgb, mask, way):
    """RGBA of `rembg.remove` from a mask of its own session."""
    import rembg

    return np.asarray(rembg.remove(to_pillow(rgb), session=Held(mask), **REMBG[way]).convert("RGBA"))


def alpha_by_us(rgb, probability):
    """Alpha in bytes, from a network's map at its own grid."""
    size = rgb.shape[1::-1]
    mask = crop_mask(probability, size, full_frame(size))
    return to_bytes(refine_alpha(rgb, mask, cell_px=size[0] / probability.shape[1]).alpha)


def cut_by_us(rgb, eight, light="auto"):
    """RGBA of our stages, from alpha in bytes."""
    named = edge_light(rgb, eight)[0] if light == "auto" else light
    return cover(with_own_edge(rgb, eight, light=named))


def one_turn(way, part, file):
    small = cv2.resize(cv2.imread(file), (256, 256), interpolation=cv2.INTER_AREA)
    work = Path(tempfile.mkdtemp(dir=Path(file).parent))
    os.environ["LORASET_CACHE"] = str(work / "cache")
    (work / "small.jpg").write_bytes(cv2.imencode(".jpg", small)[1].tobytes())
    run = (_turn_of_ours if way == OURS else _turn_of_rembg)(way, part, work)
    run(work / "small.jpg")()
    work_on = run(Path(file))
    begin, cpu = time.perf_counter(), time.process_time()
    work_on()
    facts = {"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu}
    print(json.dumps({**facts, "peak": peak_mb()}))


def peak_mb():
    """The most memory that this process held; on Linux `getrusage` would begin at its parent's."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(int(text.split()[1]) for text in status.read_text().splitlines() if text.startswith("VmHWM")) / 1024


def _turn_of_ours(_, part, work):
    own = engine()

    def whole(path):
        return lambda: pipeline.cutout(request([path], work / path.stem, f'mask.engine="rembg:{MODEL}"'))

    def edges(path):
        rgb = decode(path, max_pixels=10**9).picture.rgb
        probability = own.mask(View(rgb)).probability
        return lambda: cut_by_us(rgb, alpha_by_us(rgb, probability))

    return whole if part == "whole" else edges


def _turn_of_rembg(way, part, work):
    import rembg

    own = session()

    def whole(path):
        return lambda: (work / "cut.png").write_bytes(rembg.remove(path.read_bytes(), session=own, **REMBG[way]))

    def edges(path):
        rgb = decode(path, max_pixels=10**9).picture.rgb
        mask = own.predict(to_pillow(rgb))[0]
        return lambda: cut_by_rembg(rgb, mask, way)

    return whole if part == "whole" else edges


if __name__ == "__main__":
    cv2.setNumThreads(1)
    one_turn(*sys.argv[1:])
