"""Cut one picture out with the parts of the library: mask, fine alpha, true edge colour, straight PNG.

    python examples/cut_one.py photo.jpg cut.png

A screen behind the subject is keyed; else what stands out is taken. `loraset cutout` does this for whole folders, where
all pictures together teach what the subject is.
"""

import sys
from pathlib import Path

import numpy as np

from loraset.images import decode, encode_png
from loraset.ops.cosegmentation import look, outline
from loraset.ops.foreground import estimate_foreground, extend_colour
from loraset.ops.geometry import crop_mask
from loraset.ops.keying import despill, soft_key
from loraset.ops.light import edge_light
from loraset.ops.matting import refine_alpha
from loraset.ops.screen import find_screen, why_not_plain
from loraset.types import Cutout, Frame


def cut(rgb: np.ndarray) -> np.ndarray:
    """Return the subject of a uint8 picture (H, W, 3) with its own colour and a soft edge: uint8 (H, W, 4)."""
    screen = find_screen(rgb)
    plain = why_not_plain(screen) is None
    mask = soft_key(rgb, screen).alpha if plain else outline(look(rgb), None).probability
    height, width = rgb.shape[:2]
    whole = Frame((0, 0, width, height), 1.0, (0, 0, 0, 0), (width, height))
    fitted = crop_mask(mask, (width, height), whole)  # to the photo's size: a learnt mask is smaller
    alpha = refine_alpha(rgb, fitted, cell_px=width / mask.shape[1], exact=plain).alpha
    colour = estimate_foreground(rgb, alpha, light=edge_light(rgb, alpha)[0])
    if plain:
        colour = despill(colour, alpha, screen.color)
    return extend_colour(Cutout(colour, alpha).to_rgba8(), reach_px=max(width, height) // 32, fill=(128, 128, 128))


if __name__ == "__main__":
    photo, target = map(Path, sys.argv[1:])
    target.write_bytes(encode_png(cut(decode(photo, max_pixels=200_000_000).picture.rgb)))
