"""Captions that a person edits, in the table or file by file, through whole runs."""

import json

import pytest

from loraset.errors import InputError
from loraset.recipe.load import Setting
from loraset.stages.captions_table import read_table
from small_set import paint, run

EXPORTED = "exports/kohya/gray/10_mydisc/disc-0.txt"
GREY = ", grey background, simple background"


@pytest.fixture
def made(tmp_path):
    paint(tmp_path / "photos")
    run(tmp_path / "photos", tmp_path / "set")
    return tmp_path


def text(made, file) -> str:
    return (made / "set" / file).read_text("utf-8").strip()


def row(made, stem) -> dict:
    rows = map(json.loads, (made / "set/manifest.jsonl").read_text("utf-8").splitlines())
    return next(each for each in rows if each["stem"] == stem)


def edit(made, old, new) -> None:
    table = made / "set/captions.tsv"
    before = table.read_text("utf-8")
    assert f"\t{old}\t{old}\t" in before
    table.write_text(before.replace(f"\t{old}\t{old}\t", f"\t{new}\t{old}\t"), "utf-8")


def test_the_table_holds_every_picture_and_a_second_run_leaves_it_as_it_is(made):
    table = made / "set/captions.tsv"
    lines = read_table(table.read_bytes())
    assert {stem: line.subject for stem, line in lines.items()} == {
        "disc-0": "a round toy, smiling",
        "disc-1": "toy",
        "disc-2": "toy",
    }
    before = table.read_bytes()
    run(made / "photos", made / "set")
    assert table.read_bytes() == before


def test_an_edit_in_the_table_reaches_every_variant_and_export_and_stays(made):
    edit(made, "a round toy, smiling", "a flat toy on a wooden background")
    for sets in ([], [Setting("x", ("select", "max_images"), 9)]):  # the second run changes something else
        run(made / "photos", made / "set", *sets)
        assert text(made, "variants/gray/disc-0.txt") == f"mydisc, a flat toy{GREY}"  # false words are taken out still
        assert text(made, "variants/transparent/disc-0.txt") == "mydisc, a flat toy"
        assert text(made, EXPORTED) == f"mydisc, a flat toy{GREY}"
        told = row(made, "disc-0")
        assert told["caption"]["subject"] == "a flat toy on a wooden background"
        assert told["details"]["variants"]["caption"] == {
            "composed": "a round toy, smiling",
            "edited": True,
            "kept": [],
        }
        assert not row(made, "disc-1")["details"]["variants"]["caption"]["edited"]


def test_a_new_sidecar_changes_what_nobody_edited_and_only_that(made):
    edit(made, "a round toy, smiling", "by hand")
    for number in (0, 1):
        (made / f"photos/disc-{number}.txt").write_text("a toy, new words")
    run(made / "photos", made / "set")
    lines = read_table((made / "set/captions.tsv").read_bytes())
    assert (lines["disc-0"].subject, lines["disc-0"].composed) == ("by hand", "a toy, new words")
    assert lines["disc-1"].subject == "a toy, new words"


def test_an_edit_survives_that_its_picture_is_away_for_a_run(made):
    edit(made, "a round toy, smiling", "by hand")
    for name in ("disc-0.png", "disc-0.txt"):
        (made / "photos" / name).rename(made / name)
    run(made / "photos", made / "set")
    assert not (made / "set/variants/gray/disc-0.png").exists()
    for name in ("disc-0.png", "disc-0.txt"):
        (made / name).rename(made / "photos" / name)
    run(made / "photos", made / "set")
    assert text(made, "variants/gray/disc-0.txt") == f"mydisc, by hand{GREY}"


def test_a_caption_file_that_was_edited_is_kept_said_and_exported(made):
    (made / "set/variants/gray/disc-0.txt").write_text("my own words\n")
    said = run(made / "photos", made / "set")
    assert text(made, "variants/gray/disc-0.txt") == text(made, EXPORTED) == "my own words"
    assert text(made, "variants/transparent/disc-0.txt") != "my own words"
    assert any("1 caption edited by hand was kept, such as variants/gray/disc-0.txt" in line for line in said)
    assert row(made, "disc-0")["details"]["variants"]["caption"]["kept"] == ["variants/gray/disc-0.txt"]
    (made / "set/variants/gray/disc-0.txt").unlink()
    assert not any("edited by hand" in line for line in run(made / "photos", made / "set"))
    assert text(made, "variants/gray/disc-0.txt").startswith("mydisc")


def test_a_broken_table_ends_the_run_before_any_work_and_is_not_touched(made):
    (made / "set/captions.tsv").write_bytes(b"stem\tsubject\ndisc-0\ta\ndisc-0\tb\n")
    with pytest.raises(InputError, match=r"captions\.tsv, line 3: disc-0 stands there twice"):
        run(made / "photos", made / "set")
    assert (made / "set/captions.tsv").read_bytes() == b"stem\tsubject\ndisc-0\ta\ndisc-0\tb\n"


def test_words_on_the_background_are_those_of_what_each_trainer_sees(made):
    transparent = {
        "kohya": "exports/kohya/transparent/10_mydisc/disc-1.txt",  # alpha weighs the loss
        "onetrainer": "exports/onetrainer/transparent/128x128/disc-1.txt",  # masks do
        "musubi-tuner": "exports/musubi-tuner/transparent/images/disc-1.txt",  # the fill is seen and learnt
    }
    assert {name: text(made, file) for name, file in transparent.items()} == {
        "kohya": "mydisc, toy",
        "onetrainer": "mydisc, toy",
        "musubi-tuner": "mydisc, toy, blue background, simple background",
    }
