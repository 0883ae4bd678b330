"""Fits what the cues of `ops.repair` weigh, and the odds it needs, on sets that are painted here; prints both as code.

In: nothing from outside: `painted` makes the sets, `repair` of this folder the faults. Out: the lines for
`ops/repair.py`. Never: the given data, on which the result is measured afterwards.

    PYTHONPATH=src python tests/benchmarks/fit_repair.py [CACHE]

Each set is asked four times: a third of its masks lost a piece, took one of the ground, did so by a little or a lot,
or are right; all masks besides as a network, a hand or a file would give them. The odds needed are looked up with each
kind of set judged by weights that were fitted to the other kinds. CACHE keeps the cases of a run: remove it when the
evidence of `ops.cosegmentation` has changed.
"""

import pickle
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from painted import KINDS, painted_set
from repair import SIDE, in_turn, plant
from scipy.optimize import minimize

from loraset.color import to_lab
from loraset.ops.cosegmentation import Look, learn_from, look, others_say
from loraset.ops.outline import overlap
from loraset.ops.repair import TRUST, judged, proposal
from loraset.ops.superpixels import superpixels
from loraset.stages.knowledge import at_look

SEEDS = (0, 1, 10, 11)
WAYS = ("drop", "grab", "either", "right")
RIDGE = 0.02
FEW = 5  # pieces: a kind with fewer on one side counts less
HURT = 0.01  # IoU
NONE = np.zeros(0, np.float32)
HARM = 1 / 150, 0.05  # of the right masks, at most so many may be hurt in all and of one kind


@dataclass(frozen=True)
class Case:
    """A mask (h, w) before what its set taught, at the look's size; truth: bool (h, w)."""

    kind: str
    way: str
    look: Look
    mask: np.ndarray
    evidence: np.ndarray
    truth: np.ndarray


