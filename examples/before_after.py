"""Draw the README's picture: photos of a finished set above, the cut-outs made of them below.

    python examples/before_after.py demo/set docs/before-after.jpg lawn-sit night-lights brick-hip

Needs the photos where they were when the set was made (run.json says where).
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from loraset.images import decode, read_png, write_picture
from loraset.manifest import read_rows
from loraset.runtime.runfile import read_run

SIDE, GAP = 320, 10


def square(pixels: np.ndarray, fill: int) -> np.ndarray:
    """Return uint8 (SIDE, SIDE, 3): the whole picture, reduced by area, centred on a gray of this level."""
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    small = cv2.resize(pixels, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    top, left = (SIDE - small.shape[0]) // 2, (SIDE - small.shape[1]) // 2
    tile = np.full((SIDE, SIDE, 3), fill, np.uint8)
    tile[top : top + small.shape[0], left : left + small.shape[1]] = small
    return tile


def column(folder: Path, row: dict, inputs: list[str]) -> np.ndarray:
    """Return the photo above its cut-out on gray and on white."""
    photo = decode(Path(inputs[row["root"]]) / row["source"], max_pixels=200_000_000).picture.rgb
    gray, white = (read_png(folder / row["files"][name]) for name in ("gray", "white"))
    tiles = [square(photo, 255), square(gray, 128), square(white, 255)]
    return np.vstack([np.pad(tile, ((0, GAP), (0, GAP), (0, 0)), constant_values=255) for tile in tiles])


def main() -> None:
    folder, target, stems = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    rows = {row["stem"]: row for row in read_rows(folder) if row["files"]}
    inputs = read_run(folder)["inputs"]
    sheet = np.hstack([column(folder, rows[stem], inputs) for stem in stems])
    target.parent.mkdir(parents=True, exist_ok=True)
    write_picture(target, np.ascontiguousarray(sheet[:-GAP, :-GAP]), quality=85)


if __name__ == "__main__":
    main()
