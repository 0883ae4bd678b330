"""The table of shots: who is seen how, where and in which light.

In: nothing. Out: `SHOTS` and what its rows name. Never: pixels.
"""

from dataclasses import dataclass

from loraset.sample.camera import Light
from loraset.sample.toy import RABBIT, RINGTAIL, Pose, Species, Triple

SPECIES: dict[str, Species] = {"ringtail": RINGTAIL, "rabbit": RABBIT}

LIGHTS: dict[str, Light] = {
    "sun": Light((-0.55, 0.85, 0.55), (0.95, 0.88, 0.74), (0.24, 0.30, 0.40), (0.12, 0.11, 0.08), softness=0.10),
    "late sun": Light((0.85, 0.42, 0.45), (1.02, 0.74, 0.48), (0.20, 0.25, 0.36), (0.12, 0.09, 0.06), softness=0.12),
    "overcast": Light((-0.2, 0.95, 0.3), (0.34, 0.36, 0.38), (0.52, 0.56, 0.62), (0.16, 0.16, 0.15), softness=0.7),
    "window": Light((-0.85, 0.50, 0.45), (0.72, 0.74, 0.78), (0.22, 0.23, 0.25), (0.12, 0.11, 0.10), softness=0.45),
    "lamp": Light((0.55, 0.75, 0.45), (0.92, 0.66, 0.38), (0.16, 0.12, 0.08), (0.09, 0.06, 0.04), 0.3, noise=1.4),
    "cool": Light((0.45, 0.80, 0.40), (0.50, 0.60, 0.74), (0.26, 0.32, 0.42), (0.12, 0.13, 0.15), softness=0.4),
    "flash": Light((0.08, 0.12, 1.0), (0.86, 0.88, 0.92), (0.09, 0.09, 0.10), (0.05, 0.05, 0.05), 0.08, reach=7.5),
    "dim": Light((-0.6, 0.6, 0.4), (0.22, 0.19, 0.17), (0.10, 0.10, 0.12), (0.05, 0.05, 0.05), 0.5, noise=1.6),
    "dark": Light(
        (-0.6, 0.6, 0.4), (0.040, 0.034, 0.030), (0.012, 0.012, 0.016), (0.006, 0.006, 0.006), 0.5, noise=1.8
    ),
    "studio": Light(
        (-0.5, 0.7, 0.7),
        (0.62, 0.62, 0.60),
        (0.34, 0.34, 0.35),
        (0.14, 0.14, 0.14),
        0.5,
        spill=(0.03, 0.14, 0.045),
        reach=9.0,
    ),
}


@dataclass(frozen=True, slots=True)
class Ball:
    """A striped ball on the ground: its place, its radius (size), sRGB colours of it and of its stripe."""

    x: float
    z: float
    size: float
    colors: tuple[Triple, Triple]


@dataclass(frozen=True, slots=True)
class Block:
    """A toy block on the ground: its place, half its edge (size), its turn, the sRGB colour of its faces."""

    x: float
    z: float
    size: float
    turn_deg: float
    color: Triple


