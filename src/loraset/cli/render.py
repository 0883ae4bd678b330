"""How everything looks in a terminal. The only user of rich.

In: results as plain values. Out: tables and text on stdout, progress and errors on stderr. Never: deciding anything,
or markup in a text that comes from outside (a file may be called `[red].jpg`).
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Column, Table
from rich.text import Text

from loraset.runtime.progress import Lines
from loraset.types import Json, Progress, Silent

if TYPE_CHECKING:  # these load numpy and OpenCV, which `loraset --help` does not need
    from loraset.experiment.analysis import Analysis
    from loraset.pipeline import Outcome, Plan
    from loraset.runtime.hardware import Check
    from loraset.runtime.models import Model
    from loraset.verify.check import Verified

VERDICT_STYLES = {"keep": "green", "review": "yellow", "reject": "red"}
RUN_NAMES = {verdict: verdict for verdict in VERDICT_STYLES}
CUTOUT_NAMES = {"keep": "cut", "review": "cut, to be checked", "reject": "not cut"}
EXPLANATION = (
    "Those first that a mask by hand would help most. A score is the chance that the mask is right, times what the "
    "photo and the edge are worth. -30% before a line: that alone takes 30% off the score."
)
CHECK_STYLES = {"ok": "green", "warn": "yellow", "bad": "red"}
UNBROKEN = 10_000  # columns
LEAST_SAID = 0.02  # of the score: what costs less is not said
NOTES = 8  # on an experiment; its page has all


def _console(*, stderr: bool) -> Console:
    """Return a console as wide as its terminal, or as `COLUMNS` says; into a file or pipe no line is broken."""
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = UNBROKEN
    return console


def say(text: str) -> None:
    """Write a line for the person on stderr."""
    _console(stderr=True).print(text, soft_wrap=True)


def error(message: str, hint: str = "") -> None:
    """Write what went wrong and what to do next on stderr."""
    console = _console(stderr=True)
    console.print(Text.assemble(("error: ", "bold red"), message), soft_wrap=True)
    for line in hint.splitlines():
        console.print(Text.assemble("  ", (line, "cyan")), soft_wrap=True)


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Progress]:
    """Give a `Progress` that draws bars on a terminal, else writes lines, else (quiet) says nothing."""
    console = _console(stderr=True)
    if quiet:
        yield Silent()
    elif not console.is_terminal:
        yield Lines(lambda text: console.print(text, soft_wrap=True))
    else:
        drawing = _Drawing(console)
        with drawing.bars:
            yield drawing


class _Drawing:
    """A `Progress` with a bar for each stage: counts, how many were stored before, time left."""

    def __init__(self, console: Console) -> None:
        room = console.width - len("decontaminate  100/100  100 stored  0:00:00 ")
        self.bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=max(4, min(40, room))),
            TextColumn("{task.completed:.0f}/{task.total:.0f}", justify="right"),
            TextColumn("{task.fields[stored]}", style="dim", justify="right"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._stored: dict[str, int] = {}
        self._lock = Lock()

    def stage(self, name: str, total: int) -> None:
        with self._lock:
            if name in self._tasks:
                task = self._tasks[name]
                self.bars.update(task, total=(self.bars.tasks[task].total or 0) + total)
            elif total > 0:
                self._tasks[name] = self.bars.add_task(name, total=total, stored="")

    def advance(self, name: str, done: int = 1, *, cached: bool = False) -> None:
        with self._lock:
            if name not in self._tasks:
                return
            if cached:
                self._stored[name] = self._stored.get(name, 0) + done
                self.bars.update(self._tasks[name], stored=f"{self._stored[name]} stored")
            self.bars.advance(self._tasks[name], done)

    def message(self, text: str) -> None:
        self.bars.console.print(text, soft_wrap=True)


def summary(outcome: "Outcome", names: Mapping[str, str] = RUN_NAMES) -> None:
    """Write what a run did: counts of verdicts and reasons, what to look at first, where everything lies.

    names : what the verdicts are called.
    """
    console = _console(stderr=False)
    rest = ", in the report" if outcome.report else ""
    _queue(console, outcome.rows, rest)
    counts = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    counts.add_column(no_wrap=True)
    counts.add_column(justify="right", no_wrap=True)
    counts.add_column(overflow="fold")
    for verdict, style in VERDICT_STYLES.items():
        rows = [row for row in outcome.rows if row["verdict"] == verdict]
        codes = Text(", ".join(f"{code} {count}" for code, count in _code_counts(rows).items()), style="dim")
        counts.add_row(Text(names[verdict], style=style), str(len(rows)), codes)
    console.print()
    console.print(Padding(counts, (0, 0, 0, 2), expand=False))
    failed = sorted(filter(_failed, outcome.rows), key=lambda row: str(row["source"]))
    _named(console, "Could not be used", failed, rest)
    _coverage(console, outcome.run.get("coverage"))
    if all(row["verdict"] == "reject" for row in outcome.rows):
        console.print(f"\nNothing was {'cut' if names is CUTOUT_NAMES else 'kept'}.")
    console.print()
    _place(console, "output", outcome.output)
    if outcome.report:
        _place(console, "report", outcome.report)


def _queue(console: Console, rows: Sequence[Json], rest: str) -> None:
    """Write what a person should look at, first things first; nothing where there is nothing."""
    from loraset.report.queue import queue_of

    queue = queue_of(rows)
    _named(console, queue.headline, queue.rows, rest)
    for text in queue.advice:
        console.print(Text(f"\n{text}"))


def _coverage(console: Console, coverage: Json | None) -> None:
    """Write what the set shows, and the advice on it."""
    if not coverage:
        return
    from loraset.stages.coverage import in_words

    lines, advice = in_words(coverage)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in lines:
        table.add_row(name, Text(text))
    console.print("\nWhat the set shows")
    console.print(Padding(table, (0, 0, 0, 2), expand=False))
    for text in advice:
        console.print(Padding(Text(text, style="cyan"), (0, 0, 0, 2), expand=False))


def _failed(row: Json) -> bool:
    """Whether a row is why the run's exit code is 1."""
    return any(reason["code"] in ("unreadable", "too_large") for reason in row["reasons"])


