"""One shot: the toy, ground, wall and things around it, seen through a lens and put together as light is.

In: a row of `shots.SHOTS`, a seed, a size. Out: a `Shot` with the photo and its truth. Never: files.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from loraset.color import to_linear, to_srgb
from loraset.sample import fur
from loraset.sample.camera import Camera, Light
from loraset.sample.draw import draw
from loraset.sample.shots import BACKDROPS, LIGHTS, SPECIES, Backdrop, Spec
from loraset.sample.textures import TEXTURES
from loraset.sample.toy import Array, Parts, build, light_through, openness
from loraset.types import ByteImage, FloatImage

FAR = 60.0  # distance at which a ground without a wall ends


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
    background = _background(spec, BACKDROPS[spec.backdrop], camera, light, parts, scene_rng)
    seen, alpha = _toy(spec, camera, light, parts, fur_seed)
    clean = _toy(spec, camera, light.without_spill(), parts, fur_seed)[0] if any(light.spill) else seen
    falloff = _vignette(camera)[..., None]
    background, seen, clean = background * falloff, seen * falloff, clean * falloff
    background, seen, clean, alpha = (_moved(layer, spec, side) for layer in (background, seen, clean, alpha))
    exact = seen + (1 - alpha[..., None]) * background
    color = _straight(seen, alpha)
    return Shot(
        name=spec.name,
        photo=_develop(exact, light.noise, rng),
        alpha=alpha,
        color=color,
        without_spill=_straight(clean, alpha) if any(light.spill) else color,
        background=_encoded(background),
        note=spec.note,
    )


def _camera(spec: Spec, side: int) -> Camera:
    width, height = spec.aspect
    longer = max(width, height)
    around, above = np.radians(spec.around_deg), np.radians(spec.above_deg)
    way = np.array([np.sin(around) * np.cos(above), np.sin(above), np.cos(around) * np.cos(above)])
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
    sigma = 0.55 * max(camera.size) / 1200
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
    deviation = level * np.sqrt(0.00001 + 0.00035 * np.clip(linear, 0, 1))
    grain = rng.standard_normal(linear.shape, dtype=np.float32)
    return np.round(_encoded(linear + deviation * grain) * 255).astype(np.uint8)


def _background(
    spec: Spec, place: Backdrop, camera: Camera, light: Light, parts: Parts, rng: np.random.Generator
) -> Array:
    """Linear light of everything but the toy, with the toy's shadow on it, out of focus where it is far."""
    rays = camera.rays()
    eye = np.asarray(camera.eye, np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        to_ground = np.where(rays[..., 1] < -1e-4, -eye[1] / rays[..., 1], FAR)
        to_wall = np.where(rays[..., 2] < -1e-4, (-place.wall_at - eye[2]) / rays[..., 2], FAR)
    distance = np.minimum(np.minimum(to_ground, to_wall), FAR).astype(np.float32)
    on_wall = to_wall < to_ground
    point = eye + rays * distance[..., None]
    n = int(np.clip(max(camera.size) * 0.9, 160, 1024))
    ground = _laid(TEXTURES[place.ground](rng, n), point[..., 0], point[..., 2], place.tile)
    picture = ground
    if on_wall.any():
        wall = _laid(TEXTURES[place.wall](rng, n), point[..., 0], -point[..., 1], place.wall_tile)
        picture = np.where(on_wall[..., None], wall, ground)
    picture = picture * _fallen(camera, light, parts, point, on_wall, place.wall_at)
    if place.ground == "lawn":
        picture = _grass(picture, camera, light, parts, rng)
    return _out_of_focus(picture, distance, place, spec.distance, camera, rng)


def _laid(texture: Array, across: Array, along: Array, tile: float) -> Array:
    """The texture spread over a plane: one tile in units, mirrored at its edges."""
    n = len(texture)
    u, v = (part / tile * n + n / 2 for part in (across, along))
    return np.asarray(cv2.remap(texture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT))


def _fallen(camera: Camera, light: Light, parts: Parts, point: Array, on_wall: Array, wall_at: float) -> Array:
    """Light on ground and wall, with the toy's shadow and the darkness where it stands."""
    height, width = on_wall.shape
    step = max(max(camera.size) // 240, 2)
    few = point[step // 2 :: step, step // 2 :: step]
    flat = np.ascontiguousarray(few.reshape(-1, 3))
    walls = on_wall[step // 2 :: step, step // 2 :: step].reshape(-1)
    normals = np.where(walls[:, None], np.array([0, 0, 1], np.float32), np.array([0, 1, 0], np.float32))
    reach = light_through(parts, flat, light.direction, None, light.softness)
    open_ = openness(parts, flat, normals, None) ** 1.6
    corner = 1 - 0.35 * np.exp(-np.abs(np.where(walls, flat[:, 1], flat[:, 2] + wall_at)) / 0.5)
    fallen = light.shade(normals, reach, open_ * corner, 0.0) * light.pool(flat)[:, None]
    return cv2.resize(fallen.reshape(few.shape), (width, height), interpolation=cv2.INTER_LINEAR)


def _grass(picture: Array, camera: Camera, light: Light, parts: Parts, rng: np.random.Generator) -> Array:
    """Blades of grass over the ground, far to near."""
    count = 26000
    depth = np.asarray(camera.eye)[2] - (2.5 + 14 * rng.random(count) ** 1.7)
    across = rng.uniform(-1, 1, count) * (1.2 + 0.30 * (camera.eye[2] - depth))
    root = np.stack([across + camera.target[0], np.zeros(count), depth], axis=1).astype(np.float32)
    lean = rng.normal(0, 0.09, (count, 3)).astype(np.float32)
    size = rng.uniform(0.10, 0.26, count).astype(np.float32)[:, None]
    up = np.array([0, 1, 0], np.float32)
    points = np.stack([root, root + 0.55 * size * up + 0.4 * lean, root + 0.95 * size * up + lean * 1.3], axis=1)
    reach = light_through(parts, root + 0.1 * up, light.direction, None, light.softness)
    open_ = openness(parts, root, np.tile(up, (count, 1)), None)
    fallen = light.shade(np.tile(up, (count, 1)), reach, open_, 0.3)
    green = np.array([0.36, 0.50, 0.20]) + rng.normal(0, 0.06, (count, 1)) + rng.normal(0, 0.03, (count, 3))
    ink = np.round(_encoded(to_linear(green.astype(np.float32)) * fallen * 1.15) * 255).astype(int)
    flat, far = camera.project(points)
    at = np.round(flat * 16).astype(np.int32)
    thick = np.maximum(np.round(0.011 * camera.focal_px / far[:, 0]), 1).astype(int).tolist()
    canvas = np.round(_encoded(picture) * 255).astype(np.uint8)
    colors = ink.tolist()
    for i in np.argsort(-far[:, 0], kind="stable").tolist():
        cv2.polylines(canvas, [at[i]], False, colors[i], thick[i], cv2.LINE_AA, 4)
    return to_linear(canvas.astype(np.float32) / np.float32(255))


def _out_of_focus(
    picture: Array, distance: Array, place: Backdrop, focus: float, camera: Camera, rng: np.random.Generator
) -> Array:
    """Blur by distance from the toy, and discs where far lamps are."""
    blur_px = place.aperture * max(camera.size) * np.abs(1 / distance - 1 / focus) * focus
    if place.lamps:
        picture = picture + _lamps(camera, rng) * (distance > focus * 1.5)[..., None]
    levels = [s * max(camera.size) / 1200 for s in (0.45, 1.6, 4.0, 9.0, 18.0)]
    result, before = picture, 0.0
    for sigma in levels:
        if sigma > 0.2 and blur_px.max() > before:
            share = np.clip((blur_px - before) / (sigma - before), 0, 1)[..., None]
            result = result + (_blurred(picture, sigma) - result) * share
        before = sigma
    return np.asarray(result, np.float32)


def _blurred(picture: Array, sigma: float) -> Array:
    """Gaussian blur; a wide one is made on a smaller picture."""
    shrink = max(int(sigma / 3), 1)
    size = (picture.shape[1], picture.shape[0])
    small = cv2.resize(picture, (max(size[0] // shrink, 1), max(size[1] // shrink, 1)), interpolation=cv2.INTER_AREA)
    return cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma / shrink), size, interpolation=cv2.INTER_LINEAR)


def _lamps(camera: Camera, rng: np.random.Generator) -> Array:
    """Lights far out of focus: discs with a brighter rim, as a lens draws them."""
    width, height = camera.size
    glow = np.zeros((height, width, 3), np.uint8)
    palette = np.array([[255, 190, 110], [255, 220, 170], [255, 120, 90], [150, 200, 255], [255, 235, 210]])
    for _ in range(46):
        at = (int(rng.uniform(0, width) * 16), int(rng.uniform(0, height) * 16))
        radius = int(max(camera.size) * rng.uniform(0.014, 0.03) * 16)
        color = palette[rng.integers(5)] * rng.uniform(0.25, 0.8)
        disc = np.zeros_like(glow)
        cv2.circle(disc, at, radius, (color * 0.75).tolist(), -1, cv2.LINE_AA, 4)
        cv2.circle(disc, at, radius, color.tolist(), max(radius // 110, 1), cv2.LINE_AA, 4)
        glow = np.asarray(cv2.add(glow, disc), np.uint8)
    return to_linear(glow.astype(np.float32) / np.float32(255))
