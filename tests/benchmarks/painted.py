"""Sets that benchmarks paint themselves, with exact truth: six kinds of subject, each before grounds of its own.

In: a kind and a seed. Out: `Shot`s of one subject. Never: outside data, so that whatever is fitted on these has seen
none of it.

ringtail  the sample's furred toy in a colourway of its own        drawing  flat colours, a costume of its own a picture
bricks    a rigid thing of many colours, from every side           limbs    a small body with thin arms and legs
patches   white, black and coloured parts, grounds of such colours  film    a walker before one ground
"""

from dataclasses import replace

import cv2
import numpy as np
from material import Shot

from loraset.color import to_srgb
from loraset.sample import SHOTS, scene
from loraset.sample.textures import TEXTURES

SIDE = 340  # px, long side
PICTURES = 8
FINE = 3  # what is drawn is drawn so much larger
GROUNDS = sorted(set(TEXTURES) - {"gravel", "lawn", "night", "screen"})
PALE_OR_DARK = ("linen", "plaster", "tiles", "pale_wood", "dark_wood", "leaves", "books", "night")


class Brush:
    """Draws on a canvas in units of a unit square; straight colours, [0, 1]."""

    def __init__(self, side, outline_px=0):
        self.rgba = np.zeros((side * FINE, side * FINE, 4), np.float32)
        self._scale, self._outline = side * FINE, outline_px * FINE

    def _points(self, points):
        return np.round(np.asarray(points) * self._scale).astype(np.int32)

    def polygon(self, points, colour):
        points = self._points(points)
        cv2.fillPoly(self.rgba, [points], _ink(colour))
        if self._outline:
            cv2.polylines(self.rgba, [points], True, (0.08, 0.07, 0.07, 1.0), self._outline)

    def ellipse(self, at, radii, turn, colour):
        angle = np.linspace(0, 2 * np.pi, 60)
        x, y = radii[0] * np.cos(angle), radii[1] * np.sin(angle)
        self.polygon(
            np.stack([at[0] + x * np.cos(turn) - y * np.sin(turn), at[1] + x * np.sin(turn) + y * np.cos(turn)], 1),
            colour,
        )

    def line(self, points, thick, colour):
        flat, width = self._points(points), max(1, round(thick * self._scale))
        if self._outline:
            cv2.polylines(self.rgba, [flat], False, (0.08, 0.07, 0.07, 1.0), width + 2 * self._outline)
        cv2.polylines(self.rgba, [flat], False, _ink(colour), width)


def _ink(colour):
    return *(float(value) for value in colour), 1.0


def colour_of(rng):
    """A colour as things have it: of any hue, or white, gray or black."""
    if rng.random() < 0.3:
        return np.full(3, rng.choice([0.08, 0.45, 0.93])) + rng.normal(0, 0.02, 3)
    hsv = np.array([[[rng.uniform(0, 360), rng.uniform(0.35, 0.95), rng.uniform(0.25, 0.95)]]], np.float32)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0]


