"""Photos with exact truth, made of photos: subjects moved to other grounds, and photos with truth made harder.

In: $LORASET_DATA. Out: `Shot`s, each with the `source` of its subject in `extra`. Never: the photos of saliency/, which
the result is measured on.

montage  a subject before another photo: with shadow, other subjects beside it, cut by the frame, partly in the ground's
         own colours
altered  a photo with truth as it is, but cropped, partly in its ground's colours, with another subject beside it
"""

import cv2
import numpy as np
from material import Shot, data, read_rgb

from loraset.ops.foreground import estimate_foreground, pull_push

SIDE = 400  # px, long side of what is made
EXACT = ("gopher", "lego")  # kinds of cutouts/
HARDEST = 0.8  # share of the way to the ground's colours


def _pairs(folder):
    """(picture, truth) files of a folder of images/ and gt/."""
    truths = {path.stem: path for path in (folder / "gt").iterdir()}
    return [(path, truths[path.stem]) for path in sorted((folder / "images").iterdir()) if path.stem in truths]


def photos():
    """{source: [(rgb, alpha)]}: photos whose truth is known, reduced to `SIDE`; alpha float32, [0, 1]."""
    here = data()
    files = {"masks": _pairs(here / "masks"), "mattes": _pairs(here / "mattes")}
    files["tennis"] = _pairs(here / "video" / "tennis")[::9]
    return {name: [_reduced(*pair) for pair in pairs] for name, pairs in files.items()}


def _reduced(photo, truth):
    rgb = read_rgb(photo)
    alpha = cv2.imread(str(truth), cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255
    scale = SIDE / max(rgb.shape[:2])
    size = round(rgb.shape[1] * scale), round(rgb.shape[0] * scale)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(rgb, size, interpolation=how), cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)


def subjects(known):
    """{source: [RGBA]}: subjects cut out of photos with truth, and those of cutouts/; float32, straight, cropped."""
    bank = {name: [_cut(rgb, alpha) for rgb, alpha in pairs] for name, pairs in known.items()}
    for kind in EXACT:
        bank[kind] = []
        for path in sorted((data() / "cutouts").glob(f"{kind}_*.png")):
            rgba = cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
            bank[kind].append(_cropped(rgba.astype(np.float32) / 255))
    return {name: [cutout for cutout in cutouts if min(cutout.shape[:2]) > 20] for name, cutouts in bank.items()}


def _cut(rgb, alpha):
    alpha = cv2.GaussianBlur(alpha, (0, 0), 0.7)
    return _cropped(np.dstack([estimate_foreground(rgb, alpha, light="srgb"), alpha]).astype(np.float32))


def _cropped(rgba):
    rows, columns = np.flatnonzero(rgba[..., 3].max(1) > 0.05), np.flatnonzero(rgba[..., 3].max(0) > 0.05)
    return rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def grounds(known):
    """Photos to put subjects before, float32 in [0, 1]: plates, frames of a film, photos whose subject was painted
    over.
    """
    here = data()
    found = [read_rgb(here / "plates" / "plate" / name) for name in ("handheld.png", "leavesA.jpg", "leavesB.jpg")]
    film = cv2.VideoCapture(str(here / "video" / "bedroom.mp4"))
    frames = [frame for _ in range(200) for ok, frame in [film.read()] if ok]
    found += [cv2.cvtColor(frame, cv2.COLOR_BGR2RGB) for frame in frames[::40]]
    found += [_without_subject(*pair) for pairs in known.values() for pair in pairs[::4]]
    return [ground.astype(np.float32) / 255 for ground in found]


