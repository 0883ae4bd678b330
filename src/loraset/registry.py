"""Families of interchangeable parts (engines, metrics, exporters): a table of names, each loaded when it is asked for.

In: a table name -> "module:attribute" and a name. Out: the attribute. Never: loading what was not asked for.
"""

import difflib
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from loraset.errors import UsageError


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the known word that `word` was most likely meant to be, or None."""
    found = difflib.get_close_matches(word.lower(), list(words), n=1, cutoff=0.5)
    return found[0] if found else None


def load(table: Mapping[str, str], name: str, family: str) -> Any:
    """Return what stands behind a name of a family's table.

    Raises
    ------
    UsageError
        If the table has no such name: names the nearest right one and all others.
    """
    if name not in table:
        close = nearest(name, table)
        hint = f"Did you mean {close}? " if close else ""
        raise UsageError(f"unknown {family} {name!r}", f"{hint}There are: {', '.join(sorted(table))}.")
    module, _, attribute = table[name].partition(":")
    return getattr(import_module(module), attribute)
