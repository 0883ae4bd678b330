"""publish: cut-out -> the files of one picture in the output folder.

In: a picture's task, its stem and verdict. Out: masks, variants with captions, masters, rejected cut-outs, written
through the output folder. Never: rendering again what is there unchanged.
"""

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from loraset.images import encode_png
from loraset.ops.latent import dilated
from loraset.recipe.model import Recipe
from loraset.runtime.cache import make_key
from loraset.runtime.outputs import OutputFolder
from loraset.runtime.task import PictureTask
from loraset.stages.captions import caption_for, describe_subject, render_caption
from loraset.stages.captions_table import Line, words_for
from loraset.stages.variants import backdrop_of, needs_photo, render
from loraset.types import ByteImage, Json, Verdict

VERSION = 2


class Publisher:
    """Writes the files of one picture."""

    def __init__(
        self, task: PictureTask, stem: str, out: OutputFolder, sidecar: str, table: Mapping[str, Line]
    ) -> None:
        self.task, self.stem, self.out = task, stem, out
        self.recipe: Recipe = task.recipe
        subject = self.recipe.subject
        self.composed = describe_subject(subject.trigger, subject.class_, sidecar)
        self._subject = words_for(stem, self.composed, subject.trigger, table)

    @cached_property
    def _rgba(self) -> ByteImage:
        return self.task.result("decontaminate").images["cutout"].astype(np.uint8, copy=False)

    def details(self, files: Json) -> Json:
        """Return what the manifest tells of what was written: hashes, and where a person's words were used."""
        captions = {f"variants/{name}/{self.stem}.txt" for name in self.recipe.variants} & set(self.out.kept)
        return {
            "sha256": {name: self.out.sha256(file) for name, file in files.items()},
            "caption": {
                "composed": self.composed,
                "edited": self._subject != self.composed,
                "kept": sorted(captions),
            },
        }

    def publish(self, verdict: Verdict) -> tuple[Json, Json]:
        """Write what this verdict asks for. Returns (files, caption) for the manifest."""
        if verdict == Verdict.REJECT:
            wanted = self.recipe.output.rejected and self.task.knows("decontaminate")
            return ({"rejected": self._cutout("rejected", "cutout")} if wanted else {}), {}
        files = {name: self._variant(name) for name in self.recipe.variants}
        files["mask"], files["mask_dilated"] = self._mask("masks"), self._mask("masks-dilated")
        if self.recipe.output.masters:
            files["master"] = self._cutout("masters", "master")
        return files, self._captions()

    def _variant(self, name: str) -> str:
        variant = self.recipe.variants[name]
        file = f"variants/{name}/{self.stem}.png"
        key = self._key(variant=variant.model_dump(), seed=self.recipe.run.seed, picture=self.task.id)
        if not self.out.is_current(file, key):
            photo = self.task.framed()[0] if needs_photo(variant) else None
            made = render(self._rgba, variant, photo=photo, picture_id=self.task.id, seed=self.recipe.run.seed)
            self.out.write(file, encode_png(made.pixels), key)
        return file

    def _captions(self) -> Json:
        backgrounds = {}
        for name, variant in self.recipe.variants.items():
            backdrop = backdrop_of(variant, picture_id=self.task.id, seed=self.recipe.run.seed)
            style = self.recipe.captions.style
            caption = caption_for(self.recipe.subject.trigger, self._subject, backdrop, style)
            backgrounds[name] = caption.background
            self.out.write(f"variants/{name}/{self.stem}.txt", f"{render_caption(caption, style)}\n".encode())
        return {"trigger": self.recipe.subject.trigger, "subject": self._subject, "background": backgrounds}

    def _mask(self, folder: str) -> str:
        file, key = f"{folder}/{self.stem}.png", self._key(what=folder)
        if not self.out.is_current(file, key):
            mask = np.ascontiguousarray(self._rgba[..., 3])
            self.out.write(file, encode_png(dilated(mask) if folder == "masks-dilated" else mask), key)
        return file

    def _cutout(self, folder: str, image: str) -> str:
        file, key = f"{folder}/{self.stem}.png", self._key(what=folder)
        if not self.out.is_current(file, key):
            self.out.write(file, encode_png(self.task.result("decontaminate").images[image]), key)
        return file

    def _key(self, **what: object) -> str:
        return make_key(version=VERSION, cutout=self.task.key("decontaminate"), **what)
