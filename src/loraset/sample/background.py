"""What is around the toy: ground, wall, things, grass and lamps, with the toy's shadow on them and out of focus.

In: a `Backdrop`, a camera, a light, the toy's parts. Out: linear light of the whole picture, and of what stands before
the toy. Never: the toy itself.
"""

from dataclasses import replace

import cv2
import numpy as np

from loraset.color import to_linear, to_srgb
from loraset.sample.camera import Camera, Light
from loraset.sample.draw import linear_premultiplied
from loraset.sample.rays import light_through, openness
from loraset.sample.shots import Backdrop, Ball, Block
from loraset.sample.textures import TEXTURES, TILING
from loraset.sample.toy import Array, Parts, rotation

FAR = 60.0  # distance at which a ground without a wall ends


def surroundings(
    place: Backdrop, camera: Camera, light: Light, parts: Parts, focus: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Linear light of everything but the toy (H, W, 3), and of what of it is before the toy: premultiplied (H, W, 4).

    focus : distance that is sharp.
    """
    rays = camera.rays()
    eye = np.asarray(camera.eye, np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        to_ground = np.where(rays[..., 1] < -1e-4, -eye[1] / rays[..., 1], FAR)
        to_wall = np.where(rays[..., 2] < -1e-4, (-place.wall_at - eye[2]) / rays[..., 2], FAR)
    distance = np.minimum(np.minimum(to_ground, to_wall), FAR).astype(np.float32)
    on_wall = to_wall < to_ground
    point = eye + rays * distance[..., None]
    n = int(np.clip(max(camera.size) * 0.9, 160, 1024))
    ground = _laid(place.ground, rng, n, point[..., 0], point[..., 2], place.tile)
    picture = ground
    if on_wall.any():
        wall = _laid(place.wall, rng, n, point[..., 0], -point[..., 1], place.wall_tile)
        picture = np.where(on_wall[..., None], wall, ground)
    things = _with_things(parts, place)
    picture = picture * _fallen(camera, light, things, point, on_wall, place.wall_at)
    for thing in place.things:
        if isinstance(thing, Ball):
            _draw_ball(thing, picture, distance, camera, light, parts)
        else:
            _draw_block(thing, picture, distance, camera, light, parts)
    before = np.zeros((*distance.shape, 4), np.float32)
    if place.ground == "lawn":
        picture, before = _grass(picture, camera, light, parts, rng)
    return _out_of_focus(picture, distance, place, focus, camera, rng), before


def _with_things(parts: Parts, place: Backdrop) -> Parts:
    """The toy's parts, and ellipsoids in place of the things around it, for shadows."""
    if not place.things:
        return parts
    center = [(thing.x, thing.size, thing.z) for thing in place.things]
    radii = [(thing.size * (1.0 if isinstance(thing, Ball) else 1.15),) * 3 for thing in place.things]
    count = len(place.things)
    return replace(
        parts,
        center=np.vstack([parts.center, np.array(center, np.float32)]),
        radii=np.vstack([parts.radii, np.array(radii, np.float32)]),
        rotation=np.vstack([parts.rotation, np.tile(rotation(), (count, 1, 1))]),
    )


def _draw_ball(ball: Ball, picture: Array, distance: Array, camera: Camera, light: Light, parts: Parts) -> None:
    """Paint a ball with a stripe around it, and its distance."""
    eye, center = np.asarray(camera.eye, np.float32), np.array([ball.x, ball.size, ball.z], np.float32)
    rays = camera.rays()
    rays /= np.linalg.norm(rays, axis=2, keepdims=True)
    along = rays @ (center - eye)
    aside = np.sqrt(np.maximum(np.sum((center - eye) ** 2) - along**2, 0))
    cover = np.clip((ball.size - aside) * camera.focal_px / along + 0.5, 0, 1)
    y, x = np.nonzero(cover)
    depth = along[y, x] - np.sqrt(np.maximum(ball.size**2 - aside[y, x] ** 2, 0))
    point = eye + rays[y, x] * depth[:, None]
    normal = (point - center) / ball.size
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    stripe = np.clip((0.3 - np.abs(normal @ rotation(30, 0, 35)[1])) * 40, 0, 1)[:, None]
    albedo = to_linear(np.array(ball.colors, np.float32))
    reach = light_through(parts, point, light.direction, None, light.softness)
    lit = light.shade(normal, reach, openness(parts, point, normal, None), 0.1)
    lit *= stripe * albedo[1] + (1 - stripe) * albedo[0]
    shine = np.clip(2 * (normal @ light.direction) * -np.einsum("ij,ij->i", normal, rays[y, x]), 0, 1) ** 40
    lit += (0.12 * shine * reach)[:, None] * np.asarray(light.key)
    edge = cover[y, x][:, None]
    picture[y, x] = edge * lit + (1 - edge) * picture[y, x]
    distance[y, x] = depth


def _draw_block(block: Block, picture: Array, distance: Array, camera: Camera, light: Light, parts: Parts) -> None:
    """Paint a wooden toy block, its faces in pale frames, and its distance."""
    turn = rotation(0, block.turn_deg, 0)
    center = np.array([block.x, block.size, block.z], np.float32)
    eye = np.asarray(camera.eye, np.float32)
    for axis, sign in ((0, 1), (0, -1), (1, 1), (2, 1), (2, -1)):
        normal = sign * turn[:, axis]
        middle = center + block.size * normal
        if (eye - middle) @ normal <= 0:
            continue
        others = [turn[:, k] * block.size for k in range(3) if k != axis]
        corners = np.array([a * others[0] + b * others[1] for a, b in ((-1, -1), (-1, 1), (1, 1), (1, -1))])
        spot = middle[None].astype(np.float32)
        reach = light_through(parts, spot, light.direction, None, light.softness)
        lit = light.shade(normal[None], reach, openness(parts, spot, normal[None], None), 0.0)[0]
        for inset, color in ((1.0, (0.78, 0.62, 0.42)), (0.76, block.color)):
            outline = camera.project((middle + inset * corners).astype(np.float32))[0]
            cover = np.zeros(distance.shape, np.uint8)
            cv2.fillConvexPoly(cover, np.round(outline * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
            share = (cover.astype(np.float32) / np.float32(255))[..., None]
            picture += share * (lit * to_linear(np.array(color, np.float32)) - picture)
        distance[cover > 0] = np.linalg.norm(eye - center)


def _laid(name: str, rng: np.random.Generator, n: int, across: Array, along: Array, tile: float) -> Array:
    """A texture spread over a plane; tile is its side in toy units."""
    texture = TEXTURES[name](rng, n)
    border = cv2.BORDER_WRAP if name in TILING else cv2.BORDER_REFLECT
    u, v = (part / tile * n + n / 2 for part in (across, along))
    return np.asarray(cv2.remap(texture, u, v, cv2.INTER_LINEAR, borderMode=border))


def _fallen(camera: Camera, light: Light, parts: Parts, point: Array, on_wall: Array, wall_at: float) -> Array:
    """Light on ground and wall, with the toy's shadow and the darkness where it stands."""
    height, width = on_wall.shape
    step = max(max(camera.size) // 240, 2)
    few = point[step // 2 :: step, step // 2 :: step]
    flat = np.ascontiguousarray(few.reshape(-1, 3))
    walls = on_wall[step // 2 :: step, step // 2 :: step].reshape(-1)
    normals = np.where(walls[:, None], np.array([0, 0, 1], np.float32), np.array([0, 1, 0], np.float32))
    reach = light_through(parts, flat, light.direction, None, light.softness)
    open_ = openness(parts, flat, normals, None) ** 2
    corner = 1 - 0.35 * np.exp(-np.abs(np.where(walls, flat[:, 1], flat[:, 2] + wall_at)) / 0.5)
    fallen = light.shade(normals, reach, open_ * corner, 0.0) * light.pool(flat)[:, None]
    smooth = cv2.GaussianBlur(fallen.reshape(few.shape), (0, 0), 0.8)  # the tail's shadow is thinner than the grid
    return cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)


def _grass(picture: Array, camera: Camera, light: Light, parts: Parts, rng: np.random.Generator) -> tuple[Array, Array]:
    """Grass, far to near, on the ground (H, W, 3), and those before the toy alone: premultiplied (H, W, 4)."""
    count = 30000
    away = 2.4 + 15 * rng.random(count) ** 1.8
    across = camera.target[0] + rng.uniform(-0.36, 0.36, count) * (away + 1)
    root = np.stack([across, np.zeros(count), camera.eye[2] - away], axis=1).astype(np.float32)
    lean = rng.normal(0, 0.10, (count, 3)).astype(np.float32)
    size = rng.uniform(0.08, 0.24, count).astype(np.float32)[:, None] * np.array([0, 1, 0], np.float32)
    points = np.stack([root, root + 0.55 * size + 0.4 * lean, root + 0.95 * size + lean * 1.3], axis=1)
    up = np.tile(np.array([0, 1, 0], np.float32), (count, 1))
    reach = light_through(parts, root + 0.1 * up, light.direction, None, light.softness)
    fallen = light.shade(up, reach, openness(parts, root, up, None), 0.3)
    green = np.array([0.40, 0.52, 0.20]) + rng.normal(0, 0.05, (count, 1)) + rng.normal(0, 0.03, (count, 3))
    green[rng.random(count) < 0.06] += (0.22, 0.12, 0.12)  # dry ones
    blade = to_linear(np.clip(green, 0, 1).astype(np.float32)) * fallen
    ink = np.round(_encoded(np.stack([0.45 * blade, 1.15 * blade], axis=1)) * 255).astype(int)
    flat, far = camera.project(points)
    lines = np.round(flat * 16).astype(np.int32)
    thick = np.maximum(np.round(0.009 * camera.focal_px / far[:, 0]), 1).astype(int).tolist()
    canvas = np.dstack([np.round(_encoded(picture) * 255), np.zeros(picture.shape[:2])]).astype(np.uint8)
    before = np.zeros_like(canvas)
    toes = float((parts.center[:, 2] + np.linalg.norm(parts.rotation[:, 2] * parts.radii, axis=1)).max())
    near = (root[:, 2] > toes - 0.05).tolist()
    colors = np.dstack([ink, np.full(ink.shape[:2], 255)]).tolist()
    for i in np.argsort(-far[:, 0], kind="stable").tolist():
        for layer in (canvas, before) if near[i] else (canvas,):
            cv2.polylines(layer, [lines[i, :2]], False, colors[i][0], thick[i], cv2.LINE_AA, 4)
            cv2.polylines(layer, [lines[i, 1:]], False, colors[i][1], thick[i], cv2.LINE_AA, 4)
    return to_linear(canvas[..., :3].astype(np.float32) / np.float32(255)), linear_premultiplied(before)


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


def _encoded(linear: Array) -> Array:
    return to_srgb(np.clip(linear, 0, 1).astype(np.float32))
