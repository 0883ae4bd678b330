"""A run's progress as counts, and as plain lines where no terminal draws bars.

In: what a `Progress` hears. Out: counts per stage, lines of text. Never: a terminal's control codes.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock


@dataclass(slots=True)
class Tally:
    """How far one stage is: items announced, finished, and of these read from the cache."""

    total: int = 0
    done: int = 0
    cached: int = 0
    began: float = field(default_factory=time.monotonic)

    def summary(self) -> str:
        """Return the counts in words, such as "24 done, 20 of them stored before"."""
        stored = f", {self.cached} of them stored before" if self.cached else ""
        return f"{self.done} done{stored}"


class Lines:
    """A `Progress` that says one line when a stage begins and one when it is finished, never one for each picture.

    Parameters
    ----------
    say : writes one line. Called from several threads, one at a time.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._tallies: dict[str, Tally] = {}
        self._lock = Lock()

    def stage(self, name: str, total: int) -> None:
        """Announce `total` more items of a stage."""
        if total <= 0:
            return
        with self._lock:
            tally = self._tallies.setdefault(name, Tally())
            tally.total += total
            self._say(f"{name}: {total} to do")

    def advance(self, name: str, done: int = 1, *, cached: bool = False) -> None:
        """Count finished items; the last one ends the stage."""
        with self._lock:
            tally = self._tallies.setdefault(name, Tally())
            tally.done += done
            tally.cached += done if cached else 0
            if tally.done == tally.total:
                self._say(f"{name}: {tally.summary()}, {time.monotonic() - tally.began:.1f} s")

    def message(self, text: str) -> None:
        """Pass a line on."""
        with self._lock:
            self._say(text)
