"""The stages in order over one set of files: what `pipeline.run` and its siblings are made of.

In: a `Request`, an executor, the cache. Out: `Item`s with what every stage said. Never: writing output, or pixels kept
for the whole set.
"""

import os
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from pathlib import Path

from loraset.engines import make_engine
from loraset.engines.interface import Answer, Engine, EngineOptions
from loraset.errors import InputError, LorasetError, PictureFailed
from loraset.manifest import Row, file_id
from loraset.metrics.grade import Grade, grade
from loraset.recipe.model import Recipe
from loraset.runtime.cache import Cache, hash_file, make_key
from loraset.runtime.executor import Executor
from loraset.runtime.task import PictureTask, Workshop
from loraset.stages import dedupe, ingest, repair, select
from loraset.stages.knowledge import FEWEST, SetKnowledge, Taught
from loraset.stages.mask import probability_of
from loraset.types import FloatImage, Found, Json, Pixels, Progress, Reason, StageResult, View

CUT_STAGES = ("frame", "matte", "decontaminate", "score", "preview")
PICTURE_STAGES = ("ingest", "mask", "repair", *CUT_STAGES)
FAILURES = frozenset({"unreadable", "too_large"})  # a picture with one of these makes the exit code 1


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be done.

    base : the folder that the recipe's relative paths refer to. inputs : replace `input.paths` where given (relative to
    the working folder). output : replaces `output.dir`. fresh : reads nothing that an earlier run stored. strict : the
    first picture that fails ends the run.
    """

    recipe: Recipe
    base: Path
    inputs: tuple[str, ...] = ()
    output: Path | None = None
    fresh: bool = False
    strict: bool = False

    def input_paths(self) -> list[str]:
        """Return the inputs: paths or globs."""
        if self.inputs:
            return list(self.inputs)
        if not self.recipe.input.paths:
            raise InputError(
                "the recipe names no pictures",
                'Say where they are: --input FOLDER, or paths = ["FOLDER"] under [input].',
            )
        return [str(self.base / text) for text in self.recipe.input.paths]

    def output_path(self) -> Path:
        """Return where the set goes."""
        if self.output is not None:
            return self.output
        return self.base / (self.recipe.output.dir or f"{self.recipe.name}-set")


@dataclass(slots=True)
class Item:
    """One file on its way to its manifest row; reasons gathers what the stages say."""

    found: Found
    row: Row
    task: PictureTask | None = None
    caption: str | None = None
    caption_notes: list[str] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    failed: bool = False
    decision: select.Decision | None = None

    @property
    def ended(self) -> bool:
        """Whether no later stage looks at it."""
        return self.task is None or self.failed or any(reason.code in select.REJECTING for reason in self.reasons)

    @property
    def has_failed(self) -> bool:
        """Whether the picture could not be read or cut, which is the run's exit code 1."""
        return self.failed or any(reason.code in FAILURES for reason in self.reasons)

    @property
    def is_picture(self) -> bool:
        """Whether the file was decoded."""
        return "width" in self.said("ingest")

    @property
    def numbers(self) -> dict[str, float | None]:
        """Every metric: the picture's own, what the set says of its mask and, once it is decided on, of its look."""
        own = self.said("score").get("metrics")
        if own is None:
            return {}
        of_set = dict.fromkeys(select.OF_SET) | dict(self.decision.metrics if self.decision else {})
        measured = {**own, **repair.measured(self.said("repair"), self.said("mask")), **of_set}
        return measured | {"mask_wrong": round(1 - grade(measured).right, 6)}

    @property
    def grade(self) -> Grade | None:
        """What its cut-out is worth; None where it has none."""
        usual = self.decision.usual if self.decision else ()
        return grade(numbers, usual) if (numbers := self.numbers) else None

    def said(self, stage: str) -> Json:
        """Return a stage's data, {} where the picture never came to it."""
        return self._of(stage).data

    def shown(self, stage: str) -> Mapping[str, Pixels]:
        """Return a stage's pictures, {} where the picture never came to it."""
        return self._of(stage).images

    def _of(self, stage: str) -> StageResult:
        known = self.task is not None and not self.failed and self.task.knows(stage)
        return self.task.result(stage) if known and self.task else StageResult()


def _mask_of(task: PictureTask) -> FloatImage:
    return probability_of(task.result("mask"))


