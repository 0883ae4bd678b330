"""Engine plate: what is in the picture and not in a photo of the empty set.

In: a picture, and the plates that the recipe names. Out: a soft mask on the reduced picture's grid. Never: a plate of
another set taken silently: of several the one that fits best is used, and one that does not fit is named.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from loraset.engines.interface import EngineOptions
from loraset.errors import InputError, UsageError
from loraset.images import Unreadable, claims_picture, decode, reduce_to
from loraset.ops.alignment import Alignment, Features, as_it_lies, by_features, features
from loraset.ops.difference import outline, shaded_ground, strangeness
from loraset.ops.known_ground import alpha_before
from loraset.ops.plate import Background, expected_background, why_another_set
from loraset.types import PROXY_SIDE, ByteImage, Declined, Json, Map, Mask, Reason, View

VERSION = 5
MAX_PIXELS = 400_000_000
MOVED = 0.95  # misfit of the aligned plate in shares of that of the plate as it lies, from which the camera moved
MAX_SHARE = 0.95  # of the picture: more is no subject before a background


@dataclass(frozen=True, slots=True, eq=False)
class _Plate:
    name: str
    sha256: str
    rgb: ByteImage
    features: Features


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    plate: _Plate
    alignment: Alignment
    background: Background
    moved: bool
    why_not: str | None


class PlateEngine:
    """Subtracts the empty set. Plates are held reduced to `PROXY_SIDE` px, so memory does not grow with the photos."""

    name = "plate"
    learns = False

    def __init__(self, options: EngineOptions) -> None:
        if not options.plate:
            hint = 'Name it: plate = "empty.jpg" under [mask], or --plate FILE.'
            raise UsageError("engine plate needs a photo of the empty set", hint)
        plates = {plate.sha256: plate for plate in (_read(path) for path in _files(options.plate))}
        self._plates = [plates[sha256] for sha256 in sorted(plates)]

    def identity(self) -> Json:
        """Return what decides the masks."""
        return {"engine": self.name, "version": VERSION, "plates": [plate.sha256 for plate in self._plates]}

    def models(self) -> list[Json]:
        """Return []: there is no model."""
        return []

    def prepare(self, views: Sequence[View], run: Map) -> None:
        """Do nothing: every picture stands alone."""

    def attempt(self, view: View) -> Mask | Declined:
        """Return the mask, or decline a picture that no plate fits."""
        picture = view.proxy()
        best = self._best(picture)
        return Declined(self.name, best.why_not) if best.why_not else self._cut(view, picture, best)

    def mask(self, view: View) -> Mask:
        """Return the mask, with `mask_uncertain` where no plate fits."""
        picture = view.proxy()
        return self._cut(view, picture, self._best(picture))

    def _best(self, picture: ByteImage) -> _Fit:
        seen = features(picture)
        fits = [_fit(picture, seen, plate) for plate in self._plates]
        return min(fits, key=lambda fit: (fit.why_not is not None, fit.background.misfit))

    def _cut(self, view: View, picture: ByteImage, fit: _Fit) -> Mask:
        values = picture.astype(np.float32) / np.float32(255)
        background = fit.background
        strange = strangeness(values, background)
        area = outline(picture, strange, background.rgb, background.there)
        to_the_pixel = fit.why_not is None
        alpha = area.astype(np.float32)
        if to_the_pixel:
            ground = shaded_ground(background, strange.depth, area)
            alpha = alpha_before(picture, area, ground, background.deviation, background.there)
        doubt = fit.why_not
        if doubt is None and float(area.mean()) > MAX_SHARE:
            doubt = f"{fit.plate.name}: {area.mean():.0%} of the picture is not in it"
        size = (picture.shape[1], picture.shape[0])
        return Mask(
            alpha,
            self.name,
            size,
            exact=to_the_pixel and doubt is None and size == view.size,
            reasons=() if doubt is None else (Reason("mask_uncertain", "mask", f"plate {doubt}"),),
            details={
                "plate": fit.plate.name,
                "plates": len(self._plates),
                "aligned": "by features" if fit.moved else "as it lies",
                "inliers": fit.alignment.inliers,
                "alignment_error_px": round(fit.alignment.error_px, 3),
                "exposure": [round(value, 4) for value in background.exposure],
                "noise": round(background.noise, 5),
                "blur_px": background.blur_px,
                "agreeing": round(background.agreeing, 4),
                "covered": round(float(background.there.mean()), 4),
            },
        )


def _fit(picture: ByteImage, seen: Features, plate: _Plate) -> _Fit:
    """The better of the plate as it lies and the plate aligned by features."""
    size = (picture.shape[1], picture.shape[0])
    alignment, moved = as_it_lies(size, plate.features.size), False
    background = expected_background(picture, plate.rgb, alignment)
    found = by_features(seen, plate.features)
    if found is not None:
        other = expected_background(picture, plate.rgb, found)
        if other.misfit < MOVED * background.misfit:
            alignment, background, moved = found, other, True
    why = why_another_set(background)
    return _Fit(plate, alignment, background, moved, f"{plate.name} does not fit: {why}" if why else None)


def _files(paths: Sequence[Path]) -> list[Path]:
    """The plates named: files, and the pictures in folders."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.iterdir() if file.is_file() and claims_picture(file.name))
            if not inside:
                raise InputError(f"there is no picture in {path}", "mask.plate names photos of the empty set.")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise InputError(f"there is no plate {path}", "mask.plate names photos of the empty set.")
    return found


def _read(path: Path) -> _Plate:
    try:
        content = path.read_bytes()
        rgb = reduce_to(decode(path, max_pixels=MAX_PIXELS).picture.rgb, PROXY_SIDE)
    except (OSError, Unreadable) as error:
        raise InputError(f"the plate {path} cannot be read: {error}", "Name another photo of the empty set.") from None
    return _Plate(path.name, hashlib.sha256(content).hexdigest(), rgb, features(rgb))
