"""The rays between points and the toy's parts: what is inside, what is in shadow, what is hemmed in.

In: `Parts` and points of space. Out: one number per point. Never: pixels, colours.
"""

import numpy as np
from numpy.typing import NDArray

from loraset.sample.toy import Array, Parts


def _square(columns: Array) -> Array:
    """Squared length of the columns of (3, N)."""
    return np.asarray(columns[0] * columns[0] + columns[1] * columns[1] + columns[2] * columns[2])


def buried(parts: Parts, points: Array, own: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which points (N, 3) lie inside another part than their own: bool (N,)."""
    inside = np.zeros(len(points), np.bool_)
    for p, to_unit in enumerate(parts.to_unit):
        unit = to_unit @ (points - parts.center[p]).T
        inside |= (_square(unit) < 0.94) & (own != p)
    return inside


def light_through(parts: Parts, points: Array, toward: Array, own: NDArray[np.int64] | None, softness: float) -> Array:
    """How much of a light reaches each point past the parts: float32 (N,), 0 is full shadow.

    points : (N, 3). toward : directions to the light, (3,) or (N, 3). own : (N,) the part a point lies on, which does
    not hide it (None: none). softness : width of the penumbra as a fraction of a part's radius.
    """
    reach = np.ones(len(points), np.float32)
    way = np.ascontiguousarray(np.broadcast_to(toward, points.shape).T) if toward.ndim > 1 else toward[:, None]
    for p, to_unit in enumerate(parts.to_unit):
        origin, ray = to_unit @ (points - parts.center[p]).T, to_unit @ way
        square = _square(ray)
        along = -(origin[0] * ray[0] + origin[1] * ray[1] + origin[2] * ray[2]) / square
        near = np.sqrt(np.maximum(_square(origin) - along * along * square, 0))
        clear = np.clip((near - (1 - softness)) / (2 * softness), 0, 1)
        clear[along < 0] = 1
        if own is not None:
            clear[own == p] = 1
        reach *= clear * clear * (3 - 2 * clear)
    return reach


def openness(parts: Parts, points: Array, normals: Array, own: NDArray[np.int64] | None) -> Array:
    """Ambient light that reaches each point: float32 (N,), in [0, 1]; a part hides about its solid angle.

    points, normals : (N, 3). own : as for `light_through`.
    """
    open_ = np.ones(len(points), np.float32)
    across = np.ascontiguousarray(normals.T)
    for p, to_unit in enumerate(parts.to_unit):
        away = (parts.center[p] - points).T
        facing = (across[0] * away[0] + across[1] * away[1] + across[2] * away[2]) / np.sqrt(_square(away) + 1e-9)
        share = 1 / np.maximum(_square(to_unit @ away), 1)  # the part's radius over its distance, squared
        hidden = share * np.clip(0.25 + 0.75 * facing, 0, 1)
        if own is not None:
            hidden[own == p] = 0
        open_ *= 1 - 0.8 * hidden
    return open_