class Line:
    """The stages in order over one set of files. Every method is one step."""

    def __init__(self, request: Request, executor: Executor, cache: Cache, progress: Progress) -> None:
        self.request, self.recipe = request, request.recipe
        self.executor, self.progress = executor, progress
        modules = {name: import_module(f"loraset.stages.{name}") for name in PICTURE_STAGES}
        self.shop = Workshop(self.recipe, cache, modules)
        self.items: list[Item] = []
        self.selection = select.Selection({})

    def find(self, scratch: Path) -> None:
        """List the files and hash their bytes."""
        settings = self.recipe.input
        masks = self.request.base / settings.masks if settings.masks else None
        with self.shop.watch("find"):
            found = ingest.find(
                self.request.input_paths(),
                recursive=settings.recursive,
                captions=settings.captions,
                masks=masks,
                scratch=scratch,
            )
            self.items = self.executor.map(self._enter, found)

    def _enter(self, found: Found) -> Item:
        item = Item(found, Row(file_id(found), found.root, found.source))
        if found.caption_file:
            item.caption, item.caption_notes = ingest.read_caption(found.caption_file)
        try:
            item.row.sha256 = hash_file(found.path)
            mask, points = (hash_file(file) if file else None for file in (found.mask_file, found.points_file))
        except OSError as error:
            item.reasons.append(Reason("unreadable", "ingest", f"cannot read the file: {error.strerror or error}"))
            return item
        item.task = PictureTask(self.shop, found, item.row.id, item.row.sha256, (mask, points))
        return item

    @property
    def going(self) -> list[Item]:
        """Return the items that have not ended."""
        return [item for item in self.items if not item.ended]

    def decode(self) -> None:
        """Decode every file once."""
        self._each(("ingest",), self.going)

    def drop_copies(self) -> list[dedupe.Group]:
        """Group the copies; a copy that is dropped ends here."""
        items = {item.row.id: item for item in self.going}
        self.progress.stage("dedupe", len(items))
        with self.shop.watch("dedupe"):
            groups = dedupe.dedupe([self._to_compare(item) for item in items.values()], self.recipe.dedupe)
        for group in groups:
            for member, reason in group.dropped.items():
                items[member].reasons.append(reason)
                items[member].row.duplicate_of = group.kept
        self.progress.advance("dedupe", len(items))
        return groups

    def _to_compare(self, item: Item) -> dedupe.Entry:
        assert item.task is not None
        return dedupe.entry_of(item.row.id, item.found.source, item.task.sha256, item.task.result("ingest"))

    def mask(self) -> None:
        """Give every picture its mask: the engine sees the whole set first, where it learns from it."""
        engine, views = self.show_set()
        if not all(view.is_cached("mask") for view in views):
            engine.prepare(views, self.executor.map)
            if engine.learns and len(views) > 1:
                self.progress.message(f"learning the subject from {len(views)} pictures")
        self._each(("mask",), self.going)
        self._teach()
        self._each(("repair",), self.going)

    def _teach(self) -> None:
        """Hand the masks to what learns from them; it reads them only when a picture has to be looked at."""
        if not self.shop.set_key:
            return
        tasks = [item.task for item in self.going if item.task]
        corrected = not repair.names_given(self.recipe)  # else no mask is truer than the others
        pictures = [
            Taught(
                task.sha256,
                task.proxy,
                partial(_mask_of, task),
                by_hand=corrected and task.result("mask").data["engine"] == "given",
            )
            for task in tasks
        ]
        self.shop.knowledge = SetKnowledge(pictures, self.recipe.run.seed, self.executor.map)

    def make_engine(self, *, download: bool) -> None:
        """Make the recipe's engine: a model that is missing is fetched if it may be, or said, before any work."""
        self.shop.engine = make_engine(self.recipe.mask.engine, replace(self._options(), download=download))

    def show_set(self) -> tuple[Engine, list[PictureTask]]:
        """Return the engine and what it will see; from here on the masks' keys are known."""
        engine = self.shop.engine
        assert engine is not None, "make_engine comes first"
        tasks = (item.task for item in self.going if item.task)
        views = sorted(tasks, key=lambda task: (task.sha256, task.id))
        self.shop.engine_key = {"identity": engine.identity()}
        if engine.learns:
            self.shop.engine_key["set"] = make_key(views=[[view.sha256, view.given] for view in views])
        if repair.applies(self.recipe) and len(views) >= FEWEST:
            self.shop.set_key = make_key(masks=sorted(view.key("mask") for view in views))
        return engine, views

    def _options(self) -> EngineOptions:
        mask, base = self.recipe.mask, self.request.base
        plates = [mask.plate] if isinstance(mask.plate, str) else mask.plate
        model = mask.model
        if model.endswith(".onnx"):
            model = str(base / model)
        return EngineOptions(
            model=model,
            model_named="model" in mask.model_fields_set,
            key_color=mask.key_color,
            plate=tuple(base / plate for plate in plates if plate),
            shared=self.recipe.subject.shared,
            seed=self.recipe.run.seed,
            provider=self.recipe.run.provider,
            accept_licenses=tuple(self.recipe.run.accept_licenses),
            jobs=self.executor.jobs,
            look_again=mask.look_again,
            say=self.progress.message,
            recall=self._recall,
        )

    @staticmethod
    def _recall(view: View, maker: Json, make: Callable[[], Answer]) -> Answer:
        assert isinstance(view, PictureTask)
        return view.recall(maker, make)

    def cut(self, stages: Sequence[str] = CUT_STAGES, finish: Callable[[Item], None] = lambda item: None) -> None:
        """Frame, matte, clean and score every picture; `finish` is called with each as soon as it is done."""
        self._each(stages, self.going, finish)

    def _each(
        self, stages: Sequence[str], items: Sequence[Item], finish: Callable[[Item], None] = lambda item: None
    ) -> None:
        for stage in stages:
            self.progress.stage(stage, len(items))

        def work(item: Item) -> None:
            self._through(item, stages)
            finish(item)

        self.executor.map(work, items)

    def _through(self, item: Item, stages: Sequence[str]) -> None:
        assert item.task is not None
        for stage in stages:
            if item.ended:
                self.progress.advance(stage)
                continue
            cached = item.task.is_cached(stage)
            try:
                item.reasons.extend(item.task.result(stage).reasons)
            except LorasetError:
                raise
            except Exception as error:  # whatever one picture does, the others go on
                item.failed = True
                if os.environ.get("LORASET_DEBUG", "0") not in ("", "0"):
                    self.progress.message(traceback.format_exc())
                item.reasons.append(Reason("unreadable", stage, f"{stage} failed: {type(error).__name__}: {error}"))
            self._strictly(item)
            self.progress.advance(stage, cached=cached)
        if len(self.items) > self.executor.jobs:  # no more pictures than threads may stay decoded
            item.task.release()

    def _strictly(self, item: Item) -> None:
        if self.request.strict and item.has_failed:
            raise PictureFailed(
                f"{item.found.source}: {item.reasons[-1].detail}", "Mend or remove it, or run without --strict."
            )

    def stage_settings(self, name: str, recipe: Recipe) -> Json:
        """Return what decides a stage under a recipe, to say what changed between two."""
        own: Json = self.shop.stages[name].settings(recipe)
        return own | (recipe.mask.model_dump() if name == "mask" else {})

    def models(self) -> list[Json]:
        """Return name, sha256, licence and provider of every model that this run's engine used."""
        return self.shop.engine.models() if self.shop.engine else []

    def decide(self) -> None:
        """Decide on every file, from the stored numbers alone."""
        self.progress.stage("select", len(self.items))
        with self.shop.watch("select"):
            entries = [self._entry(item) for item in self.items]
            self.selection = select.select(
                entries,
                self.recipe.select,
                shared=self.recipe.subject.shared,
                mirrored=self.recipe.dedupe.mirrored,
            )
        for item in self.items:
            item.decision = self.selection.decisions[item.row.id]
        for note in self.selection.notes:
            self.progress.message(note)
        self.progress.advance("select", len(self.items))

    def _entry(self, item: Item) -> select.Entry:
        said, worth = item.said("score"), item.grade
        return select.Entry(
            id=item.row.id,
            source=item.row.source,
            reasons=tuple(item.reasons),
            duplicate_of=item.row.duplicate_of,
            metrics=item.numbers,
            score=worth.score if worth else None,
            pulled_down=worth.pulled_down if worth else (),
            subject=said.get("subject"),
            rim=said.get("rim", ()),
            images=item.shown("score"),
        )
