"""Render the sample set: photos of a plush toy, with the awkward files that real folders hold.

python examples/make_photos.py photos --side 800 --truth truth
"""

import argparse
from pathlib import Path

from loraset.sample import SHOTS, write_sample


def main() -> None:
    parser = argparse.ArgumentParser(description="Render the sample set.")
    parser.add_argument("folder", type=Path, help="where the pictures go; it is made when it is not there")
    parser.add_argument("--truth", type=Path, help="also write true colour, true alpha and labels.json here")
    parser.add_argument("--side", type=int, default=1200, help="longer side in px (1200)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shot", action="append", choices=[s.name for s in SHOTS], help="only this; repeatable")
    options = parser.parse_args()
    paths = write_sample(options.folder, seed=options.seed, side=options.side, truth=options.truth, shots=options.shot)
    print(f"{len(paths)} files in {options.folder}")


if __name__ == "__main__":
    main()
