"""State of the process that decoders and C libraries touch: warnings, Pillow's limit, standard error.

In: threads that need a change at once. Out: the change, for as long as one of them needs it. Never: a trace of it
afterwards.
"""

import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, TextIO

from PIL import Image


class _Shared:
    """A change to the process that threads need at once: the first one in makes it, the last one out undoes it."""

    def __init__(self, change: Callable[[ExitStack], None]) -> None:
        self._change = change
        self._lock = threading.Lock()
        self._users = 0
        self._undo = ExitStack()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if self._users == 0:
                self._change(self._undo)
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self._undo.close()


_listener = threading.local()


def _hook_warnings(undo: ExitStack) -> None:
    undo.enter_context(warnings.catch_warnings())
    warnings.filterwarnings("always", module=r"(PIL|pillow_heif)\b")
    original = warnings.showwarning

    def show(message: Warning | str, *details: Any, **named: Any) -> None:
        notes: list[str] | None = getattr(_listener, "notes", None)
        if notes is None:
            original(message, *details, **named)
        else:
            notes.append(" ".join(str(message).split()))

    warnings.showwarning = show


_hooked_warnings = _Shared(_hook_warnings)


@contextmanager
def warnings_into(notes: list[str]) -> Iterator[None]:
    """Append the text of the decoders' warnings in this thread to notes.

    `warnings.catch_warnings` alone swaps state that all threads share: threads that overlap would restore each other's.
    """
    with _hooked_warnings():
        _listener.notes = notes
        try:
            yield
        finally:
            _listener.notes = None


_limits: list[int] = []
_limits_lock = threading.Lock()
_pillow_limit = Image.MAX_IMAGE_PIXELS


@contextmanager
def pixel_limit(max_pixels: int) -> Iterator[None]:
    """Let a plugin's own check of an inner frame follow the recipe.

    Pillow has one limit for all threads: the largest that is in use, so that none is refused by another's.
    """
    _change_limits(_limits.append, max_pixels)
    try:
        yield
    finally:
        _change_limits(_limits.remove, max_pixels)


def _change_limits(change: Callable[[int], None], max_pixels: int) -> None:
    with _limits_lock:
        change(max_pixels)
        Image.MAX_IMAGE_PIXELS = max(_limits, default=_pillow_limit)


def _silence_descriptor(undo: ExitStack) -> None:
    try:
        saved = os.dup(2)
    except OSError:  # there is no standard error: nothing to keep clean
        return
    undo.callback(os.close, saved)
    before = sys.stderr
    if before is not None and _descriptor(before) == 2:
        before.flush()
        encoding, errors = before.encoding, before.errors or "backslashreplace"
        terminal = os.fdopen(os.dup(saved), "w", buffering=1, encoding=encoding, errors=errors)
        undo.enter_context(terminal)
        sys.stderr = terminal
        undo.callback(setattr, sys, "stderr", before)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)
    undo.callback(os.dup2, saved, 2)


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError):
        return None


_quiet = _Shared(_silence_descriptor)


def quiet_native() -> AbstractContextManager[None]:
    """Keep what C libraries write to file descriptor 2 off the terminal, for a whole run.

    Python's sys.stderr is replaced by one that goes on to where it went. Nested and concurrent use is fine; the last
    one out restores everything.
    """
    return _quiet()
