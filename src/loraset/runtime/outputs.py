"""The output folder: who may write there, what loraset wrote, and nothing half written.

In: relative paths and bytes. Out: files, moved into place whole. Never: overwriting or removing a file that loraset did
not write. What it writes is noted in `.loraset/outputs.jsonl` before the file appears, so a killed run knows its own.
"""

import contextlib
import hashlib
import json
import mmap
import threading
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from loraset.errors import OutputError
from loraset.runtime.cache import canonical, hash_file, write_atomic

STATE = ".loraset"
JOURNAL = "outputs.jsonl"
CAPTION = ".txt"


class OutputFolder:
    """One run's hold on its output folder; a context manager that takes the lock.

    kind : what the folder holds ("a set", "cut-outs", "an export"). What one kind of command wrote, another would take
    for its own stale files, so it is refused.

    Raises
    ------
    OutputError
        On entering: the folder cannot be made or written, another run holds it, or it holds another kind.
    """

    def __init__(self, root: Path, kind: str) -> None:
        self.root = root
        self.kind = kind
        self.state = root / STATE
        self._lock = FileLock(self.state / "lock")
        self._guard = threading.Lock()
        self._known: dict[str, dict[str, str]] = {}
        self._written: dict[str, set[str]] = {}  # every content that a killed run may have left, by its hash
        self._used: set[str] = set()
        self.kept: list[str] = []  # captions that a person changed, which this run left as they are

    def __enter__(self) -> "OutputFolder":
        try:
            self.state.mkdir(parents=True, exist_ok=True)
            probe = self.state / "probe"
            probe.write_bytes(b"x")
            probe.unlink()
            self._lock.acquire(timeout=0)
        except Timeout:
            raise OutputError(
                f"another run is writing to {self.root}", "Wait for it to end, or name another folder with --output."
            ) from None
        except OSError as error:
            raise OutputError(
                f"cannot write to {self.root}: {error.strerror or error}", "Name another folder with --output."
            ) from error
        try:
            self._check_kind()
            self._known = self._read_journal()
        except BaseException:
            self._lock.release()
            raise
        return self

    def _check_kind(self) -> None:
        marker = self.state / "kind"
        held = marker.read_text("utf-8").strip() if marker.is_file() else self.kind
        if held != self.kind:
            raise OutputError(
                f"{self.root} holds {held} that loraset wrote, not {self.kind}", "Name another folder with --output."
            )
        write_atomic(marker, f"{self.kind}\n".encode())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def _read_journal(self) -> dict[str, dict[str, str]]:
        journal = self.state / JOURNAL
        known: dict[str, dict[str, str]] = {}
        if journal.is_file():
            for line in journal.read_text("utf-8").splitlines():
                with contextlib.suppress(ValueError, KeyError):  # the last line of a killed run may be cut
                    entry = json.loads(line)
                    known[entry["file"]] = {"key": entry["key"], "sha256": entry["sha256"]}
                    self._written.setdefault(entry["file"], set()).add(entry["sha256"])
        return known

    def _note(self, file: str, key: str, digest: str) -> None:
        self._known[file] = {"key": key, "sha256": digest}
        self._written.setdefault(file, set()).add(digest)
        with (self.state / JOURNAL).open("a", encoding="utf-8") as journal:
            journal.write(canonical({"file": file, "key": key, "sha256": digest}) + "\n")

    def is_current(self, file: str, key: str) -> bool:
        """Whether a file that was written under this key stands there unchanged; it then counts as used by this run."""
        entry = self._known.get(file)
        path = self.root / file
        if entry is None or entry["key"] != key or not path.is_file():
            return False
        if hash_file(path) != entry["sha256"]:
            return False
        with self._guard:
            self._used.add(file)
        return True

    def sha256(self, file: str) -> str:
        """Return the sha256 (hex) of a file as it was last written."""
        return self._known[file]["sha256"]

    def _is_edited(self, file: str, digest: str) -> bool:
        """Whether a caption was changed by somebody, and not into what would be written now."""
        path = self.root / file
        if not file.endswith(CAPTION) or file not in self._known or not path.is_file():
            return False
        return hash_file(path) not in {*self._written[file], digest}

    def write(self, file: str, content: bytes | mmap.mmap, key: str = "") -> Path:
        """Write a file whole, unless the same bytes stand there, or a caption that a person changed.

        Raises
        ------
        OutputError
            If a file that loraset did not write is in the way, or the disk is full.
        """
        path = self.root / file
        digest = hashlib.sha256(content).hexdigest()
        with self._guard:
            self._used.add(file)
            if self._is_edited(file, digest):
                self.kept.append(file)
                return path
            if file not in self._known and path.exists() and hash_file(path) != digest:
                raise OutputError(
                    f"{path} is in the way: loraset did not write it and will not overwrite it",
                    "Move it away, or name another folder with --output.",
                )
            self._note(file, key, digest)
        if not path.is_file() or hash_file(path) != digest:
            write_atomic(path, content)
        return path

    def prune(self) -> int:
        """Remove the files of earlier runs that this one did not use, and folders left empty. Returns their number.

        A caption that a person changed stays.
        """
        stale = sorted(file for file in set(self._known) - self._used if not self._is_edited(file, ""))
        for file in stale:
            path = self.root / file
            path.unlink(missing_ok=True)
            del self._known[file]
            for parent in path.parents:
                if parent == self.root or not parent.is_dir() or any(parent.iterdir()):
                    break
                parent.rmdir()
        lines = [canonical({"file": file, **entry}) for file, entry in sorted(self._known.items())]
        write_atomic(self.state / JOURNAL, "".join(line + "\n" for line in lines).encode())
        return len(stale)
