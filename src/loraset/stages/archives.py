"""Archives: zip and tar unpacked into a scratch folder.

In: an archive. Out: a folder of its regular files. Never: a file outside that folder, a link, or more bytes than the
limits allow, whatever the archive's headers say.
"""

import errno
import hashlib
import lzma
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path, PureWindowsPath
from typing import IO

from loraset.errors import InputError, OutputError

ZIP_SUFFIXES = (".zip",)
TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
MAX_MEMBERS = 100_000
MAX_MEMBER_BYTES = 2 * 1024**3
MAX_TOTAL_BYTES = 20 * 1024**3
CHUNK_BYTES = 1024**2
BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,  # a password is needed
    NotImplementedError,  # an unknown compression
    ValueError,
)

Member = tuple[str, Callable[[], AbstractContextManager[IO[bytes]]]]


def is_archive(name: str) -> bool:
    """Whether a file's name ends as an archive's does."""
    return name.lower().endswith(ZIP_SUFFIXES + TAR_SUFFIXES)


def unpack(path: Path, scratch: Path) -> Path:
    """Folder with the archive's regular files, below scratch, named by the archive's content; made once.

    Raises
    ------
    InputError
        If the archive is broken, locked or too large, or a member points outside of it.
    OutputError
        If the scratch folder cannot be written.
    """
    try:
        with path.open("rb") as file:
            target = scratch / hashlib.file_digest(file, "sha256").hexdigest()
        if target.is_dir():
            return target
        scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=scratch, prefix="unpacking-") as name:
            whole = Path(name, "files")
            whole.mkdir()
            _write_members(path, whole)
            if not target.is_dir():  # another run may have been faster
                whole.rename(target)
        return target
    except BROKEN as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EACCES, errno.EROFS):
            raise OutputError(f"{path}: cannot be unpacked: {error.strerror}", f"Make room in {scratch}.") from error
        raise InputError(
            f"{path}: cannot be unpacked: {error or type(error).__name__}", "Unpack it yourself and name the folder."
        ) from error


def _write_members(path: Path, folder: Path) -> None:
    total = 0
    members = _zip_members(path) if path.name.lower().endswith(ZIP_SUFFIXES) else _tar_members(path)
    for count, (name, open_member) in enumerate(members, 1):
        place = PureWindowsPath(name)  # knows both slashes and drive letters
        if place.anchor or ".." in place.parts:
            raise InputError(
                f"{path}: its member {name!r} points outside of it",
                "Unpack it yourself, with care, and name the folder.",
            )
        target = folder.joinpath(*place.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with open_member() as source, target.open("wb") as out:
            total += _copy(source, out, path, min(MAX_MEMBER_BYTES, MAX_TOTAL_BYTES - total))
        if count > MAX_MEMBERS:
            raise _too_large(path)


def _copy(source: IO[bytes], out: IO[bytes], path: Path, limit: int) -> int:
    """Copy a member and return its size, counted as it comes: what a header says may be a lie."""
    size = 0
    while chunk := source.read(CHUNK_BYTES):
        size += len(chunk)
        if size > limit:
            raise _too_large(path)
        out.write(chunk)
    return size


def _too_large(path: Path) -> InputError:
    return InputError(
        f"{path}: holds more than {MAX_MEMBERS} files, a file above {MAX_MEMBER_BYTES >> 30} GiB or more than "
        f"{MAX_TOTAL_BYTES >> 30} GiB",
        "Unpack it yourself and name the folder.",
    )


def _zip_members(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not info.is_dir() and not stat.S_ISLNK(info.external_attr >> 16):
                yield info.filename, lambda info=info: archive.open(info)  # type: ignore[misc]


def _tar_members(path: Path) -> Iterator[Member]:
    with tarfile.open(path) as archive:
        for info in archive:
            if info.isreg():
                yield info.name, lambda info=info: archive.extractfile(info)  # type: ignore[misc]
