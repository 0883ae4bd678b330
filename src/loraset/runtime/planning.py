"""What a dry run says: per stage how many pictures are to do, how many are stored, and why.

In: a line whose files were found, the recipe of the run before. Out: a `Plan`. Never: a stage past dedupe being run.
"""

from dataclasses import dataclass
from pathlib import Path

from loraset.recipe.model import Recipe
from loraset.runtime.line import CUT_STAGES, Line
from loraset.types import Json


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do: per stage how many pictures are to do and how many are stored, and why."""

    found: int
    output: Path
    stages: list[Json]
    lines: list[str]


def make_plan(line: Line, earlier: Recipe | None) -> Plan:
    """Return what is to do. earlier : the recipe of the last run into this output folder, to say what changed."""
    fresh = sum(not item.task.is_cached("ingest") for item in line.going if item.task)
    line.decode()
    groups = line.drop_copies()
    line.show_set()
    stages: list[Json] = [_planned(line, "ingest", len(line.items) - fresh, fresh, earlier)]
    todo = False
    for name in ("mask", "repair", *CUT_STAGES):
        tasks = [item.task for item in line.going if item.task]
        stored = sum(task.is_cached(name) for task in tasks)
        stages.append(_planned(line, name, stored, len(tasks) - stored, earlier, follows=todo))
        todo = todo or stored < len(tasks)
    stages.append(_deciding(line, earlier, follows=todo))
    copies = sum(len(group.dropped) for group in groups)
    unread = sum(item.ended for item in line.items) - copies
    recipe = line.recipe
    lines = [
        f"{len(line.items)} files found, {unread} of them no pictures or not usable, {copies} dropped as copies",
        f"engine: {recipe.mask.name}",
        f"variants: {', '.join(recipe.variants)}",
        f"exports: {', '.join(recipe.export.trainers) or 'none'}",
    ]
    return Plan(len(line.items), line.request.output_path(), stages, lines)


def _deciding(line: Line, earlier: Recipe | None, *, follows: bool) -> Json:
    """Return the line of select. It is never stored, but without news it decides as before."""
    if earlier is None:
        why = "first run into this folder"
    elif follows:
        why = "an earlier stage has work to do"
    elif earlier.select != line.recipe.select:
        why = "its settings changed"
    else:
        return {"stage": "select", "todo": 0, "cached": len(line.items), "why": "nothing changed"}
    return {"stage": "select", "todo": len(line.items), "cached": 0, "why": why}


def _planned(line: Line, name: str, stored: int, todo: int, earlier: Recipe | None, *, follows: bool = False) -> Json:
    """Return one line of the plan; why says in words what there is to do it for."""
    if todo == 0:
        why = "nothing changed"
    elif line.request.fresh:
        why = "--fresh"
    elif earlier is None:
        why = "first run into this folder"
    elif line.stage_settings(name, earlier) != line.stage_settings(name, line.recipe):
        why = "its settings changed"
    elif follows:
        why = "an earlier stage has work to do"
    else:
        why = "new or changed pictures"
    return {"stage": name, "todo": todo, "cached": stored, "why": why}
