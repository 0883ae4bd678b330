"""Whether the score knows planted faults in one-subject sets, and the right reason is given: prints, asserts nothing.

In: nothing from outside: `painted` makes the sets. Out: AUROC of the score for bad cut-outs with its standard error;
how often the planted reason is among the given ones; how many faults the set mended. Never: the given data.

    PYTHONPATH=src python tests/benchmarks/faults.py [SEEDS] [KINDS] [CACHE]

In each set of eight, faults are planted in three pictures, in turn of seven kinds: a piece of the subject is lost,
ground is taken along, a gap is filled, the mask is eroded or takes a rim of ground along, the photo is blurred, or
shows another subject. Masks go in as given ones, and the set may mend them before they are cut. So two readings are
printed: a picture is bad where a fault was planted; or where its FINAL cut-out is wrong: over half of what the fault
changed is still as the fault left it, or the whole overlaps the truth by less than .9. Rims, blur and strangers are
never mended. CACHE keeps what was measured: remove it when anything before `grade` has changed.
"""

import pickle
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from painted import KINDS, painted_set
from repair import plant
from scipy.stats import rankdata

from loraset import pipeline
from loraset.metrics.grade import Grade
from loraset.ops.geometry import crop
from loraset.ops.outline import overlap
from loraset.recipe.model import Recipe
from loraset.types import Frame, Silent

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
OF_PHOTO = {"dark": {"dark"}, "burnt": {"overexposed"}, "cut": {"subject_cut_off"}, "small": {"too_small"}}  # see gates
LASTING = {"halo", "blur", "intruder", *OF_PHOTO}  # that no repair of a mask mends
BAD = 3  # pictures in a set
FIRST_SEED = 20  # the sets that the score is fitted to have others
ERODED = 0.05  # of the subject's size
RIM_PX, BLUR_PX = 4, 4.0
DARKER, LIGHTER, SMALLER = 0.12, 2.6, 0.3
LEAST_POCKET = 0.03  # of the subject: a smaller gap is no fault that counts
RIGHT = 0.9  # IoU
STILL = 0.5  # of what a fault changed
CHANCES = 200  # of the bootstrap, which draws whole sets


@dataclass(eq=False)
class Seen:
    """One picture after the whole run: the fault planted ("" for none), what is known of it, its masks in the frame.

    numbers : every metric, the set's too. alpha, truth : bool (h, w). damage : bool (h, w), what the fault changed;
    None where it left the mask alone. repaired : what the repair stage did.
    """

    kind: str
    seed: int
    fault: str
    score: float
    verdict: str
    codes: set
    numbers: dict
    grade: Grade
    alpha: np.ndarray
    truth: np.ndarray
    damage: np.ndarray | None
    photo: np.ndarray
    repaired: str

    @property
    def iou(self):
        return overlap(self.alpha, self.truth)

    @property
    def left(self):
        """Share of what the fault changed that is wrong still."""
        return 0.0 if self.damage is None else float(np.mean((self.alpha != self.truth)[self.damage]))

    @property
    def mask_wrong(self):
        """Whether the final mask is, whatever is wrong with its photo."""
        return self.iou < RIGHT or self.left > STILL

    @property
    def wrong(self):
        """Whether the final cut-out is."""
        return self.fault in LASTING or self.mask_wrong


def auroc(score, bad):
    ranks = rankdata(-np.asarray(score))
    bad = np.asarray(bad)
    return (ranks[bad].sum() - bad.sum() * (bad.sum() + 1) / 2) / (bad.sum() * (~bad).sum())


