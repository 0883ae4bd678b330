"""The toy: ellipsoids posed in space.

In: a species and a pose. Out: `Parts`, arrays with one row per ellipsoid, in toy units (a sitting toy is about 1.8
tall), x to the right of the picture, y up, z to the viewer when the toy is not turned. Never: pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # of floats, in the shape that is said where it is used
Triple = tuple[float, float, float]

# Materials: what a part or a region of it is made of.
COAT, CREAM, INNER, DARK = range(4)


@dataclass(frozen=True, slots=True)
class Species:
    """A design: the sRGB colours of its four materials, its ears and tail, and the length of its fur.

    ear : radii of an ear. ear_at : place of the ear in units of the head. tail : whether it has the long thin one.
    """

    colors: tuple[Triple, Triple, Triple, Triple]
    ear: Triple
    ear_at: Triple
    ear_roll_deg: float
    tail: bool
    fur: float


RINGTAIL = Species(
    colors=((0.74, 0.50, 0.30), (0.93, 0.87, 0.77), (0.80, 0.57, 0.52), (0.31, 0.20, 0.15)),
    ear=(0.25, 0.26, 0.075),
    ear_at=(0.40, 0.36, -0.02),
    ear_roll_deg=-38.0,
    tail=True,
    fur=0.07,
)
RABBIT = Species(
    colors=((0.40, 0.49, 0.62), (0.92, 0.92, 0.93), (0.86, 0.66, 0.68), (0.20, 0.22, 0.30)),
    ear=(0.13, 0.44, 0.06),
    ear_at=(0.20, 0.66, -0.02),
    ear_roll_deg=-14.0,
    tail=False,
    fur=0.05,
)

# An arm is given by its elbow and paw (right side of the picture; the left one is mirrored), a leg by knee and heel.
ARMS: dict[str, tuple[Triple, Triple]] = {
    "down": ((0.53, 0.58, 0.12), (0.57, 0.29, 0.30)),
    "hip": ((1.02, 0.64, 0.00), (0.64, 0.24, 0.24)),
    "up": ((0.70, 1.02, 0.05), (0.96, 1.36, 0.08)),
    "wave": ((0.74, 0.84, 0.10), (0.92, 1.16, 0.18)),
    "front": ((0.52, 0.64, 0.30), (0.20, 0.56, 0.52)),
    "out": ((0.68, 0.82, 0.08), (1.02, 0.80, 0.12)),
    "chin": ((0.52, 0.66, 0.36), (0.22, 0.90, 0.54)),
}
LEGS: dict[str, tuple[Triple, Triple]] = {
    "sit": ((0.36, 0.20, 0.42), (0.50, 0.19, 0.74)),
    "wide": ((0.50, 0.20, 0.34), (0.80, 0.19, 0.52)),
    "stand": ((0.24, -0.14, 0.05), (0.26, -0.40, 0.06)),
    "kick": ((0.38, 0.26, 0.42), (0.56, 0.42, 0.72)),
}
SHOULDER, HIP = (0.34, 0.88, 0.06), (0.24, 0.20, 0.12)


@dataclass(frozen=True, slots=True)
class Pose:
    """How the toy sits: names of `ARMS` and `LEGS` (left and right of the picture) and angles in degrees.

    tilt, turn, nod : of the head. yaw : of the whole toy. lean : of the whole toy, forward positive; -90 lies on its
    back. tail : which of `TAILS`.
    """

    arms: tuple[str, str] = ("down", "down")
    legs: tuple[str, str] = ("sit", "sit")
    tilt: float = 0.0
    turn: float = 0.0
    nod: float = 0.0
    yaw: float = 0.0
    lean: float = 0.0
    roll: float = 0.0
    tail: str = "side"


TAILS: dict[str, tuple[Triple, ...]] = {
    "side": ((0.1, 0.14, -0.36), (0.55, 0.08, -0.42), (0.98, 0.14, -0.18), (1.16, 0.50, -0.08), (1.02, 0.86, -0.06)),
    "left": ((-0.1, 0.14, -0.36), (-0.6, 0.07, -0.40), (-1.02, 0.09, -0.05), (-1.28, 0.12, 0.35), (-1.10, 0.12, 0.72)),
    "up": ((0.0, 0.16, -0.38), (0.42, 0.10, -0.62), (0.86, 0.50, -0.46), (0.82, 1.04, -0.34), (1.08, 1.40, -0.30)),
    "wave": ((-0.1, 0.16, -0.36), (-0.56, 0.20, -0.50), (-0.92, 0.46, -0.36), (-0.86, 0.86, -0.3), (-1.14, 1.1, -0.26)),
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Ellipsoids: center (P, 3), radii (P, 3), rotation (P, 3, 3) from local to world, material (P,), fur (P,)."""

    center: Array
    radii: Array
    rotation: Array
    material: NDArray[np.int64]
    fur: Array
    names: tuple[str, ...]

    @property
    def to_unit(self) -> Array:
        """Matrices (P, 3, 3) that turn each part, moved to the origin, into the unit sphere."""
        return np.asarray(self.rotation.transpose(0, 2, 1) / self.radii[:, :, None])

    def index(self, name: str) -> int:
        """Row of the part of this name."""
        return self.names.index(name)

    def to_world(self, name: str, local: Array) -> Array:
        """World points (N, 3) of points in the unit sphere of a part."""
        row = self.index(name)
        return np.asarray((local * self.radii[row]) @ self.rotation[row].T + self.center[row])

    def turn_of(self, name: str) -> Array:
        """Rotation (3, 3) of a part."""
        return np.asarray(self.rotation[self.index(name)])