def ground(rng, names, size):
    """A floor and a wall with light on them, and things that stand there: float32 (h, w, 3), sRGB."""
    width, height = size
    parts = [TEXTURES[names[int(rng.integers(len(names)))]](rng, SIDE) for _ in range(2)]
    parts = [
        cv2.resize(part, None, fx=zoom, fy=zoom)[:height, :width]
        for part, zoom in zip(parts, rng.uniform(1, 2, 2), strict=True)
    ]
    horizon = int(height * rng.uniform(0.0, 0.8))
    rgb = np.concatenate([parts[0][:horizon], parts[1][horizon:]])
    lit = cv2.resize(rng.uniform(0.6, 1.4, (3, 3)).astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    rgb = to_srgb(np.clip(rgb * lit[..., None], 0, 1).astype(np.float32))
    brush = Brush(SIDE)
    for _ in range(int(rng.integers(0, 5))):
        at, radii = rng.uniform(0, 1, 2), rng.uniform(0.04, 0.16, 2)
        if rng.random() < 0.5:
            brush.ellipse(at, radii, rng.uniform(0, 3), colour_of(rng))
        else:
            brush.polygon(at + radii * [[-1, -1], [1, -1], [1, 1], [-1, 1]], colour_of(rng))
    things = reduced(brush.rgba)[:height, :width]
    rgb = rgb * (1 - things[..., 3:]) + things[..., :3]
    return cv2.GaussianBlur(rgb, (0, 0), rng.uniform(0.4, 2.5))


def reduced(rgba):
    rgba[..., :3] *= rgba[..., 3:]
    return cv2.resize(rgba, None, fx=1 / FINE, fy=1 / FINE, interpolation=cv2.INTER_AREA)


def photo_of(name, rgba, behind, rng, plush=0.0):
    """A Shot of a premultiplied picture before a ground, with its shadow, light and noise. plush : strength of pile."""
    height, width = behind.shape[:2]
    light = cv2.resize(rng.uniform(0.75, 1.15, (3, 3)).astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    pile = cv2.GaussianBlur(rng.normal(0, 1, (SIDE, SIDE)).astype(np.float32), (0, 0), 1.2) * plush
    rgba = rgba.copy()
    rgba[..., :3] *= np.clip(light * (1 + pile), 0.2, 1.6)[..., None]
    rgba = rgba[:height, :width]
    shadow = cv2.warpAffine(rgba[..., 3], np.float32([[1, 0, rng.uniform(-12, 12)], [0, 1, 9]]), (width, height))
    shade = 1 - rng.uniform(0, 0.5) * cv2.GaussianBlur(shadow, (0, 0), 7)
    photo = rgba[..., :3] + (1 - rgba[..., 3:]) * behind * shade[..., None]
    photo = cv2.GaussianBlur(photo, (0, 0), 0.5) + rng.normal(0, rng.uniform(0.005, 0.02), photo.shape)
    truth = np.where(rgba[..., 3] > 0.5, 255, 0).astype(np.uint8)
    return Shot(name, np.round(np.clip(photo, 0, 1) * 255).astype(np.uint8), truth)


def placed(rgba, rng):
    """A premultiplied picture, scaled, turned and moved on its canvas, perhaps mirrored."""
    if rng.random() < 0.5:
        rgba = np.ascontiguousarray(rgba[:, ::-1])
    warp = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), rng.uniform(-12, 12), rng.uniform(0.6, 1.05))
    warp[:, 2] += rng.uniform(-0.1, 0.1, 2) * SIDE - (0, 0.06 * SIDE)
    return cv2.warpAffine(rgba, warp, (SIDE, SIDE), flags=cv2.INTER_AREA)


