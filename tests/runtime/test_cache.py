import errno

import numpy as np
import pytest

from loraset.errors import OutputError
from loraset.runtime import cache as cache_module
from loraset.runtime.cache import Cache, make_key, write_atomic
from loraset.types import Reason, StageResult


@pytest.fixture
def result() -> StageResult:
    rng = np.random.default_rng(1)
    return StageResult(
        {"number": 0.1, "list": [1, 2], "none": None},
        {
            "rgba": rng.integers(0, 256, (7, 5, 4), dtype=np.uint8),  # colour under alpha 0 must survive
            "fine": rng.integers(0, 65536, (3, 4), dtype=np.uint16),
        },
        (Reason("mask_uncertain", "mask", "why"),),
    )


def test_what_comes_back_is_what_went_in(tmp_path, result):
    cache = Cache(tmp_path)
    result.images["rgba"][0, 0, 3] = 0
    cache.put("mask", "ab12", result)
    read = cache.get("mask", "ab12")
    assert read.data == result.data and read.reasons == result.reasons
    assert set(read.images) == {"rgba", "fine"}
    for name, pixels in result.images.items():
        assert read.images[name].dtype == pixels.dtype
        np.testing.assert_array_equal(read.images[name], pixels)


def test_a_key_is_the_same_for_the_same_parts_in_any_order_and_for_no_others():
    assert make_key(a=1, b={"x": 1, "y": 2}) == make_key(b={"y": 2, "x": 1}, a=1)
    assert make_key(a=1) != make_key(a="1")
    assert make_key(a=[1, 2]) != make_key(a=[2, 1])


def test_a_result_whose_picture_is_cut_short_counts_as_absent(tmp_path, result):
    cache = Cache(tmp_path)
    cache.put("mask", "ab12", result)
    picture = next(tmp_path.rglob("*.rgba.png"))
    picture.write_bytes(picture.read_bytes()[:-10])
    assert cache.get("mask", "ab12") is None


def test_a_result_whose_json_is_broken_counts_as_absent(tmp_path, result):
    cache = Cache(tmp_path)
    cache.put("mask", "ab12", result)
    next(tmp_path.rglob("*.json")).write_text('{"data": ')
    assert cache.get("mask", "ab12") is None


def test_a_write_that_fails_leaves_the_old_file_and_no_temporary_one(tmp_path, monkeypatch):
    target = tmp_path / "a.bin"
    write_atomic(target, b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache_module.Path, "replace", full)
    with pytest.raises(OutputError, match="No space left") as caught:
        write_atomic(target, b"new")
    assert caught.value.exit_code == 5 and "goes on where it stopped" in caught.value.hint
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