@dataclass(slots=True)
class _Builder:
    rows: list[tuple[str, Triple, Triple, Array, int, float]] = field(default_factory=list)

    def add(
        self, name: str, at: Sequence[float] | Array, radii: Triple, turn: Array, material: int, fur: float
    ) -> None:
        self.rows.append((name, (at[0], at[1], at[2]), radii, turn, material, fur))

    def limb(
        self, name: str, start: Sequence[float], end: Sequence[float], radius: float, material: int, fur: float
    ) -> None:
        """Add an ellipsoid that reaches from start to end."""
        a, b = np.asarray(start, np.float32), np.asarray(end, np.float32)
        along = b - a
        length = float(np.linalg.norm(along))
        middle = (a + b) / 2
        self.add(
            name, middle.tolist(), (radius, length / 2 + radius * 0.8, radius), _upward(along / length), material, fur
        )


def rotation(x_deg: float = 0.0, y_deg: float = 0.0, z_deg: float = 0.0) -> Array:
    """Rotation matrix (3, 3), float32: about z first, then x, then y."""
    (cx, cy, cz), (sx, sy, sz) = (f(np.radians([x_deg, y_deg, z_deg])) for f in (np.cos, np.sin))
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(about_y @ about_x @ about_z, np.float32)


def _upward(direction: Array) -> Array:
    """Rotation whose second column is the direction."""
    side = np.cross(direction, np.array([0.0, 0.0, 1.0]) if abs(direction[2]) < 0.9 else np.array([1.0, 0.0, 0.0]))
    side /= np.linalg.norm(side)
    return np.stack([side, direction, np.cross(side, direction)], axis=1).astype(np.float32)


