import threading

import pytest

from loraset.runtime.executor import Executor


def test_results_come_in_the_order_of_the_items():
    with Executor(4) as executor:
        assert executor.map(lambda x: x * x, list(range(100))) == [x * x for x in range(100)]


def test_no_more_items_are_in_flight_than_there_are_threads():
    running, most, lock = 0, 0, threading.Lock()

    def work(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.002)
        with lock:
            running -= 1

    with Executor(3) as executor:
        executor.map(work, list(range(30)))
    assert 1 < most <= 3


def test_a_map_inside_a_map_ends_even_when_every_thread_is_in_one():
    with Executor(2) as executor:

        def outer(x: int) -> int:
            return sum(executor.map(lambda y: sum(executor.map(lambda z: x * y * z, [1, 2])), [1, 2, 3]))

        assert executor.map(outer, [1, 2, 3, 4]) == [18 * x for x in (1, 2, 3, 4)]


def test_the_first_exception_comes_out_and_no_new_item_is_begun():
    begun = []

    def work(x: int) -> None:
        begun.append(x)
        if x == 3:
            raise ValueError("picture 3")

    with Executor(2) as executor, pytest.raises(ValueError, match="picture 3"):
        executor.map(work, list(range(10_000)))
    assert len(begun) < 10_000
