"""What each reason code is worth, and whether the review queue mends most first: prints, asserts nothing.

In: nothing from outside: `faults` makes the sets. Out: for each code how many of the faults it names it finds, and how
many of those that it names have that fault; of a set's mendable loss, how much is found by looking at the first
pictures of the queue. Never: the given data.

    PYTHONPATH=src python tests/benchmarks/gates.py [SEEDS] [CACHE]

Beside the faults of `faults`, some photos are made dark or burnt out, cut through the subject, or small. Masks' codes
are right where the final mask is wrong or a fault was planted that the set mended: it says so, and a look confirms it.
The loss of a picture is 1 - IoU, 1 for a stranger; a person who looks mends it. A photo's faults are no such loss.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from faults import FIRST_SEED, OF_PHOTO, all_sets
from painted import KINDS

OF_MASK = ("limb", "grab", "fill", "erode")
SHARES = (0.125, 0.25, 0.375, 0.5)  # of a set of eight: the first, two, three, four
CODES = {
    "engines_disagree": OF_MASK,
    "mask_uncertain": OF_MASK,
    "halo": ("halo",),
    "blurry": ("blur",),
    "odd_one_out": ("intruder",),
    "dark": ("dark",),
    "overexposed": ("burnt",),
    "subject_cut_off": ("cut",),
    "too_small": ("small",),
}


def loss(one):
    return 1.0 if one.fault == "intruder" else 0.0 if one.fault in OF_PHOTO or one.fault == "blur" else 1 - one.iou


def found(sets, order):
    """Share of all sets' loss among the first pictures of each, for every share looked at."""
    total, shares = sum(loss(one) for several in sets for one in several), []
    for share in SHARES:
        seen = [one for several in sets for one in sorted(several, key=order)[: round(share * len(several))]]
        shares.append(sum(map(loss, seen)) / total)
    return shares


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    cache = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    if cache:
        cache.mkdir(parents=True, exist_ok=True)
    span = range(FIRST_SEED, FIRST_SEED + seeds)
    sets = list(all_sets(span, cache=cache))
    more = list(all_sets(span, KINDS, cache, tuple(OF_PHOTO)))
    pictures = [one for several in sets + more for one in several]
    for code, faults in CODES.items():
        named = [one for one in pictures if code in one.codes]
        planted = [one for one in pictures if one.fault in faults]
        hits = [one for one in named if one.fault in faults or (faults == OF_MASK and one.mask_wrong)]
        right = [one for one in named if not one.fault and not one.wrong]
        print(
            f"{code:17s} names {len(named):3d}: {len(hits) / max(1, len(named)):4.0%} rightly, {len(right):2d} of "
            f"pictures without any fault; finds {sum(code in one.codes for one in planted):2d} of {len(planted):2d}",
            flush=True,
        )
    missed = [one for one in pictures if one.wrong and one.verdict == "keep"]
    clean = [one for one in pictures if not one.fault and not one.wrong]
    print(f"wrong and simply kept: {[f'{one.kind} {one.seed} {one.fault}' for one in missed]}")
    print(f"of {len(clean)} without a fault {np.mean([one.verdict == 'keep' for one in clean]):.1%} are simply kept")
    told = [f"{share:.1%}" for share in SHARES]
    print(f"loss found by looking at the first {', '.join(told)} of each set ({len(sets)} sets)")
    for name, order in {
        "by gain": lambda one: -one.grade.gain,
        "by score": lambda one: one.score,
        "at best": lambda one: -loss(one),
    }.items():
        print(f"  {name:9s}", "  ".join(f"{share:.3f}" for share in found(sets, order)))
    print("  by chance", "  ".join(f"{share:.3f}" for share in SHARES))


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
