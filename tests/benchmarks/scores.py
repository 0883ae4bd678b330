"""How far the metrics and the score can be trusted, on outside data: prints tables, asserts nothing.

    LORASET_DATA=... python tests/benchmarks/scores.py halo sharpness
    LORASET_DATA=... U2NET_HOME=... python tests/benchmarks/scores.py masks

halo       the halo metric against the true colour error of the ring, over a sweep of contamination
spill      the spill metric against the true error of chroma near the rim, over a sweep of light
sharpness  whether it falls with each step of blur and of enlargement, whatever the noise
enlarged   whether fine detail tells photos that were enlarged before they were saved, under blur and noise too
motion     how long a way motion blur tells of masked photos drawn out with their outline, and of photos as they are
fur        whether it does so whatever the fur
masks      AUROC of the score for "IoU under .8", of a whole run with a model's masks; SHEETS=FOLDER takes the
           reliability diagram
composites the same of the chance alone, on photos composed here: sources of subjects that taught nothing
"""

import json
import os
import sys
import tempfile
from dataclasses import replace
from functools import partial
from itertools import combinations, pairwise, product
from pathlib import Path

import composites
import cv2
import numpy as np
from fit_score import measured
from scipy.stats import rankdata, spearmanr

from loraset.engines import make_engine
from loraset.engines.interface import EngineOptions
from loraset.images import decode
from loraset.metrics import fine_detail, halo, motion_blur, sharpness, spill
from loraset.metrics.grade import grade
from loraset.metrics.interface import Specimen
from loraset.ops.foreground import pull_push
from loraset.ops.geometry import crop_mask
from loraset.pipeline import Request, run
from loraset.recipe.model import Recipe
from loraset.sample import scene, shots
from loraset.types import Frame

DATA = Path(os.environ.get("LORASET_DATA", ""))
COMPOSITES = 100  # of each kind
MOVED_PX = 11  # the recipe's limit
LEAST_SHARE = 0.03  # of the picture: a smaller subject is none
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def pictures(folder):
    return sorted(path for path in (DATA / folder).rglob("*") if path.suffix.lower() in SUFFIXES)


def read(path):
    return decode(path, max_pixels=200_000_000, animated="first-frame").picture


def whole(rgb, alpha, photo):
    """A specimen whose frame is the whole picture."""
    height, width = alpha.shape
    frame = Frame((0, 0, width, height), 1.0, (0, 0, 0, 0), (width, height))
    inside = np.ones((height, width), dtype=bool)
    mask = cv2.resize(alpha, (320, 320), interpolation=cv2.INTER_AREA)
    return Specimen(rgb, alpha, photo, inside, mask, frame, float(alpha.mean()), 0.0)


