"""The toy's picture: cloth, strands and button eyes, drawn far to near.

In: posed parts and their strands, a camera, a light. Out: premultiplied colour in linear light and coverage, at the
picture's size. Never: a background; every strand carries only its own shaded colour, so the colour at a soft edge is
the fur's.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from loraset.color import to_linear, to_srgb
from loraset.sample.camera import Camera, Light
from loraset.sample.fur import BED, Strands
from loraset.sample.rays import light_through
from loraset.sample.toy import Array, Parts
from loraset.types import ByteImage

EYES = ((-0.40, 0.10, 0.90), (0.40, 0.10, 0.90))  # in the head's unit sphere
EYE_RADIUS = 0.066
Whole = NDArray[Any]  # of whole numbers
_BITS = 4  # sub-pixel bits of OpenCV's drawing functions


def draw(parts: Parts, strands: Strands, camera: Camera, light: Light, under: Array, scale: int) -> tuple[Array, Array]:
    """Premultiplied linear colour (H, W, 3) and coverage (H, W) of the toy.

    under : linear colour (P, 3) of the cloth that the fur of each part is sewn on. scale : supersampling.
    """
    width, height = camera.size
    canvas = np.zeros((height * scale, width * scale, 4), np.uint8)
    _draw_cloth(canvas, parts, camera, under, scale)
    flat, depth = camera.project(strands.points)
    at = np.round(flat * (scale << _BITS)).astype(np.int32)
    ink = np.round(to_srgb(np.clip(strands.colors, 0, 1)) * 255).astype(int)
    thick = np.maximum(np.round(strands.width * camera.focal_px / depth[:, 0] * scale), 1).astype(int)
    buttons = [(float(d), place) for place, d in _eye_places(parts, camera)]
    order = np.argsort(-depth[:, 1:3].mean(axis=1), kind="stable")
    far = depth[order, 1:3].mean(axis=1)
    _draw_bed(canvas, strands, camera, ink, scale)
    start = 0
    for eye_depth, place in sorted(buttons, reverse=True, key=lambda item: item[0]):
        stop = int(np.searchsorted(-far, -eye_depth))
        _draw_lines(canvas, at, ink, thick, order[start:stop])
        _draw_eye(canvas, parts, camera, light, place, scale)
        start = stop
    _draw_lines(canvas, at, ink, thick, order[start:])
    return _reduced(canvas, scale)


def _draw_lines(canvas: ByteImage, at: Whole, ink: Whole, thick: Whole, order: Whole) -> None:
    low, high = np.ascontiguousarray(at[:, :3]), np.ascontiguousarray(at[:, 2:])
    colors, widths = ink.tolist(), thick.tolist()
    for i in order.tolist():
        root, tip = colors[i]
        if root == tip:
            cv2.polylines(canvas, [at[i]], False, (*root, 255), widths[i], cv2.LINE_AA, _BITS)
            continue
        cv2.polylines(canvas, [low[i]], False, (*root, 255), widths[i], cv2.LINE_AA, _BITS)
        cv2.polylines(canvas, [high[i]], False, (*tip, 255), max(widths[i] - 1, 1), cv2.LINE_AA, _BITS)


def _draw_bed(canvas: ByteImage, strands: Strands, camera: Camera, ink: Whole, scale: int) -> None:
    """Dense short fur below the strands: dots under every root, so deep that they swell no outline."""
    middle, depth = camera.project(strands.bed)
    radius = max(round(BED * camera.focal_px / float(depth.mean()) * (scale << _BITS)), 1)
    dots = np.round(middle * (scale << _BITS)).astype(np.int32).tolist()
    for dot, color in zip(dots, (ink[:, 0] * 0.92).astype(int).tolist(), strict=True):
        cv2.circle(canvas, dot, radius, (*color, 255), -1, cv2.LINE_8, _BITS)


def _draw_cloth(canvas: ByteImage, parts: Parts, camera: Camera, under: Array, scale: int) -> None:
    """Fill the parts' outlines, far to near, so that nothing shows through between strands."""
    turn = np.linspace(0, 2 * np.pi, 49, dtype=np.float32)[:-1]
    ink = np.round(to_srgb(np.clip(under, 0, 1)) * 255).astype(int).tolist()
    depth = camera.project(parts.center)[1]
    for p in np.argsort(-depth, kind="stable").tolist():
        view = np.asarray(camera.eye, np.float32) - parts.center[p]
        view = view @ parts.rotation[p] / parts.radii[p]  # in unit space the outline is a circle across the view
        view /= np.linalg.norm(view)
        side = np.cross(view, [0, 0, 1] if abs(view[2]) < 0.9 else [1, 0, 0])
        side /= np.linalg.norm(side)
        rim = np.cos(turn)[:, None] * side + np.sin(turn)[:, None] * np.cross(view, side)
        world = (0.94 * rim * parts.radii[p]) @ parts.rotation[p].T + parts.center[p]
        outline = np.round(camera.project(world.astype(np.float32))[0] * (scale << _BITS)).astype(np.int32)
        cv2.fillPoly(canvas, [outline], (*ink[p], 255), cv2.LINE_AA, _BITS)