def _code_counts(rows: Sequence[Json]) -> dict[str, int]:
    """Return how many rows have each reason code, the most frequent first."""
    counts: dict[str, int] = {}
    for row in rows:
        for code in {reason["code"] for reason in row["reasons"]}:
            counts[code] = counts.get(code, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _named(console: Console, title: str, rows: Sequence[Json], rest: str) -> None:
    """Write the first pictures of a kind, with the reasons in words. rest : says where the others are."""
    if not rows:
        return
    from loraset.report.queue import NAMED, why

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(overflow="fold", ratio=2)
    table.add_column(overflow="fold", ratio=3)
    for row in rows[:NAMED]:
        table.add_row(Text(row["source"]), Text(why(row), style="dim"))
    console.print(Text(f"\n{title}", style="bold"))
    console.print(Padding(table, (0, 0, 0, 2), expand=False))
    if len(rows) > NAMED:
        console.print(f"  and {len(rows) - NAMED} more{rest}")


def _place(console: Console, name: str, path: Path) -> None:
    """Write a path on one line, however long, so that it can be copied."""
    console.print(Text.assemble((f"{name:<8}", "dim"), str(path)), soft_wrap=True)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def plan(planned: "Plan") -> None:
    """Write what a run would do."""
    console = _console(stderr=False)
    table = _table("stage", Column("to do", justify="right"), Column("stored", justify="right"), "why")
    for stage in planned.stages:
        table.add_row(stage["stage"], str(stage["todo"]), str(stage["cached"]), Text(stage["why"] or ""))
    for line in planned.lines:
        console.print(line, soft_wrap=True)
    console.print(table)
    _place(console, "output", planned.output)
    console.print("Nothing was written: this was a dry run.")


def copies(groups: Sequence[Json]) -> None:
    """Write groups of copies."""
    console = _console(stderr=False)
    if not groups:
        console.print("No copies.")
        return
    table = _table("kind", "kept", "copies of it")
    for group in groups:
        others = [member for member in group["members"] if member != group["kept"]]
        table.add_row(group["kind"], Text(group["kept"]), Text("\n".join(others)))
    console.print(table)


def scores(rows: Sequence[Json]) -> None:
    """Write what to look at, then all pictures: the worst score first, those without one last."""
    from loraset.report.queue import why

    console = _console(stderr=False)
    _queue(console, rows, " below")
    table = _table(Column("picture", ratio=2), Column("score", justify="right"), "verdict", Column("why", ratio=3))
    for row in sorted(rows, key=lambda row: (2.0 if row["score"] is None else row["score"], row["source"])):
        verdict = Text(row["verdict"], style=VERDICT_STYLES[row["verdict"]])
        table.add_row(Text(row["source"]), _number(row["score"]), verdict, Text(why(row)))
    console.print(Text("\nAll pictures, the worst score first (1 is the best)", style="bold"))
    console.print(table)


def explained(rows: Sequence[Json]) -> None:
    """Write what each score is made of, those first that a person's look may mend most."""
    from loraset.metrics.grade import WORDS
    from loraset.report.queue import most_to_gain

    console = _console(stderr=False)
    scored = sorted((row for row in rows if row["score"] is not None), key=most_to_gain)
    if scored:
        console.print(EXPLANATION)
    for row in scored:
        worth = row["details"]["score"]
        head = ("\n", row["source"], "  score ", _number(row["score"]), "  ")
        console.print(Text.assemble(*head, (row["verdict"], VERDICT_STYLES[row["verdict"]])), soft_wrap=True)
        parts = f"the mask is right with a chance of {worth['right']:.0%}; the photo is worth {worth['technical']:.0%}"
        console.print(f"  {parts}; a mask by hand would add {worth['gain']:.2f}", soft_wrap=True)
        for name, cost in worth["costs"].items():
            if cost >= LEAST_SAID:
                console.print(
                    Text.assemble(f"  {-cost:5.0%}  {WORDS[name]}", (f"  {name} {row['metrics'][name]:.3g}", "dim")),
                    soft_wrap=True,
                )
    unscored = _code_counts([row for row in rows if row["score"] is None])
    if unscored:
        listed = ", ".join(f"{code} {count}" for code, count in unscored.items())
        console.print(f"\nWithout a score, since they were never cut out: {listed}", soft_wrap=True)


def findings(found: "Verified", page: Path | None) -> None:
    """Write what is wrong with a folder, file by file, and how much was looked at."""
    console = _console(stderr=False)
    if found.findings:
        table = _table(Column("defect", no_wrap=True), Column("file", ratio=2), Column("what is wrong", ratio=3))
        for each in found.findings:
            table.add_row(Text(each.code, style="red"), Text(each.path), Text(each.detail))
        console.print(table)
    pictures = sum(len(one.samples) for one in found.checked)
    names = sorted({one.trainer for one in found.checked})
    count = len(found.findings)
    verdict = f"{count} defect{'s' if count > 1 else ''}" if count else "no defects"
    seen = f"{pictures} pictures as {', '.join(names)} would take them" if names else "a set without exports"
    console.print(f"{verdict}: {seen}", soft_wrap=True)
    if page:
        _place(console, "preview", page)


def protocol(planned: Json, output: Path) -> None:
    """Write what an experiment asks, how it will be judged, and the hash to be noted."""
    console = _console(stderr=False)
    for paragraph in planned["words"]:
        console.print(Text(paragraph), soft_wrap=True)
        console.print()
    _place(console, "output", output)
    console.print(f"The protocol is frozen. Note its hash: {planned['hash'][:12]}")


def analysis(found: "Analysis", page: Path) -> None:
    """Write what an experiment says, and what of it is not as planned."""
    console = _console(stderr=False)
    for line in found.broken:
        console.print(Text(line, style="red"), soft_wrap=True)
    for line in found.notes[:NOTES]:
        console.print(Text(line, style="yellow"), soft_wrap=True)
    if len(found.notes) > NOTES:
        console.print(f"and {len(found.notes) - NOTES} more: the page has all", style="yellow")
    for line in found.words:
        console.print(Text(f"\n{line}"), soft_wrap=True)
    console.print()
    _place(console, "report", page)


def recipes(purposes: Mapping[str, str]) -> None:
    """Write the packed recipes with their purposes."""
    table = _table(Column("recipe", no_wrap=True), "for")
    for name, purpose in purposes.items():
        table.add_row(name, Text(purpose))
    _console(stderr=False).print(table)


def models(rows: Sequence[tuple["Model", Path | None]]) -> None:
    """Write the models that engine rembg can use: licence, and where each lies on this disk."""
    table = _table("model", "licence", Column("input", justify="right"), "on disk")
    for model, path in rows:
        licence = Text(model.licence) if model.commercial else Text(f"{model.licence}, not commercial", style="yellow")
        table.add_row(model.name, licence, f"{model.input_size}", Text(str(path)) if path else Text("-", style="dim"))
    _console(stderr=False).print(table)


def checks(found: Sequence["Check"]) -> None:
    """Write what `doctor` found, and what to do about it."""
    table = _table(Column("", no_wrap=True), Column("check", no_wrap=True), "found")
    for check in found:
        text = Text(check.text)
        if check.advice:
            text.append(f"\n{check.advice}", style="cyan")
        table.add_row(Text(check.status, style=CHECK_STYLES[check.status]), check.name, text)
    _console(stderr=False).print(table)


def _table(*columns: Column | str) -> Table:
    table = Table(*columns, box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in table.columns:
        column.overflow = "fold"
    return table
