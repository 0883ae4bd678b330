"""How well strangers and copies of the subject are told, on outside data: prints tables, asserts nothing.

    LORASET_DATA=... python tests/benchmarks/subjects.py strangers pure copies burst
    LORASET_DATA=... U2NET_HOME=... python tests/benchmarks/subjects.py strangers copies --masks rembg:u2netp

strangers  sets of eight with two pictures of the most similar other subject: AUROC of `subject_fit`, 20 sets a kind
pure       false alarms on sets of one subject, at the recipe's own limit
copies     one cut-out on three backdrops, scaled, turned, re-encoded: recall; other views and colourways: false copies
burst      a film's neighbouring frames: how many are called copies

Where a subject has fewer than eight pictures, the rest are made from its own: cropped, mirrored, in another light.
"""

import sys
from collections import defaultdict
from functools import cache
from itertools import combinations

import cv2
import numpy as np
from material import Shot, data, iou, pasted_set, photo_sets, read_rgb

from loraset.engines import make_engine
from loraset.engines.interface import EngineOptions
from loraset.ops.foreground import estimate_foreground
from loraset.ops.likeness import fit_together, look_at
from loraset.ops.subject_copies import difference, small_cutout
from loraset.recipe.model import Limits
from loraset.sample import SHOTS, render

SIDE = 384
SIMILAR = {
    "bear_plushie": ("grey_sloth_plushie", "monster_toy", "ringtail"),
    "grey_sloth_plushie": ("bear_plushie", "ringtail"),
    "monster_toy": ("bear_plushie", "robot_toy"),
    "robot_toy": ("monster_toy", "lego"),
    "lego": ("robot_toy", "monster_toy"),
    "gopher": ("monster_toy", "robot_toy"),
    "ringtail": ("bear_plushie", "grey_sloth_plushie"),
}


def cut(rgb, alpha):
    """Straight RGBA float32 of the subject's box, its long side at most SIDE; None where there is no subject."""
    if not (alpha > 0.5).any():
        return None
    rows, columns = np.flatnonzero((alpha > 0.5).any(1)), np.flatnonzero((alpha > 0.5).any(0))
    box = np.s_[max(0, rows[0] - 6) : rows[-1] + 7, max(0, columns[0] - 6) : columns[-1] + 7]
    rgb, alpha = rgb[box], alpha[box].astype(np.float32)
    scale = min(1.0, SIDE / max(alpha.shape))
    rgb = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    alpha = np.clip(cv2.resize(alpha, rgb.shape[1::-1], interpolation=cv2.INTER_AREA), 0, 1)
    return np.dstack([estimate_foreground(rgb, alpha, light="srgb"), alpha])


def engine_named(name):
    return make_engine(name, EngineOptions(model_named=True, download=False)) if name else None


def mask_of(shot, engine):
    """The truth, or the engine's mask at the picture's size."""
    if engine is None:
        return shot.truth.astype(np.float32) / 255
    return cv2.resize(engine.mask(shot).probability, shot.size, interpolation=cv2.INTER_LINEAR)


@cache
def subjects(masks):
    """{subject: cut-outs}: photos, cut-outs pasted on photos and painted shots, cut by the truth or by an engine."""
    engine = engine_named(masks)
    shots = photo_sets() | {kind: pasted_set(kind, 0, 12) for kind in ("lego", "gopher")}
    painted = [render(spec.name, seed=1, side=420) for spec in SHOTS[:14]]
    shots["ringtail"] = [Shot(shot.name, shot.photo, np.round(shot.alpha * 255).astype(np.uint8)) for shot in painted]
    if engine:
        engine.prepare(
            [shot for several in shots.values() for shot in several], lambda work, items: list(map(work, items))
        )
    found = {name: [cut(shot.rgb, mask_of(shot, engine)) for shot in several] for name, several in shots.items()}
    return {name: [rgba for rgba in several if rgba is not None] for name, several in found.items()}


def look_of(rgba):
    return look_at(np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3]))


def made_view(rgba, random):
    """Another picture of the same: cropped, perhaps mirrored, in another light."""
    rgba = rgba[:, ::-1] if random.random() < 0.5 else rgba
    height, width = (int(side * random.uniform(0.65, 0.9)) for side in rgba.shape[:2])
    top, left = (
        int(random.integers(0, whole - part + 1)) for whole, part in zip(rgba.shape, (height, width), strict=False)
    )
    part = rgba[top : top + height, left : left + width].copy()
    part[..., :3] = np.clip(part[..., :3] ** random.uniform(0.75, 1.3) * random.uniform(0.92, 1.08, 3), 0, 1)
    return part if part[..., 3].mean() > 0.2 else rgba


def auroc(bad, good):
    bad, good = np.asarray(bad)[:, None], np.asarray(good)[None]
    return float(((bad < good) + 0.5 * (bad == good)).mean())


def benchmark_strangers(masks):
    cutouts, limit = subjects(masks), Limits().odd_one_out
    for name, likest in SIMILAR.items():
        worth, odd, own = [], [], []
        for seed in range(20):
            random = np.random.default_rng((seed, len(name)))
            chosen = [cutouts[name][index] for index in random.permutation(len(cutouts[name]))[:8]]
            while len(chosen) < 8:
                chosen.append(made_view(chosen[int(random.integers(len(chosen)))], random))
            other = cutouts[likest[seed % len(likest)]]
            chosen += [other[index] for index in random.permutation(len(other))[:2]]
            fit = fit_together([look_of(rgba) for rgba in chosen]).fit
            worth.append(auroc(fit[8:], fit[:8]))
            odd += fit[8:]
            own += fit[:8]
        found, false = np.mean(np.array(odd) < limit), np.mean(np.array(own) < limit)
        words = f"mean {np.mean(worth):.3f}, least {min(worth):.2f}, of all sets together {auroc(odd, own):.3f}"
        print(f"strangers in {name:19s} AUROC {words}; at {limit}: found {found:.2f}, false {false:.3f}")


