"""The recipe's models, asked about: which keys there are, what each may hold, in words.

In: a key's path. Out: keys, annotations, plain words. Never: values of a user's recipe.
"""

import types
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, TypeGuard, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from loraset.recipe.model import Recipe, Section
from loraset.recipe.toml import KeyPath, write_value

Annotation = Any  # a type as a model writes it: a class, Literal[...], list[...], Annotated[...]


def fields_of(section: type[Section]) -> dict[str, FieldInfo]:
    """Return the fields of a table by their names in the file."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def is_section(annotation: Annotation) -> TypeGuard[type[Section]]:
    """Whether an annotation is a table of the recipe."""
    return isinstance(annotation, type) and issubclass(annotation, Section)


def annotation_at(path: KeyPath) -> Annotation:
    """Return what may stand at a path, with its limits, or None where the recipe has no such place.

    Parameters
    ----------
    path : keys and list indices, such as ("frame", "step") or ("dedupe", "keep", 0); any name stands for a variant.
    """
    node: Annotation = Recipe
    for step in path:
        node = _step(node, step)
    return node


def _step(node: Annotation, step: str | int) -> Annotation:
    if is_section(node):
        field = fields_of(node).get(str(step))
        return Annotated[field.annotation, *field.metadata] if field and field.metadata else field and field.annotation
    origin: object = get_origin(node)
    parts = get_args(node)
    if origin is Annotated:
        return _step(parts[0], step)
    if origin is dict:
        return parts[1]
    if origin is list:
        return parts[0]
    return next((found for part in parts if (found := _step(part, step))), None)


def all_keys() -> Iterator[tuple[str, ...]]:
    """Yield the path of every key that is always there (not those of the variants)."""

    def walk(section: type[Section], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for key, field in fields_of(section).items():
            if is_section(field.annotation):
                yield from walk(field.annotation, (*path, key))
            else:
                yield (*path, key)

    return walk(Recipe, ())


def choices_of(annotation: Annotation) -> tuple[Any, ...]:
    """Return the values of a choice, or of a list of choices; () for anything else."""
    origin: object = get_origin(annotation)
    parts = get_args(annotation)
    if origin is Literal:
        return parts
    return choices_of(parts[0]) if origin in (Annotated, list) else ()


def expected(annotation: Annotation) -> str:
    """Return in words what may stand at a place, such as "a whole number from 64 to 8192"."""
    limits: Sequence[Any] = ()
    origin: object = get_origin(annotation)
    if origin is Annotated:
        annotation, *limits = get_args(annotation)
        origin = get_origin(annotation)
    parts = get_args(annotation)
    if origin is Literal:
        return ("one of " if len(parts) > 1 else "") + ", ".join(write_value(part) for part in parts)
    if origin is list:
        least = " with at least one element" if any(hasattr(limit, "min_length") for limit in limits) else ""
        return f"a list{least}, each {expected(parts[0])}"
    if origin is dict:
        return "at least one table, such as [variants.gray]"
    if origin in (Union, types.UnionType):
        return " or ".join(expected(part) for part in parts)
    if is_section(annotation):
        return "a table"
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text in quotes"}[annotation]
    return words + limit_words(limits)


def limit_words(limits: Sequence[Any]) -> str:
    """Return a field's limits in words with a separator before them, such as " from 0 to 1"; "" where it has none."""
    bounds = {
        name: getattr(limit, name)
        for limit in limits
        for name in ("ge", "le", "gt", "min_length", "max_length")
        if hasattr(limit, name)
    }
    match bounds:
        case {"ge": low, "le": high}:
            return f" from {low} to {high}"
        case {"min_length": low, "max_length": high}:
            return f", {low} to {high} characters long"
        case {"ge": low}:
            return f" of at least {low}"
        case {"gt": low}:
            return f" above {low}"
    return ""