def build(species: Species, pose: Pose) -> Parts:
    """The toy's ellipsoids in a pose, standing or sitting on y = 0."""
    plain = rotation()
    b = _Builder()
    fur = species.fur
    b.add("body", (0, 0.54, 0), (0.43, 0.52, 0.37), plain, COAT, fur)
    head = rotation(pose.nod, pose.turn, pose.tilt)
    at = np.array([0.0, 0.98, 0.04]) + head @ np.array([0.0, 0.40, 0.03])
    b.add("head", at, (0.47, 0.42, 0.42), head, COAT, fur * 0.9)
    b.add("muzzle", at + head @ np.array([0, -0.13, 0.33]), (0.235, 0.175, 0.17), head, CREAM, fur * 0.42)
    for side, sign in (("left", -1.0), ("right", 1.0)):
        ear = head @ rotation(-6.0, sign * 14.0, sign * species.ear_roll_deg)
        place = np.array(species.ear_at) * [sign, 1, 1]
        b.add(f"{side} ear", at + head @ place, species.ear, ear, COAT, fur * 0.62)
        _add_limbs(b, side, sign, pose, fur)
    if species.tail:
        _add_tail(b, pose, fur)
    else:
        b.add("tail", (0, 0.22, -0.42), (0.15, 0.15, 0.13), plain, CREAM, fur * 1.3)
    return _posed(b, pose)


def _add_limbs(b: _Builder, side: str, sign: float, pose: Pose, fur: float) -> None:
    which = 0 if sign < 0 else 1

    def flip(point: Triple) -> Triple:
        return sign * point[0], point[1], point[2]

    elbow, paw = (flip(p) for p in ARMS[pose.arms[which]])
    b.limb(f"{side} upper arm", flip(SHOULDER), elbow, 0.10, COAT, fur * 0.85)
    b.limb(f"{side} arm", elbow, paw, 0.10, COAT, fur * 0.85)
    b.add(f"{side} paw", paw, (0.13, 0.135, 0.125), rotation(), COAT, fur)
    knee, heel = (flip(p) for p in LEGS[pose.legs[which]])
    b.limb(f"{side} thigh", flip(HIP), knee, 0.20, COAT, fur)
    b.limb(f"{side} leg", knee, heel, 0.165, COAT, fur)
    if pose.legs[which] == "stand":
        b.add(
            f"{side} foot", np.add(heel, (sign * 0.02, -0.04, 0.10)), (0.165, 0.12, 0.24), rotation(), COAT, fur * 0.7
        )
    else:
        turn = rotation(-8, sign * 16, -sign * 8)
        b.add(f"{side} foot", np.add(heel, (0, 0.05, 0.05)), (0.175, 0.225, 0.12), turn, COAT, fur * 0.7)


def _add_tail(b: _Builder, pose: Pose, fur: float) -> None:
    """Add a thin ringed tail along a spline through the pose's points, with a tuft at its tip."""
    knots = np.array(TAILS[pose.tail], np.float32)
    padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    points = []
    for k in range(len(knots) - 1):
        p0, p1, p2, p3 = padded[k : k + 4]
        slope, curve, twist = p2 - p0, 2 * p0 - 5 * p1 + 4 * p2 - p3, 3 * p1 - p0 - 3 * p2 + p3  # Catmull-Rom
        points += [p1 + (slope * t + curve * t**2 + twist * t**3) / 2 for t in (0.0, 0.33, 0.67)]
    points.append(knots[-1])
    for k, (start, end) in enumerate(pairwise(points)):
        b.limb(f"tail {k}", start, end, 0.034, DARK if k % 3 == 2 else COAT, fur * 0.30)
    tip = points[-1] + (points[-1] - points[-2]) * 0.9
    b.limb("tail tip", points[-1], tip, 0.062, DARK, fur * 0.9)


def _posed(b: _Builder, pose: Pose) -> Parts:
    whole = rotation(pose.lean, pose.yaw, pose.roll)
    names, centers, radii, turns, materials, fur = zip(*b.rows, strict=True)
    turn = np.einsum("ij,pjk->pik", whole, np.stack(turns)).astype(np.float32)
    center = (np.array(centers, np.float32) @ whole.T).astype(np.float32)
    radius = np.array(radii, np.float32)
    lowest = (center[:, 1] - np.linalg.norm(turn[:, 1, :] * radius, axis=1)).min()
    center[:, 1] -= lowest + 0.01  # the toy's weight presses its fur into the ground
    return Parts(center, radius, turn, np.array(materials), np.array(fur, np.float32), names)