RED, BLUE, YELLOW, PALE = (0.72, 0.16, 0.13), (0.15, 0.33, 0.60), (0.90, 0.68, 0.20), (0.90, 0.88, 0.84)


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A place.

    ground, wall : names of `textures.TEXTURES` ("lawn" grows blades). wall_at : distance of the wall behind the toy.
    tile, wall_tile : side of a texture in toy units. aperture : how fast blur grows with distance. lamps : lights far
    behind. things : what else stands there.
    """

    ground: str
    wall: str
    wall_at: float = 2.6
    tile: float = 4.0
    wall_tile: float = 6.0
    aperture: float = 0.006
    lamps: bool = False
    things: tuple[Ball | Block, ...] = ()


BACKDROPS: dict[str, Backdrop] = {
    "room": Backdrop("wood", "blue_wall", things=(Ball(-1.35, -1.3, 0.36, (RED, PALE)),)),
    "terrace": Backdrop("concrete", "brick", 1.7),
    "lawn": Backdrop("lawn", "garden", 14.0, wall_tile=16.0, aperture=0.008),
    "blanket": Backdrop("blanket", "blanket", 4.0),
    "evening": Backdrop("dark_wood", "night", 9.0, aperture=0.020, lamps=True),
    "path": Backdrop("gravel", "garden", 12.0, tile=3.4, wall_tile=14.0, aperture=0.008),
    "rug": Backdrop(
        "carpet", "plaster", 3.2, tile=5.0, things=(Block(1.3, -1.2, 0.2, 25, BLUE), Block(-1.5, -0.9, 0.2, 50, YELLOW))
    ),
    "library": Backdrop("pale_wood", "books", 2.6, wall_tile=5.0, aperture=0.012),
    "screen": Backdrop("screen", "screen", tile=9.0, wall_tile=9.0),
    "wood": Backdrop("leaves", "garden", 13.0, tile=3.4, wall_tile=16.0, aperture=0.010),
    "bed": Backdrop("linen", "plaster", 3.0),
    "sofa": Backdrop("denim", "curtain", aperture=0.010),
    "kitchen": Backdrop(
        "tiles", "plaster", 1.8, things=(Block(-1.25, -0.7, 0.2, 35, YELLOW), Block(-0.92, -1.2, 0.2, 5, BLUE))
    ),
    "beach": Backdrop("sand", "garden", 26.0, wall_tile=30.0),
    "window sill": Backdrop("pale_wood", "garden", 7.0, wall_tile=9.0, aperture=0.016),
    "yard": Backdrop("concrete", "blue_wall", 3.0, things=(Ball(1.7, -1.5, 0.45, (BLUE, PALE)),)),
    "table": Backdrop(
        "pale_wood", "plaster", 2.4, things=(Block(-1.2, -0.9, 0.22, 20, RED), Ball(1.5, -1.1, 0.28, (YELLOW, BLUE)))
    ),
    "dark room": Backdrop("dark_wood", "curtain"),
}


@dataclass(frozen=True, slots=True)
class Spec:
    """A row of the table.

    backdrop, light, species : names of the tables above. distance, above_deg, target : the camera; toy
    units and degrees. aspect : width to height. soft_px, shake_px : the whole photo out of focus, or drawn out by a
    moving hand; px of a 1200 px picture. caption : words of the sidecar, if any. note : the reason code that the
    picture is planted for, where it is no good photo.
    """

    name: str
    backdrop: str
    light: str
    pose: Pose
    distance: float = 8.6
    above_deg: float = 14.0
    target: Triple = (0.0, 0.85, 0.0)
    aspect: tuple[int, int] = (3, 4)
    species: str = "ringtail"
    soft_px: float = 0.0
    shake_px: float = 0.0
    caption: str = ""
    note: str = ""


def _from_above(
    name: str, backdrop: str, light: str, pose: Pose, *, aspect: tuple[int, int] = (3, 4), caption: str = ""
) -> Spec:
    """The toy lies on its back under the camera."""
    target = (0.0, 0.2, -0.7)
    return Spec(name, backdrop, light, pose, 8.8, above_deg=74, target=target, aspect=aspect, caption=caption)


# fmt: off
SHOTS: tuple[Spec, ...] = (
    Spec("wood-hello", "room", "window", Pose(("down", "wave"), tilt=6, yaw=-8),
         caption="plush ringtail sitting on wooden planks, waving"),
    Spec("brick-hip", "terrace", "sun", Pose(("hip", "down"), tilt=-5, turn=12, tail="left")),
    Spec("lawn-sit", "lawn", "sun", Pose(tilt=8, turn=-10, tail="wave"), 8.0, aspect=(4, 3),
         caption="plush ringtail sitting on grass"),
    _from_above("blanket-lie", "blanket", "window",
                Pose(("out", "up"), ("wide", "sit"), tilt=10, lean=-84, tail="wave"),
                caption="plush ringtail lying on its back, seen from above"),
    Spec("night-lights", "evening", "lamp", Pose(("front", "down"), tilt=-6, turn=-16), above_deg=8),
    Spec("gravel-wide", "path", "overcast", Pose(("down", "hip"), ("wide", "sit"), yaw=-14), 10.5, above_deg=24),
    _from_above("carpet-lie", "rug", "lamp", Pose(("up", "up"), ("wide", "wide"), tilt=-8, lean=-84, roll=-10)),
    Spec("books-chin", "library", "lamp", Pose(("chin", "down"), tilt=-9, turn=8), above_deg=9),
    Spec("screen-hello", "screen", "studio", Pose(("hip", "wave"), tilt=4)),
    Spec("screen-stand", "screen", "studio", Pose(("hip", "hip"), ("stand", "stand"), turn=-14, tail="up"), 10.0,
         target=(0, 1.05, 0), caption="plush ringtail standing, hands on hips"),
    Spec("screen-turn", "screen", "studio", Pose(("out", "down"), tilt=8, yaw=-38, tail="wave")),
    Spec("leaves-sit", "wood", "late sun", Pose(("down", "front"), tilt=-7, yaw=16), 8.2, above_deg=22),
    Spec("linen-hug", "bed", "window", Pose(("front", "front"), tilt=12, yaw=-6), 7.2, aspect=(1, 1)),
    Spec("denim-kick", "sofa", "cool", Pose(("up", "down"), ("kick", "sit"), tilt=-12, yaw=10, tail="wave")),
    Spec("tiles-flash", "kitchen", "flash", Pose(("down", "wave"), turn=14)),
    Spec("sand-stand", "beach", "sun", Pose(("hip", "wave"), ("stand", "stand"), turn=10, tail="up"), 10.2,
         target=(0, 1.0, 0), caption="plush ringtail standing on sand, waving"),
    Spec("close-face", "window sill", "window", Pose(tilt=5, turn=-8), 4.6, above_deg=5, target=(0.05, 1.30, 0.1),
         caption="close-up of a plush ringtail's face"),
    Spec("half-figure", "library", "late sun", Pose(("hip", "chin"), tilt=-6, turn=6), 5.6, above_deg=6,
         target=(0, 1.12, 0)),
    Spec("small-far", "lawn", "overcast", Pose(("out", "out"), ("wide", "wide"), yaw=12), 14.5, above_deg=10,
         target=(0.7, 1.1, 0), aspect=(4, 3)),
    Spec("dim-sofa", "sofa", "dim", Pose(("down", "chin"), tilt=14, yaw=20, tail="left")),
    Spec("side-view", "yard", "overcast", Pose(("out", "front"), yaw=62), 8.4, aspect=(4, 3)),
    Spec("back-turn", "table", "cool", Pose(turn=-40, yaw=152, tail="wave")),
    Spec("blanket-sit", "blanket", "lamp", Pose(tilt=-4, nod=10, yaw=-18), above_deg=20),
    _from_above("gravel-top", "path", "sun",
                Pose(("out", "hip"), ("sit", "wide"), tilt=-10, lean=-80, roll=14, tail="left"),
                aspect=(1, 1)),
    # Planted for what is wrong with them.
    Spec("cut-by-frame", "room", "window", Pose(("wave", "down"), tilt=5), target=(1.25, 0.75, 0),
         note="subject_cut_off"),
    Spec("soft-focus", "rug", "window", Pose(("down", "hip"), tilt=9, yaw=-20, tail="left"), soft_px=7, note="blurry"),
    Spec("shaken", "kitchen", "lamp", Pose(("front", "front"), tilt=-8, yaw=14), shake_px=26, note="blurry"),
    Spec("dark-room", "dark room", "dark", Pose(tilt=5, yaw=12), note="dark"),
    Spec("rabbit", "bed", "window", Pose(("down", "wave"), tilt=-6, yaw=8), 9.2, target=(0, 1.0, 0), species="rabbit",
         note="odd_one_out"),
)
# fmt: on
