"""The recipe file that `loraset init` writes: every key, its default, and what it means.

In: the models. Out: TOML text that loads to the default recipe. Never: a default or a meaning of its own.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from loraset.errors import OutputError
from loraset.recipe.fields import choices_of, fields_of, is_section, limit_words
from loraset.recipe.model import DEFAULT_VARIANTS, Recipe, Section, Variant
from loraset.recipe.toml import write_value

_HEAD = """\
# A loraset recipe. Every key is optional: what is written here is the default, so keep the lines you
# change and delete the rest. Paths are relative to this file.
"""
_VARIANTS = """
# One table for each background. As soon as a recipe names one variant, only those it names are made.
# background: {background}
# under: {under}
"""


def template() -> str:
    """Return the text of a recipe with every key at its default and a comment on each."""
    return "".join([_HEAD, *_section(Recipe, "")])


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises
    ------
    OutputError
        If something is there already, or nothing can be written there.
    """
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise OutputError(f"{path} is there already", "Choose another name; nothing is overwritten.") from None
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from None


def _section(section: type[Section], prefix: str) -> Iterator[str]:
    """Yield the lines of a table: its own keys first, then the tables inside it."""
    fields = fields_of(section)
    for key, field in fields.items():
        if not is_section(field.annotation) and field.annotation is not None and key != "variants":
            yield f"{key} = {write_value(field.get_default())}".ljust(36) + f" # {_comment(field)}\n"
    for key, field in fields.items():
        if is_section(field.annotation):
            inner: Any = field.annotation
            meaning = (inner.__doc__ or "").partition("\n")[0].partition("]: ")[2].rstrip(".")
            yield f"\n[{prefix}{key}]".ljust(37) + f" # {meaning}\n"
            yield from _section(inner, f"{prefix}{key}.")
        elif key == "variants":
            yield _VARIANTS.format(**{key: field.description for key, field in fields_of(Variant).items()})
            for name, variant in DEFAULT_VARIANTS.items():
                yield from _variant(name, variant.model_dump())


def _variant(name: str, values: dict[str, str]) -> Iterator[str]:
    yield f"[variants.{name}]\n"
    yield f"background = {write_value(values['background'])}\n"
    if values["background"] == "transparent":
        yield f"under = {write_value(values['under'])}\n"


def _comment(field: FieldInfo) -> str:
    """Return the description, with the choices or limits that it does not name itself."""
    meaning = field.description or ""
    choices = [str(choice) for choice in choices_of(field.annotation)]
    if len(choices) > 1 and not all(f"{choice}:" in meaning or f"{choice};" in meaning for choice in choices):
        return f"{' | '.join(choices)}; {meaning}"
    limits = limit_words(field.metadata)
    return meaning + limits.replace(" from ", "; from ") if limits.startswith(" from ") else meaning
