"""What the toy stands on and before: painted textures of ground and walls.

In: a random generator and a size. Out: albedo in linear light, float32 (n, n, 3); beyond its edges it is laid again,
mirrored, or as it is where it is in `TILING`. Never: light or perspective; `scene` adds both.
"""

from collections.abc import Callable

import cv2
import numpy as np

from loraset.color import to_linear
from loraset.sample.toy import Array, Triple
from loraset.types import ByteImage

Texture = Callable[[np.random.Generator, int], Array]


def noise(rng: np.random.Generator, n: int, cells: tuple[int, int], octaves: int = 1, fall: float = 0.5) -> Array:
    """Smooth noise (n, n) of mean 0 and deviation about 1; cells: (rows, columns) of its coarsest grid."""
    total, weight, power = np.zeros((n, n), np.float32), 1.0, 0.0
    for k in range(octaves):
        grid = (min(cells[0] << k, n), min(cells[1] << k, n))
        total += weight * cv2.resize(rng.normal(size=grid).astype(np.float32), (n, n), interpolation=cv2.INTER_CUBIC)
        power += weight**2
        weight *= fall
    return total / np.float32(np.sqrt(power) * 0.75)


def _srgb(*color: float) -> Array:
    return to_linear(np.array(color, np.float32))


def _tinted(color: Triple, light: Array) -> Array:
    """A colour whose brightness varies: (n, n, 3)."""
    return np.asarray(_srgb(*color) * np.clip(light, 0.05, 2.2)[..., None], np.float32)


def _relief(height: Array, strength: float) -> Array:
    """Brightness of a bumpy surface lit from the upper left: mean about 1."""
    across, down = np.gradient(height, axis=1), np.gradient(height, axis=0)
    return np.asarray(np.clip(1 + strength * (across + down) * len(height) / 100, 0.25, 1.9))


def _grid(n: int) -> tuple[Array, Array]:
    y, x = np.mgrid[0:n, 0:n].astype(np.float32) / n
    return x, y


def wood(rng: np.random.Generator, n: int, color: Triple = (0.60, 0.44, 0.30)) -> Array:
    """Planks that run up the texture."""
    x, y = _grid(n)
    planks = 9
    which = np.minimum((x * planks).astype(int), planks - 1)
    shift = rng.uniform(0, 1, planks)[which].astype(np.float32)
    board = which * 3 + (((y + shift) * 1.5).astype(int) % 3)
    tone = rng.normal(1, 0.13, planks * 3)[board].astype(np.float32)
    wave = noise(rng, n, (5, 60), 2) + 3.0 * noise(rng, n, (3, 14)) + tone * 40
    grain = 0.11 * np.sin(wave * 4) + 0.07 * noise(rng, n, (10, 400), 2)
    edge = np.abs(((x * planks) % 1) - 0.5)
    joint = np.abs((((y + shift) * 1.5) % 1) - 0.5)
    gap = np.clip((0.5 - np.maximum(edge, 0.5 - (0.5 - joint) * planks / 1.5)) * 22, 0.12, 1)
    hue = np.clip(rng.normal(0, 0.04, planks * 3), -0.1, 0.1)[board][..., None] * np.array([-0.4, 0.2, 1.0])
    return np.asarray(_tinted(color, tone * (1 + grain) * gap) * (1 + hue), np.float32)


def dark_wood(rng: np.random.Generator, n: int) -> Array:
    """A dark floor."""
    return wood(rng, n, (0.36, 0.24, 0.17))


def pale_wood(rng: np.random.Generator, n: int) -> Array:
    """A pale table."""
    return wood(rng, n, (0.80, 0.70, 0.56))


def brick(rng: np.random.Generator, n: int) -> Array:
    """Courses of brick in mortar."""
    x, y = _grid(n)
    x, y = x + 0.0015 * noise(rng, n, (40, 40)), y + 0.0015 * noise(rng, n, (40, 40))
    rows, per_row = 18, 7
    row = np.clip((y * rows).astype(int), 0, rows - 1)
    along = x * per_row + 0.5 * (row % 2)
    column = np.clip(along.astype(int), 0, per_row)
    tone = rng.normal(1, 0.18, (rows, per_row + 1))[row, column].astype(np.float32)
    edge = np.minimum((0.5 - np.abs(along % 1 - 0.5)) * rows / per_row, 0.5 - np.abs((y * rows) % 1 - 0.5))
    inside = np.clip((edge - 0.07) * 22, 0, 1)
    rough = noise(rng, n, (90, 90), 3)
    lit = _relief(inside * 0.9 + 0.10 * rough, 0.22)
    red = _tinted((0.58, 0.31, 0.24), tone * (1 + 0.12 * noise(rng, n, (24, 24), 3)))
    mortar = _tinted((0.62, 0.59, 0.55), 1 + 0.10 * rough)
    return np.asarray((inside[..., None] * red + (1 - inside[..., None]) * mortar) * lit[..., None], np.float32)


