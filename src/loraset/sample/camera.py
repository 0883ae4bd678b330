"""The camera and the light of a shot.

In: angles, distances, colours. Out: projections, rays, and light as plain arrays. Never: pixels.
"""

from dataclasses import dataclass, replace

import numpy as np

from loraset.sample.toy import Array, Triple

EXPOSURE = 1.45


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera that looks at a point.

    eye, target : world points. focal : focal length in units of the picture's longer side. size : (width, height), px.
    """

    eye: Triple
    target: Triple
    focal: float
    size: tuple[int, int]

    @property
    def axes(self) -> Array:
        """Rows: right, up, back (from the scene to the camera); (3, 3)."""
        back = np.asarray(self.eye, np.float32) - np.asarray(self.target, np.float32)
        back /= np.linalg.norm(back)
        up = np.array([0.0, 1.0, 0.0], np.float32) if abs(back[1]) < 0.98 else np.array([0.0, 0.0, -1.0], np.float32)
        right = np.cross(up, back)
        right /= np.linalg.norm(right)
        up = np.cross(back, right)
        return np.stack([right, up, back]).astype(np.float32)

    @property
    def focal_px(self) -> float:
        """Focal length in px."""
        return self.focal * max(self.size)

    def project(self, points: Array) -> tuple[Array, Array]:
        """Picture coordinates (..., 2) in px (the corner of the first pixel is 0) and depth (...) of world points."""
        seen = (points - np.asarray(self.eye, np.float32)) @ self.axes.T
        depth = np.maximum(-seen[..., 2], 1e-3)
        x = self.size[0] / 2 + self.focal_px * seen[..., 0] / depth
        y = self.size[1] / 2 - self.focal_px * seen[..., 1] / depth
        return np.stack([x, y], axis=-1).astype(np.float32), depth.astype(np.float32)

    def rays(self, step: int = 1) -> Array:
        """World directions (h, w, 3), not normalised (unit depth), through the centres of step x step px blocks."""
        width, height = -(-self.size[0] // step), -(-self.size[1] // step)
        x = ((np.arange(width) + 0.5) * step - self.size[0] / 2) / self.focal_px
        y = (self.size[1] / 2 - (np.arange(height) + 0.5) * step) / self.focal_px
        local = np.stack([*np.meshgrid(x, y), np.full((height, width), -1.0)], axis=-1)
        return np.asarray(local.astype(np.float32) @ self.axes)


@dataclass(frozen=True, slots=True)
class Light:
    """A key light and an ambient one, in linear light, before the exposure.

    toward : direction to the key. key, sky, bounce : linear RGB; sky comes from above, bounce from below.
    softness : penumbra of the key's shadows. noise : of the sensor, 1 in good light. reach : distance from the toy in
    which the key fades to a half (0: it is far away). spill : linear RGB that a coloured wall and floor throw back.
    """

    toward: Triple
    key: Triple
    sky: Triple
    bounce: Triple
    softness: float = 0.25
    noise: float = 1.0
    reach: float = 0.0
    spill: Triple = (0.0, 0.0, 0.0)

    @property
    def direction(self) -> Array:
        """Unit vector to the key light."""
        way = np.asarray(self.toward, np.float32)
        return np.asarray(way / np.linalg.norm(way))

    def without_spill(self) -> "Light":
        """Return the same light before a wall of no colour."""
        return replace(self, spill=(0.0, 0.0, 0.0))

    def pool(self, points: Array) -> Array:
        """Brightness (N,) of the light at points (N, 3): 1 at the toy, less far from it where the key is near."""
        if not self.reach:
            return np.ones(len(points), np.float32)
        return np.asarray(1 / (1 + np.sum(points**2, axis=1) / self.reach**2), np.float32)

    def shade(self, normals: Array, reach: Array, open_: Array, wrap: float) -> Array:
        """Light (N, 3) that falls on surfaces: Lambert for the key, softened by wrap, and a sky above a floor.

        normals : (N, 3). reach, open_ : (N,), of `light_through` and `openness`.
        """
        lambert = np.clip((normals @ self.direction + wrap) / (1 + wrap), 0, 1) * reach
        up = (0.5 + 0.5 * normals[:, 1:2]) * np.ones((1, 3), np.float32)
        ambient = (np.asarray(self.sky) * up + np.asarray(self.bounce) * (1 - up)) * open_[:, None]
        thrown = np.clip(0.5 - 0.4 * normals[:, 2:] - 0.4 * normals[:, 1:2], 0, 1) * np.asarray(self.spill)
        return np.asarray(EXPOSURE * (lambert[:, None] * np.asarray(self.key) + ambient + thrown), np.float32)
