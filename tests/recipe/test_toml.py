"""The TOML scan finds lines that the standard parser does not give, and values survive being written."""

import tomllib

import pytest

from loraset.recipe.toml import key_lines, write_value

TEXT = '''\
# comment with = and [brackets]
name = "a # no comment"
long = """
[not.a.table]
quote \\""" and ""quotes"""""
literal = \'\'\'
x = 1\'\'\'

[table]  # [comment]
dotted.key = 1
"quoted.key" = 'lit"eral'
list = [ # comment ]
  "one", # "two",
  [2, 3],
  { inside = 4 }]
inline = { a = 1, b = { c = [5] }, "d e" = "}" }
date = 2024-01-01 10:00:00
[table.sub . "a b"]
last = true
[[rows]]
id = 1
[[rows]]
id = 2
'''


def test_every_key_and_element_is_found_on_its_line():
    lines = key_lines(TEXT)
    assert lines == {
        ("name",): 2,
        ("long",): 3,
        ("literal",): 6,
        ("table",): 9,
        ("table", "dotted"): 10,
        ("table", "dotted", "key"): 10,
        ("table", "quoted.key"): 11,
        ("table", "list"): 12,
        ("table", "list", 0): 13,
        ("table", "list", 1): 14,
        ("table", "list", 1, 0): 14,
        ("table", "list", 1, 1): 14,
        ("table", "list", 2): 15,
        ("table", "list", 2, "inside"): 15,
        ("table", "inline"): 16,
        ("table", "inline", "a"): 16,
        ("table", "inline", "b"): 16,
        ("table", "inline", "b", "c"): 16,
        ("table", "inline", "b", "c", 0): 16,
        ("table", "inline", "d e"): 16,
        ("table", "date"): 17,
        ("table", "sub"): 18,
        ("table", "sub", "a b"): 18,
        ("table", "sub", "a b", "last"): 19,
        ("rows",): 20,
        ("rows", "id"): 21,
    }


def paths(value, path=()):
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield (*path, step)
        yield from paths(child, (*path, step))


def test_the_scan_knows_exactly_the_parsers_paths():
    without_rows = TEXT.partition("[[rows]]")[0]
    assert set(key_lines(without_rows)) == set(paths(tomllib.loads(without_rows)))


def test_windows_line_ends_count_as_one_line():
    assert key_lines("a = 1\r\n[t]\r\nb = [\r\n1]\r\n")[("t", "b", 0)] == 4


@pytest.mark.parametrize(
    "value",
    [
        True,
        3,
        -5,
        200_000_000,
        0.06,
        1e-7,
        1e300,
        "",
        'a "quote" \\ back',
        "tab\tline\nnul\x00del\x7f",
        "häß 猫 🧸",
        [],
        [1, "a", [True]],
    ],
)
def test_a_written_value_reads_back_as_itself(value):
    assert tomllib.loads(f"key = {write_value(value)}") == {"key": value}