def drawing(design, rng):
    """A figure in flat colours, dressed for this picture."""
    brush = Brush(SIDE, outline_px=int(design["outline"]))
    skin, belly, ear = design["colours"][:3]
    for sign in (-1, 1):
        brush.line([(0.5 + 0.13 * sign, 0.55), (0.5 + 0.27 * sign, rng.uniform(0.35, 0.75))], 0.075, skin)
        brush.line([(0.5 + 0.08 * sign, 0.75), (0.5 + rng.uniform(0.08, 0.2) * sign, 0.92)], 0.085, skin)
        brush.ellipse((0.5 + 0.12 * sign, 0.15), (0.05, 0.09), 0.4 * sign, ear)
    brush.ellipse((0.5, 0.6), (0.17, 0.22), 0, skin)
    brush.ellipse((0.5, 0.64), (0.1, 0.14), 0, belly)
    if rng.random() < 0.6:  # a shirt
        brush.polygon([(0.36, 0.48), (0.64, 0.48), (0.67, 0.68), (0.33, 0.68)], colour_of(rng))
    brush.ellipse((0.5, 0.3), (0.19, 0.17), 0, skin)
    for sign in (-1, 1):
        brush.ellipse((0.5 + 0.08 * sign, 0.27), (0.045, 0.05), 0, (0.97, 0.97, 0.97))
        brush.ellipse((0.5 + 0.08 * sign, 0.28), (0.02, 0.02), 0, (0.05, 0.05, 0.08))
    if rng.random() < 0.6:  # a hat
        brim, top = rng.uniform(0.1, 0.24), rng.uniform(0.03, 0.1)
        brush.polygon(
            [(0.5 - brim, 0.17), (0.5 + brim, 0.17), (0.5 + top, rng.uniform(0, 0.08)), (0.5 - top, 0.04)],
            colour_of(rng),
        )
    if rng.random() < 0.6:  # something in a hand
        y, tone = rng.uniform(0.4, 0.7), colour_of(rng)
        brush.line([(0.77, y + 0.2), (0.77, y - 0.25)], 0.025, tone)
        brush.ellipse((0.77, y - 0.25), rng.uniform(0.04, 0.1, 2), 0, colour_of(rng))
    return brush.rgba


def bricks(design, rng):
    """Boxes of many colours, seen from any side above the ground."""
    brush = Brush(SIDE)
    yaw, pitch = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.9)
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    turn = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]) @ turn
    faces = []
    for centre, half, colour in design["boxes"]:
        for axis in range(3):
            for sign in (-1, 1):
                normal = sign * turn[:, axis]
                if normal[2] <= 0:
                    continue
                across = [np.eye(3)[k] * half[k] for k in range(3) if k != axis]
                corners = [
                    centre + sign * half[axis] * np.eye(3)[axis] + a * across[0] + b * across[1]
                    for a, b in ((-1, -1), (-1, 1), (1, 1), (1, -1))
                ]
                seen = np.array(corners) @ turn.T
                shade = 0.55 + 0.3 * normal[1] + 0.25 * normal[0] + 0.2 * normal[2]
                faces.append(
                    (
                        seen[:, 2].mean(),
                        np.stack([0.5 + seen[:, 0], 0.5 - seen[:, 1]], 1),
                        np.clip(colour * shade, 0, 1),
                    )
                )
    for _, corners, colour in sorted(faces, key=lambda face: face[0]):
        brush.polygon(corners, colour)
    return brush.rgba


def _boxes(rng):
    """Boxes of which each touches one before it: centre, half sides, colour."""
    boxes = [(np.zeros(3), rng.uniform(0.07, 0.14, 3), colour_of(rng))]
    while len(boxes) < 9:
        beside, half = boxes[rng.integers(len(boxes))], rng.uniform(0.03, 0.12, 3)
        step = rng.uniform(-0.5, 0.5, 3) * (beside[1] + half)
        axis = rng.integers(3)
        step[axis] = rng.choice([-1, 1]) * (beside[1] + half)[axis]
        boxes.append((beside[0] + step, half, colour_of(rng)))
    middle = np.mean([centre for centre, _, _ in boxes], axis=0)
    return [(centre - middle, half, colour) for centre, half, colour in boxes]


def limbs(design, rng):
    """A small body with long thin limbs, banded, hands and feet of a colour of their own."""
    brush = Brush(SIDE)
    main, band, hand, other = design["colours"][:4]
    for k in range(design["count"]):
        angle = 2 * np.pi * (k + 0.5) / design["count"] + rng.uniform(-0.3, 0.3)
        joint = 0.5 + 0.2 * np.array([np.cos(angle), np.sin(angle)])
        bend = angle + rng.uniform(-1.0, 1.0)
        tip = joint + 0.2 * np.array([np.cos(bend), np.sin(bend)])
        brush.line([(0.5, 0.5), joint, tip], design["thick"], main)
        brush.line([joint, 0.5 * joint + 0.5 * tip], design["thick"], band)
        brush.ellipse(tip, (0.035, 0.035), 0, hand)
    brush.ellipse((0.5, 0.5), (0.11, 0.14), rng.uniform(-0.4, 0.4), main)
    brush.ellipse((0.5, 0.4), (0.09, 0.08), rng.uniform(-0.4, 0.4), other)
    return brush.rgba