def filled(subject):
    """A mask whose largest pocket is filled, the one beside it its hull has; None where that is small."""
    lines, _ = cv2.findContours(subject.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = np.zeros(subject.shape, np.uint8)
    cv2.fillPoly(hull, [cv2.convexHull(np.concatenate(lines))], 1)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((hull > 0).astype(np.uint8) * ~subject)
    areas = stats[1:, cv2.CC_STAT_AREA]
    if count < 2 or areas.max() < LEAST_POCKET * subject.sum():
        return None
    return subject | (labels == 1 + int(np.argmax(areas)))


def planted(fault, shot, stranger, rng):
    """A Shot and its mask with a fault, or None where none fits."""
    subject = shot.truth == 255
    if fault in ("limb", "grab"):
        mask = plant(shot, {"limb": "drop", "grab": "grab"}[fault], rng, (0.12, 0.3))
    elif fault == "fill":
        mask = filled(subject)
    elif fault == "erode":
        side = 2 * round(ERODED * np.sqrt(subject.sum())) + 1
        mask = cv2.erode(subject.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    elif fault == "halo":
        mask = cv2.dilate(subject.astype(np.uint8), np.ones((2 * RIM_PX + 1,) * 2, np.uint8)) > 0
    else:
        changed = stranger if fault == "intruder" else of_photo(fault, shot, subject)
        return changed, changed.truth == 255
    return None if mask is None else (shot, mask)


def of_photo(fault, shot, subject):
    """A Shot with a fault that is none of the mask."""
    if fault == "blur":
        return replace(shot, rgb=cv2.GaussianBlur(shot.rgb, (0, 0), BLUR_PX))
    if fault in ("dark", "burnt"):
        light = (shot.rgb / 255.0) ** 2.2 * (DARKER if fault == "dark" else LIGHTER)
        return replace(shot, rgb=np.round(np.clip(light, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8))
    if fault == "small":
        size = [round(side * SMALLER) for side in shot.size]
        smaller = cv2.resize(shot.rgb, size, interpolation=cv2.INTER_AREA)
        return replace(shot, rgb=smaller, truth=cv2.resize(shot.truth, size, interpolation=cv2.INTER_NEAREST))
    columns = np.flatnonzero(subject.any(axis=0))
    middle = (columns[0] + columns[-1]) // 2
    return replace(shot, rgb=np.ascontiguousarray(shot.rgb[:, middle:]), truth=shot.truth[:, middle:].copy())


def with_faults(kind, seed, faults):
    """A painted set: by place a Shot and its mask, and the faults by place."""
    rng = np.random.default_rng((seed, KINDS.index(kind)))
    shots = painted_set(kind, seed)
    stranger = painted_set(KINDS[(KINDS.index(kind) + 2) % len(KINDS)], seed)[0]
    made = {place: (shot, shot.truth == 255) for place, shot in enumerate(shots)}
    what = {}
    for place, fault in zip(rng.permutation(len(shots))[: len(faults)].tolist(), faults, strict=True):
        found = planted(fault, shots[place], stranger, rng)
        if found is not None:
            made[place], what[place] = found, fault
    return made, what


def given(mask):
    """A bool mask as a file has it: soft over about two px."""
    return (cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.7) * 255).round().astype(np.uint8)


def one_set(kind, seed, faults, engine="given"):
    """A whole run over a set with these faults: a `Seen` for each picture that was cut."""
    made, what = with_faults(kind, seed, faults)
    with tempfile.TemporaryDirectory() as folder:
        photos, masks = Path(folder) / "photos", Path(folder) / "masks"
        photos.mkdir(), masks.mkdir()
        for place, (shot, mask) in made.items():
            cv2.imwrite(str(photos / f"{place}.png"), cv2.cvtColor(shot.rgb, cv2.COLOR_RGB2BGR))
            cv2.imwrite(str(masks / f"{place}.png"), given(mask))
        settings = {
            "input": {"paths": [str(photos)], "masks": str(masks) if engine == "given" else "", "min_side_px": 32},
            "mask": {"engine": engine},
            "frame": {"resolution": 320},
        }
        with pipeline._line(pipeline.Request(Recipe.model_validate(settings), Path(folder)), Silent()) as line:
            line.decode()
            line.drop_copies()
            line.mask()
            line.cut(("frame", "matte", "decontaminate", "score"))
            line.decide()
            return [seen(item, made, what, kind, seed) for item in line.items if item.grade]


def seen(item, made, what, kind, seed):
    """What a run made of one picture."""
    place = int(Path(item.found.source).stem)
    shot, mask = made[place]
    frame = Frame.from_json(item.said("frame")["frame"])
    truth = shot.truth == 255
    damage = mask != truth
    photo, _ = crop(shot.rgb, frame)
    layers = np.dstack([truth, damage, damage]).astype(np.uint8) * 255
    framed, inside = crop(layers, frame)
    framed = (framed > 127) & inside[..., None]
    return Seen(
        kind=kind,
        seed=seed,
        fault=what.get(place, ""),
        score=item.grade.score,
        verdict=item.decision.verdict.value,
        codes={reason.code for reason in item.decision.reasons},
        numbers=item.numbers,
        grade=item.grade,
        alpha=item.shown("decontaminate")["cutout"][..., 3] > 127,
        truth=framed[..., 0],
        damage=framed[..., 1] if what.get(place) and damage.any() else None,
        photo=photo,
        repaired=item.said("repair").get("verdict", ""),
    )


def all_sets(seeds, kinds=KINDS, cache=None, names=tuple(REASONS)):
    """`Seen` of every set: three faults in each, in turn."""
    turn = 0
    for seed in seeds:
        for kind in kinds:
            faults = [names[(turn + step) % len(names)] for step in range(BAD)]
            turn += BAD
            path = cache and cache / f"{kind}-{seed}-{'-'.join(faults)}.pkl"
            if path and path.exists():
                found = [Seen(**known) for known in pickle.loads(path.read_bytes())]
            else:
                found = one_set(kind, seed, faults)
                if path:
                    path.write_bytes(pickle.dumps([vars(one) for one in found]))
            yield found


def spread(sets, bad):
    """Standard error of the AUROC: of a bootstrap that draws whole sets."""
    rng, found = np.random.default_rng(0), []
    for _ in range(CHANCES):
        drawn = [one for index in rng.integers(0, len(sets), len(sets)) for one in sets[index]]
        found.append(auroc([one.score for one in drawn], [bad(one) for one in drawn]))
    return float(np.std(found))


def table(sets):
    pictures = [one for several in sets for one in several]
    score = [one.score for one in pictures]
    for words, bad in (("planted", lambda one: bool(one.fault)), ("final cut-out wrong", lambda one: one.wrong)):
        is_bad = [bad(one) for one in pictures]
        print(
            f"bad where {words:20s} {sum(is_bad):3d} of {len(pictures)}: AUROC of the score {auroc(score, is_bad):.3f} "
            f"+- {spread(sets, bad):.3f}"
        )
    for fault, codes in REASONS.items():
        of = [one for one in pictures if one.fault == fault]
        told = [bool(codes & one.codes) for one in of]
        print(
            f"  {fault:9s} {len(of):3d} planted, {sum(not one.wrong for one in of):3d} mended, its reason given in "
            f"{sum(told):3d}; wrong and simply kept {sum(one.wrong and one.verdict == 'keep' for one in of):2d}"
        )
    told = [bool(REASONS[one.fault] & one.codes) for one in pictures if one.fault]
    print(f"planted reason given in {sum(told)} of {len(told)}: {np.mean(told):.3f}")
    hurt = [one for one in pictures if not one.fault and one.wrong]
    fine = [one for one in pictures if not one.fault and not one.wrong]
    print(f"untouched: {len(hurt)} wrong in the end; of {len(fine)} right ones", end=" ")
    print({verdict: sum(one.verdict == verdict for one in fine) for verdict in ("keep", "review", "reject")})


def main():
    words = [*sys.argv[1:], *["1", "", ""][len(sys.argv) - 1 :]]
    cache = Path(words[2]) if words[2] else None
    if cache:
        cache.mkdir(parents=True, exist_ok=True)
    sets, kinds = [], words[1].split(",") if words[1] else KINDS
    for found in all_sets(range(FIRST_SEED, FIRST_SEED + int(words[0])), kinds, cache):
        sets.append(found)
        for one in found:
            state = f"IoU {one.iou:.3f} left {one.left:.2f} {'WRONG' if one.wrong else ''}"
            costs = {name: round(1 - cost, 3) for name, cost in one.grade.costs.items() if cost < 0.98}
            print(one.kind, f"{one.fault:9s} {one.repaired:9s} {state:28s} {one.verdict:7s} {one.score:.2f}", end=" ")
            print(sorted(one.codes), costs, flush=True)
    table(sets)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
