"""What an exporter is.

In: a curated set in one variant. Out: the files of a trainer's folder, as a list. Never: writing them, or reading more
than their names: who asks for the list writes it, whole or not at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Item:
    """One picture of the set. caption is one line, "" where there is nothing to say; paths are files on this disk."""

    stem: str
    image: Path
    mask: Path
    caption: str
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Context:
    """What a trainer's folder says beside the pictures.

    variant : its name. transparent : its files are RGBA, and their alpha says what is subject.
    token : the word that the pictures teach, fit for a folder's name. trigger, class_word : as in the recipe.
    resolution, step : of the buckets that the pictures were framed for.
    """

    variant: str
    transparent: bool
    token: str
    trigger: str
    class_word: str
    resolution: int
    step: int


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file: its POSIX path below the trainer's folder, and its content or the file that it is a copy of."""

    path: str
    content: bytes | Path

    def read(self) -> bytes:
        """Return the bytes to be written."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


class Exporter(Protocol):
    """Lays out one variant of a set for one trainer."""

    def __call__(self, items: Sequence[Item], context: Context) -> list[ExportFile]:
        """Return the files; configuration last, so that a folder that has it is complete."""
