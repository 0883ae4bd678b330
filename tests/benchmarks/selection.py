"""The choice of 10 of the sample set against 50 choices by chance. Prints a table, asserts nothing.

    [U2NET_HOME=folder] python tests/benchmarks/selection.py [ENGINE] [SIDE] [SEED ...]

For each seed the sample is painted, cut out by ENGINE (cosegment) and limited to 10. Shown: how much of the variety of
all good pictures is covered, the least distance of two chosen, and the mean true quality: the IoU of the framed mask
with the painted truth, 0 for a file that gave no cut-out. By chance: 10 of all files found, of all that were cut out,
of all that are not rejected without the limit.
"""

import json
import sys
import tempfile
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np

from loraset import pipeline
from loraset.ops.descriptors import variety_covered
from loraset.ops.geometry import crop
from loraset.recipe.load import from_text, parse_set
from loraset.sample import write_sample
from loraset.stages.select import AS_VIEW, _open, _view, select
from loraset.stages.views import points
from loraset.types import Frame, Silent, Verdict

CHOSEN, CHANCES = 10, 50


def truth_of(labels, source):
    """Name of the painted truth of a file or of what it is a copy of; None where there is none."""
    label = labels[source]
    return label["truth"] or (label["copy_of"] and labels[label["copy_of"]]["truth"])


def quality(item, truth):
    """IoU of the framed cut-out with the painted alpha."""
    if item.task is None or truth is None or not item.said("score"):
        return 0.0
    alpha = cv2.imread(str(truth), cv2.IMREAD_UNCHANGED)[..., 3]
    framed, inside = crop(np.repeat(alpha[..., None], 3, 2), Frame.from_json(item.said("frame")["frame"]))
    one = item.shown("decontaminate")["cutout"][..., 3] > 127
    two = (framed[..., 0] > 127) & inside
    return float((one & two).sum() / max(1, (one | two).sum()))


def measured(folder, truth, engine):
    """Entries of select, their true quality, the recipe's settings."""
    settings = [f'mask.engine="{engine}"', "frame.resolution=512", f"select.max_images={CHOSEN}"]
    recipe = from_text("", settings=[parse_set(text) for text in settings])
    request = pipeline.Request(recipe, Path.cwd(), (str(folder),), folder / "none")
    labels = json.loads((truth / "labels.json").read_text("utf-8"))
    with pipeline._line(request, Silent()) as line:
        line.decode()
        line.drop_copies()
        line.mask()
        line.cut(("frame", "matte", "decontaminate", "score"))
        names = [truth_of(labels, item.found.source) for item in line.items]
        found = [quality(item, name and truth / name) for item, name in zip(line.items, names, strict=True)]
        return [line._entry(item) for item in line.items], np.array(found), recipe


def least_distance(where):
    return min(float(np.linalg.norm(one - other)) for one, other in combinations(where, 2))


def benchmark(seed, engine, side):
    with tempfile.TemporaryDirectory() as work:
        folder, truth = Path(work) / "sample", Path(work) / "truth"
        write_sample(folder, seed=seed, side=side, truth=truth)
        entries, right, recipe = measured(folder, truth, engine)
    free = recipe.select.model_copy(update={"max_images": 0})
    unlimited = [select(entries, free, shared=True).decisions[entry.id] for entry in entries]
    limited = [select(entries, recipe.select, shared=True).decisions[entry.id] for entry in entries]
    where = points([_view(_open(entry)) for entry in entries])
    good = [all(reason.code in AS_VIEW for reason in decision.reasons) for decision in unlimited]
    pools = {
        "all files": np.arange(len(entries)),
        "all cut out": np.flatnonzero([entry.score is not None for entry in entries]),
        "not rejected": np.flatnonzero([decision.verdict != Verdict.REJECT for decision in unlimited]),
        "good": np.flatnonzero(good),
    }

    def numbers(chosen):
        return variety_covered(where[good], where[chosen]), least_distance(where[chosen]), right[chosen].mean()

    chosen = np.flatnonzero([decision.verdict != Verdict.REJECT for decision in limited])
    print(f"seed {seed}, {engine}: chosen {sorted(entries[index].source for index in chosen)}")
    ours = numbers(chosen)
    print(f"    ours                covered {ours[0]:.3f}  least distance {ours[1]:.3f}  IoU {ours[2]:.4f}")
    for name, pool in pools.items():
        random = np.random.default_rng(seed)
        theirs = np.array([numbers(random.choice(pool, CHOSEN, replace=False)) for _ in range(CHANCES)])
        beaten = (np.array(ours) > theirs).sum(axis=0)
        cells = "  ".join(
            f"{name} {theirs[:, at].mean():.3f} (most {theirs[:, at].max():.3f}, beaten {beaten[at]} of {CHANCES})"
            for at, name in enumerate(("covered", "least distance", "IoU"))
        )
        print(f"    of {len(pool)} {name:13s} {cells}")


if __name__ == "__main__":
    chosen_engine = sys.argv[1] if len(sys.argv) > 1 else "cosegment"
    width = int(sys.argv[2]) if len(sys.argv) > 2 else 900
    for number in sys.argv[3:] or ["0"]:
        benchmark(int(number), chosen_engine, width)
