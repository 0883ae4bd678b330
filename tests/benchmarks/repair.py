"""How much of a planted fault the set mends, and what it does to masks that are right.

In: the folder that LORASET_DATA names; U2NETP=1 adds a network's own masks (its model in U2NET_HOME). Out: a table of
the error (1 - IoU) before and after, by kind of set and of fault; a contact sheet of each where a folder is given.

    PYTHONPATH=src LORASET_DATA=FOLDER python tests/benchmarks/repair.py [SHEETS] [SEEDS]

A fault is planted in a third of the masks of a set. "drop": a tenth to a quarter of the subject is lost, a piece that
reaches the outline: cut off by a line, by a disc at a limb, or along superpixels. "grab": as much of the ground beside
the subject is taken along, following superpixels.
"""

import os
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from material import Shot, contact_sheet, data, iou, pasted_set, photo_sets, read_rgb

from loraset.color import to_lab
from loraset.engines.interface import EngineOptions
from loraset.ops.repair import is_doubtful, remade, repair
from loraset.ops.superpixels import superpixels
from loraset.stages.knowledge import SetKnowledge, Taught, at_look

SIDE = 320  # px: faults are planted at this size
KERNEL = np.ones((3, 3), np.uint8)
HURT = 0.01  # IoU


def in_turn(function, items):
    return [function(item) for item in items]


def rim(mask):
    return mask & ~(cv2.erode(mask.astype(np.uint8), KERNEL, borderValue=0) > 0)


def largest(part):
    count, labels, stats, _ = cv2.connectedComponentsWithStats(part.astype(np.uint8), connectivity=4)
    return labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])) if count > 1 else part


def by_line(subject, area, rng):
    angle, (y, x) = rng.uniform(0, 2 * np.pi), np.indices(subject.shape)
    along = x * np.cos(angle) + y * np.sin(angle)
    return subject & (along > np.quantile(along[subject], 1 - area / subject.sum()))


def by_disc(subject, area, rng):
    edge, middle = np.argwhere(rim(subject)), np.argwhere(subject).mean(0)
    far = np.square(edge - middle).sum(1)
    y, x = edge[rng.choice(len(edge), p=far / far.sum())]
    distance = np.hypot(*(np.indices(subject.shape) - np.array([y, x])[:, None, None]))
    return subject & (distance <= np.quantile(distance[subject], area / subject.sum()))


def by_superpixels(allowed, start, labels, area, rng):
    size = np.bincount(labels.ravel())
    whole = np.bincount(labels[allowed], minlength=len(size)) > 0.5 * size
    part = (labels == start) & allowed
    while part.sum() < area:
        ring = (cv2.dilate(part.astype(np.uint8), KERNEL) > 0) & ~part & allowed
        near = [label for label in np.unique(labels[ring]) if whole[label]]
        if not near:
            break
        part |= (labels == rng.choice(near)) & allowed
    return part