def patches(design, rng):
    """A plush thing with large parts in white, black and other colours."""
    brush = Brush(SIDE)
    body, head, foot, ear, nose = design["colours"]
    for sign in (-1, 1):
        brush.line([(0.5 + 0.15 * sign, 0.5), (0.5 + 0.3 * sign, rng.uniform(0.35, 0.75))], 0.12, body)
        at = 0.5 + rng.uniform(0.1, 0.22) * sign
        brush.line([(0.5 + 0.1 * sign, 0.7), (at, 0.85)], 0.14, body)
        brush.ellipse((at, 0.88), (0.1, 0.07), 0, foot)
        brush.ellipse((0.5 + 0.14 * sign, 0.13), (0.07, 0.09), 0.4 * sign, ear)
    brush.ellipse((0.5, 0.6), (0.2, 0.23), 0, body)
    brush.ellipse((0.5, 0.3), (0.2, 0.18), 0, head)
    brush.ellipse((0.5 + rng.uniform(-0.08, 0.08), 0.35), (0.07, 0.05), 0, nose)
    return brush.rgba


SUBJECTS = {"drawing": drawing, "bricks": bricks, "limbs": limbs, "patches": patches, "film": limbs}


def ringtails(seed):
    """The sample's toy in a colourway of its own, in some of its shots."""
    rng = np.random.default_rng((seed, 5))
    plain = scene.SPECIES["ringtail"]
    colours = plain.colors if seed % 3 == 0 else tuple(tuple(np.clip(colour_of(rng), 0.1, 0.9)) for _ in range(4))
    scene.SPECIES["painted"] = replace(plain, colors=colours)
    chosen = [spec for spec in SHOTS[:24] if spec.backdrop not in ("screen", "path", "wood")]
    shots = []
    for place in rng.permutation(len(chosen))[:PICTURES]:
        shot = scene.shoot(replace(chosen[place], species="painted"), seed=seed, side=SIDE)
        truth = np.where(shot.alpha > 0.5, 255, 0).astype(np.uint8)
        shots.append(Shot(shot.name, shot.photo, truth))
    return shots


def painted_set(kind, seed):
    """A set of `PICTURES` shots of one painted subject."""
    if kind == "ringtail":
        return ringtails(seed)
    rng = np.random.default_rng((seed, sorted(SUBJECTS).index(kind)))
    design = {
        "colours": [colour_of(rng) for _ in range(5)],
        "outline": rng.integers(0, 2) * 2,
        "count": int(rng.integers(4, 7)),
        "thick": rng.uniform(0.02, 0.045),
        "boxes": _boxes(rng),
    }
    if kind == "patches":  # parts in the colours of some of the grounds
        design["colours"][2:4] = [np.full(3, value) for value in rng.permutation([0.93, 0.1])]
    names = PALE_OR_DARK if kind == "patches" else [GROUNDS[index] for index in rng.permutation(len(GROUNDS))[:8]]
    film, shots = ground(rng, names, (SIDE, SIDE)), []
    for number in range(PICTURES):
        size = (SIDE, round(SIDE * rng.choice([0.75, 1.0])))
        behind = np.roll(film, int(rng.integers(-30, 30)), axis=1) if kind == "film" else ground(rng, names, size)
        rgba = placed(reduced(SUBJECTS[kind](design, rng)), rng)
        shots.append(photo_of(f"{kind}-{seed}-{number}", rgba, behind, rng, plush=0.25 if kind == "patches" else 0.0))
    return shots


KINDS = ("ringtail", *SUBJECTS)
