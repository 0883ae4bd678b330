"""What is unusual of a picture beside the others of its set: numbers that only the set gives.

In: the metrics of pictures of one subject. Out: for each, metrics measured against the set's median. Never: a verdict,
pixels, or an answer for so few pictures that nothing is usual among them.

How sharp a thing looks and how clear its edges are depends on what it is made of and how it was taken: fur, a flat
drawing and a phone differ more than a sharp and a blurred picture of one toy.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from loraset.ops.backdrop import same_backdrops
from loraset.ops.likeness import FEWEST
from loraset.types import ByteImage

LIGHT = 0.35  # mean lightness that no subject need be lighter than: a set's usual one below it is the subject's own
FAR = 20.0  # Lab units from the usual rim, from which on a rim is none of the subject's


def beside(
    pictures: Sequence[Mapping[str, float | None]],
    rims: Sequence[Sequence[float]] = (),
    backdrops: Sequence[ByteImage | None] = (),
) -> list[dict[str, float]]:
    """Return for each picture's metrics what is known of them beside the others'.

    set_sharpness : sharpness over the set's median, 0 and up. set_edges : edge_support less the set's median, -1 to 1.
    set_lightness : its lightness, in a dark subject's set more by as much as the set's usual one lacks to `LIGHT`.
    set_halo : halo, less where the rim is much like the usual one of pictures before other backgrounds: a drawn outline
    or a dark seam stays what it is there, and what is left of a background does not.
    Each is left out where its metric is unknown, or known of fewer than `FEWEST` pictures, which for set_halo are those
    before other backgrounds. The median does not mind that up to half of the pictures are bad.

    rims : of each picture as `ops.rim` tells it, () where it is not known. backdrops : of each as
    `ops.backdrop.backdrop_colors` makes it, None where it is not known.
    """
    found: list[dict[str, float]] = [{} for _ in pictures]
    usual = {name: _usual(pictures, name) for name in ("sharpness", "edge_support", "lightness")}
    for metrics, numbers in zip(pictures, found, strict=True):
        if usual["sharpness"] and (sharp := metrics.get("sharpness")) is not None:
            numbers["set_sharpness"] = round(sharp / usual["sharpness"], 6)
        if usual["edge_support"] and (edges := metrics.get("edge_support")) is not None:
            numbers["set_edges"] = round(edges - usual["edge_support"], 6)
        if usual["lightness"] and (light := metrics.get("lightness")) is not None:
            numbers["set_lightness"] = round(min(1.0, light * max(1.0, LIGHT / usual["lightness"])), 6)
    for index, unlike in _unlike(rims, backdrops).items():
        if (halo := pictures[index].get("halo")) is not None:
            found[index]["set_halo"] = round(halo * min(1.0, (unlike / FAR) ** 2), 6)
    return found


def _unlike(rims: Sequence[Sequence[float]], backdrops: Sequence[ByteImage | None]) -> dict[int, float]:
    """How far a rim's colour is from the median of those before other backgrounds, Lab units, by index where known."""
    pairs = enumerate(zip(rims, backdrops, strict=True))
    seen = [(index, colors) for index, (rim, colors) in pairs if rim and colors is not None]
    found: dict[int, float] = {}
    for group in same_backdrops([colors for _, colors in seen]):
        alike = {seen[at][0] for at in group}
        others = [rims[index] for index, _ in seen if index not in alike]
        if len(others) >= FEWEST:
            usual = np.median(others, axis=0)
            found |= {index: float(np.linalg.norm(np.subtract(rims[index], usual))) for index in alike}
    return found


def _usual(pictures: Sequence[Mapping[str, float | None]], name: str) -> float | None:
    """The median of a metric, None where it is known of too few."""
    known = [value for metrics in pictures if (value := metrics.get(name)) is not None]
    return float(np.median(known)) if len(known) >= FEWEST else None
