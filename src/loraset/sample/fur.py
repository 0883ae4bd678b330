"""The toy's fur and threads: where each strand grows, how it lies and what light it gives back.

In: posed parts, a camera, a light. Out: `Strands` in space. Never: pixels.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from loraset.color import to_linear
from loraset.sample.camera import Camera, Light
from loraset.sample.rays import buried, light_through, openness
from loraset.sample.toy import CREAM, INNER, Array, Parts, Species

BED = 0.016  # radius of the dots that stand for the dense short fur between strands
THREAD = (0.17, 0.10, 0.09)  # linear albedo of nose and mouth


@dataclass(frozen=True, slots=True, eq=False)
class Strands:
    """Lines in space.

    points : (N, 4, 3) from root to tip. colors : (N, 2, 3), linear, of the lower and the upper half. width : (N,).
    bed : (N, 3), below each root: the middle of the dense short fur it grows from.
    """

    points: Array
    bed: Array
    colors: Array
    width: Array


@dataclass(frozen=True, slots=True, eq=False)
class _Roots:
    point: Array
    normal: Array
    unit: Array  # the root in its part's unit sphere
    part: NDArray[np.int64]

    def __getitem__(self, chosen: NDArray[np.bool_]) -> "_Roots":
        return _Roots(self.point[chosen], self.normal[chosen], self.unit[chosen], self.part[chosen])


def _roots(parts: Parts, count: int, rng: np.random.Generator) -> _Roots:
    """Points spread evenly over the parts' surfaces."""
    r = parts.radii.astype(np.float64)
    pairs = (r[:, 0] * r[:, 1]) ** 1.6 + (r[:, 0] * r[:, 2]) ** 1.6 + (r[:, 1] * r[:, 2]) ** 1.6
    area = (pairs / 3) ** (1 / 1.6)  # Thomsen's formula, up to a factor
    number = np.ceil(count * area / area.sum()).astype(int)
    part = np.repeat(np.arange(len(number)), number * 2)
    unit = rng.normal(size=(len(part), 3)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    radii = parts.radii[part]
    slant = np.linalg.norm(unit / radii, axis=1)  # area grows with it when the sphere is stretched
    kept = rng.random(len(part)) < slant * radii.min(axis=1)
    part, unit, radii = part[kept], unit[kept], radii[kept]
    turn = parts.rotation[part]
    point = np.einsum("nij,nj->ni", turn, unit * radii) + parts.center[part]
    normal = np.einsum("nij,nj->ni", turn, unit / radii)
    return _Roots(point, normal / np.linalg.norm(normal, axis=1, keepdims=True), unit, part)


def _visible(parts: Parts, roots: _Roots, camera: Camera) -> _Roots:
    """Roots that the camera sees, and those just behind an outline, whose tips show."""
    to_eye = np.asarray(camera.eye, np.float32) - roots.point
    to_eye /= np.linalg.norm(to_eye, axis=1, keepdims=True)
    roots = roots[np.einsum("ij,ij->i", roots.normal, to_eye) > -0.32]
    roots = roots[~buried(parts, roots.point, roots.part)]
    to_eye = np.asarray(camera.eye, np.float32) - roots.point
    return roots[light_through(parts, roots.point, to_eye, roots.part, 0.06) > 0.35]


def _materials(parts: Parts, roots: _Roots) -> tuple[NDArray[np.int64], Array]:
    """Material and length of the fur at each root: patches of another fur are sewn onto some parts."""
    material, length = parts.material[roots.part], parts.fur[roots.part]
    x, y, z = roots.unit.T
    on = {name: roots.part == i for i, name in enumerate(parts.names)}
    belly = on["body"] & ((x / 0.66) ** 2 + ((y + 0.10) / 0.74) ** 2 < 1) & (z > 0)
    blaze = on["head"] & (np.abs(x) < 0.07 + 0.16 * (y + 0.35)) & (y > -0.35) & (y < 0.56) & (z > 0)
    material[belly | blaze] = CREAM
    length[belly] *= 0.75
    for side in ("left", "right"):
        inner = on[f"{side} ear"] & (x**2 + (y + 0.08) ** 2 < 0.70**2) & (z > 0)
        material[inner] = INNER
        length[inner] *= 0.45
        sole = on[f"{side} foot"] & (x**2 + y**2 < 0.72**2) & (z > 0)
        material[sole] = CREAM
        length[sole] *= 0.40
    return material, length


class _Swirl:
    """A smooth random vector field: a few plane waves."""

    def __init__(self, rng: np.random.Generator, scale: float, waves: int = 7) -> None:
        self._wave = (rng.normal(size=(3, waves)) / scale).astype(np.float32)
        self._phase = rng.uniform(0, 2 * np.pi, waves).astype(np.float32)
        self._way = (rng.normal(size=(waves, 3)) / np.sqrt(waves / 2)).astype(np.float32)

    def __call__(self, points: Array) -> Array:
        """Vectors (N, 3) of about unit length at points (N, 3)."""
        return np.asarray(np.sin(points @ self._wave + self._phase) @ self._way)


def _combed(parts: Parts, roots: _Roots) -> Array:
    """The way the fur lies: down each part, and away from the nose on the head."""
    local = np.tile(np.array([0.0, -1.0, 0.0], np.float32), (len(roots.part), 1))
    head = roots.part == parts.index("head")
    local[head] = roots.unit[head] - np.array([0.0, -0.35, 1.0], np.float32)
    way = np.einsum("nij,nj->ni", parts.rotation[roots.part], local)
    way -= np.einsum("ij,ij->i", way, roots.normal)[:, None] * roots.normal
    return np.asarray(way / (np.linalg.norm(way, axis=1, keepdims=True) + 0.2), np.float32)


def grow(parts: Parts, species: Species, camera: Camera, light: Light, rng: np.random.Generator, count: int) -> Strands:
    """The fur that the camera sees, shaded.

    count : strands on the whole surface, before those out of sight are left out.
    """
    tuft, wisp = _Swirl(rng, 0.075), _Swirl(rng, 0.022)
    roots = _visible(parts, _roots(parts, count, rng), camera)
    material, length = _materials(parts, roots)
    number = len(length)
    rest = roots.point - parts.center[roots.part]  # the fur's own whirls move with the part
    swirl = 0.55 * tuft(rest) + 0.34 * wisp(rest) + 0.24 * rng.normal(size=(number, 3)).astype(np.float32)
    length = length * rng.uniform(0.62, 1.08, number).astype(np.float32) * (1 + 0.16 * wisp(rest + 1)[:, 0])
    bend = 0.62 * _combed(parts, roots) + swirl + np.array([0, -0.16, 0], np.float32)
    t = np.array([0.0, 0.35, 0.7, 1.0], np.float32)[None, :, None]
    points = roots.point[:, None] + length[:, None, None] * (roots.normal[:, None] * 0.80 * t + bend[:, None] * t**1.6)

    tip = points[:, 3] - points[:, 0]
    tip /= np.linalg.norm(tip, axis=1, keepdims=True) + 1e-6
    to_eye = np.asarray(camera.eye, np.float32) - roots.point
    to_eye /= np.linalg.norm(to_eye, axis=1, keepdims=True)
    # Seen along the surface, fur is so deep that light scatters evenly through it: an outline shows no single strands.
    plain = np.clip((np.einsum("ij,ij->i", roots.normal, to_eye) - 0.2) / 0.5, 0, 1)[:, None]
    facing = roots.normal + (0.15 + 0.40 * plain) * tip
    facing /= np.linalg.norm(facing, axis=1, keepdims=True)
    reach = light_through(parts, roots.point + 0.02 * roots.normal, light.direction, roots.part, light.softness)
    open_ = openness(parts, roots.point, roots.normal, roots.part)
    ground = np.clip(roots.point[:, 1] / 0.22, 0, 1)
    fallen = light.shade(facing, reach, open_ * (0.60 + 0.40 * ground), 0.35)
    albedo = to_linear(np.array(species.colors, np.float32))[material]
    shade = fallen * albedo * (1 + plain * rng.uniform(-0.1, 0.1, (number, 1)).astype(np.float32))
    depth = 1 + plain * np.array([[-0.26, 0.04]], np.float32)  # light hardly reaches down between the strands
    colors = shade[:, None, :] * depth[:, :, None]
    bed = roots.point - BED * roots.normal
    width = 0.0023 + 0.0014 * np.clip(1 - length / 0.045, 0, 1)  # the shorter the pile, the thicker its tufts
    return Strands(points.astype(np.float32), bed, colors.astype(np.float32), width.astype(np.float32))


def sew(parts: Parts, light: Light, rng: np.random.Generator) -> Strands:
    """Nose and mouth: satin threads laid side by side on the muzzle."""
    lines = []
    for row in np.linspace(-1, 1, 34):  # the nose
        half = 0.30 * np.sqrt(max(1 - abs(row) ** 2.6, 0.02)) * (0.72 + 0.32 * row)
        lines.append(np.stack([np.linspace(-half, half, 4), np.full(4, 0.50 + 0.26 * row)], axis=1))
    for k in range(4):  # the line below it
        lines.append(np.stack([np.zeros(4), np.linspace(0.26, 0.17, 4) - 0.09 * k], axis=1))
    t = np.linspace(0, 1, 6)
    for sign in (-1, 1):  # the smile
        path = np.stack([sign * 0.50 * t, -0.11 - 0.17 * np.sin(t * 2.5)], axis=1)
        lines += [np.linspace(a, a + (b - a) * 0.86, 4) for a, b in pairwise(path)]
    flat = np.stack(lines).astype(np.float32)
    flat += rng.normal(0, 0.006, (len(flat), 1, 2)).astype(np.float32)
    ahead = np.sqrt(np.clip(1.30 - np.sum(flat**2, axis=2, keepdims=True), 0.05, None))
    local = np.concatenate([flat, ahead], axis=2)
    points = parts.to_world("muzzle", local.reshape(-1, 3)).reshape(-1, 4, 3)
    normal = (local[:, 1] / np.linalg.norm(local[:, 1], axis=1, keepdims=True)) @ parts.turn_of("muzzle").T
    ones = np.ones(len(flat), np.float32)
    reach = light_through(parts, points[:, 1] + 0.05 * normal, light.direction, None, light.softness)
    fallen = light.shade(normal.astype(np.float32), reach, ones, 0.2)
    sheen = np.clip((normal @ light.direction), 0, 1)[:, None] ** 8 * 0.10 * np.asarray(light.key)
    shade = fallen * np.asarray(THREAD) * rng.uniform(0.75, 1.3, (len(flat), 1)) + sheen * reach[:, None]
    colors = np.repeat(shade[:, None, :], 2, axis=1).astype(np.float32)
    bed = points[:, 0] - np.float32(2 * BED) * normal
    return Strands(points.astype(np.float32), bed, colors, np.full(len(flat), 0.013, np.float32))


def joined(*groups: Strands) -> Strands:
    """All strands of several groups."""
    return Strands(
        np.concatenate([g.points for g in groups]),
        np.concatenate([g.bed for g in groups]),
        np.concatenate([g.colors for g in groups]),
        np.concatenate([g.width for g in groups]),
    )


def cloth_colors(parts: Parts, species: Species, light: Light) -> Array:
    """Linear colour (P, 3) of the cloth under the fur, which little light reaches."""
    albedo = to_linear(np.array(species.colors, np.float32))[parts.material]
    dim = 0.30 * np.asarray(light.key) + 0.35 * (np.asarray(light.sky) + np.asarray(light.bounce)) / 2
    return np.asarray(albedo * dim, np.float32)
