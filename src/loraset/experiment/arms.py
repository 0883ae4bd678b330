"""Arms: one set, one background or way of training each, and all else the same.

In: a finished set's rows and recipe, the arms' names. Out: `Arm`s, and the pictures of each with their captions. Never:
a picture changed; arms that do not match are refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from loraset.errors import InputError, UsageError
from loraset.exporters.interface import Item, Trainer
from loraset.images import Unreadable, css_color, read_png
from loraset.ops.color_names import PLAIN
from loraset.ops.compose import composite
from loraset.recipe.model import Recipe, Variant
from loraset.registry import nearest
from loraset.stages.captions import Backdrop, caption_for, render_caption
from loraset.stages.export import items_of
from loraset.stages.variants import backdrop_of
from loraset.types import ByteImage, Json

Captions = Literal["same", "named", "both"]
Color = tuple[int, int, int]

MASKED = "-masked"
NAMED = "-named"
REPAIR = "Run the recipe again: it writes what was changed anew; loraset verify says what else is wrong."


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of the comparison.

    variant : of the set. masked : its opaque pictures are trained with masks as the weight of the loss. named : its
    captions say what is true of the background; else they have the words that all arms share. fill : the one colour
    behind the subject, or under alpha 0; None where it is the photo's or changes from picture to picture.
    weighed : the trainer's loss is weighed by the subject, by masks or by alpha.
    """

    name: str
    variant: str
    background: str
    masked: bool = False
    named: bool = False
    fill: Color | None = None
    weighed: bool = False

    def to_json(self) -> Json:
        """Return the protocol's form."""
        return {
            "name": self.name,
            "variant": self.variant,
            "background": self.background,
            "masked": self.masked,
            "named": self.named,
            "fill": list(self.fill) if self.fill else None,
            "weighed": self.weighed,
        }


def make_arms(recipe: Recipe, trainer: Trainer, names: Sequence[str] = (), captions: Captions = "same") -> list[Arm]:
    """Return the arms of these names; without names every variant, and the first plain one with masks.

    A name is a variant of the set, or a variant and "-masked". captions "both" gives each arm whose words would differ
    a second one, "-named".

    Raises
    ------
    UsageError
        If there is no such variant, the trainer has no masked loss, or fewer than two arms are left.
    """
    plain = [name for name, variant in recipe.variants.items() if _fill(variant) and not _is_transparent(variant)]
    named = captions == "named"
    wanted = list(names) or [*recipe.variants, *([plain[0] + MASKED] if plain and trainer.masked else [])]
    arms = [_arm(name, recipe, trainer, named=named) for name in dict.fromkeys(wanted)]
    if captions == "both":
        if recipe.captions.style == "none":
            raise UsageError('captions.style = "none" names no background', "Leave --captions both out.")
        words = [replace(arm, name=arm.name + NAMED, named=True) for arm in arms if _has_words(arm, trainer)]
        arms += words
    if len(arms) < 2:
        raise UsageError(f"{len(arms)} arm is no comparison", f"The set has the variants {', '.join(recipe.variants)}.")
    return arms


def _arm(name: str, recipe: Recipe, trainer: Trainer, *, named: bool) -> Arm:
    masked = name not in recipe.variants and name.endswith(MASKED)
    variant_name = name.removesuffix(MASKED) if masked else name
    if variant_name not in recipe.variants:
        close = nearest(variant_name, recipe.variants)
        hint = f"Did you mean {close}? " if close else ""
        hint += f"The set has {', '.join(recipe.variants)}; another is a [variants.{variant_name}] in its recipe."
        raise UsageError(f"there is no variant {variant_name!r} for the arm {name!r}", hint)
    variant = recipe.variants[variant_name]
    if masked and _is_transparent(variant):
        raise UsageError(f"the arm {name!r}: {variant_name} is trained with its alpha already", "Leave -masked off.")
    if masked and not trainer.masked:
        raise UsageError(f"{trainer.title} has no masked loss for the arm {name!r}", "Leave that arm out with --arms.")
    weighed = masked or (_is_transparent(variant) and trainer.masked)
    return Arm(name, variant_name, variant.background, masked, named, _fill(variant), weighed)


def _is_transparent(variant: Variant) -> bool:
    return variant.background == "transparent"


def _fill(variant: Variant) -> Color | None:
    if variant.background in ("original", "random-named") or variant.background.startswith("blur:"):
        return None
    return css_color(variant.under if _is_transparent(variant) else variant.background)


