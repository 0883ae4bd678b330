"""What an exporter is: it lays a set out for one trainer, and reads such a folder as that trainer does.

In: a curated set in one variant, or a folder. Out: the files of a trainer's folder, as a list; what the trainer would
train on. Never: writing files (who asks for the list writes it, whole or not at all), or opening a picture.
"""

import mmap
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Size = tuple[int, int]  # (width, height) in px

ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that the format knows: no clock in the bytes


@dataclass(frozen=True, slots=True)
class Item:
    """One picture of the set. caption is one line, "" where there is nothing to say; paths are files on this disk."""

    stem: str
    image: Path
    mask: Path
    caption: str
    size: Size


@dataclass(frozen=True, slots=True)
class Context:
    """What a trainer's folder says beside the pictures.

    variant : its name. transparent : its files are RGBA, and their alpha says what is subject.
    token : the word that the pictures teach, fit for a folder's name. trigger, class_word : as in the recipe.
    resolution, step : of the buckets that the pictures were framed for. target : the base model, "" if not named.
    repeats : how often an epoch shows each picture. root : put before the paths in configurations; "" leaves them
    relative to the folder.
    """

    variant: str
    transparent: bool
    token: str
    trigger: str = ""
    class_word: str = ""
    resolution: int = 1024
    step: int = 64
    target: str = ""
    repeats: int = 10
    root: str = ""
    seed: int = 0

    @property
    def words(self) -> str:
        """What stands for a caption where there is none: no trainer is served by an empty one."""
        return " ".join(filter(None, (self.trigger, self.class_word))) or self.token

    def place(self, path: str) -> str:
        """Return a path for a configuration, with forward slashes: below `root`, or relative to the folder."""
        root = self.root.replace("\\", "/").rstrip("/")
        return f"{root}/{path}" if root else path


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file: its POSIX path below the trainer's folder, and its content.

    content : bytes, the file that it is a copy of, or the files of which it is a zip archive.
    """

    path: str
    content: "bytes | Path | tuple[ExportFile, ...]"

    def read(self) -> bytes | mmap.mmap:
        """Return the bytes to be written; those of an archive lie on the disk, however large it is."""
        if isinstance(self.content, Path):
            return self.content.read_bytes()
        if isinstance(self.content, bytes):
            return self.content
        with tempfile.TemporaryFile() as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:  # PNGs hold no air
                for member in self.content:
                    archive.writestr(zipfile.ZipInfo(member.path, ZIP_TIME), bytes(member.read()))
            file.flush()
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect: its code, the file it is about (POSIX, relative to the folder that was looked at), and words."""

    code: str
    path: str
    detail: str


Alpha = Literal["weight", "dropped", "white"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture as a trainer takes it.

    caption : the file that holds its words, or the words where they stand in a list; None where there are none.
    mask : the file that weighs the loss, None where nothing does.
    alpha : what becomes of transparency: the weight of the loss (the colour under it is still seen); dropped, so that
        the colour under it is seen; or the picture is laid on white.
    fit : from a picture's size to the one it is trained at; None where that is for the user to choose.
    """

    image: Path
    caption: Path | str | None
    mask: Path | None = None
    alpha: Alpha = "dropped"
    fit: Callable[[Size], Size] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a trainer would make of a folder: its samples, and what it would stumble over or misread."""

    samples: tuple[Sample, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Trainer:
    """One member of the family.

    title : what its users call it. marker : the file by which a folder of its own is known.
    export : the files of a folder, pictures first, so that a folder that has its configuration is complete.
    read : what the trainer would take from a folder. What is missing or cannot be read is a finding; a configuration
        whose values are of other kinds than the trainer's raises as they come (TypeError, ValueError, ...).
    alpha : see `Sample`. Which words of a background are true depends on it.
    masked : a transparent variant is trained with its masks, so that what lies under alpha 0 is not learnt.
    """

    title: str
    marker: str
    export: Callable[[Sequence[Item], Context], list[ExportFile]]
    read: Callable[[Path], Reading]
    alpha: Alpha = "dropped"
    masked: bool = False