def plant(shot, kind, rng, shares=(0.1, 0.25)):
    """Truth with a fault of so large a share, bool (H, W); None where none of a fitting size was found."""
    scale = SIDE / max(shot.size)
    size = max(16, round(shot.size[0] * scale)), max(16, round(shot.size[1] * scale))
    truth = shot.truth == 255
    subject = cv2.resize(truth.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
    labels = superpixels(to_lab(cv2.resize(shot.rgb, size, interpolation=cv2.INTER_AREA)), 250)
    beside = (cv2.dilate(subject.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0) & ~subject
    for _ in range(30):
        area = subject.sum() * rng.uniform(*shares)
        how = rng.integers(3) if kind == "drop" else 3
        if how == 0:
            part = by_line(subject, area, rng)
        elif how == 1:
            part = by_disc(subject, area, rng)
        else:
            start, allowed = (rim(subject), subject) if kind == "drop" else (beside, ~subject)
            part = by_superpixels(allowed, rng.choice(labels[start]), labels, area, rng)
        part = largest(part)
        if 0.8 * shares[0] <= part.sum() / subject.sum() <= 1.2 * shares[1]:
            large = cv2.resize(part.astype(np.float32), shot.truth.shape[::-1]) > 0.5
            return truth & ~large if kind == "drop" else truth | (large & (shot.truth == 0))
    return None


def mended(shots, masks):
    """What the stage makes of the masks: float32 arrays, and seconds of work a picture."""
    start = time.process_time()
    taught = [
        Taught(shot.sha256, shot.proxy, lambda mask=mask: mask, False) for shot, mask in zip(shots, masks, strict=True)
    ]
    knowledge, out = SetKnowledge(taught, 0, in_turn), []
    for shot, mask in zip(shots, masks, strict=True):
        recalled = knowledge.recall(shot.sha256, shot.proxy)
        small = at_look(mask, recalled.look)
        if is_doubtful(small, recalled.evidence):
            _, made = remade(recalled.look, mask, small, recalled.evidence, recalled.knowledge)
            out.append(mask if made is None else made)
        else:
            out.append(repair(recalled.look, small, recalled.evidence).apply(mask))
    return out, (time.process_time() - start) / len(shots)


def planted(shots, kind, seed):
    """Masks of which a third have a fault, and which."""
    rng = np.random.default_rng((seed, ["drop", "grab"].index(kind)))
    masks, faulty = [(shot.truth == 255).astype(np.float32) for shot in shots], []
    for place in rng.permutation(len(shots))[: max(1, round(len(shots) / 3))]:
        fault = plant(shots[place], kind, rng)
        if fault is not None:
            masks[place] = fault.astype(np.float32)
            faulty.append(int(place))
    return masks, faulty


def frames():
    """Every sixth frame of a film of one player."""
    folder, shots = data() / "video/tennis", []
    for path in sorted((folder / "images").iterdir())[::6]:
        truth = cv2.imread(str(folder / "gt" / f"{path.stem}.png"), cv2.IMREAD_GRAYSCALE)
        shots.append(Shot(path.stem, read_rgb(path), np.where(truth > 127, 255, 0).astype(np.uint8)))
    return shots


def network_masks(shots):
    from loraset.engines.rembg import RembgEngine

    engine = RembgEngine(EngineOptions(model="u2netp", model_named=True, download=False))
    return [engine.mask(shot).probability for shot in shots]


def report(name, kind, pairs, seconds):
    """One line: pairs of (error before, error after)."""
    before, after = np.array(pairs).T
    left = f"{after.mean() / before.mean():.2f}" if before.mean() > 1e-4 else "   -"
    hurt, better = (after > before + HURT).mean(), (after < before - HURT).mean()
    print(
        f"{name:14} {kind:6} {len(pairs):4}  {before.mean():.4f} -> {after.mean():.4f}  left {left}  worse by "
        f"{HURT:g} {hurt:4.0%} (worst {max(after - before):+.3f})  better: {better:4.0%}  {seconds:.2f} s of work",
        flush=True,
    )


def run_set(name, sets, seeds, sheets):
    rows, seconds, shown = {}, [], []
    for shots in sets.values():
        for seed in range(seeds):
            for kind in ("drop", "grab"):
                masks, faulty = planted(shots, kind, seed)
                made, pace = mended(shots, masks)
                seconds.append(pace)
                for place, shot in enumerate(shots):
                    pair = 1 - iou(masks[place], shot.truth), 1 - iou(made[place], shot.truth)
                    rows.setdefault(kind if place in faulty else "beside", []).append(pair)
                    if place in faulty or pair[1] > pair[0] + HURT:
                        shown += [(shot, masks[place]), (shot, made[place])]
        masks = [(shot.truth == 255).astype(np.float32) for shot in shots]
        rows.setdefault("right", []).extend(
            (1 - iou(mask, shot.truth), 1 - iou(new, shot.truth))
            for shot, mask, new in zip(shots, masks, mended(shots, masks)[0], strict=True)
        )
        if os.environ.get("U2NETP"):
            masks = network_masks(shots)
            made, _ = mended(shots, masks)
            for shot, mask, new in zip(shots, masks, made, strict=True):
                rows.setdefault("u2netp", []).append((1 - iou(mask, shot.truth), 1 - iou(new, shot.truth)))
                shown += [(shot, mask), (shot, new)]
    for kind, pairs in rows.items():
        report(name, kind, pairs, np.mean(seconds))
    if sheets:
        sheets.mkdir(parents=True, exist_ok=True)
        contact_sheet(*zip(*shown, strict=True), sheets / f"{name}.png")


def main():
    sheets = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    only = os.environ.get("ONLY", "")
    for name, sets in (
        ("photos", photo_sets()),
        ("pasted lego", {seed: pasted_set("lego", seed) for seed in range(2)}),
        ("pasted gopher", {seed: pasted_set("gopher", seed) for seed in range(2)}),
        ("tennis", {0: frames()}),
    ):
        if only in name:
            run_set(name, sets, seeds, sheets)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
