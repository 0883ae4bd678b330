"""publish: cut-out -> the files of one picture in the output folder.

In: a picture's task, its stem and verdict. Out: masks, variants with captions, masters, rejected cut-outs, written
through the output folder. Never: rendering again what is there unchanged.
"""

from functools import cached_property

import numpy as np

from loraset.images import encode_png
from loraset.recipe.model import Recipe
from loraset.runtime.cache import make_key
from loraset.runtime.outputs import OutputFolder
from loraset.runtime.task import PictureTask
from loraset.stages.captions import caption_for, describe_subject, render_caption
from loraset.stages.variants import backdrop_of, needs_photo, render
from loraset.types import ByteImage, Json, Verdict

VERSION = 1


class Publisher:
    """Writes the files of one picture."""

    def __init__(self, task: PictureTask, stem: str, out: OutputFolder, sidecar: str) -> None:
        self.task, self.stem, self.out = task, stem, out
        self.recipe: Recipe = task.recipe
        subject = self.recipe.subject
        self._subject = describe_subject(subject.trigger, subject.class_, sidecar)

    @cached_property
    def _rgba(self) -> ByteImage:
        return self.task.result("decontaminate").images["cutout"].astype(np.uint8, copy=False)

    def publish(self, verdict: Verdict) -> tuple[Json, Json]:
        """Write what this verdict asks for. Returns (files, caption) for the manifest."""
        if verdict == Verdict.REJECT:
            wanted = self.recipe.output.rejected and self.task.knows("decontaminate")
            return ({"rejected": self._cutout("rejected", "cutout")} if wanted else {}), {}
        files = {name: self._variant(name) for name in self.recipe.variants}
        files["mask"] = self._mask()
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

    def _mask(self) -> str:
        file, key = f"masks/{self.stem}.png", self._key(what="mask")
        if not self.out.is_current(file, key):
            self.out.write(file, encode_png(np.ascontiguousarray(self._rgba[..., 3])), key)
        return file

    def _cutout(self, folder: str, image: str) -> str:
        file, key = f"{folder}/{self.stem}.png", self._key(what=folder)
        if not self.out.is_current(file, key):
            self.out.write(file, encode_png(self.task.result("decontaminate").images[image]), key)
        return file

    def _key(self, **what: object) -> str:
        return make_key(version=VERSION, cutout=self.task.key("decontaminate"), **what)
