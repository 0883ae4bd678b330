"""Whether the score knows planted faults in one-subject sets, and the right reason is given: prints, asserts nothing.

In: nothing from outside: `painted` makes the sets. Out: AUROC of the score for "a fault was planted"; how often the
planted reason is among the given ones. Never: the given data.

    PYTHONPATH=src python tests/benchmarks/faults.py [SEEDS] [KINDS]

In each set of eight, faults are planted in three pictures, in turn of seven kinds: a piece of the subject is lost,
ground is taken along, a gap is filled, the mask is eroded or takes a rim of ground along, the photo is blurred, or
shows another subject. Masks go in as given ones.
"""

import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from painted import KINDS, painted_set
from repair import plant
from scipy.stats import rankdata

from loraset.pipeline import Request, run
from loraset.recipe.model import Recipe

MASK = {"mask_uncertain", "engines_disagree"}
REASONS = {
    "limb": MASK,
    "grab": MASK,
    "fill": MASK,
    "erode": MASK,
    "halo": {"halo"},
    "blur": {"blurry"},
    "intruder": {"odd_one_out"},
}
BAD = 3  # pictures in a set
ERODED = 0.05  # of the subject's size
RIM_PX, BLUR_PX = 4, 4.0


def auroc(score, bad):
    ranks = rankdata(-np.asarray(score))
    bad = np.asarray(bad)
    return (ranks[bad].sum() - bad.sum() * (bad.sum() + 1) / 2) / (bad.sum() * (~bad).sum())


def filled(subject, rng):
    """A mask whose largest pocket is filled, the one beside it its hull has."""
    lines, _ = cv2.findContours(subject.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = np.zeros(subject.shape, np.uint8)
    cv2.fillPoly(hull, [cv2.convexHull(np.concatenate(lines))], 1)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((hull > 0).astype(np.uint8) * ~subject)
    return subject | (labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))) if count > 1 else None


def planted(kind, shot, stranger, rng):
    """Photo and mask with a fault, or None where none fits."""
    subject = shot.truth == 255
    if kind in ("limb", "grab"):
        mask = plant(shot, {"limb": "drop", "grab": "grab"}[kind], rng, (0.12, 0.3))
    elif kind == "fill":
        mask = filled(subject, rng)
    elif kind == "erode":
        side = 2 * round(ERODED * np.sqrt(subject.sum())) + 1
        mask = cv2.erode(subject.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    elif kind == "halo":
        mask = cv2.dilate(subject.astype(np.uint8), np.ones((2 * RIM_PX + 1,) * 2, np.uint8)) > 0
    elif kind == "blur":
        return cv2.GaussianBlur(shot.rgb, (0, 0), BLUR_PX), subject
    else:
        return stranger.rgb, stranger.truth == 255
    return None if mask is None else (shot.rgb, mask)


def one_set(kind, seed, faults):
    """Rows of a whole run over a set with these faults: (fault or "", manifest row)."""
    rng = np.random.default_rng((seed, KINDS.index(kind)))
    shots = painted_set(kind, seed)
    stranger = painted_set(KINDS[(KINDS.index(kind) + 2) % len(KINDS)], seed)[0]
    what = dict(zip(rng.permutation(len(shots))[:BAD].tolist(), faults, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        photos, masks = Path(folder) / "photos", Path(folder) / "masks"
        photos.mkdir(), masks.mkdir()
        for place, shot in enumerate(shots):
            made = planted(what[place], shot, stranger, rng) if place in what else None
            if made is None:
                what.pop(place, None)
            photo, mask = made or (shot.rgb, shot.truth == 255)
            soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.7) * 255
            cv2.imwrite(str(photos / f"{place}.png"), cv2.cvtColor(photo, cv2.COLOR_RGB2BGR))
            cv2.imwrite(str(masks / f"{place}.png"), soft.round().astype(np.uint8))
        recipe = {
            "input": {"paths": [str(photos)], "masks": str(masks), "min_side_px": 32},
            "mask": {"engine": "given"},
            "frame": {"resolution": 320},
            "variants": {"transparent": {"background": "transparent"}},
        }
        run(Request(Recipe.model_validate(recipe), Path(folder), output=Path(folder) / "set"))
        rows = [json.loads(line) for line in (Path(folder) / "set/manifest.jsonl").open()]
    return [(what.get(int(Path(row["source"]).stem), ""), row) for row in rows]


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    kinds = sys.argv[2].split(",") if len(sys.argv) > 2 else KINDS
    found, turn, names = [], 0, list(REASONS)
    for seed in range(20, 20 + seeds):
        for kind in kinds:
            faults = [names[(turn + step) % len(names)] for step in range(BAD)]
            turn += BAD
            rows = one_set(kind, seed, faults)
            found += rows
            for fault, row in rows:
                codes = [reason["code"] for reason in row["reasons"]]
                costs = (row["details"] or {}).get("score", {}).get("costs", {})
                print(f"{kind:9s} {fault:9s} {row['verdict']:7s} {row['score'] or 0:.2f}", codes, costs, flush=True)
    known = defaultdict(list)
    for fault, row in found:
        if fault:
            known[fault].append(bool(REASONS[fault] & {reason["code"] for reason in row["reasons"]}))
    score, bad = [row["score"] or 0.0 for _, row in found], [bool(fault) for fault, _ in found]
    print(f"{len(found)} pictures, {sum(bad)} with a fault: AUROC of the score {auroc(score, bad):.3f}")
    for fault, hits in known.items():
        print(f"  {fault:9s} its reason is given in {sum(hits)} of {len(hits)}")
    flagged = [row["verdict"] != "keep" for fault, row in found if not fault]
    print(f"  right ones that are not simply kept: {sum(flagged)} of {len(flagged)}")


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
