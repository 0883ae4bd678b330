"""The parallel map over pictures.

In: a function and a sequence. Out: the results in order. Never: more items in flight than threads, so that memory does
not grow with the set. Threads suffice: the work is in numpy, OpenCV, Pillow and onnxruntime, which let go of the lock.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def core_count() -> int:
    """Return the cores that this process may use (a container's limit counts)."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


class Executor:
    """A pool of `jobs` threads (0: one per core). Used as a context manager."""

    def __init__(self, jobs: int = 0) -> None:
        self.jobs = jobs or core_count()
        self._pools = [ThreadPoolExecutor(self.jobs, thread_name_prefix=f"loraset-{depth}") for depth in range(2)]
        self._here = threading.local()

    def __enter__(self) -> "Executor":
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self._pools:
            pool.shutdown(wait=True, cancel_futures=True)

    def map(self, function: Callable[[T], R], items: Sequence[T], /) -> list[R]:
        """Return [function(item) for item in items]; the first exception ends it.

        An item's work may map in turn (an engine fits itself on the set at its first picture): that runs on threads of
        its own, since waiting for the same ones could wait for ever. Deeper still, it runs where it is.
        """
        depth: int = getattr(self._here, "depth", 0)
        if self.jobs == 1 or len(items) < 2 or depth == len(self._pools):
            return [function(item) for item in items]

        def work(source: Iterator[tuple[int, T]]) -> list[tuple[int, R]]:
            self._here.depth = depth + 1
            done = []
            while not stop.is_set():
                with lock:
                    step = next(source, None)
                if step is None:
                    break
                try:
                    done.append((step[0], function(step[1])))
                except BaseException:
                    stop.set()
                    raise
            return done

        lock, stop = threading.Lock(), threading.Event()
        source = iter(list(enumerate(items)))
        futures: list[Future[list[tuple[int, R]]]] = [self._pools[depth].submit(work, source) for _ in range(self.jobs)]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        except BaseException:  # Ctrl-C while waiting: let the pictures in flight end, begin no other
            stop.set()
            raise
        pairs = sorted((pair for future in futures for pair in future.result()), key=lambda pair: pair[0])
        return [result for _, result in pairs]