def as_made(subject, rgb, rng):
    """A bool mask as somebody may give it: float32, at `SIDE`."""
    scale = SIDE / max(subject.shape)
    size = round(subject.shape[1] * scale), round(subject.shape[0] * scale)
    mask = cv2.resize(subject.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    how = rng.integers(5)
    if how == 1:  # coarse
        mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(1, 2.5))
    elif how == 2:  # a rim too much or too little
        kernel = np.ones((3, 3), np.uint8)
        mask = (cv2.dilate if rng.random() < 0.5 else cv2.erode)(mask, kernel, iterations=int(rng.integers(1, 3)))
    elif how == 3:  # bled along the picture's own edges
        labels = superpixels(to_lab(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)), 1500)
        share = np.bincount(labels.ravel(), mask.ravel()) / np.bincount(labels.ravel())
        mask = (share[labels] > rng.uniform(0.35, 0.65)).astype(np.float32)
    elif how == 4:  # unsure here and there
        inside = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
        outside = cv2.distanceTransform((mask <= 0.5).astype(np.uint8), cv2.DIST_L2, 3)
        doubt = cv2.resize(rng.uniform(0, 1, (4, 4)).astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
        mask = 1 / (1 + np.exp(-np.clip(inside - outside, -4, 4) * np.clip(1.2 - doubt, 0.15, 1)))
    return np.asarray(mask, np.float32)


def cases_of(kind, seed):
    """Every mask of one painted set, asked in every way."""
    shots = painted_set(kind, seed)
    truths, looks = [shot.truth == 255 for shot in shots], [look(shot.proxy()) for shot in shots]
    for number, way in enumerate(WAYS):
        rng = np.random.default_rng((seed, number))
        subjects, faulty = list(truths), set()
        for place in rng.permutation(len(shots))[: 0 if way == "right" else round(len(shots) / 3)]:
            small = way == "either"
            fault = plant(
                shots[place], rng.choice(["drop", "grab"]) if small else way, rng, (0.03, 0.4) if small else (0.1, 0.25)
            )
            if fault is not None:
                subjects[place] = fault
                faulty.add(place)
        masks = [as_made(subject, shot.rgb, rng) for subject, shot in zip(subjects, shots, strict=True)]
        masks = [at_look(mask, item) for mask, item in zip(masks, looks, strict=True)]
        knowledge = learn_from(looks, masks, seed, in_turn)
        for place, item in enumerate(looks):
            truth = at_look(truths[place].astype(np.float32), item) > 0.5
            evidence = others_say(item, knowledge, place)
            kept = replace(item, pixels=NONE, regions=NONE)  # not asked again
            yield Case(kind, way if place in faulty else "right", kept, masks[place], evidence, truth)


def all_cases(cache):
    """Cases of all kinds, kept in a folder where one is named."""
    for kind in KINDS:
        for seed in SEEDS:
            path = cache and cache / f"{kind}-{seed}.pkl"
            if path and path.exists():
                found = pickle.loads(path.read_bytes())
            else:
                found = list(cases_of(kind, seed))
                if path:
                    path.write_bytes(pickle.dumps(found))
            yield from found


@dataclass(frozen=True)
class Asked:
    """A piece of a case: where, whether it would be added, its cues, the share of it that is right to change."""

    where: np.ndarray
    added: bool
    cues: dict
    right: float


def ask(case):
    """Kind and way of a case, its mask and truth as bool, and its pieces."""
    pieces = judged(case.look, case.mask, case.evidence, proposal(case.look, case.mask, case.evidence, TRUST))
    asked = [
        Asked(piece.where, piece.added, piece.cues, float(np.mean(case.truth[piece.where] == piece.added)))
        for piece in pieces
    ]
    return case.kind, case.way, case.mask > 0.5, case.truth, asked


def fit(rows):
    """Weights by cue, none below 0, and the log odds of a piece of which all cues are 0.

    rows : (kind, cues, share that is right) of one side's pieces. Every kind weighs the same, and in it both.
    """
    names = list(rows[0][1])
    values = np.array([[cues[name] for name in names] + [1.0] for _, cues, _ in rows])
    right = np.array([share > 0.5 for _, _, share in rows])
    weight = np.array([abs(2 * share - 1) for _, _, share in rows])
    kinds = np.array([kind for kind, _, _ in rows])
    for kind in set(kinds):
        for side in (False, True):
            part = (kinds == kind) & (right == side)
            weight[part] /= max(weight[part].sum(), FEW)
    spread, sign = np.append(values[:, :-1].std(axis=0), 0), np.where(right, 1, -1)

    def loss(x):
        margin = sign * (values @ x)
        slope = values.T @ (-sign * weight / (1 + np.exp(margin))) / weight.sum()
        cost = (weight * np.logaddexp(0, -margin)).sum() / weight.sum() + RIDGE * np.square(x * spread).sum()
        return cost, slope + 2 * RIDGE * x * spread**2

    bounds = [(0, None)] * len(names) + [(None, None)]
    found = minimize(loss, np.zeros(len(bounds)), jac=True, bounds=bounds).x
    return dict(zip(names, np.round(found[:-1], 2).tolist(), strict=True)), round(float(found[-1]), 2)


def belief(cues, fitted):
    """Log odds that a piece is rightly changed."""
    weights, prior = fitted
    return prior + sum(weights[name] * value for name, value in cues.items())


def outcome(cases, side, fitted, needed):
    """Error left by kind of fault, and the share of right masks that are hurt by kind of set. fitted : by kind."""
    before, after, hurt = defaultdict(float), defaultdict(float), defaultdict(list)
    for kind, way, old, truth, pieces in cases:
        new = old.copy()
        for piece in pieces:
            if piece.added == side and belief(piece.cues, fitted[kind]) >= needed:
                new[piece.where] = side
        errors = 1 - overlap(old, truth), 1 - overlap(new, truth)
        before[way] += errors[0]
        after[way] += errors[1]
        if way == "right":
            hurt[kind].append(errors[1] > errors[0] + HURT)
    return {way: after[way] / before[way] for way in WAYS}, {kind: np.mean(hurt[kind]) for kind in KINDS}


def main():
    cache = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if cache:
        cache.mkdir(parents=True, exist_ok=True)
    cases = [ask(case) for case in all_cases(cache)]
    for side in (True, False):
        rows = [
            (kind, piece.cues, piece.right) for kind, *_, pieces in cases for piece in pieces if piece.added == side
        ]
        weights, prior = fit(rows)
        share = np.mean([row[2] > 0.5 for row in rows])
        print(f"{side}: {weights}, prior {prior}  # {len(rows)} pieces, {share:.0%} right")
        fitted = {kind: fit([row for row in rows if row[0] != kind]) for kind in KINDS}
        for needed in np.arange(1, 3.1, 0.25):
            left, harm = outcome(cases, side, fitted, needed)
            fine = np.mean(list(harm.values())) <= HARM[0] and max(harm.values()) <= HARM[1]
            words = [f"{way} x{share:.2f}" for way, share in left.items()]
            words += ["hurt"] + [f"{kind} {share:.1%}" for kind, share in harm.items()]
            print(f"  from {needed:.2f}: {'harmless' if fine else 'harmful '}", *words, flush=True)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
