import json
from pathlib import Path

import pandas as pd
import pytest

from loraset.errors import InputError
from loraset.manifest import MANIFEST, Row, assign_stems, cutout_names, file_id, read_rows, slug, to_csv, to_jsonl
from loraset.types import Found


@pytest.mark.parametrize(
    ("source", "stem"),
    [
        ("IMG_0012.JPG", "img-0012"),
        ("deep/er/Bär & Freund (3).png", "bar-freund-3"),
        ("a__b___c_d_e.png", "a-b-c-d-e"),  # five underscores make kohya read another caption
        ("写真.png", "picture"),
        (".hidden.png", "hidden"),
        ("x" * 200 + ".png", "x" * 80),
    ],
)
def test_slugs(source, stem):
    assert slug(source) == stem


def test_stems_are_unique_without_regard_to_case_and_hashed_only_on_collision():
    stems = assign_stems({"1": "a.jpg", "2": "A.png", "3": "sub/a.jpg", "4": "b.jpg", "5": "con.png"}, {})
    assert stems["1"] == "a" or stems["2"] == "a"
    assert stems["4"] == "b"
    assert len(set(stems.values())) == 5
    assert stems["5"].startswith("con-")  # Windows cannot make a file of that name


def test_a_picture_that_is_added_renames_no_other():
    before = assign_stems({"1": "set/a.jpg", "2": "b.jpg"}, {})
    after = assign_stems({"1": "set/a.jpg", "2": "b.jpg", "3": "a.jpg"}, before)
    assert {key: after[key] for key in before} == before
    assert after["3"] not in before.values()


def test_stems_do_not_depend_on_the_order_of_the_files():
    sources = {"1": "x/a.jpg", "2": "y/a.jpg", "3": "a.jpg"}
    assert assign_stems(sources, {}) == assign_stems(dict(reversed(sources.items())), {})


def test_the_same_name_below_two_inputs_gives_two_ids():
    path = Path("a.jpg")
    assert file_id(Found(0, "a.jpg", path)) != file_id(Found(1, "a.jpg", path))
    assert file_id(Found(0, "a.jpg", path)) == file_id(Found(0, "a.jpg", Path("elsewhere/a.jpg")))


def test_every_key_is_in_every_row(tmp_path):
    rows = [Row("1", 0, "a.jpg"), Row("2", 0, "b.jpg", verdict="keep", metrics={"halo": 0.1}, files={"gray": "g.png"})]
    (tmp_path / MANIFEST).write_bytes(to_jsonl(rows))
    read = read_rows(tmp_path)
    assert [set(row) for row in read] == [set(rows[0].to_json())] * 2
    assert read[0]["metrics"] is None and read[1]["files"] == {"gray": "g.png"}


def test_the_csv_says_the_same_flat(tmp_path):
    reasons = [
        {"code": "halo", "stage": "select", "detail": "halo .5"},
        {"code": "dark", "stage": "select", "detail": "d"},
    ]
    rows = [
        Row("1", 0, "a, b.jpg", verdict="review", reasons=reasons, width=10, metrics={"halo": 0.5}),
        Row("2", 0, "ü.jpg", caption={"trigger": "zork", "background": {"gray": "grey background", "white": ""}}),
    ]
    (tmp_path / "m.csv").write_bytes(to_csv(rows))
    table = pd.read_csv(tmp_path / "m.csv")
    assert list(table["source"]) == ["a, b.jpg", "ü.jpg"]
    assert (
        table.loc[0, "reasons"] == "halo;dark" and table.loc[0, "metrics.halo"] == 0.5 and table.loc[0, "width"] == 10
    )
    assert pd.isna(table.loc[1, "metrics.halo"])
    assert table.loc[1, "caption.background.gray"] == "grey background"


def test_a_broken_manifest_names_its_line(tmp_path):
    (tmp_path / MANIFEST).write_text(json.dumps({"id": "1"}) + "\n{broken\n")
    with pytest.raises(InputError, match="line 2"):
        read_rows(tmp_path)


def test_cutouts_never_meet_even_where_names_differ_only_in_case_or_ending():
    names = cutout_names({"1": "a.jpg", "2": "A.JPEG", "3": "b.jpg", "4": "d/a.jpg", "5": "a.jpg.webp", "6": "b.jpg"})
    assert len({name.lower() for name in names.values()}) == len(names)
    assert names["4"] == "d/a.png"
    assert names["1"] == "a.jpg.png" or names["5"] == "a.jpg.png"
