"""What is wrong with a recipe, in words: key, place, mistake, remedy.

In: pydantic's errors, the data they are about, the place of each key. Out: `Mistake`s. Never: raising, reading files.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from loraset.recipe.fields import Annotation, all_keys, annotation_at, choices_of, expected, fields_of, is_section
from loraset.recipe.model import Recipe
from loraset.recipe.toml import KeyPath, write_value
from loraset.registry import nearest
from loraset.types import Json


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend: where it stands (in words, and its line or 0), what is wrong, what to do."""

    place: str
    line: int
    text: str
    remedy: str


def explain(error: ValidationError, data: Json, place: Callable[[KeyPath], tuple[str, int]]) -> list[Mistake]:
    """Return every mistake of a recipe, in the order of the file.

    Parameters
    ----------
    error : what `Recipe.model_validate(data)` raised.
    place : gives the words for where a key stands, such as "plush.toml, line 3", and the line (0 where it has none).
    """
    found: dict[KeyPath, ErrorDetails] = {}
    for details in error.errors(include_url=False):
        found.setdefault(_path(details, data), details)
    # A value that may be text or a list fails as both: only what is said of the innermost place helps.
    outer = {path[:depth] for path in found for depth in range(len(path))}
    mistakes = []
    for path, details in found.items():
        if path not in outer:
            stands = path[:-1] if details["type"] == "missing" else path
            mistakes.append(Mistake(*place(stands), *_words(path, details)))
    return sorted(mistakes, key=lambda mistake: mistake.line)


def dotted(path: KeyPath) -> str:
    """Return a path as a person writes it: `frame.resolution`, `dedupe.keep[0]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _path(details: ErrorDetails, data: Json) -> KeyPath:
    """Return the error's path in the data: pydantic adds steps of its own for unions and for keys of a dict."""
    path: KeyPath = ()
    value: Any = data
    for step in details["loc"]:
        if (isinstance(value, dict) and step in value) or (isinstance(value, list) and isinstance(step, int)):
            value = value[step]  # type: ignore[index]  # an int here, if it is a list
            path = (*path, step)
    return (*path, details["loc"][-1]) if details["type"] == "missing" else path


def _words(path: KeyPath, details: ErrorDetails) -> tuple[str, str]:
    """Return the mistake and its remedy."""
    name, value, annotation = dotted(path), details["input"], annotation_at(path)
    if details["type"] == "extra_forbidden":
        return _unknown(path)
    if details["type"] == "missing":
        return f"{name} is missing", f'Add {path[-1]} = "#808080"'  # a variant's colour is all that must be given
    if details["type"] == "value_error":
        return f"{name}: {details['ctx']['error']}", ""
    if details["loc"][-1] == "[key]":
        return (
            f"{path[-1]!r} cannot be the name of a variant",
            "It names a folder: lower-case letters, digits and hyphens, at most 40 of them.",
        )
    return f"{name} must be {expected(annotation)}, not {write_value(value)}", _remedy(annotation, value)


def _remedy(annotation: Annotation, value: object) -> str:
    close = nearest(value, map(str, choices_of(annotation))) if isinstance(value, str) else None
    if close:
        return f"Did you mean {write_value(close)}?"
    wanted = expected(annotation)
    if isinstance(value, str) and ("number" in wanted or "true" in wanted):
        return "Write it without quotes."
    if not isinstance(value, str | list | dict) and "text" in wanted:
        return f'Put it in quotes: "{write_value(value)}".'
    return ""


def _unknown(path: KeyPath) -> tuple[str, str]:
    """Say that a key does not exist, and which was probably meant: here, or the same word in another table."""
    *above, last = path
    section = annotation_at(tuple(above)) if above else Recipe
    keys = list(fields_of(section))
    here = f"[{dotted(tuple(above))}]" if above else "the recipe"
    elsewhere = [known for known in all_keys() if known[-1] == last and len(known) > 1]
    close = nearest(str(last), keys)
    if close and is_section(annotation_at((*above, close))):
        remedy = f"Did you mean [{dotted((*above, close))}]?"
    elif elsewhere:
        remedy = f"{last} belongs to [{dotted(elsewhere[0][:-1])}]."
    elif close:
        remedy = f"Did you mean {close}?"
    else:
        remedy = f"{here[0].upper()}{here[1:]} has: {', '.join(keys)}."
    return f"there is no {last!r} in {here}", remedy
