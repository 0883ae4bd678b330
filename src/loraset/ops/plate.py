"""The picture without its subject, made from a photo of the empty set: aligned, exposed and focused as the picture is.

In: a small picture and a plate. Out: the expected background, and what tells whether the plate shows this set.
Never: files, settings, randomness, or a decision: `why_another_set` says in words why a plate does not fit.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from loraset.ops.alignment import Alignment, laid
from loraset.ops.field import fitted, followed, quadratic
from loraset.types import BoolImage, ByteImage, FloatImage

OFFSET = np.float32(0.03)  # black level under which ratios mean nothing
CLIPPED = 0.98
WHITE = 0.5  # of the plate: with more of it clipped, what is clipped in both must tell the exposure
BLURS_PX = (0.6, 0.9, 1.3, 1.8, 2.5)  # of a plate that is sharper than the picture's background
BLUR_GAIN = 0.97  # of the difference: less of it left makes a blur worth while
CALM_PX = 4.0  # differences that vanish in a mean over so much are no subject: noise, focus, a shift
LEAST_NOISE = 0.7 / 255
SHIFT_PX = (0.05, 1.5)  # how far edges of the plate may lie beside their place
MOST_GRAIN = 0.8  # of the finest texture: what two photos of it may differ by
STEEP = 0.85  # share of the pixels whose edges are too weak to tell the shift
DENSE_PX, DENSE = 15, 0.6  # window, share: fewer agreeing pixels are a subject's that agree by chance
BIN = 0.08  # log units, of the search for the most frequent ratio
BLOCK = 17  # px, of the comparison of textures
TEXTURE = 2.5 / 255  # deviation of a block from which it has a texture to compare
AGREE = 0.5  # correlation of two blocks of one texture
EXPOSURE = (0.4, 2.5)
MIN_TEXTURED = 0.02  # of the picture: less texture says nothing
MIN_AGREEING = 0.1  # of the textured part: what a large subject leaves
MIN_EXPLAINED = 0.1  # of the picture
MIN_COVERED = 0.6
MAX_NOISE = 9 / 255


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """What a picture would show without its subject.

    rgb : float32 array of shape (H, W, 3), [0, 1]. there : bool array of shape (H, W), where the plate has pixels.
    deviation : float32 array of shape (H, W), what a channel differs by where nothing has changed: noise, and edges
    that lie beside their place. blur_px : how much softer the picture's background is than the plate.
    explained : bool array of shape (H, W), pixels that taught the exposure: surely no subject.
    noise : robust deviation of the picture from it, [0, 1]. exposure : the picture's channels over the plate's.
    textured : share of the picture where the plate has texture. agreeing : share of that where the picture has it too.
    misfit : mean difference, cut off at .1; the less, the better the plate.
    """

    rgb: FloatImage
    there: BoolImage
    deviation: FloatImage
    blur_px: float
    explained: BoolImage
    noise: float
    exposure: tuple[float, float, float]
    textured: float
    agreeing: float
    misfit: float


def expected_background(picture: ByteImage, plate: ByteImage, alignment: Alignment) -> Background:
    """The plate laid behind the picture and brought to its exposure and white balance.

    The most frequent ratio of the two starts the fit; then a smooth field of ratios per channel is fitted to the pixels
    that agree with it, so that light which the subject's presence or another hour changed is followed.

    picture, plate : uint8 arrays of shape (H, W, 3).
    """
    moved, there = laid(plate, alignment.matrix, (picture.shape[1], picture.shape[0]))
    photo, empty = (image.astype(np.float32) / np.float32(255) for image in (picture, moved))
    smooth, smooth_empty = (cv2.GaussianBlur(image, (0, 0), 1) for image in (photo, empty))
    ratio = np.log((smooth + OFFSET) / (smooth_empty + OFFSET))
    white = smooth_empty.max(axis=2) >= CLIPPED
    usable = there if white[there].mean() > WHITE else there & ~white & (smooth.max(axis=2) < CLIPPED)
    usable = usable if usable.any() else there
    inside = _most_frequent(ratio, usable)
    basis = quadratic(there.shape)
    field = np.zeros_like(ratio)
    for _ in range(6):
        field = fitted(basis, ratio, inside)
        error = np.abs(np.exp(field) * (smooth_empty + OFFSET) - OFFSET - smooth).max(axis=2)
        noise = 1.4826 * float(np.median(error[inside]))
        inside = usable & (error < np.clip(4 * noise, 6 / 255, 0.12))
        inside &= cv2.blur(inside.astype(np.float32), (DENSE_PX, DENSE_PX)) > DENSE
        if not inside.any():
            inside = usable
            break
    field = np.clip(field, *(np.percentile(field[inside], share, axis=0) for share in (0.5, 99.5)))
    middle = np.exp(np.median(field[inside], axis=0))
    field = followed(field, ratio, inside)
    expected = np.clip(np.exp(field) * (empty + OFFSET) - OFFSET, 0, 1).astype(np.float32)
    calm = _calm(photo, expected, there, noise)
    expected, blur_px = _focused(photo, expected, calm)
    error = np.abs(expected - photo).max(axis=2)
    textured, agreeing = _same_texture(photo, expected, there)
    return Background(
        rgb=expected,
        there=there,
        deviation=_deviation(photo, expected, calm, by_hand=alignment.inliers > 0),
        blur_px=blur_px,
        explained=inside,
        noise=1.4826 * float(np.median(error[inside])) if inside.any() else 1.0,
        exposure=(float(middle[0]), float(middle[1]), float(middle[2])),
        textured=textured,
        agreeing=agreeing,
        misfit=float(np.where(there, np.minimum(error, 0.1), 0.1).mean()),
    )


def _calm(photo: FloatImage, expected: FloatImage, there: BoolImage, noise: float) -> BoolImage:
    """Where the two agree in the large, whatever their focus: bool array of shape (H, W)."""
    rest = np.abs(cv2.GaussianBlur(photo - expected, (0, 0), CALM_PX)).max(axis=2)
    calm = there & (rest < max(1.5 * noise, 3 / 255))
    return calm if calm.any() else there


def _focused(photo: FloatImage, expected: FloatImage, calm: BoolImage) -> tuple[FloatImage, float]:
    """The plate as soft as the picture's background is, and how much softer that is than it was."""
    best, blur_px = expected, 0.0
    least = float(np.abs(photo - expected).mean(axis=2)[calm].mean())
    for sigma in BLURS_PX:
        softer = np.asarray(cv2.GaussianBlur(expected, (0, 0), sigma), np.float32)
        rest = float(np.abs(photo - softer).mean(axis=2)[calm].mean())
        if rest < BLUR_GAIN * least:
            best, blur_px, least = softer, sigma, rest
    return best, blur_px


