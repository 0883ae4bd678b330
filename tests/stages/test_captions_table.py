"""captions.tsv: what is written is read back; an edit stays an edit; a broken table is refused, not overwritten."""

import pytest

from loraset.errors import InputError
from loraset.stages.captions_table import Line, read_table, to_table, words_for

LINES = [
    Line("bear-1", "sitting, red scarf", "sitting, red scarf", "bear 1.jpg"),
    Line("bear-2", 'a "quoted" word, 日本', "standing", "sub/bear\t2.jpg"),
    Line("bear-3", "", "", "c.png"),
]


def test_it_reads_back_what_it_writes():
    read = read_table(to_table(LINES, {}))
    assert [(line.stem, line.subject, line.composed) for line in read.values()] == [
        (line.stem, line.subject, line.composed) for line in LINES
    ]
    assert [line.edited for line in read.values()] == [False, True, False]
    assert to_table(read.values(), {}) == to_table(LINES, {})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spreadsheets_may_save_it_as_they_do(encoding, end):
    text = to_table(LINES, {}).decode().replace("\n", end)
    assert read_table(text.encode(encoding))["bear-2"].subject == 'a "quoted" word, 日本'


@pytest.mark.parametrize(
    ("line", "composed", "used"),
    [
        (None, "now", "now"),
        (Line("a", "then", "then"), "now", "now"),  # never edited: it follows the sidecar
        (Line("a", "by hand", "then"), "now", "by hand"),
        (Line("a", "by hand", "then"), "then", "by hand"),
        (Line("a", "", "then"), "now", ""),
        (Line("a", "by hand", None), "now", "by hand"),  # a person left the other column out
        (Line("a", "korbin, by hand.", "then"), "now", "by hand"),  # the trigger is written first anyway
    ],
)
def test_which_words_are_used(line, composed, used):
    assert words_for("a", composed, "korbin", {"a": line} if line else {}) == used


def test_an_edit_outlives_its_picture():
    earlier = read_table(to_table(LINES, {}))
    without = to_table(LINES[:1], earlier)
    assert list(read_table(without)) == ["bear-1", "bear-2"]  # bear-3 was never edited
    assert read_table(without)["bear-2"] == earlier["bear-2"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1: there is no column named stem"),
        (b"stem,subject\na,b\n", "line 1: there is no column"),
        (b"stem\tsubject\na\tx\na\ty\n", "line 3: a stands there twice"),
        (b"stem\tsubject\na\n", "line 2: this is no whole line"),
        ("stem\tsubject\na\tnaïve\n".encode("latin-1"), "line 2: this is not utf-8 text"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(content, said):
    with pytest.raises(InputError, match=said) as caught:
        read_table(content, "captions.tsv")
    assert caught.value.hint


def test_fewer_columns_in_another_order_will_do():
    read = read_table(b"subject\tnote\tstem\nby hand\tx\ta\n")
    assert read == {"a": Line("a", "by hand", None, "")} and read["a"].edited
