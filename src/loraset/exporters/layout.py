"""Laying out: what the folders of several trainers have in common.

In: items. Out: `ExportFile`s, and text in the form that configurations want. Never: a trainer's own rules.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from loraset.exporters.interface import Context, ExportFile, Item

IMAGES = "images"
MASKS = "masks"

PATHS_NOTE = (
    "# Folders are named relative to this one, but the trainer looks for them where it is started: start it here, or",
    "# let them be written whole: export.root of the recipe, or loraset export --root.",
)
LOSS_NOTE = "# The loss shrinks with the subject's share of the picture: mind that when runs are compared at one rate."


def pictures(items: Sequence[Item], context: Context, folder: str = IMAGES) -> list[ExportFile]:
    """Return each picture with its caption beside it: one line of UTF-8 with a line feed."""
    files = []
    for item in items:
        files.append(ExportFile(f"{folder}/{item.stem}{item.image.suffix}", item.image))
        files.append(ExportFile(f"{folder}/{item.stem}.txt", f"{caption(item, context)}\n".encode()))
    return files


def masks(items: Sequence[Item], folder: str = MASKS) -> list[ExportFile]:
    """Return each picture's mask, under its stem."""
    return [ExportFile(f"{folder}/{item.stem}{item.mask.suffix}", item.mask) for item in items]


def caption(item: Item, context: Context) -> str:
    """Return the words of a picture, never none."""
    return item.caption or context.words


def paths_note(context: Context) -> tuple[str, ...]:
    """Return the comment lines on where the trainer looks for folders."""
    return () if context.root else PATHS_NOTE


def lines(text: Sequence[str]) -> bytes:
    """Return a text file of these lines."""
    return ("\n".join(text) + "\n").encode()


def to_json(value: Any) -> bytes:
    """Return a JSON file for people to read."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def to_jsonl(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a file with one JSON object on each line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def toml_string(text: str) -> str:
    """Return a TOML basic string; what cannot be printed becomes a space."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(character if character.isprintable() else " " for character in escaped) + '"'


def yaml_lines(value: Any, indent: int = 0) -> Iterator[str]:
    """Yield block YAML of nested mappings and lists; every scalar and empty or flat list is written as in JSON.

    Quoted so, no word is taken for a number, a date or a truth value, in YAML 1.1 or 1.2.
    """
    pad = " " * indent
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if _is_block(inner):
                yield f"{pad}{key}:"
                yield from yaml_lines(inner, indent + 2)
            else:
                yield f"{pad}{key}: {json.dumps(inner, ensure_ascii=False)}"
    else:
        for inner in value:
            first, *rest = yaml_lines(inner, indent + 2)
            yield f"{pad}- {first.lstrip()}"
            yield from rest


def _is_block(value: Any) -> bool:
    return (isinstance(value, Mapping) and bool(value)) or (
        isinstance(value, list) and any(isinstance(each, Mapping) for each in value)
    )