def _cloth(rng: np.random.Generator, n: int, color: Triple, depth: float, threads: int) -> Array:
    """Woven cloth in folds."""
    x, y = _grid(n)
    warp = 0.06 * noise(rng, n, (3, 3), 2)
    folds = np.abs(np.sin(7 * (x + 0.7 * y + warp * 2.2) + noise(rng, n, (3, 3)))) ** 0.7
    height = folds * 0.9 + 0.55 * noise(rng, n, (5, 5), 2)
    height = np.asarray(cv2.GaussianBlur(height, (0, 0), n / 160))
    weave = 0.05 * np.sin(x * threads) * np.sin(y * threads) + 0.05 * noise(rng, n, (n // 3, n // 3))
    return _tinted(color, _relief(height, depth) * (1 + weave))


def blanket(rng: np.random.Generator, n: int) -> Array:
    """A blanket of nearly the toy's colour."""
    return _cloth(rng, n, (0.73, 0.53, 0.36), 1.6, 700)


def denim(rng: np.random.Generator, n: int) -> Array:
    """Blue cloth."""
    return _cloth(rng, n, (0.30, 0.38, 0.52), 1.2, 900)


def linen(rng: np.random.Generator, n: int) -> Array:
    """White bed linen."""
    return _cloth(rng, n, (0.86, 0.85, 0.83), 0.8, 900)


def _scatter(picture: ByteImage, shapes: list[tuple[Array, Array]]) -> None:
    """Paint outlines, each an (N, 2) in px with its 0..255 colour, in order; what leaves one side comes in opposite."""
    n = len(picture)
    for outline, color in shapes:
        low, high = outline.min(axis=0), outline.max(axis=0)
        across = (-n, 0) if high[0] > n else (0, n) if low[0] < 0 else (0,)
        down = (-n, 0) if high[1] > n else (0, n) if low[1] < 0 else (0,)
        ink = np.clip(color, 0, 255).tolist()
        for dx in across:
            for dy in down:
                moved = np.round((np.add(outline, (dx, dy))) * 16).astype(np.int32)
                cv2.fillPoly(picture, [moved], ink, cv2.LINE_AA, 4)


def gravel(rng: np.random.Generator, n: int) -> Array:
    """Pebbles, the large ones on top; it tiles."""
    picture = np.full((n, n, 3), 60, np.uint8)
    count = 7000
    size = np.sort(n * 0.0055 * np.exp(rng.normal(0, 0.5, count)) + 1)
    grey = rng.normal(0.56, 0.10, (count, 1)) + rng.normal(0, 0.018, (count, 3)) + [0.02, 0, -0.03]
    t = np.linspace(0, 2 * np.pi, 13)[:-1]
    shapes = []
    for radius, color in zip(size.tolist(), np.clip(grey, 0.2, 0.9) * 255, strict=True):
        a, at = rng.uniform(0, np.pi), rng.uniform(0, n, 2)
        round_ = np.stack([np.cos(t), rng.uniform(0.6, 0.95) * np.sin(t)], axis=1) * (
            1 + 0.06 * rng.normal(size=(12, 1))
        )
        outline = radius * round_ @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
        for grown, shift, light in ((1.12, 0.16, 0.36), (1.0, 0.0, 0.82), (0.7, -0.14, 0.98)):
            shapes.append((grown * outline + at + shift * radius, color * light))
    _scatter(picture, shapes)
    grain = 1 + 0.08 * noise(rng, n, (n // 2, n // 2))
    return np.asarray(to_linear(picture.astype(np.float32) / np.float32(255)) * grain[..., None], np.float32)


def leaves(rng: np.random.Generator, n: int) -> Array:
    """Fallen leaves on soil; it tiles."""
    picture = np.full((n, n, 3), (64, 52, 42), np.uint8)
    autumn = ((0.72, 0.45, 0.16), (0.62, 0.30, 0.13), (0.78, 0.60, 0.22), (0.45, 0.28, 0.16), (0.55, 0.52, 0.22))
    palette = np.array(autumn)
    t = np.linspace(0, 2 * np.pi, 25)[:-1]
    half = np.sin(t) * 0.5 * (1 + 0.25 * np.cos(t)) * (1 + 0.16 * np.cos(7 * t))
    rib = np.array([[-1.15, 0.012], [-1.15, -0.012], [0.95, 0]])
    shapes = []
    for _ in range(1000):
        length, a, at = n * rng.uniform(0.018, 0.042), rng.uniform(0, 2 * np.pi), rng.uniform(0, n, 2)
        turn = length * np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
        shape, color = (
            np.stack([np.cos(t), half], axis=1) @ turn + at,
            palette[rng.integers(5)] * rng.uniform(0.7, 1.15),
        )
        shapes += [(shape + n * 0.004, color * 90), (shape, color * 255), (rib @ turn + at, color * 185)]
    _scatter(picture, shapes)
    grain = 1 + 0.12 * noise(rng, n, (n // 6, n // 6), 2)
    return np.asarray(to_linear(picture.astype(np.float32) / np.float32(255)) * grain[..., None], np.float32)


def carpet(rng: np.random.Generator, n: int) -> Array:
    """A patterned rug of short pile."""
    x, y = _grid(n)
    x, y = x + 0.003 * noise(rng, n, (60, 60)), y + 0.003 * noise(rng, n, (60, 60))
    u, v = np.abs((x * 5) % 1 - 0.5), np.abs((y * 5) % 1 - 0.5)
    diamond, flower = u + v, np.hypot(u, v) + 0.05 * np.cos(6 * np.arctan2(v, u))
    wool = ((0.46, 0.13, 0.13), (0.15, 0.18, 0.30), (0.80, 0.68, 0.48), (0.60, 0.24, 0.16))
    colors = np.stack([_srgb(*c) for c in wool])
    index = np.where(diamond < 0.46, 1, 0)
    index = np.where(np.abs(diamond - 0.46) < 0.035, 2, index)
    index = np.where(flower < 0.22, 3, index)
    index = np.where(np.abs(flower - 0.15) < 0.02, 2, index)
    pile = noise(rng, n, (n // 4, n // 4), 2)
    lit = np.clip(_relief(0.25 * pile, 0.10) * (1 + 0.10 * pile), 0.3, 2)
    return np.asarray(colors[index] * lit[..., None], np.float32)


def concrete(rng: np.random.Generator, n: int) -> Array:
    """Stained concrete with pores."""
    stain = 0.10 * noise(rng, n, (4, 4), 4) + 0.06 * noise(rng, n, (n // 3, n // 3), 2)
    pores = np.clip(noise(rng, n, (140, 140)) - 2.0, 0, 1)
    return _tinted((0.60, 0.59, 0.57), (1 + stain) * (1 - 0.5 * pores))


def sand(rng: np.random.Generator, n: int) -> Array:
    """Rippled sand."""
    x, y = _grid(n)
    ripple = np.sin(70 * (y + 0.03 * noise(rng, n, (4, 4), 3)) + 9 * x)
    bumps = 0.5 * noise(rng, n, (20, 20), 3)
    grain = 0.13 * noise(rng, n, (n // 2, n // 2))
    return _tinted((0.80, 0.70, 0.54), _relief(0.14 * ripple + 0.25 * bumps, 0.30) * (1 + grain))


def tiles(rng: np.random.Generator, n: int) -> Array:
    """Kitchen tiles, two colours."""
    x, y = _grid(n)
    column, row = (x * 10).astype(int), (y * 10).astype(int)
    edge = np.minimum(0.5 - np.abs((x * 10) % 1 - 0.5), 0.5 - np.abs((y * 10) % 1 - 0.5))
    tone = rng.normal(1, 0.03, (11, 11))[row, column] * (1 + 0.05 * noise(rng, n, (30, 30), 3))
    even = (row + column)[..., None] % 2 == 0
    face = np.where(even, _srgb(0.86, 0.86, 0.82), _srgb(0.36, 0.48, 0.50)) * tone[..., None]
    joint = np.clip(edge * 45, 0, 1)[..., None]
    return np.asarray(joint * face + (1 - joint) * _srgb(0.42, 0.40, 0.38), np.float32)


def plaster(rng: np.random.Generator, n: int, color: Triple = (0.78, 0.76, 0.70)) -> Array:
    """A painted wall."""
    return _tinted(color, _relief(0.2 * noise(rng, n, (70, 70), 3), 0.025) * (1 + 0.02 * noise(rng, n, (4, 4), 2)))


def blue_wall(rng: np.random.Generator, n: int) -> Array:
    """A wall painted dusty blue."""
    return plaster(rng, n, (0.42, 0.55, 0.62))


def books(rng: np.random.Generator, n: int) -> Array:
    """Shelves full of books and a few boxes."""
    picture = np.zeros((n, n, 3), np.float32)
    picture[:] = (0.06, 0.045, 0.035)
    shelf = n // 4
    for top in range(0, n, shelf):
        x = int(rng.integers(0, n // 30))
        floor = top + shelf - n // 50
        while x < n:
            width = int(n * rng.uniform(0.012, 0.04))
            if rng.random() < 0.07:
                x += width * 2
                continue
            height = int(shelf * rng.uniform(0.55, 0.88))
            color = _srgb(*np.clip(rng.uniform(0.12, 0.85) * np.array([1, 1, 1]) + rng.normal(0, 0.18, 3), 0.05, 0.92))
            shade = np.linspace(0.75, 1.1, width, dtype=np.float32)[None, :, None] ** 1.5
            spine = picture[floor - height : floor, x : x + width]
            spine[:] = (color * shade)[:, : spine.shape[1]]
            for band in rng.uniform(0.1, 0.9, int(rng.integers(1, 4))):
                start = int(band * height)
                spine[start : start + max(height // 22, 1)] = np.clip(color * 0.4 + 0.25 * rng.random(), 0, 1)
            x += width + max(n // 500, 1)
        picture[floor : top + shelf] = _srgb(0.55, 0.40, 0.27)
    return picture


def curtain(rng: np.random.Generator, n: int) -> Array:
    """Hanging folds."""
    x, y = _grid(n)
    wave = np.sin(60 * (x + 0.012 * noise(rng, n, (2, 5), 2)) + 2 * noise(rng, n, (1, 6))) + 0.02 * y
    return _tinted((0.62, 0.30, 0.28), 1 + 0.38 * wave + 0.04 * noise(rng, n, (n // 3, n // 3)))


def garden(rng: np.random.Generator, n: int) -> Array:
    """Leaves and sky far behind; it is meant to be out of focus."""
    leafy = noise(rng, n, (14, 14), 5, 0.8)
    y = _grid(n)[1]
    green = _tinted((0.30, 0.42, 0.16), np.exp(0.55 * leafy))
    sky = np.clip((noise(rng, n, (9, 9), 5, 0.8) - 0.7) * 1.6, 0, 1)[..., None] * np.clip(1.6 - 2 * y, 0, 1)[..., None]
    flowers = (noise(rng, n, (60, 60)) > 2.3)[..., None] * (y > 0.5)[..., None]
    picture = green * (1 - sky) + sky * np.array([1.1, 1.2, 1.3])
    return np.asarray(np.where(flowers, _srgb(0.9, 0.5, 0.6), picture), np.float32)


def night(rng: np.random.Generator, n: int) -> Array:
    """A dark room or street; its lamps are drawn as discs by `scene`."""
    return _tinted((0.20, 0.19, 0.24), np.exp(0.5 * noise(rng, n, (6, 9), 3)))


def lawn(rng: np.random.Generator, n: int) -> Array:
    """Soil and moss between the blades that `scene` draws."""
    return _tinted((0.34, 0.43, 0.17), np.exp(0.4 * noise(rng, n, (40, 40), 4)))


def screen(rng: np.random.Generator, n: int) -> Array:
    """A green screen with creases and uneven dye."""
    crease = np.abs(noise(rng, n, (3, 4), 2))
    lit = 1 + 0.10 * noise(rng, n, (2, 2)) - 0.10 * np.exp(-((crease / 0.03) ** 2))
    return _tinted((0.16, 0.70, 0.26), lit + 0.02 * noise(rng, n, (n // 3, n // 3)))


_ALL: tuple[Texture, ...] = (
    wood,
    dark_wood,
    pale_wood,
    brick,
    blanket,
    denim,
    linen,
    gravel,
    leaves,
    carpet,
    concrete,
    sand,
    tiles,
    plaster,
    blue_wall,
    books,
    curtain,
    garden,
    night,
    lawn,
    screen,
)
TEXTURES = {texture.__name__: texture for texture in _ALL}
TILING = frozenset({"gravel", "leaves", "tiles"})