def on_photos(side=700, soft_px=1.5):
    """Every cut-out with soft edges before a photo: (kind, subject's colour, alpha, background), float32."""
    backgrounds = pictures("photos")
    for number, path in enumerate(pictures("cutouts")):
        cutout = read(path)
        scale = side / max(cutout.size)
        size = tuple(round(side * scale) for side in cutout.size)
        alpha = cv2.resize(cutout.alpha, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        subject = cv2.resize(cutout.rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        yield (
            path.stem.split("_")[0],
            subject,
            cv2.GaussianBlur(alpha, (0, 0), soft_px),
            fitted(read(backgrounds[7 * number % len(backgrounds)]).rgb, size),
        )
    for number, path in enumerate(pictures("mattes/images")):
        photo = read(path).rgb.astype(np.float32) / 255
        alpha = cv2.imread(str(DATA / "mattes/gt" / path.name), cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255
        subject = pull_push(photo, (alpha > 0.99).astype(np.float32))
        yield (
            "furred",
            subject,
            alpha,
            fitted(read(backgrounds[(7 * number + 3) % len(backgrounds)]).rgb, alpha.shape[::-1]),
        )


def fitted(photo, size):
    return cv2.resize(photo, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def placed(subject, alpha, background):
    mixed = subject * alpha[..., None] + background * (1 - alpha[..., None])
    return np.clip(np.round(mixed * 255), 0, 255).astype(np.uint8)


def report(name, planted, rows):
    """rows : (kind, planted share, true error, measured)."""
    kinds, shares, error, found = (np.array(column) for column in zip(*rows, strict=True))
    for kind in ("all", *sorted(set(kinds))):
        of_kind = (kinds == kind) | (kind == "all")
        truth = spearmanr(found[of_kind], error[of_kind]).statistic
        share = spearmanr(found[of_kind], shares[of_kind]).statistic
        print(f"{name}, {kind}: Spearman with the true error {truth:.3f}, with what was planted {share:.3f}")
    for share in planted:
        of_share = found[np.isclose(shares, share)]
        print(
            f"  planted {share:.1f}: mean {of_share.mean():.3f}, 5-95 % {np.quantile(of_share, [0.05, 0.95]).round(3)}"
        )


def benchmark_halo():
    rows, shares = [], np.linspace(0, 1, 6)
    for kind, subject, alpha, background in on_photos():
        photo = placed(subject, alpha, background)
        ring = (alpha > 0.02) & (alpha < 0.98)
        for share in shares:
            rgb = np.where(ring[..., None], (1 - share) * subject + share * background, subject).astype(np.float32)
            error = float((alpha[..., None] * np.abs(rgb - subject))[ring].mean()) * 255
            rows.append((kind, share, error, halo.measure(whole(rgb, alpha, photo))))
    report("halo", shares, rows)


WALLS = np.float32(
    [(0.1, 0.65, 0.25), (0.15, 0.3, 0.75), (0.75, 0.2, 0.15), (0.85, 0.6, 0.2), (0.35, 0.5, 0.2), (0.6, 0.25, 0.6)]
)


def benchmark_spill():
    """Light of a coloured background on the subject, fading with depth."""
    rows, shares = [], np.linspace(0, 0.5, 6)
    for number, (kind, subject, alpha, background) in enumerate(on_photos()):
        background = np.clip(WALLS[number % len(WALLS)] + 0.3 * (background - background.mean()), 0, 1).astype(
            np.float32
        )
        depth = cv2.distanceTransform((alpha >= 0.5).astype(np.uint8), cv2.DIST_L2, 5)
        light = cv2.GaussianBlur(background, (0, 0), 25)
        falls = np.exp(-depth / (max(alpha.shape) / 70))[..., None]
        rim = (alpha > 0.5) & (depth < max(alpha.shape) / 50)
        for share in shares:
            rgb = np.clip(subject + share * falls * light * (0.2 + 0.8 * subject), 0, 1).astype(np.float32)
            added = rgb - subject
            error = float(np.abs(added - added.mean(axis=2, keepdims=True))[rim].mean()) * 255
            rows.append((kind, share, error, spill.measure(whole(rgb, alpha, placed(rgb, alpha, background)))))
    report("spill", shares, rows)


def subject_of(photo):
    """A round middle of the photo, as a subject whose outline is no one's."""
    height, width = photo.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width]
    radius = 0.35 * min(height, width)
    alpha = (np.hypot(columns - width / 2, rows - height / 2) < radius).astype(np.float32)
    return whole(photo.astype(np.float32) / 255, alpha, photo)


BLURS, NOISES, SCALES = (0, 0.7, 1, 1.5, 2, 3, 4), (0, 2, 5, 8), (1, 1.5, 2, 3, 4)
FURS = (0.008, 0.025, 0.05, 0.07, 0.12)  # length in the toy's units; it is about 1.8 tall
FURRY = ("wood-hello", "close-face", "leaves-sit", "side-view")


def degraded(photo, blur, noise, random):
    soft = (cv2.GaussianBlur(photo, (0, 0), blur) if blur else photo).astype(np.float32)
    return np.clip(np.round(soft + random.normal(0, noise, photo.shape)), 0, 255).astype(np.uint8)


def of_blurs(base, noises=NOISES):
    """Sharpness by blur and noise: (blurs, noises)."""
    random = np.random.default_rng(0)
    return np.array(
        [[sharpness.measure(replace(base, photo=degraded(base.photo, b, n, random))) for n in noises] for b in BLURS]
    )


def in_order(rows):
    """Of all pairs with different blurs, whatever else differs, those in which the less blurred is the sharper."""
    return np.mean([np.mean(a[:, None] > b[None]) for a, b in combinations(rows.reshape(len(BLURS), -1), 2)])


def benchmark_sharpness():
    pairs, falls, rows = [], 0, []
    for path in pictures("photos")[::2][:20]:
        photo = read(path).rgb
        scale = 1024 / max(photo.shape[:2])
        base = subject_of(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
        found = of_blurs(base)
        large = []
        for factor in SCALES:
            small = cv2.resize(base.photo, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
            again = cv2.resize(small, base.photo.shape[1::-1], interpolation=cv2.INTER_CUBIC)
            large.append(sharpness.measure(replace(base, photo=again)))
        pairs.append(in_order(found))
        falls += all(a > b for a, b in pairwise(large))
        rows.append([*found[:, 0], *found[:, -1], *large[1:]])
    count = len(rows)
    print(
        f"sharpness, blur and noise: {np.mean(pairs):.4f} of the pairs in order, all on {pairs.count(1.0)} of {count}"
    )
    print(f"sharpness, enlargement: falls strictly on {falls} of {count} photos")
    names = [f"blur {b}, noise {n}" for n in (NOISES[0], NOISES[-1]) for b in BLURS] + [f"x{f}" for f in SCALES[1:]]
    for name, column in zip(names, np.array(rows).T, strict=True):
        print(f"  {name:18s} min {column.min():.3f} median {np.median(column):.3f} max {column.max():.3f}")


def benchmark_fur():
    """The same toy with more or less fur; furry photos, blurred, beside smooth sharp pictures."""
    pairs, table = [], []
    for spec in (row for row in shots.SHOTS if row.name in FURRY):
        scenes = []
        for fur in FURS:
            shots.SPECIES["combed"] = replace(shots.SPECIES[spec.species], fur=fur)
            shot = scene.shoot(replace(spec, species="combed"), seed=0, side=900)
            scenes.append(of_blurs(whole(shot.photo.astype(np.float32) / 255, shot.alpha, shot.photo), (0, 5)))
        del shots.SPECIES["combed"]
        pairs.append(in_order(np.stack(scenes, axis=1)))
        table.append(np.array(scenes)[:, :, 0])
    print(f"sharpness, fur and noise: of pairs of one pose with any fur {np.mean(pairs):.4f} in order")
    for fur, row in zip(FURS, np.median(table, axis=0), strict=True):
        print(f"  fur {fur:5.3f}: {row.round(3)} by blur {BLURS}")
    smooth = []
    for path in pictures("cutouts"):
        cutout = read(path)
        scale = 900 / max(cutout.size)
        alpha = cv2.resize(cutout.alpha, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) / np.float32(255)
        photo = cv2.resize(cutout.rgb, alpha.shape[::-1], interpolation=cv2.INTER_AREA)
        found = (
            sharpness.measure(whole(photo.astype(np.float32) / 255, alpha, photo)) if "gopher" in path.name else None
        )
        smooth += [found] if found is not None else []
    furry = []
    for path in pictures("mattes/images"):
        photo, alpha = read(path).rgb, cv2.imread(str(DATA / "mattes/gt" / path.name), cv2.IMREAD_GRAYSCALE)
        furry.append(of_blurs(whole(photo.astype(np.float32) / 255, alpha.astype(np.float32) / 255, photo), (0,))[:, 0])
    for blur, column in zip(BLURS, np.array(furry).T, strict=True):
        under = np.mean(np.array(smooth)[:, None] > column[None])
        print(f"  mattes, blur {blur}: {under:.3f} of pairs under a sharp drawn one; median {np.median(column):.3f}")


WAYS = {
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "Lanczos": cv2.INTER_LANCZOS4,
    "nearest": cv2.INTER_NEAREST,
}


def coded(photo, quality):
    return cv2.imdecode(cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def benchmark_enlarged():
    """Photos enlarged before they were saved, beside the same shrunk to that size, and beside soft ones."""
    photos = [fitted(read(path).rgb, (640, 640)) * 255 for path in pictures("photos")[1::2]]
    photos = [np.round(photo).astype(np.uint8) for photo in photos]
    native = np.array([fine_detail.measure(subject_of(coded(photo, 90))) for photo in photos])

    def show(name, change, quality):
        found = np.array([fine_detail.measure(subject_of(coded(change(photo), quality))) for photo in photos], float)
        found, silent = found[~np.isnan(found)], np.isnan(found).sum()
        if not len(found):
            print(f"  {name:20s} nothing said of {silent}")
            return
        above = np.mean(native[:, None] > found[None])
        print(f"  {name:20s} median {np.median(found):.3f}, 5-95 % {np.quantile(found, [0.05, 0.95]).round(3)}", end="")
        print(f", under a shrunk one {above:.3f}, nothing said of {silent}")

    print(f"fine detail: shrunk photos {np.quantile(native, [0, 0.5, 1]).round(3)}")
    for blur in (0.5, 1, 2):
        show(f"blurred by {blur} px", lambda photo, blur=blur: cv2.GaussianBlur(photo, (0, 0), blur), 90)
    random = np.random.default_rng(0)
    for blur, noise in product((0, 1, 3), NOISES[1:]):
        how = partial(degraded, blur=blur, noise=noise, random=random)
        show(f"blur {blur} px, noise {noise}", how, 95)
    for way, factor, quality in product(WAYS, SCALES[1:], (90, 70)):

        def enlarged(photo, way=way, factor=factor):
            small = cv2.resize(photo, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
            return cv2.resize(small, photo.shape[1::-1], interpolation=WAYS[way])

        show(f"{way} x{factor}, JPEG {quality}", enlarged, quality)


def benchmark_motion():
    """Photos with a true mask, drawn out with it along two axes; native ones beside them."""
    native = [motion_blur.measure(subject_of(at_side(read(path).rgb, 1024))) for path in pictures("photos")]
    print(f"motion: native photos, px {np.quantile(native, [0, 0.5, 1]).round(1)}")
    shots = []
    for path in pictures("masks/images")[1::2]:
        truth = cv2.imread(str(DATA / "masks/gt" / f"{path.stem}.png"), cv2.IMREAD_GRAYSCALE)
        shots.append((at_side(read(path).rgb, 1024), at_side(truth, 1024).astype(np.float32) / 255))
    for length in (1, 13, 25, 41, 61, 81):
        found = []
        for (photo, alpha), across in product(shots, (True, False)):
            size = (length, 1) if across else (1, length)
            drawn, outline = cv2.blur(photo, size), np.round(cv2.blur(alpha, size))
            found.append(motion_blur.measure(whole(drawn.astype(np.float32) / 255, outline, drawn)))
        unseen = np.mean(np.array(found) <= MOVED_PX)
        print(f"  way {length:2d}: least, median, most {np.quantile(found, [0, 0.5, 1]).round(1)}, ", end="")
        print(f"not above {MOVED_PX} px {unseen:.2f}")


def at_side(picture, side):
    scale = side / max(picture.shape[:2])
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def benchmark_masks():
    """A whole run on the saliency photos, each on its own, with u2netp."""
    with tempfile.TemporaryDirectory() as folder:
        recipe = Recipe.model_validate(
            {
                "subject": {"shared": False},
                "input": {"paths": [str(DATA / "saliency/images")], "min_side_px": 32},
                "mask": {"engine": "rembg:u2netp"},
                "variants": {"transparent": {"background": "transparent"}},
                "output": {"rejected": True},
            }
        )
        run(Request(recipe, Path(folder), output=Path(folder) / "set"))
        rows = [json.loads(line) for line in (Path(folder) / "set/manifest.jsonl").open()]
        truths = [iou_of(row, Path(folder) / "set") for row in rows]
    bad, score = np.array(truths) < 0.8, np.array([row["score"] or 0.0 for row in rows])
    doubt = np.array([1.0 if not row["metrics"] else row["metrics"]["mask_uncertainty"] for row in rows])
    print(f"masks: {len(rows)} pictures, {bad.sum()} with IoU under .8")
    chance = np.array([1 - (row["metrics"] or {}).get("mask_wrong", 1.0) for row in rows])
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(rows), (400, len(rows)))
    for name, value in (("score", -score), ("mask_wrong", -chance), ("mask_uncertainty", doubt)):
        spread = np.std([auroc(value[some], bad[some]) for some in drawn if 0 < bad[some].sum() < len(rows)])
        worst = np.argsort(-value, kind="stable")[: len(rows) // 4]
        print(f"  {name}: AUROC {auroc(value, bad):.3f} +- {spread:.3f}, ", end="")
        print(f"of the bad ones {bad[worst].sum() / bad.sum():.2f} in the worst quarter")
    error = reliability(chance, ~bad, Path(os.environ.get("SHEETS", folder)) / "reliability.png")
    print(f"  chance that the mask is right: expected calibration error {error:.3f}")
    for verdict in ("keep", "review", "reject"):
        of_verdict = np.array([row["verdict"] == verdict for row in rows])
        print(f"  {verdict}: {of_verdict.sum()} pictures, {bad[of_verdict].sum()} bad")


def benchmark_composites():
    """Montages and altered photos with exact truth: the chance that u2netp's mask is right."""
    known = composites.photos()
    bank, engine = composites.subjects(known), make_engine("rembg:u2netp", EngineOptions(download=False))
    places = composites.grounds(known)
    made = {
        "montage": [composites.montage(seed, bank, places) for seed in range(COMPOSITES)],
        "altered": [composites.altered(seed, known, bank) for seed in range(COMPOSITES)],
    }
    for kind, scenes in made.items():
        rows = [measured(shot, engine) for shot in scenes if (shot.truth > 0).mean() >= LEAST_SHARE]
        bad, right = np.array([one < 0.8 for _, one in rows]), np.array([grade(numbers).right for numbers, _ in rows])
        told = f"AUROC of the chance {auroc(-right, bad):.3f}, mean chance {right.mean():.2f}"
        print(f"{kind}: {len(rows)} pictures, {bad.sum()} with IoU under .8, {told}")


def auroc(value, bad):
    """How often a bad one has the larger value than a good one."""
    ranks = rankdata(value)
    return (ranks[bad].sum() - bad.sum() * (bad.sum() + 1) / 2) / (bad.sum() * (~bad).sum())


def reliability(chance, right, path, bins=10):
    """Expected calibration error; the diagram goes to `path`: the share that is right by the chance told."""
    side = 400
    sheet = np.full((side, side, 3), 255, np.uint8)
    cv2.line(sheet, (0, side), (side, 0), (180, 180, 180), 1)
    place, error = np.minimum((chance * bins).astype(int), bins - 1), 0.0
    for number in np.unique(place):
        here = place == number
        told, found = chance[here].mean(), right[here].mean()
        error += abs(told - found) * here.mean()
        at, radius = (round(told * side), round((1 - found) * side)), 3 + round(20 * here.mean())
        cv2.circle(sheet, at, radius, (160, 90, 0), -1)
    cv2.imwrite(str(path), sheet)
    return error


def iou_of(row, folder):
    """IoU of a row's cut-out with the truth, in its frame; what the frame leaves out counts as missed."""
    if not row["frame"]:
        return 0.0
    files = row["files"] or {}
    cutout = read(folder / (files.get("transparent") or files["rejected"]))
    alpha = np.zeros(cutout.rgb.shape[:2]) if cutout.alpha is None else cutout.alpha / 255
    truth = cv2.imread(str(DATA / "saliency/gt" / f"{Path(row['source']).stem}.png"), cv2.IMREAD_GRAYSCALE) > 127
    frame = Frame.from_json(row["frame"])
    framed = crop_mask(truth.astype(np.float32), truth.shape[::-1], frame) > 0.5
    outside = max(0.0, truth.sum() * frame.inner_scale**2 - framed.sum())
    return float(((alpha > 0.5) & framed).sum() / (((alpha > 0.5) | framed).sum() + outside))


if __name__ == "__main__":
    if not DATA.name:
        sys.exit("set LORASET_DATA to the folder of the outside data")
    for name in sys.argv[1:]:
        globals()[f"benchmark_{name}"]()
