"""Points files: what they say, and in which words a broken one is refused."""

import json

import pytest

from loraset.stages.points import read_points
from loraset.types import Marks

SIZE = (800, 600)


@pytest.fixture
def said(tmp_path):
    """Return what a points file of this text gives for a picture of 800x600 px."""

    def read(content, size=SIZE):
        file = tmp_path / "toy.points.json"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_points(file, size)

    return read


def test_no_file_says_nothing():
    assert read_points(None, SIZE) == (None, None)


def test_coordinates_are_px_of_the_picture_as_displayed(said):
    text = '{"keep": [[400, 150]], "drop": [[0, 0], [800, 600]], "keep_boxes": [[80, 60, 800, 600]]}'
    assert said(text) == (Marks(((0.5, 0.25),), ((0, 0), (1, 1)), ((0.1, 0.1, 1, 1),)), None)


@pytest.mark.parametrize("size", ["[400, 300]", "[1, 1]", "[4000.0, 3000.0]"])
def test_a_copy_of_another_size_gives_its_own(said, size):
    width, height = json.loads(size)
    point = [width / 4, height / 2]
    assert said(f'{{"size": {size}, "keep": [{point}]}}') == (Marks(keep=((0.25, 0.5),)), None)


def test_a_byte_order_mark_and_empty_lists_are_no_fault(said):
    assert said(b"\xef\xbb\xbf" + b'{"keep": [], "drop_boxes": [[0, 0, 80, 60]]}') == (
        Marks(drop_boxes=((0, 0, 0.1, 0.1),)),
        None,
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"keep": [[1, 2]}', "toy.points.json: no JSON at line 1, column 17"),
        ('{"drop": [[9, 9]],\n "keeps": [[1, 2]]}', "toy.points.json, line 2: there is no 'keeps'; did you mean keep?"),
        ('{"drop_box": []}', "there is no 'drop_box'; did you mean drop_boxes?"),
        ('{"xyz": 1}', "there is no 'xyz', only keep, drop, keep_boxes, drop_boxes and size"),
        ("[[1, 2]]", "it must be one object in braces"),
        ("{}", "it marks nothing"),
        ('{"keep": []}', "it marks nothing"),
        ('{\n\n"keep": [3, 4]}', "line 3: keep must be a list of them: keep = [[3, 4]]"),
        ('{"keep": "3 4"}', 'keep must be a list [[x, y], ...], not "3 4"'),
        ('{"keep": [[3, 4, 5]]}', "keep[0] must be [x, y], not [3, 4, 5]"),
        ('{"drop": [[1, 1], ["3", 4]]}', 'drop[1] must be [x, y], not ["3", 4]'),
        ('{"keep": [[true, 4]]}', "keep[0] must be [x, y], not [true, 4]"),
        ('{"keep": [[NaN, 4]]}', "keep[0] must be [x, y], not [NaN, 4]"),
        ('{"keep_boxes": [[1, 2]]}', "keep_boxes[0] must be [left, top, right, bottom], not [1, 2]"),
        ('{"drop_boxes": [[500, 400, 90, 60]]}', "not its width and height"),
        ('{"keep": [[801, 4]]}', 'is 800x600 as displayed; if a copy of another size was marked, give its "size"'),
        ('{"drop_boxes": [[5, 5, 20, 601]]}', "drop_boxes[0] = [5, 5, 20, 601] lies outside the picture"),
        ('{"keep": [[0.5, 0.25]]}', 'these look like fractions: add "size": [1, 1]'),
        ('{"size": [300, 400], "keep": [[1, 2]]}', "size [300, 400] has another shape than the picture"),
        ('{"size": 300, "keep": [[1, 2]]}', "size must be [width, height]"),
        ('{"size": [0, 300], "keep": [[1, 2]]}', "size must be [width, height]"),
        ('{"keep": [[1, 2]], "keep": [[3, 4]]}', "keep stands there twice"),
        ('{"keep": [[1, 2]], "drop": [[1, 2]]}', "keep[0] stands among drop too"),
        ('{"keep": [[1, 2]], "keep_boxes": [[5, 5, 9, 9]]}', "keep[0] lies outside keep_boxes"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        ("[" * 100_000, "toy.points.json: "),
    ],
)
def test_a_broken_file_is_refused_in_words(said, content, words):
    marks, fault = said(content)
    assert marks is None
    assert words in fault
    assert fault.startswith("toy.points.json")
    assert len(fault) < 300


def test_a_file_that_is_gone_is_a_fault(tmp_path):
    assert read_points(tmp_path / "gone.points.json", SIZE)[1].startswith("gone.points.json cannot be read: No such")