def benchmark_pure(masks):
    for name, several in subjects(masks).items():
        fits = fit_together([look_of(rgba) for rgba in several])
        flagged = [round(fit, 2) for fit in fits.fit if fit < Limits().odd_one_out]
        print(f"pure {name:19s} {len(several):2d} pictures, flagged {flagged}, called two subjects: {any(fits.groups)}")


def retaken(rgba, random, grounds):
    """The cut-out before another backdrop as a Shot: scaled by 0.6 to 1, turned by 3 degrees at most, JPEG 75 to 90."""
    ground = cv2.GaussianBlur(read_rgb(grounds[int(random.integers(len(grounds)))]), (0, 0), 20)
    ground = cv2.resize(ground, (SIDE + 120, SIDE + 90), interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
    height, width = rgba.shape[:2]
    scale = random.uniform(0.6, 1.0) * 0.92 * SIDE / max(height, width)
    warp = cv2.getRotationMatrix2D((width / 2, height / 2), random.uniform(-3, 3), scale)
    warp[:, 2] += np.array([SIDE + 120 - width, SIDE + 90 - height]) / 2
    layers = np.dstack([rgba[..., :3] * rgba[..., 3:], rgba[..., 3]])
    moved = np.clip(cv2.warpAffine(layers, warp, (SIDE + 120, SIDE + 90), flags=cv2.INTER_AREA), 0, 1)
    photo = ((moved[..., :3] + (1 - moved[..., 3:]) * ground) * 255 + 0.5).clip(0, 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(75, 91))])[1]
    photo = cv2.cvtColor(cv2.imdecode(coded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    return Shot("retaken", photo, np.round(moved[..., 3] * 255).astype(np.uint8))


def recoloured(rgba):
    """{change: rgba}: the same toy in other colourways."""
    lab = cv2.cvtColor(np.ascontiguousarray(rgba[..., :3]), cv2.COLOR_RGB2LAB)
    rows = np.arange(len(lab))[:, None] / len(lab)
    turned = np.dstack([lab[..., :1], lab[..., 2:], -lab[..., 1:2]])
    changes = {
        "hue turned by 90": turned,
        "a fifth darker": lab * (0.8, 1, 1),
        "a fifth lighter": np.minimum(lab * (1.2, 1, 1), (100, 127, 127)),
        "lowest fifth turned": np.where((rows > 0.8)[..., None], turned + np.array((0, 15, -15)), lab),
    }
    back = {name: cv2.cvtColor(value.astype(np.float32), cv2.COLOR_LAB2RGB) for name, value in changes.items()}
    return {name: np.dstack([np.clip(value, 0, 1), rgba[..., 3]]) for name, value in back.items()}


def is_copy(one, other):
    left = difference(one, other) if one is not None and other is not None else None
    return left is not None and left.is_copy


def small_of(rgba):
    return (
        None if rgba is None else small_cutout(np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3]))
    )


def benchmark_copies(masks):
    engine, grounds = engine_named(masks), sorted((data() / "saliency/images").glob("*.jpg"))
    if engine:
        engine.prepare([], lambda work, items: list(map(work, items)))
    pairs, false, ways = defaultdict(list), [], defaultdict(list)
    for name, several in subjects("").items():
        random = np.random.default_rng(len(name))
        firsts = []
        for rgba in several[:8]:
            shots = [retaken(rgba, random, grounds) for _ in range(3)]
            found = [mask_of(shot, engine) for shot in shots]
            right = [iou(mask, shot.truth) for mask, shot in zip(found, shots, strict=True)]
            smalls = [small_of(cut(shot.rgb, mask)) for mask, shot in zip(found, shots, strict=True)]
            for a, b in combinations(range(3), 2):
                least = min(right[a], right[b])
                pairs[next(floor for floor in (0.95, 0.9, 0.0) if least >= floor)].append(is_copy(smalls[a], smalls[b]))
            firsts.append(smalls[0])
            if engine is None:
                for way, changed in recoloured(rgba).items():
                    shot = retaken(changed, random, grounds)
                    ways[way].append(is_copy(smalls[0], small_of(cut(shot.rgb, mask_of(shot, None)))))
        false += [is_copy(one, other) for one, other in combinations(firsts, 2)]
    for floor, found in sorted(pairs.items(), reverse=True):
        print(f"copies, masks of IoU {floor} and more: {sum(found)} of {len(found)} found")
    print(f"other pictures called copies: {sum(false)} of {len(false)}")
    for way, found in ways.items():
        print(f"{way}: {sum(found)} of {len(found)} called copies")


def benchmark_burst(masks):
    folder = data() / "video/tennis"
    frames = sorted((folder / "images").iterdir())
    truths = [folder / "gt" / f"{frame.stem}.png" for frame in frames]
    smalls = [
        small_of(cut(read_rgb(frame), cv2.imread(str(truth), cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255))
        for frame, truth in zip(frames, truths, strict=True)
    ]
    for apart in (1, 2, 4, 8):
        found = [is_copy(one, other) for one, other in zip(smalls, smalls[apart:], strict=False)]
        print(f"burst: frames {apart} apart called copies: {sum(found)} of {len(found)}")


if __name__ == "__main__":
    words = sys.argv[1:]
    masks_by = words[words.index("--masks") + 1] if "--masks" in words else ""
    for word in words[: words.index("--masks") if "--masks" in words else None]:
        globals()[f"benchmark_{word}"](masks_by)
