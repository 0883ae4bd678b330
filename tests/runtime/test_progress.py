"""Plain progress: one line when a stage begins, one when it is done, whatever the threads do."""

from concurrent.futures import ThreadPoolExecutor

from loraset.runtime.progress import Lines


def test_a_stage_ends_once_however_many_threads_advance_it():
    said: list[str] = []
    lines = Lines(said.append)
    lines.stage("mask", 400)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: lines.advance("mask", cached=number % 4 == 0), range(400)))
    assert len(said) == 2
    assert said[1].startswith("mask: 400 done, 100 of them stored before, ")


def test_a_stage_announced_again_goes_on():
    said: list[str] = []
    lines = Lines(said.append)
    lines.stage("mask", 1)
    lines.stage("mask", 2)
    lines.advance("mask")
    lines.advance("mask", 2)
    assert [line.split(",")[0] for line in said] == ["mask: 1 to do", "mask: 2 to do", "mask: 3 done"]


def test_an_empty_stage_is_not_worth_a_line():
    said: list[str] = []
    Lines(said.append).stage("mask", 0)
    assert said == []
