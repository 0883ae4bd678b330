"""Colour names: the plain word for a colour, and plain colours that deserve their word.

In: sRGB bytes or a word. Out: a word or sRGB bytes. Never: shades ("navy") that a caption's reader may not know.
"""

from functools import lru_cache

import numpy as np

from loraset.color import to_lab
from loraset.types import FloatImage

Color = tuple[int, int, int]

# Plain backgrounds for `random-named`: each is the middle of what people call by its word.
PLAIN: dict[str, Color] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "gray": (128, 128, 128),
    "red": (215, 30, 30),
    "orange": (245, 140, 20),
    "yellow": (250, 225, 40),
    "green": (40, 160, 60),
    "cyan": (30, 205, 215),
    "blue": (35, 85, 210),
    "purple": (125, 50, 165),
    "pink": (250, 155, 185),
    "brown": (125, 75, 35),
    "beige": (240, 225, 195),
}

# Further colours of the same words, so that the nearest one gives the word that people use.
SHADES: tuple[tuple[str, Color], ...] = (
    ("black", (25, 25, 25)),
    ("gray", (65, 65, 65)),
    ("gray", (192, 192, 192)),
    ("gray", (215, 215, 215)),
    ("gray", (112, 128, 144)),
    ("white", (245, 245, 245)),
    ("white", (240, 255, 240)),
    ("red", (128, 0, 0)),
    ("red", (255, 0, 0)),
    ("red", (225, 75, 65)),
    ("orange", (255, 110, 40)),
    ("orange", (255, 180, 90)),
    ("yellow", (255, 255, 0)),
    ("yellow", (245, 240, 150)),
    ("yellow", (190, 175, 40)),
    ("green", (0, 255, 0)),
    ("green", (0, 75, 0)),
    ("green", (150, 220, 140)),
    ("green", (110, 130, 45)),
    ("cyan", (0, 255, 255)),
    ("cyan", (0, 140, 140)),
    ("cyan", (190, 245, 245)),
    ("blue", (0, 0, 255)),
    ("blue", (0, 0, 110)),
    ("blue", (90, 160, 235)),
    ("blue", (170, 210, 240)),
    ("purple", (75, 0, 130)),
    ("purple", (148, 0, 211)),
    ("purple", (160, 100, 220)),
    ("purple", (205, 175, 235)),
    ("pink", (255, 105, 180)),
    ("pink", (255, 0, 255)),
    ("pink", (255, 205, 215)),
    ("pink", (200, 40, 130)),
    ("brown", (90, 55, 30)),
    ("brown", (165, 100, 55)),
    ("beige", (245, 245, 220)),
    ("beige", (210, 180, 140)),
)


def name_color(color: Color) -> str:
    """Return the basic colour word nearest to an sRGB colour (in CIE Lab)."""
    words, places = _atlas()
    distance = np.linalg.norm(places - _lab([color]), axis=1)
    return words[int(distance.argmin())]


@lru_cache(maxsize=1)
def _atlas() -> tuple[list[str], FloatImage]:
    pairs = [*PLAIN.items(), *SHADES]
    return [word for word, _ in pairs], _lab([color for _, color in pairs])


def _lab(colors: list[Color]) -> FloatImage:
    return np.asarray(to_lab(np.array([colors], dtype=np.uint8))[0])