def steepness(rgb: FloatImage) -> FloatImage:
    """How much a picture's gray changes per pixel: float32 array of shape (H, W)."""
    gray = cv2.GaussianBlur(rgb.mean(axis=2), (0, 0), 0.7)
    return np.asarray(np.hypot(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)) / 8, np.float32)


def _deviation(photo: FloatImage, expected: FloatImage, calm: BoolImage, *, by_hand: bool) -> FloatImage:
    """Standard deviation of a channel where nothing has changed: float32 array of shape (H, W).

    Noise from places without edges; how far edges lie beside their place from the steepest; and, by
    hand, how differently two photos record what is near the limit of their pixels (a corrugated wall) from the finest
    texture that both have.
    """
    slope, fine = steepness(expected), np.minimum(_finest(expected), _finest(photo))
    rest, edges, grain = np.sqrt(np.square(photo - expected).mean(axis=2))[calm], slope[calm], fine[calm]
    noise = max(1.06 * float(np.median(rest[edges <= np.median(edges)])), LEAST_NOISE)

    def share(texture: FloatImage) -> float:
        """How much of a texture the two differ by, where it is strongest."""
        strong = texture >= np.quantile(texture, STEEP)
        more = max((1.06 * float(np.median(rest[strong]))) ** 2 - noise**2, 0.0)
        return float(np.sqrt(more)) / max(float(np.median(texture[strong])), 1e-3)

    misplaced = slope * np.float32(np.clip(share(edges), *SHIFT_PX))
    redrawn = fine * np.float32(min(share(grain), MOST_GRAIN) if by_hand else 0)
    return np.asarray(np.hypot(np.hypot(np.float32(noise), misplaced), redrawn), np.float32)


