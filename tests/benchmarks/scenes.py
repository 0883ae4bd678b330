"""Single pictures that the benchmarks paint, with exact truth: things, animals and people-like figures of odd parts.

In: a seed. Out: `Shot`s, every one of another subject before another ground. Never: outside data, so that whatever is
fitted on these has seen none of it.

What makes a mask hard is what varies: parts in the ground's own colours, other things that touch the subject or stand
apart, shadows, a frame that cuts it, thin limbs, focus, contrast. Grounds and surfaces are dead leaves (overlapping
discs with a power law of radii: Lee, Mumford and Huang, IJCV 2001) or the sample's textures.
"""

import cv2
import numpy as np
from material import Shot
from painted import GROUNDS, SIDE, colour_of, ground

FINE = 2  # outlines are drawn so much larger
SHAPES = ("thing", "animal", "figure", "plant")


def dead_leaves(rng, size, colours, least_px=2.0, contrast=0.15):
    """Overlapping discs: float32 (height, width, 3), sRGB; `size` is (width, height)."""
    width, height = size
    rgb = np.empty((height, width, 3), np.float32)
    rgb[:] = colours[0]
    most = 0.3 * max(size)
    for draw in rng.random((int(rng.integers(300, 1500)), 3)):
        radius = (least_px**-2 + draw[0] * (most**-2 - least_px**-2)) ** -0.5
        tone = colours[rng.integers(len(colours))] + rng.normal(0, contrast)
        cv2.circle(rgb, (int(draw[1] * width), int(draw[2] * height)), round(radius), np.clip(tone, 0, 1).tolist(), -1)
    return rgb


def blob(rng, at, radii, turn=0.0, rough=0.12):
    """A closed smooth outline round a place: float array (n, 2), in units of the picture's side."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    waves = sum(rng.normal(0, rough / k) * np.cos(k * angle + rng.uniform(0, 6.3)) for k in range(2, 7))
    ring = np.stack([np.cos(angle) * radii[0], np.sin(angle) * radii[1]], 1) * (1 + waves)[:, None]
    return np.asarray(at) + ring @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])


def limb(rng, start, angle, length, thick):
    """A bent tapering strip: float array (n, 2)."""
    bend = rng.uniform(-1.2, 1.2)
    steps = np.linspace(0, 1, 12)
    heading = angle + bend * steps
    spine = np.asarray(start) + np.cumsum(np.stack([np.cos(heading), np.sin(heading)], 1), 0) * length / len(steps)
    normal = np.stack([-np.sin(heading), np.cos(heading)], 1) * (thick * (1 - 0.5 * steps))[:, None] / 2
    return np.concatenate([spine + normal, (spine - normal)[::-1]])


def parts_of(shape, rng):
    """Outlines of a subject's parts about (0, 0), those behind first."""
    if shape == "thing":
        count = int(rng.integers(1, 5))
        return [
            blob(
                rng,
                rng.normal(0, 0.09, 2) * (k > 0),
                rng.uniform(0.06, 0.22, 2),
                rng.uniform(0, 3),
                rng.choice([0.0, 0.15]),
            )
            for k in range(count)
        ]
    if shape == "plant":
        count = int(rng.integers(4, 9))
        petals = [limb(rng, (0, 0), 2 * np.pi * k / count, rng.uniform(0.12, 0.24), 0.1) for k in range(count)]
        return [limb(rng, (0, 0), np.pi / 2, 0.4, 0.02), *petals, blob(rng, (0, 0), (0.05, 0.05))]
    if shape == "figure":
        swing, lean = rng.uniform(0.05, 0.5, 4), rng.normal(0, 0.1)
        legs = [
            limb(rng, (sign * 0.04, 0.1), np.pi / 2 - sign * swing[0] / 2, rng.uniform(0.2, 0.3), 0.08)
            for sign in (-1, 1)
        ]
        arms = [
            limb(rng, (sign * 0.08, -0.12), np.pi / 2 - sign * (0.3 + 2 * swing[2]), rng.uniform(0.15, 0.25), 0.05)
            for sign in (-1, 1)
        ]
        head = blob(rng, (lean * 0.2, -0.26), (0.06, 0.075), 0, 0.03)
        return [
            *legs,
            *arms,
            blob(rng, (0, -0.03), (0.1, 0.17), lean),
            head,
            blob(rng, (lean * 0.2, -0.31), (0.07, 0.045)),
        ]
    legs = [limb(rng, (x, 0.05), np.pi / 2 + rng.normal(0, 0.3), rng.uniform(0.1, 0.22), 0.045) for x in (-0.15, 0.15)]
    legs += [limb(rng, (x, 0.05), np.pi / 2 + rng.normal(0, 0.3), rng.uniform(0.1, 0.2), 0.045) for x in (-0.11, 0.11)]
    tail = limb(rng, (0.2, -0.03), rng.uniform(-1.2, 0.6), rng.uniform(0.1, 0.25), 0.03)
    at = (-0.24, -0.05 - rng.uniform(0, 0.15))
    head = blob(rng, at, rng.uniform(0.06, 0.1, 2))
    ears = [blob(rng, (at[0] + x, at[1] - 0.08), (0.02, 0.05)) for x in (-0.03, 0.04)]
    return [tail, *legs, *ears, blob(rng, (0, 0), (0.22, rng.uniform(0.08, 0.14))), head]


