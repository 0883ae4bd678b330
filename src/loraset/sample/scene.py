"""One shot: the toy in its surroundings, put together as light is, and the photo that a sensor makes of it.

In: a row of `shots.SHOTS`, a seed, a size. Out: a `Shot` with the photo and its truth. Never: files.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from loraset.color import to_srgb
from loraset.sample import fur
from loraset.sample.background import surroundings
from loraset.sample.camera import Camera, Light
from loraset.sample.draw import draw
from loraset.sample.shots import BACKDROPS, LIGHTS, SPECIES, Spec
from loraset.sample.toy import Array, Parts, build
from loraset.types import ByteImage, FloatImage


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A photo and its truth.

    photo : uint8 (H, W, 3), sRGB, with the sensor's noise. alpha : float32 (H, W). color : float32 (H, W, 3),
    sRGB-encoded straight colour of the toy as the camera saw it, extended where alpha is 0; without_spill : the same
    without the light that a screen throws back (elsewhere it equals color). background : float32 (H, W, 3),
    sRGB-encoded, the scene without the toy but with its shadow. In linear light
    ``photo = alpha * color + (1 - alpha) * background`` to the noise and the rounding.
    """

    name: str
    photo: ByteImage
    alpha: FloatImage
    color: FloatImage
    without_spill: FloatImage
    background: FloatImage
    note: str


def shoot(spec: Spec, *, seed: int, side: int) -> Shot:
    """Take the picture of a row of the table; `side` is its longer side in px."""
    rng = np.random.default_rng([seed, *spec.name.encode()])
    camera = _camera(spec, side)
    light = LIGHTS[spec.light]
    parts = build(SPECIES[spec.species], spec.pose)
    scene_rng, fur_seed = rng.spawn(1)[0], int(rng.integers(2**32))
    behind, before = surroundings(BACKDROPS[spec.backdrop], camera, light, parts, spec.distance, scene_rng)
    seen, alpha = _toy(spec, camera, light, parts, fur_seed)
    clean = _toy(spec, camera, light.without_spill(), parts, fur_seed)[0] if any(light.spill) else seen
    clear = 1 - before[..., 3:]
    rest = before[..., :3] + clear * (1 - alpha[..., None]) * behind  # all that is not the toy's
    alpha, seen, clean = alpha * clear[..., 0], seen * clear, clean * clear
    falloff = _vignette(camera)[..., None]
    layers = (alpha, seen * falloff, clean * falloff, rest * falloff, behind * falloff)
    alpha, seen, clean, rest, behind = (_moved(layer, spec, side) for layer in layers)
    left = 1 - alpha[..., None]
    color = _straight(seen, alpha)
    return Shot(
        name=spec.name,
        photo=_develop(seen + rest, light.noise, rng),
        alpha=alpha,
        color=color,
        without_spill=_straight(clean, alpha) if any(light.spill) else color,
        background=_encoded(np.where(left > 1e-3, rest / np.maximum(left, 1e-3), behind)),
        note=spec.note,
    )


def _camera(spec: Spec, side: int) -> Camera:
    width, height = spec.aspect
    longer = max(width, height)
    above = np.radians(spec.above_deg)
    way = np.array([0.0, np.sin(above), np.cos(above)])
    target = np.array(spec.target)
    eye = target + spec.distance * way
    size = (round(side * width / longer), round(side * height / longer))
    return Camera((float(eye[0]), float(eye[1]), float(eye[2])), spec.target, 2.2, size)


def _encoded(linear: Array) -> FloatImage:
    return to_srgb(np.clip(linear, 0, 1).astype(np.float32))


def _toy(spec: Spec, camera: Camera, light: Light, parts: Parts, seed: int) -> tuple[Array, Array]:
    """Premultiplied linear colour and coverage, after the lens."""
    rng = np.random.default_rng(seed)
    species = SPECIES[spec.species]
    scale = 2 if max(camera.size) >= 700 else 3
    near = camera.focal_px * scale / spec.distance  # canvas px per toy unit
    strands = fur.grow(parts, species, camera, light, rng, int(np.clip(near * 88, 6000, 90000)))
    strands = fur.joined(strands, fur.sew(parts, light, rng))
    color, alpha = draw(parts, strands, camera, light, fur.cloth_colors(parts, species, light), scale)
    sigma = 0.8 * max(camera.size) / 1200
    color, alpha = (cv2.GaussianBlur(layer, (0, 0), max(sigma, 0.3)) for layer in (color, alpha))
    alpha[alpha < 1 / 1024] = 0
    color[alpha == 0] = 0
    return color, np.minimum(alpha, 1)


def _straight(premultiplied: Array, alpha: Array) -> FloatImage:
    """sRGB-encoded straight colour, drawn outwards over where nothing of the toy is (a pyramid of means)."""
    color, weight = [premultiplied], [alpha]
    while min(weight[-1].shape) > 2:
        size = ((weight[-1].shape[1] + 1) // 2, (weight[-1].shape[0] + 1) // 2)
        color.append(cv2.resize(color[-1], size, interpolation=cv2.INTER_AREA))
        weight.append(cv2.resize(weight[-1], size, interpolation=cv2.INTER_AREA))
    filled = color[-1] / np.maximum(weight[-1], 1e-6)[..., None]
    for c, w in zip(color[-2::-1], weight[-2::-1], strict=True):
        coarser = cv2.resize(filled, (w.shape[1], w.shape[0]), interpolation=cv2.INTER_LINEAR)
        filled = np.where(w[..., None] > 0, c / np.maximum(w, 1e-6)[..., None], coarser)
    return _encoded(filled)


def _vignette(camera: Camera) -> Array:
    rays = camera.rays()
    cosine = 1 / np.linalg.norm(rays, axis=2)
    return np.asarray(0.35 + 0.65 * (cosine / cosine.max()) ** 4, np.float32)


def _moved(layer: Array, spec: Spec, side: int) -> Array:
    """A layer as a lens out of focus, or a moving hand, draws it."""
    if spec.soft_px:
        layer = cv2.GaussianBlur(layer, (0, 0), spec.soft_px * side / 1200)
    if spec.shake_px:
        length = max(round(spec.shake_px * side / 1200), 2)
        kernel = np.zeros((length, length), np.float32)
        cv2.line(kernel, (0, length // 3), (length - 1, length - 1 - length // 3), 1.0)
        layer = cv2.filter2D(layer, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    return layer


def _develop(linear: Array, level: float, rng: np.random.Generator) -> ByteImage:
    """8-bit sRGB with the noise of a sensor: read noise and shot noise, in linear light."""
    deviation = level * np.sqrt(0.000004 + 0.00009 * np.clip(linear, 0, 1))
    grain = rng.standard_normal(linear.shape, dtype=np.float32)
    return np.round(_encoded(linear + deviation * grain) * 255).astype(np.uint8)
