import pytest

from loraset.ops.sampling import chosen

NAMES = [f"{number:03}" for number in range(50)]


def test_a_set_that_is_small_enough_teaches_whole():
    assert chosen(reversed(NAMES), 50, 0) == NAMES
    assert chosen([], 5, 0) == []


def test_the_seed_decides_and_not_the_order():
    assert chosen(NAMES, 10, 3) == chosen(reversed(NAMES), 10, 3) != chosen(NAMES, 10, 4)
    assert len(set(chosen(NAMES, 10, 3))) == 10


@pytest.mark.parametrize("seed", range(3))
def test_those_that_come_first_are_among_the_chosen(seed):
    wanted = {"007", "031", "048"}
    found = chosen(NAMES, 5, seed, first=wanted.__contains__)
    assert wanted < set(found) and len(found) == 5
    assert set(chosen(NAMES, 2, seed, first=wanted.__contains__)) < wanted