def _eye_places(parts: Parts, camera: Camera) -> list[tuple[Array, float]]:
    """Centres of the eyes that the camera sees, and their depth."""
    head = np.array(EYES, np.float32)
    head /= np.linalg.norm(head, axis=1, keepdims=True)
    places = parts.to_world("head", head * 1.04)
    outward = head @ parts.turn_of("head").T
    to_eye = np.asarray(camera.eye, np.float32) - places
    seen = np.einsum("ij,ij->i", outward, to_eye) > 0.12 * np.linalg.norm(to_eye, axis=1)
    clear = light_through(parts, places + 0.08 * outward, to_eye, None, 0.05) > 0.5
    depth = camera.project(places)[1]
    return [(places[i], float(depth[i]) - 0.075) for i in range(2) if seen[i] and clear[i]]


def _draw_eye(canvas: ByteImage, parts: Parts, camera: Camera, light: Light, place: Array, scale: int) -> None:
    """A glossy dark button: a sphere that mirrors a window, the sky and the floor."""
    (cx, cy), depth = camera.project(place)
    radius = EYE_RADIUS * camera.focal_px / float(depth) * scale
    cx, cy = float(cx) * scale, float(cy) * scale
    x0, y0 = max(int(cx - radius) - 2, 0), max(int(cy - radius) - 2, 0)
    x1, y1 = min(int(cx + radius) + 3, canvas.shape[1]), min(int(cy + radius) + 3, canvas.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32) + 0.5
    nx, ny = (x - cx) / radius, -(y - cy) / radius
    cover = np.clip((1 - np.hypot(nx, ny)) * radius + 0.5, 0, 1)[..., None]
    normal = np.dstack([nx, ny, np.sqrt(np.clip(1 - nx**2 - ny**2, 0, 1))]).reshape(-1, 3) @ camera.axes
    back = camera.axes[2]
    mirror = 2 * (normal @ back)[:, None] * normal - back
    toward = light.direction
    window = np.clip((mirror @ toward - 0.86) / 0.05, 0, 1) ** 2
    fresnel = 0.03 + 0.35 * (1 - np.clip(normal @ back, 0, 1)) ** 4
    up = np.clip(0.5 + 0.5 * mirror[:, 1], 0, 1)[:, None]
    room = np.asarray(light.sky) * up + np.asarray(light.bounce) * (1 - up)
    body = np.array([0.010, 0.006, 0.005]) * (0.4 + np.clip(normal @ toward, 0, 1))[:, None] * 2
    glint = np.clip((mirror @ np.array([-0.35, 0.25, 0.9]) - 0.93) / 0.05, 0, 1) * 0.04
    lit = body + fresnel[:, None] * room + window[:, None] * np.asarray(light.key) * 0.9 + glint[:, None]
    ink = to_srgb(np.clip(lit, 0, 1).astype(np.float32)).reshape(*cover.shape[:2], 3) * 255
    patch = canvas[y0:y1, x0:x1].astype(np.float32)
    full = np.dstack([ink, np.full(cover.shape[:2], 255, np.float32)])
    canvas[y0:y1, x0:x1] = np.round(patch * (1 - cover) + full * cover).astype(np.uint8)


def linear_premultiplied(canvas: ByteImage) -> Array:
    """float32 (H, W, 4) in linear light of a uint8 canvas that holds sRGB premultiplied by coverage."""
    curve = to_linear(np.arange(256, dtype=np.float32) / np.float32(255))
    result = np.dstack([curve[canvas[..., :3]], canvas[..., 3].astype(np.float32) / np.float32(255)])
    partial = np.flatnonzero((canvas[..., 3] > 0) & (canvas[..., 3] < 255))
    some = canvas.reshape(-1, 4)[partial].astype(np.float32)
    straight = to_linear(np.minimum(some[:, :3] / some[:, 3:], 1))  # take it apart before the curve
    result.reshape(-1, 4)[partial, :3] = straight * some[:, 3:] / np.float32(255)
    return np.asarray(result, np.float32)


def _reduced(canvas: ByteImage, scale: int) -> tuple[Array, Array]:
    """Average the canvas down in linear light."""
    result = np.zeros((canvas.shape[0] // scale, canvas.shape[1] // scale, 4), np.float32)
    used = canvas[..., 3].reshape(len(result), scale, result.shape[1], scale).max(axis=(1, 3))
    rows, columns = np.flatnonzero(used.any(axis=1)), np.flatnonzero(used.any(axis=0))
    if len(rows):
        (y0, y1), (x0, x1) = (rows[0], rows[-1] + 1), (columns[0], columns[-1] + 1)
        part = canvas[y0 * scale : y1 * scale, x0 * scale : x1 * scale]
        result[y0:y1, x0:x1] = cv2.resize(linear_premultiplied(part), (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(result[..., :3]), np.ascontiguousarray(result[..., 3])
