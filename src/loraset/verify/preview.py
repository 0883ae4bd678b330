"""The preview: what each trainer will see of a picture, and where its loss looks.

In: what was checked. Out: one self-contained HTML page. Never: a network address, every picture: the first few of each
folder show what its trainer does.
"""

import base64
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

import numpy as np

from loraset.exporters import EXPORTERS
from loraset.exporters.interface import Sample, Trainer
from loraset.images import Unreadable, decode, encode_thumbnail, inspect
from loraset.ops.compose import composite
from loraset.registry import load
from loraset.runtime.cache import write_atomic
from loraset.types import ByteImage, Picture
from loraset.verify.check import Verified
from loraset.verify.folder import Checked
from loraset.verify.pictures import MAX_PIXELS

SHOWN = 6  # pictures of each folder
SIDE = 320  # px of a tile's long side
DOT = " · "

ALPHA_WORDS = {
    "weight": "alpha is the weight of the loss; the colour under it is seen, but not learnt",
    "dropped": "alpha is dropped: the colour that lies under it is seen",
    "white": "transparent pictures are laid on white",
}


def write_preview(verified: Verified) -> Path:
    """Write the page and return its path: into a set as preview.html; beside a trainer's folder, never into it."""
    whole = verified.folder.resolve()
    page = verified.folder / "preview.html" if verified.kind == "set" else whole.with_name(f"{whole.name}-preview.html")
    write_atomic(page, render_preview(verified))
    return page


def render_preview(verified: Verified) -> bytes:
    """Return the page: for each folder the pictures as its trainer sees them, beside the weight of its loss."""
    listed = "".join(
        f"<li><code>{escape(each.code)}</code> {escape(each.path)}: {escape(each.detail)}</li>"
        for each in verified.findings
    )
    template = Template(files("loraset.verify").joinpath("preview.html").read_text("utf-8"))
    page = template.substitute(
        title=escape(f"{verified.folder.resolve().name}: what the trainers see"),
        lead="Left: the picture as it is trained, at the size that it is trained at. Right: the weight of the loss, "
        "white where it counts in full.",
        findings=f"<section><h2>Defects</h2><ul>{listed}</ul></section>" if listed else "<p>No defects were found.</p>",
        sections="\n".join(_section(checked, verified.folder) for checked in verified.checked),
    )
    return page.encode("utf-8", "replace")


def seen(sample: Sample, picture: Picture) -> ByteImage:
    """Return the colours that a trainer takes from a picture: uint8 array of shape (H, W, 3)."""
    if picture.alpha is None or sample.alpha != "white":
        return picture.rgb
    return composite(np.dstack([picture.rgb, picture.alpha]), np.full(3, 255, np.uint8))


def weight_of(sample: Sample, picture: Picture) -> ByteImage | None:
    """Return the weight of the loss: uint8 array of shape (H, W); None where all of the picture counts alike."""
    if sample.alpha == "weight":
        return picture.alpha if picture.alpha is not None else np.full(picture.rgb.shape[:2], 255, np.uint8)
    if sample.mask is None:
        return None
    return np.ascontiguousarray(decode(sample.mask, max_pixels=MAX_PIXELS).picture.rgb[..., 0])


def _section(checked: Checked, root: Path) -> str:
    trainer: Trainer = load(EXPORTERS, checked.trainer, "trainer")
    name = checked.folder.relative_to(root).as_posix() if checked.folder != root else ""
    figures = "".join(_figure(sample) for sample in checked.samples[:SHOWN])
    more = f", {SHOWN} of them shown" if len(checked.samples) > SHOWN else ""
    words = [f"{len(checked.samples)} pictures{more}"]
    if checked.samples and _has_alpha(checked.samples[0].image):
        words.append(ALPHA_WORDS[checked.samples[0].alpha])
    if any(sample.mask for sample in checked.samples):
        words.append("the masks count where masked training is switched on")
    heading = escape(DOT.join(filter(None, (trainer.title, name))))
    return (
        f'<section><h2>{heading}</h2><p>{escape("; ".join(words))}</p><div class="pictures">{figures}</div></section>'
    )


def _has_alpha(image: Path) -> bool:
    try:
        return inspect(image).mode in ("RGBA", "LA", "PA")
    except Unreadable:
        return False


def _figure(sample: Sample) -> str:
    try:
        size = inspect(sample.image).size
        picture = decode(sample.image, max_pixels=MAX_PIXELS).picture
        weight = weight_of(sample, picture)
    except (Unreadable, OSError):
        return f"<figure><figcaption>{escape(sample.image.name)}: cannot be read</figcaption></figure>"
    fitted = sample.fit(size) if sample.fit else size
    words = [sample.image.name, f"{fitted[0]}x{fitted[1]}"]
    if fitted != size:
        words.append(f"changed from {size[0]}x{size[1]}")
    caption = sample.caption.read_text("utf-8", "replace") if isinstance(sample.caption, Path) else sample.caption
    tiles = _img(seen(sample, picture), "as trained") + (
        _img(weight, "weight of the loss") if weight is not None else ""
    )
    said = f"{escape(DOT.join(words))}<br>{escape(caption or 'no caption')}"
    return f"<figure><div>{tiles}</div><figcaption>{said}</figcaption></figure>"


def _img(pixels: ByteImage, words: str) -> str:
    content = base64.b64encode(encode_thumbnail(pixels, SIDE)).decode()
    return f'<img alt="{words}" src="data:image/webp;base64,{content}">'
