"""The cache of stage results: one JSON file and its PNG files under a key.

In: keys (`make_key`) and `StageResult`s. Out: the same results, read from the disk. Never: a decision about what to
run, pickles, times. A result counts as there when its JSON file is, which is written last and moved into place, so a
killed run leaves no half result behind.
"""

import hashlib
import json
import mmap
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from loraset.errors import OutputError
from loraset.images import encode_png, read_png, write_bytes
from loraset.types import Json, Pixels, Reason, StageResult

LAYOUT = "1"  # raised when the files' form changes; old ones are then never read again


def cache_root() -> Path:
    """Return `$LORASET_CACHE`, else the platform's cache folder for loraset."""
    named = os.environ.get("LORASET_CACHE")
    return Path(named) if named else user_cache_path("loraset", appauthor=False)


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def make_key(**parts: Any) -> str:
    """Return the sha256 (hex) of the named JSON parts."""
    return hashlib.sha256(canonical(parts).encode()).hexdigest()


def hash_file(path: Path) -> str:
    """Return the sha256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomic(path: Path, content: bytes | mmap.mmap) -> None:
    """Write a file as `write_bytes` does, whole or not at all, its folder with it.

    Raises
    ------
    OutputError
        If the folder cannot be written or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}", _advice(error)) from error


def _advice(error: OSError) -> str:
    if error.errno == 28:
        return "The disk is full. Free some space, then run the same command again: it goes on where it stopped."
    return "Name another folder with --output, or another cache with the environment variable LORASET_CACHE."


class StoredImages(Mapping[str, Pixels]):
    """The pictures of a cached result; each is read when it is asked for."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._paths = dict(paths)

    def __getitem__(self, name: str) -> Pixels:
        return read_png(self._paths[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


class Cache:
    """Stage results on disk. Safe for several threads and for several runs at once.

    fresh : what was stored before this object was made counts as absent.
    """

    def __init__(self, root: Path, *, fresh: bool = False) -> None:
        self.root = root / f"v{LAYOUT}"
        self._fresh = fresh
        self._own: set[str] = set()

    def _base(self, stage: str, key: str) -> Path:
        return self.root / stage / key[:2] / key

    def has(self, stage: str, key: str) -> bool:
        """Whether a result is there."""
        return not (self._fresh and key not in self._own) and self._base(stage, key).with_suffix(".json").is_file()

    def get(self, stage: str, key: str) -> StageResult | None:
        """Return a stored result, or None. A damaged one counts as absent."""
        if self._fresh and key not in self._own:
            return None
        base = self._base(stage, key)
        try:
            stored: Json = json.loads(base.with_suffix(".json").read_bytes())
            paths = {}
            for name, size in stored["images"].items():
                paths[name] = base.with_name(f"{key}.{name}.png")
                if paths[name].stat().st_size != size:
                    return None
            reasons = tuple(Reason(**reason) for reason in stored["reasons"])
            return StageResult(stored["data"], StoredImages(paths), reasons)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def png(self, stage: str, key: str, name: str) -> bytes:
        """Return the PNG file of a stored picture, for whoever writes it as it is."""
        return self._base(stage, key).with_name(f"{key}.{name}.png").read_bytes()

    def put(self, stage: str, key: str, result: StageResult) -> StageResult:
        """Store a result and return it as a later run would read it."""
        base = self._base(stage, key)
        sizes = {}
        for name, pixels in result.images.items():
            content = encode_png(pixels)
            write_atomic(base.with_name(f"{key}.{name}.png"), content)
            sizes[name] = len(content)
        stored = {"data": result.data, "images": sizes, "reasons": [reason.to_json() for reason in result.reasons]}
        write_atomic(base.with_suffix(".json"), canonical(stored).encode())
        self._own.add(key)
        read = self.get(stage, key)
        if read is None:  # somebody removed the files in between
            raise OutputError(f"cannot read back what was just written to {base.parent}", "Is the cache being cleared?")
        return read