def _without_subject(rgb, alpha):
    """The photo with its subject painted over by a patch beside it, or smoothly where there is no room."""
    width = alpha.shape[1]
    hidden = cv2.dilate((alpha > 0.02).astype(np.uint8), np.ones((9, 9), np.uint8))
    smooth = np.clip(pull_push(rgb.astype(np.float32), (1 - hidden).astype(np.float32)), 0, 255)
    moved = np.roll(rgb[:, ::-1], width // 3, axis=1).astype(np.float32)
    there = np.roll(hidden[:, ::-1], width // 3, axis=1)
    filled = np.where(there[..., None] > 0, smooth, moved)
    blend = cv2.GaussianBlur(hidden.astype(np.float32), (0, 0), 3)[..., None]
    return np.round(rgb * (1 - blend) + filled * blend).astype(np.uint8)


def _part(rng, shape):
    """A soft half plane through the middle of a box, or all of it: float32 of `shape`, [0, 1]."""
    if rng.random() < 0.3:
        return np.ones(shape, np.float32)
    rows, columns = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    turn = rng.uniform(0, 2 * np.pi)
    ahead = np.cos(turn) * columns + np.sin(turn) * rows - rng.normal(0, 0.3)
    return (1 / (1 + np.exp(-8 * ahead))).astype(np.float32)


def _like(rng, rgb, weight, ground):
    """Colours moved towards the mean and the spread of a ground's: float32 of rgb's shape."""
    lab = cv2.cvtColor(np.clip(rgb, 0, 1).astype(np.float32), cv2.COLOR_RGB2Lab)
    other = cv2.cvtColor(np.clip(ground, 0, 1).astype(np.float32), cv2.COLOR_RGB2Lab).reshape(-1, 3)
    own = lab[weight > 0.5]
    if not len(own):
        return rgb
    spread = np.clip(other.std(0) / np.maximum(own.std(0), 1.0), 0.4, 1.5)
    moved = (lab - own.mean(0)) * spread + other.mean(0)
    strength = (rng.uniform(0.2, HARDEST) * _part(rng, rgb.shape[:2]))[..., None]
    return cv2.cvtColor((lab + strength * (moved - lab)).astype(np.float32), cv2.COLOR_Lab2RGB)


def _put(photo, rgba, at, shadow=0.0):
    """Lay a cut-out on a photo, centred at (x, y), with a soft shadow; what lies outside is cut. Returns its alpha."""
    height, width = photo.shape[:2]
    shift = np.float32([[1, 0, at[0] - rgba.shape[1] / 2], [0, 1, at[1] - rgba.shape[0] / 2]])
    alpha = cv2.warpAffine(rgba[..., 3], shift, (width, height))
    rgb = cv2.warpAffine(rgba[..., :3], shift, (width, height), borderMode=cv2.BORDER_REPLICATE)
    if shadow:
        fallen = cv2.warpAffine(alpha, np.float32([[1, 0.2, 0], [0, 1, 0.02 * height]]), (width, height))
        photo *= 1 - shadow * cv2.GaussianBlur(fallen, (0, 0), 5)[..., None]
    photo += alpha[..., None] * (rgb - photo)
    return alpha


def _sized(rgba, long_side):
    scale = long_side / max(rgba.shape[:2])
    size = max(2, round(rgba.shape[1] * scale)), max(2, round(rgba.shape[0] * scale))
    return cv2.resize(rgba, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def _taken(rng, photo):
    """The photo as a camera might have left it: contrast, softness, grain, JPEG."""
    contrast = rng.uniform(0.5, 1.0) if rng.random() < 0.3 else 1.0
    photo = photo.mean() + contrast * (photo - photo.mean())
    photo = cv2.GaussianBlur(photo, (0, 0), rng.uniform(0.3, 1.0)) + rng.normal(0, rng.uniform(0, 0.015), photo.shape)
    bytes_ = np.round(np.clip(photo, 0, 1) * 255).astype(np.uint8)
    packed = cv2.imencode(".jpg", bytes_[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 96))])[1]
    return np.ascontiguousarray(cv2.imdecode(packed, cv2.IMREAD_COLOR)[..., ::-1])


def _shot(kind, source, seed, rng, photo, alpha):
    truth = np.where(alpha > 0.5, 255, 0).astype(np.uint8)
    extra = {"source": source, "kind": kind}
    return Shot(f"{kind}-{source}-{seed}", _taken(rng, photo), truth, extra=extra)


def _pick(rng, items):
    return items[int(rng.integers(len(items)))]


def montage(seed, bank, places):
    """One subject before another photo."""
    rng = np.random.default_rng((seed, 31))
    source = _pick(rng, sorted(bank))
    ground = _pick(rng, places)
    scale = SIDE / max(ground.shape[:2]) * rng.uniform(1.0, 1.8)
    ground = cv2.resize(
        ground, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    height, width = (SIDE, round(0.75 * SIDE))[:: _pick(rng, (1, -1, -1))]
    height, width = min(height, ground.shape[0]), min(width, ground.shape[1])
    top, left = rng.integers(ground.shape[0] - height + 1), rng.integers(ground.shape[1] - width + 1)
    photo = np.ascontiguousarray(ground[top : top + height, left : left + width][:, :: _pick(rng, (1, -1))])
    size = rng.uniform(0.3, 1.1) * min(height, width)
    at = np.array([width, height]) * rng.normal(0.5, 0.16, 2).clip(0.05, 0.95)
    for _ in range(_pick(rng, (0, 0, 1, 1, 2, 3))):
        other = _sized(_pick(rng, bank[_pick(rng, sorted(bank))]), size * rng.uniform(0.25, 0.9))
        _put(photo, other, at + rng.normal(0, 0.35, 2) * (width, height), rng.uniform(0, 0.4))
    cutout = _sized(_pick(rng, bank[source]), size)[:, :: _pick(rng, (1, -1))].copy()
    if rng.random() < 0.6:
        cutout[..., :3] = _like(rng, cutout[..., :3], cutout[..., 3], photo)
    alpha = _put(photo, cutout, at, rng.uniform(0, 0.6))
    return _shot("montage", source, seed, rng, photo, alpha)


def altered(seed, known, bank):
    """One photo with truth, made harder."""
    rng = np.random.default_rng((seed, 32))
    source = _pick(rng, sorted(known))
    rgb, alpha = _pick(rng, known[source])
    photo, mirror = rgb.astype(np.float32) / 255, _pick(rng, (1, -1))
    photo, alpha = photo[:, ::mirror].copy(), alpha[:, ::mirror].copy()
    if rng.random() < 0.6:
        blend = cv2.GaussianBlur(alpha, (0, 0), 0.7)[..., None]
        rows, columns = np.flatnonzero(alpha.max(1) > 0.5), np.flatnonzero(alpha.max(0) > 0.5)
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        ground = photo[alpha < 0.05]
        moved = photo.copy()
        moved[box] = _like(rng, photo[box], alpha[box], ground[None])
        photo = photo + blend * (moved - photo)
    if rng.random() < 0.4:
        height, width = alpha.shape
        other = _sized(_pick(rng, bank[_pick(rng, sorted(bank))]), rng.uniform(0.2, 0.6) * min(height, width))
        where = rng.uniform(0, 1, 2) * (width, height)
        covered = _put(photo, other, where, rng.uniform(0, 0.4))
        alpha = alpha * (1 - covered)
    if rng.random() < 0.5:
        height, width = alpha.shape
        high, wide = (round(side * rng.uniform(0.5, 0.95)) for side in (height, width))
        top, left = rng.integers(height - high + 1), rng.integers(width - wide + 1)
        box = np.s_[top : top + high, left : left + wide]
        if (alpha[box] > 0.5).mean() > 0.03:
            photo, alpha = photo[box], alpha[box]
    return _shot("altered", source, seed, rng, photo, alpha)
