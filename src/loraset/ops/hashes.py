"""Whether two pictures are copies of one photo: perceptual hashes propose, a registered comparison decides.

In: pictures as arrays, hashes as hex text. Out: hashes, small pictures, numbers. Never: files or a verdict.

A perceptual hash keeps the coarse layout only: pictures of one figure in other poses before one backdrop have nearly
the same, and so hashes alone would merge them. The comparison lays one small picture on the other, allows for another
tone curve, and asks for the worst spot that is left; a copy has none, a moved arm is one.

A crop moves the layout: by 5 % on each side it changes some ten bits of 64. So a few windows of each picture are hashed
too, and a cropped copy, whole, is near one of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from loraset.images import reduce_to, to_pillow
from loraset.types import PROXY_SIDE, BoolImage, ByteImage, FloatImage

HASH_SIDE = 256  # hashes read 32x32 px and less; from here that costs 1 ms instead of 10
FLAT_LEVELS = 2.0  # standard deviation of luma below which a picture has no layout to compare
SHARPNESS_BLUR_PX = 1.5
ARTEFACTS = 0.5  # variance that compression adds; below it a blurred photo's copies would count as sharper
SMALL_SIDE = 64
SMALL_BLUR = 0.35  # standard deviation of the blur before sampling, in px of the small picture
WORST_LEVELS = 14.0  # most copies (recompressed, resized, cropped up to 5 %) lie below 10; other poses begin above 20
WORST_SHARE = 0.5  # of the contrast: the limit for pale pictures
MAX_SHIFT_PX = 9.0  # of a corner: a crop by 11 % on each side; a map that moves more turns one thing into another
TONE_KNOTS = 6
WINDOWS = (  # shares cut from left, top, right, bottom; 6 bits allow for some 2 % more or less on each side
    (0.04, 0.04, 0.04, 0.04),
    (0.08, 0.08, 0.08, 0.08),
    (0.08, 0.0, 0.0, 0.0),
    (0.0, 0.08, 0.0, 0.0),
    (0.0, 0.0, 0.08, 0.0),
    (0.0, 0.0, 0.0, 0.08),
    (0.08, 0.08, 0.0, 0.0),
    (0.0, 0.08, 0.08, 0.0),
    (0.0, 0.0, 0.08, 0.08),
    (0.08, 0.0, 0.0, 0.08),
)
OPPONENT = np.array([[0.299, 0.587, 0.114], [0.5, -0.5, 0.0], [-0.25, -0.25, 0.5]], np.float32)  # luma, red-green, blue


@dataclass(frozen=True, slots=True)
class Hashes:
    """Both hashes of a picture, of its mirror image and of its `WINDOWS`: 64 bits each, as 16 hex digits."""

    phash: str
    dhash: str
    mirrored_phash: str
    mirrored_dhash: str
    windows: tuple[tuple[str, str], ...]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Hashes":
        """Read what `dataclasses.asdict` and JSON made of one."""
        return cls(**{**data, "windows": tuple((phash, dhash) for phash, dhash in data["windows"])})


def perceptual_hashes(rgb: ByteImage) -> Hashes | None:
    """Return the hashes of a picture, or None of a flat one, whose hashes would be noise.

    rgb : uint8 array of shape (H, W, 3).
    """
    small = reduce_to(rgb, HASH_SIDE)
    if float(_luma(small).std()) < FLAT_LEVELS:
        return None
    height, width = small.shape[:2]
    windows = (
        small[round(top * height) : height - round(bottom * height), round(left * width) : width - round(right * width)]
        for left, top, right, bottom in WINDOWS
    )
    return Hashes(*_both(small), *_both(small[:, ::-1]), tuple(map(_both, windows)))


def _both(rgb: ByteImage) -> tuple[str, str]:
    import imagehash

    image = to_pillow(np.ascontiguousarray(rgb))
    return str(imagehash.phash(image)), str(imagehash.dhash(image))


def distance_bits(first: str, second: str) -> int:
    """Count the bits in which two hashes of equal length differ."""
    return (int(first, 16) ^ int(second, 16)).bit_count()


def sharpness(rgb: ByteImage) -> float:
    """Variance of the Laplacian of Gaussian over that of luma, at one fixed size: which of several copies is sharpest.

    The blur makes it nearly the same for copies that differ by resampling, compression or tone only; copies that were
    made small or blurred have less. It says nothing of pictures of different things.

    rgb : uint8 array of shape (H, W, 3), its long side at most PROXY_SIDE.
    """
    luma = _luma(rgb).astype(np.float32)
    scale = PROXY_SIDE / max(luma.shape)
    if scale > 1:
        luma = np.asarray(cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), dtype=np.float32)
    smooth = cv2.GaussianBlur(luma, (0, 0), SHARPNESS_BLUR_PX)
    contrast = max(float(luma.var(dtype=np.float64)), FLAT_LEVELS**2)
    return (float(cv2.Laplacian(smooth, cv2.CV_32F).var(dtype=np.float64)) + ARTEFACTS) / contrast


def small_picture(rgb: ByteImage) -> ByteImage:
    """uint8 (SMALL_SIDE, SMALL_SIDE, 3): the whole picture, whatever its shape, blurred before it is sampled.

    rgb : uint8 array of shape (H, W, 3).
    """
    smaller = reduce_to(rgb, 4 * SMALL_SIDE)
    blur = SMALL_BLUR * min(smaller.shape[:2]) / SMALL_SIDE
    if blur > SMALL_BLUR:
        smaller = np.asarray(cv2.GaussianBlur(smaller, (0, 0), blur), dtype=np.uint8)
    return np.asarray(cv2.resize(smaller, (SMALL_SIDE, SMALL_SIDE), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def same_photo(first: ByteImage, second: ByteImage) -> bool:
    """Whether two small pictures show one photo: resized, recompressed, toned or slightly cropped, but not altered.

    first, second : uint8 arrays as `small_picture` makes them.
    """
    contrast = min(float(_luma(first).std()), float(_luma(second).std()))
    return worst_difference(first, second) <= min(WORST_LEVELS, WORST_SHARE * contrast)


def worst_difference(first: ByteImage, second: ByteImage) -> float:
    """Largest difference, in levels of 255, that is left when one small picture is laid on the other.

    The second is registered by an affine map of its luma (ECC: Evangelidis and Psarakis 2008), and its tones and
    colours are mapped to the first's, or the other way round, whichever leaves less. Infinite where they do not
    register, or only by moving a corner further than a slight crop does.

    first, second : uint8 arrays as `small_picture` makes them.
    """
    a, b = first.astype(np.float32) @ OPPONENT.T, second.astype(np.float32) @ OPPONENT.T
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
    luma_a, luma_b = (np.ascontiguousarray(planes[..., 0]) for planes in (a, b))
    try:
        _, warp = cv2.findTransformECC(luma_a, luma_b, np.eye(2, 3, dtype=np.float32), cv2.MOTION_AFFINE, stop)
    except cv2.error:
        return float("inf")
    corners = np.array([(x, y, 1) for x in (0, SMALL_SIDE) for y in (0, SMALL_SIDE)], np.float32)
    if not float(np.abs(corners @ np.asarray(warp).T - corners[:, :2]).max()) <= MAX_SHIFT_PX:
        return float("inf")
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    side = (SMALL_SIDE, SMALL_SIDE)
    moved = cv2.warpAffine(b, warp, side, flags=flags, borderMode=cv2.BORDER_REPLICATE).astype(np.float32, copy=False)
    shared = cv2.warpAffine(np.ones(side, np.float32), warp, side, flags=flags) > 0.99
    shared[[0, 1, -2, -1]] = False
    shared[:, [0, 1, -2, -1]] = False
    return min(_worst_after_toning(a, moved, shared), _worst_after_toning(moved, a, shared))


def _worst_after_toning(source: FloatImage, target: FloatImage, shared: BoolImage) -> float:
    """Fit target = curve(luma) + linear(colour) by least squares, twice with the misfits weighted down; the worst left.

    source, target : float32 arrays of shape (H, W, 3): luma and two opponent colours.
    """
    x, y = source[shared], target[shared]
    knots = np.linspace(x[:, 0].min(), x[:, 0].max(), TONE_KNOTS)
    step = max(float(knots[1] - knots[0]), 1e-3)
    curve = np.maximum(0.0, 1.0 - np.abs(x[:, :1] - knots) / step)
    terms = np.hstack([curve, x[:, 1:] / np.float32(255.0)])
    weight = np.ones((len(x), 1))
    for _ in range(2):
        weighted = terms * weight
        mapped = np.linalg.solve(weighted.T @ terms + 0.01 * np.eye(terms.shape[1]), weighted.T @ y)
        misfit = terms @ mapped - y
        luma, red, blue = np.abs(misfit).T  # thrice as fast as max(axis=1)
        weight = 1.0 / np.maximum(np.maximum(np.maximum(luma, red), blue), 4.0)[:, None]
    left = np.zeros(source.shape, np.float32)
    left[shared] = misfit
    return float(np.abs(cv2.GaussianBlur(left, (0, 0), 1.0)).max())


def _luma(rgb: ByteImage) -> ByteImage:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
