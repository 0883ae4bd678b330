"""Engine cosegment against truth, one table: mean and worst IoU of each set; how well its confidence finds bad masks.

    LORASET_DATA=folder python tests/benchmarks/cosegment.py masks [folder for contact sheets]
    LORASET_DATA=folder U2NETP=u2netp.onnx python tests/benchmarks/cosegment.py time

masks  the photos of four toys, cut-outs pasted on other photos (three seeds of each kind), single pictures, each by the
       set alone and, where U2NET_HOME holds a model, with that model's inner maps
time   seconds a picture in sets of 10 and of 300, learning included, beside u2netp's inference: medians, interleaved
"""

import os
import sys
import time
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from material import Shot, contact_sheet, iou, pasted_set, photo_sets, single_photos

from loraset.engines.cosegment import CosegmentEngine
from loraset.engines.interface import EngineOptions
from loraset.runtime.executor import Executor

SEEDS = (0, 1, 2)
BAD = 0.75  # IoU below which a mask needs a person


def sets():
    """{name: (shots, whether they share a subject)}."""
    named = {f"photos: {name}": (shots, True) for name, shots in photo_sets().items()}
    for kind in ("lego", "gopher"):
        named |= {f"pasted: {kind}, seed {seed}": (pasted_set(kind, seed), True) for seed in SEEDS}
    return named | {"single photos": (single_photos(), False)}


def cut(shots, shared, model):
    """Masks of a set, and the engine."""
    engine = CosegmentEngine(EngineOptions(model=model, shared=shared))
    with Executor() as executor:
        engine.prepare(shots, executor.map)
        return executor.map(engine.mask, shots), engine


def found_bad(confidence, scores):
    """Chance that a bad mask has less confidence than a good one (AUROC); NaN where one kind is missing."""
    bad = np.array(scores) < BAD
    sure, unsure = np.array(confidence)[~bad], np.array(confidence)[bad]
    if not len(sure) or not len(unsure):
        return float("nan")
    return float((sure[:, None] > unsure).mean() + (sure[:, None] == unsure).mean() / 2)


def masks(out):
    for model in ("none", "isnet-general-use"):
        every = []
        for name, (shots, shared) in sets().items():
            found, engine = cut(shots, shared, model)
            if model != "none" and not engine.models():
                print("with a model: skipped, there is none on this disk")
                break
            scores = [iou(mask.probability, shot.truth) for mask, shot in zip(found, shots, strict=True)]
            every += zip([mask.confidence for mask in found], scores, strict=True)
            doubted = sum(bool(mask.reasons) for mask in found)
            how = "with a model" if engine.models() else "the set alone"
            row = (
                f"mean {np.mean(scores):.3f}  worst {min(scores):.3f}  below {BAD} {np.mean(np.less(scores, BAD)):.2f}"
            )
            print(f"{how:14} {name:28} {row}  doubted {doubted} of {len(shots)}", flush=True)
            if out:
                out.mkdir(parents=True, exist_ok=True)
                sheet = out / f"{model}-{name.replace(': ', '-').replace(', ', '-').replace(' ', '-')}.png"
                contact_sheet(shots, [mask.probability for mask in found], sheet)
        else:
            print(f"confidence finds IoU below {BAD}: AUROC {found_bad(*zip(*every, strict=True)):.3f}", flush=True)


def many(count):
    """`count` different pictures: photos, then the same mirrored and turned."""
    photos = [shot for shots in photo_sets().values() for shot in shots] + single_photos()
    turns = (lambda rgb: rgb, lambda rgb: rgb[:, ::-1], lambda rgb: rgb[::-1])
    shots = [Shot(f"{place}-{shot.id}", np.ascontiguousarray(turn(shot.rgb)), shot.truth)
             for place, turn in enumerate(turns) for shot in photos]  # fmt: skip
    return shots[:count]


def inference():
    """A call of u2netp on a picture of its own size, pre-processing left out."""
    import onnxruntime

    session = onnxruntime.InferenceSession(os.environ["U2NETP"], providers=["CPUExecutionProvider"])
    name, blob = session.get_inputs()[0].name, np.zeros((1, 3, 320, 320), np.float32)
    return lambda: session.run(None, {name: blob})


def clock(task):
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def seconds():
    infer = inference()
    infer()
    for count in (10, 300):
        shots = many(count)
        for shot in shots:
            shot.proxy()
        engine = CosegmentEngine(EngineOptions(model="none"))
        with Executor() as executor:
            engine.prepare(shots, executor.map)
            learning = clock(lambda: engine.mask(shots[0]))  # noqa: B023
        pairs = [(clock(lambda: engine.mask(shot)), clock(infer)) for shot in shots[1:]]  # noqa: B023
        cutting, model = (median(column) for column in zip(*pairs, strict=True))
        whole = learning / count + cutting
        print(f"{count} pictures: {whole:.2f} s each ({learning:.1f} s to learn), u2netp {model:.2f} s, "
              f"ratio {whole / model:.2f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    cv2.setNumThreads(1)
    if sys.argv[1:2] == ["time"]:
        seconds()
    elif sys.argv[1:2] == ["masks"]:
        masks(Path(sys.argv[2]) if len(sys.argv) > 2 else None)
    else:
        sys.exit(__doc__)
