"""A list against its members: mean and worst IoU on sets of photos, pasted sets and single pictures; seconds a picture.

Run: LORASET_DATA=<folder> U2NET_HOME=<folder with u2netp.onnx> python tests/benchmarks/lists.py [FAMILY]...
Families: photo, lego, gopher, single; all where none is named.
"""

import sys
import time
from dataclasses import replace

import numpy as np
from material import iou, pasted_set, photo_sets, single_photos

from loraset.engines import make_engine
from loraset.engines.interface import EngineOptions
from loraset.engines.joined import JoinedEngine
from loraset.runtime.executor import Executor

MEMBERS = ("rembg:u2netp", "cosegment")


def families():
    yield from (("photo", name, shots) for name, shots in photo_sets().items())
    for kind in ("lego", "gopher"):
        yield from ((kind, f"{kind} {seed}", pasted_set(kind, seed)) for seed in range(3))
    yield "single", "single pictures", single_photos()


class Watched:
    """A member that keeps its masks and the seconds that it took."""

    def __init__(self, engine):
        self._engine, self.masks, self.seconds = engine, {}, 0.0

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def mask(self, view):
        start = time.perf_counter()
        self.masks[view.id] = self._engine.mask(view)
        self.seconds += time.perf_counter() - start
        return self.masks[view.id]


def cut(shots, shared):
    """Masks by the list and by each member, and seconds a picture of the members and of the rest."""
    options = EngineOptions(shared=shared, model="u2netp")
    members = [Watched(make_engine(name, replace(options))) for name in MEMBERS]
    engine = JoinedEngine(members, EngineOptions(shared=shared))
    start = time.perf_counter()
    with Executor(jobs=1) as executor:
        engine.prepare(shots, executor.map)
        joined = {shot.id: engine.mask(shot) for shot in shots}
    whole = time.perf_counter() - start
    seconds = [member.seconds / len(shots) for member in members]
    return [*(member.masks for member in members), joined], [*seconds, whole / len(shots) - sum(seconds)]


def main():
    wanted = sys.argv[1:]
    means = {}
    print(
        f"{'mean (worst) IoU':22}" + "".join(f"{name:>18}" for name in (*MEMBERS, "list")) + "   seconds: members, rest"
    )
    for family, name, shots in families():
        if wanted and family not in wanted:
            continue
        masks, seconds = cut(shots, family != "single")
        scores = [[iou(of[shot.id].probability, shot.truth) for shot in shots] for of in masks]
        means.setdefault(family, []).append([np.mean(each) for each in scores])
        each = "".join(f"{np.mean(one):11.3f} ({min(one):.3f})" for one in scores)
        print(f"{name:22}{each}   " + ", ".join(f"{value:.2f}" for value in seconds), flush=True)
    for family, rows in means.items():
        print(f"{'all ' + family:22}" + "".join(f"{value:18.4f}" for value in np.mean(rows, axis=0)))


if __name__ == "__main__":
    main()