def _has_words(arm: Arm, trainer: Trainer) -> bool:
    """Whether there is anything to be said of the background that the trainer sees."""
    return arm.background != "original" and not (arm.background == "transparent" and trainer.masked)


def arm_items(arm: Arm, rows: Sequence[Mapping[str, Any]], root: Path, recipe: Recipe, trainer: Trainer) -> list[Item]:
    """Return an arm's pictures in order of their stems, with its captions."""
    items = items_of(rows, root, recipe, arm.variant, trainer)
    if arm.named:
        return items
    shared = {row["stem"]: _shared_words(row, recipe) for row in rows if row.get("caption")}
    return [replace(item, caption=shared[item.stem]) for item in items]


def _shared_words(row: Mapping[str, Any], recipe: Recipe) -> str:
    """Return trigger and subject without a word on any background: true of every arm."""
    parts, style = row["caption"], recipe.captions.style
    return render_caption(caption_for(parts["trigger"], parts["subject"], Backdrop("hidden"), style), style)


def check_same_pictures(items: Mapping[str, Sequence[Item]]) -> None:
    """Refuse arms that do not have the same pictures in the same sizes and order.

    Raises
    ------
    InputError
        If they do not, or there are none.
    """
    first, *others = items
    listed = [(item.stem, item.size) for item in items[first]]
    if not listed:
        raise InputError("no picture of the set would be trained", "export.verdicts of its recipe says which are.")
    for other in others:
        same = [(item.stem, item.size) for item in items[other]]
        if same != listed:
            stems = sorted({stem for stem, _ in set(listed) ^ set(same)})
            raise InputError(f"the arms {first} and {other} differ in their pictures: {', '.join(stems[:3])}", REPAIR)


def cutout_of(row: Mapping[str, Any], root: Path, recipe: Recipe) -> ByteImage:
    """Return the cut-out behind a row's variants: uint8 array of shape (H, W, 4), straight.

    Of a set without a transparent variant it is the first variant's colours with the mask.
    """
    names = sorted(recipe.variants, key=lambda name: not _is_transparent(recipe.variants[name]))
    pixels = _read(root / row["files"][names[0]])
    if pixels.shape[2] == 4:
        return pixels
    return np.dstack([pixels, _read(root / row["files"]["mask"])])


def check_pixels(arms: Sequence[Arm], row: Mapping[str, Any], root: Path, recipe: Recipe) -> None:
    """Refuse a picture whose variants differ in anything but what lies behind the subject.

    Transparent: alpha is the mask. Plain colours: the transparent variant on that colour, to the last level; of a set
    without one, the colours where the mask is full. Photos keep their own edge, so only their size is checked.

    Raises
    ------
    InputError
        If they do, naming the file.
    """
    mask = _read(root / row["files"]["mask"])
    cutout = cutout_of(row, root, recipe)
    exact = any(_is_transparent(variant) for variant in recipe.variants.values())
    for name in dict.fromkeys(arm.variant for arm in arms):
        variant, file = recipe.variants[name], row["files"][name]
        pixels = _read(root / file)
        if pixels.shape[:2] != mask.shape:
            raise InputError(f"{file} has not the size of its mask", REPAIR)
        if _is_transparent(variant):
            wrong = pixels[..., 3] != mask
        elif variant.background == "random-named" or _fill(variant):
            color = _fill(variant) or PLAIN[backdrop_of(variant, picture_id=row["id"], seed=recipe.run.seed).color]
            laid = composite(cutout, np.array(color, np.uint8)) if exact else cutout[..., :3]
            wrong = (pixels != laid).any(axis=2) & (exact | (mask == 255))
        else:
            continue
        if wrong.any():
            raise InputError(f"{file}: {int(wrong.sum())} pixels are not the cut-out on its background", REPAIR)


def _read(path: Path) -> ByteImage:
    try:
        return read_png(path).astype(np.uint8, copy=False)
    except (OSError, Unreadable) as error:
        raise InputError(f"cannot read {path}: {error}", REPAIR) from error


def coverage(items: Sequence[Item]) -> float:
    """Return the mean share of a picture that its mask covers, [0, 1]: what is left of an unnormalised masked loss."""
    return float(np.mean([_read(item.mask).mean(dtype=np.float64) / 255 for item in items]))