def _finest(rgb: FloatImage) -> FloatImage:
    """Deviation of a picture's gray from its own blur, around each pixel: float32 array of shape (H, W)."""
    gray = rgb.mean(axis=2)
    rest = np.square(gray - cv2.GaussianBlur(gray, (0, 0), 1))
    return np.asarray(np.sqrt(cv2.GaussianBlur(rest, (0, 0), 3)), np.float32)


def _most_frequent(ratio: FloatImage, usable: BoolImage) -> BoolImage:
    """Pixels whose log ratio is near the one that most have: bool array of shape (H, W)."""
    samples = ratio[usable][::7]
    if not len(samples):
        return np.ones(usable.shape, np.bool_)
    cells, index = np.unique(np.floor(samples / BIN), axis=0, return_inverse=True)
    counts = np.bincount(index.ravel())
    common = cells[np.argsort(-counts, kind="stable")[:500]]
    near = np.abs(common[:, None] - cells[None]).max(axis=2) <= 1
    best = (common[int(np.argmax(near @ counts))] + 0.5) * BIN
    middle = samples[np.abs(samples - best).max(axis=1) <= 1.5 * BIN].mean(axis=0)
    inside = usable & (np.abs(ratio - middle).max(axis=2) < 2.5 * BIN)
    return inside if inside.any() else usable


def _same_texture(photo: FloatImage, expected: FloatImage, there: BoolImage) -> tuple[float, float]:
    """Share of the picture where the background has texture, and share of that where the picture has the same one."""

    def fine(image: FloatImage) -> FloatImage:
        gray = cv2.GaussianBlur(image.mean(axis=2), (0, 0), 1)
        return np.asarray(gray - cv2.GaussianBlur(gray, (0, 0), 4), np.float32)

    def block(image: FloatImage) -> FloatImage:
        return np.asarray(cv2.blur(image, (BLOCK, BLOCK)), np.float32)

    one, other = fine(photo), fine(expected)
    energy = block(other * other)
    textured = there & (energy > TEXTURE**2)
    if not textured.any():
        return 0.0, 0.0
    likeness = block(one * other) / np.sqrt(block(one * one) * energy + np.float32(1e-9))
    return float(textured.mean()), float((likeness[textured] > AGREE).mean())


def why_another_set(background: Background) -> str | None:
    """Return why a plate does not show the set of a picture, in words, or None where it does."""
    covered, explained = float(background.there.mean()), float(background.explained.mean())
    strongest = max(background.exposure, key=lambda value: abs(np.log(value)))
    if covered < MIN_COVERED:
        return f"it shows only {covered:.0%} of the picture"
    if background.textured >= MIN_TEXTURED and background.agreeing < MIN_AGREEING:
        return f"its texture is found again in {background.agreeing:.0%} of the places only"
    if explained < MIN_EXPLAINED:
        return f"it is like {explained:.0%} of the picture only"
    if not EXPOSURE[0] <= strongest <= EXPOSURE[1]:
        return f"the picture is {strongest:.2f} times as bright as it"
    if background.noise > MAX_NOISE:
        return f"where they are most alike they still differ by {background.noise * 255:.0f} of 255"
    return None