def painted_thing(rng, size, place, scale, turn, palette, ground_rgb, camouflage):
    """Straight colour (h, w, 3) and coverage (h, w) of one subject.

    camouflage : how likely a part is to have the ground's own look, in part or whole.
    """
    width, height = size
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    rgb, alpha = ground_rgb.copy(), np.zeros((height, width), np.float32)
    mirror = rng.choice([-1, 1])
    for outline in parts_of(SHAPES[int(rng.integers(len(SHAPES)))], rng):
        points = (outline * (mirror * scale, scale)) @ spin + place
        canvas = np.zeros((height * FINE, width * FINE), np.uint8)
        cv2.fillPoly(canvas, [np.round(points * SIDE * FINE).astype(np.int32)], 255, cv2.LINE_AA)
        cover = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        alpha = np.maximum(alpha, cover)
        tone = palette[int(rng.integers(len(palette)))]
        kind = rng.random()
        if kind < 0.4:
            surface = np.broadcast_to(tone, rgb.shape).astype(np.float32)
        else:
            near = [np.clip(tone + rng.normal(0, 0.12, 3), 0, 1) for _ in range(3)]
            surface = dead_leaves(rng, size, near, rng.uniform(2, 8), rng.uniform(0.02, 0.2))
        if rng.random() < camouflage:
            like = np.roll(ground_rgb, rng.integers(20, 120, 2), (0, 1))
            surface = surface + rng.uniform(0.6, 1.0) * (like - surface)
        depth = cv2.GaussianBlur(cover, (0, 0), rng.uniform(3, 12))
        surface = surface * (1 + rng.uniform(0, 0.7) * (depth[..., None] - 0.7))
        rgb += cover[..., None] * (surface - rgb)
    return rgb, alpha


def behind_of(rng, size):
    """A ground: texture and wall, dead leaves, or a smooth sky, sharp or out of focus."""
    kind = rng.random()
    if kind < 0.4:
        square = ground(rng, GROUNDS, (SIDE, SIDE))
        rgb = cv2.resize(square, size)
    elif kind < 0.8:
        rgb = dead_leaves(
            rng, size, [colour_of(rng) for _ in range(int(rng.integers(2, 6)))], 3.0, rng.uniform(0.02, 0.2)
        )
    else:
        corners = np.stack([colour_of(rng) for _ in range(4)]).reshape(2, 2, 3).astype(np.float32)
        rgb = cv2.resize(corners, size, interpolation=cv2.INTER_LINEAR)
    rgb = cv2.GaussianBlur(rgb.astype(np.float32), (0, 0), rng.choice([0.5, 1.5, 4.0]))
    hue = rgb.mean(axis=2, keepdims=True)
    return np.clip(hue + rng.uniform(0.2, 1.0) * (rgb - hue), 0, 1).astype(np.float32)


def scene(seed):
    """One picture: a Shot whose `extra` says how it was made."""
    rng = np.random.default_rng((seed, 77))
    size = (SIDE, round(SIDE * rng.choice([0.66, 0.75, 1.0])))
    height = size[1] / SIDE
    behind = behind_of(rng, size)
    hard = rng.random()
    camouflage = 0.0 if hard < 0.4 else rng.uniform(0, 0.7)
    others = int(rng.choice([0, 0, 1, 2, 4]))
    palette = [colour_of(rng) for _ in range(int(rng.integers(1, 5)))]
    place = np.array([rng.normal(0.5, 0.12), height * rng.normal(0.5, 0.1)])
    scale = rng.uniform(0.5, 1.7)
    for _ in range(others):
        tones = palette if rng.random() < 0.25 else [colour_of(rng) for _ in range(3)]
        near = rng.random() < 0.4
        at = (
            place + rng.normal(0, 0.22 * scale, 2)
            if near
            else np.array([rng.uniform(0, 1), height * rng.uniform(0, 1)])
        )
        rgb, cover = painted_thing(
            rng, size, at, scale * rng.uniform(0.2, 0.7), rng.normal(0, 0.4), tones, behind, camouflage
        )
        behind = behind + cover[..., None] * (rgb - behind)
    rgb, alpha = painted_thing(rng, size, place, scale, rng.normal(0, 0.25), palette, behind, camouflage)
    shift = np.float32([[1, 0, rng.uniform(-25, 25)], [0, 1, rng.uniform(0, 12)]])
    shadow = cv2.GaussianBlur(cv2.warpAffine(alpha, shift, size), (0, 0), rng.uniform(2, 8))
    photo = behind * (1 - rng.uniform(0, 0.7) * shadow[..., None])
    photo = photo + alpha[..., None] * (rgb - photo)
    contrast = rng.uniform(0.35, 1.0)
    photo = photo.mean() + contrast * (photo - photo.mean())
    photo = cv2.GaussianBlur(photo, (0, 0), rng.uniform(0.4, 1.2)) + rng.normal(
        0, rng.uniform(0.004, 0.03), photo.shape
    )
    truth = np.where(alpha > 0.5, 255, 0).astype(np.uint8)
    facts = {"camouflage": camouflage, "others": others, "contrast": contrast}
    return Shot(f"scene-{seed}", np.round(np.clip(photo, 0, 1) * 255).astype(np.uint8), truth, extra=facts)
