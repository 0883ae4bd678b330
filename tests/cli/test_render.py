"""What a person sees: facts of a summary are there at every width, and no text of a file's name is markup."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from loraset.cli import render


def row(source, verdict="keep", score=None, *reasons):
    said = [{"code": code, "stage": "select", "detail": detail} for code, detail in reasons]
    return {
        "source": source,
        "verdict": verdict,
        "score": score,
        "engine": None,
        "reasons": said,
        "files": {"gray": "x"} if score else None,
    }


ROWS = [
    *(row(f"IMG_{number:04}.jpg", "keep", 0.9) for number in range(12)),
    row("holiday/[red]garden[/red].jpg", "review", 0.61, ("halo", "41 % of the edge shows the old background")),
    row("cloth.jpg", "review", 0.55, ("mask_uncertain", "unsure of 38 % of the outline"), ("blurry", "sharpness 0.12")),
    row("copy.jpg", "reject", None, ("near_duplicate", "a copy of IMG_0001.jpg")),
    row("broken.jpg", "reject", None, ("unreadable", "the file ends early")),
    row("broken2.jpg", "reject", None, ("unreadable", "the file ends early")),
]


def outcome(rows=ROWS):
    return SimpleNamespace(output=Path("my-set"), rows=rows, run={}, report=Path("my-set/report.html"), exit_code=1)


@pytest.fixture(params=[50, 80, 120])
def width(request, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(request.param))
    return request.param


def test_the_summary_counts_verdicts_and_reasons(width, capsys):
    render.summary(outcome())
    lines = capsys.readouterr().out.splitlines()
    text = " ".join(" ".join(lines).split())
    assert "keep 12" in text
    assert "review 2 blurry 1, halo 1, mask_uncertain 1" in text
    assert "reject 3 unreadable 2, near_duplicate 1" in text
    assert max(map(len, lines)) <= width
    assert f"report  {Path('my-set/report.html')}" in lines


def test_the_summary_says_first_what_to_look_at_and_why(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    render.summary(outcome())
    out = capsys.readouterr().out
    assert out.lstrip().startswith("Look at these 2 of 17, from the top: a look gains most there")
    assert out.index("cloth.jpg") < out.index("holiday/[red]garden[/red].jpg") < out.index("keep ")
    assert "the mask may be wrong; the subject is blurred" in out
    assert out.index("Could not be used") < out.index("broken.jpg") < out.index("broken2.jpg")


def test_where_nothing_needs_a_look_nothing_is_said_of_it(capsys):
    render.summary(outcome([row("a.jpg", "keep", 0.9), row("b.jpg", "reject", None, ("near_duplicate", "a copy"))]))
    out = capsys.readouterr().out
    assert "Look at" not in out and "points.json" not in out


def test_how_a_mask_is_mended_is_told_where_one_is_doubted(capsys):
    render.summary(outcome([row("a.jpg", "review", 0.6, ("mask_uncertain", "unsure"))]))
    assert "points.json" in capsys.readouterr().out
    render.summary(
        outcome([row("a.jpg", "review", 0.6, ("halo", "rim")), row("b.jpg", "reject", 0.1, ("mask_uncertain", ""))])
    )
    assert "points.json" not in capsys.readouterr().out


def test_a_long_list_ends_with_the_number_of_the_rest_and_where_they_are(capsys):
    rows = [row(f"{number}.jpg", "review", 0.6, ("halo", "rim")) for number in range(16)]
    said = outcome(rows)
    render.summary(said)
    assert "and 4 more, in the report\n" in capsys.readouterr().out
    said.report = None
    render.summary(said)
    assert "and 4 more\n" in capsys.readouterr().out
    render.scores(rows)
    assert "and 4 more below\n" in capsys.readouterr().out


def test_what_the_set_shows_is_said_with_the_advice(width, capsys):
    parts = [
        {"name": "whole", "count": 9, "example": "a.jpg"},
        {"name": "close-up", "count": 1, "example": "[red].jpg"},
    ]
    said = outcome()
    said.run["coverage"] = {"axes": {"figure": parts}, "advice": ["Add some."], "repeats": [], "covered": None}
    render.summary(said)
    text = " ".join(capsys.readouterr().out.split())
    assert "What the set shows figure 9 whole, 1 close-up ([red].jpg) Add some." in text


def test_nothing_kept_is_said(capsys):
    render.summary(outcome(ROWS[-3:]))
    assert "Nothing was kept." in capsys.readouterr().out


def test_a_path_is_never_broken(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    long = outcome()
    long.report = Path("a" * 90) / "report.html"
    render.summary(long)
    assert f"report  {long.report}\n" in capsys.readouterr().out


def test_copies_and_scores_and_checks_hold_their_facts(width, capsys):
    render.copies([{"kind": "near", "kept": "a.jpg", "members": ["a.jpg", "b.jpg", "c.jpg"]}])
    render.scores(ROWS)
    render.checks([SimpleNamespace(name="CUDA", status="warn", text="does not load", advice="Models run on the CPU.")])
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= width
    assert [word for word in ("b.jpg", "c.jpg", "warn", "Models run on the CPU.") if word not in out] == []
    listed = out[out.index("All pictures") :]
    assert listed.index("cloth.jpg") < listed.index("IMG_0000.jpg") < listed.index("broken.jpg")


def test_without_a_terminal_progress_is_lines_and_quiet_is_nothing(capsys):
    with render.progress() as progress:
        progress.stage("mask", 2)
        progress.message("model [x] is used")
        progress.advance("mask", cached=True)
        progress.advance("mask")
    out, err = capsys.readouterr()
    assert out == ""
    first, second, third = err.splitlines()
    assert (first, second) == ("mask: 2 to do", "model [x] is used")
    assert third.startswith("mask: 2 done, 1 of them stored before, ")
    with render.progress(quiet=True) as progress:
        progress.stage("mask", 1)
        progress.advance("mask")
        progress.message("not heard")
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_progress_is_bars_and_colour_is_only_there_where_it_is_wanted(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")

    def shown() -> str:
        with render.progress() as progress:
            progress.stage("mask", 2)
            progress.advance("mask", cached=True)
            progress.stage("mask", 1)
            progress.advance("mask", 2)
        return capsys.readouterr().err

    assert "3/3" in shown()
    assert "1 stored" in shown()
    assert "\x1b[38" in shown() or "\x1b[3" in shown()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in shown()


def test_in_a_pipe_no_line_is_broken_or_filled_up(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    long = "a" * 200 + ".jpg"
    render.scores([row(long, "keep", 0.9)])
    render.summary(outcome([row(long, "review", 0.6, ("halo", "w" * 90))]))
    lines = capsys.readouterr().out.splitlines()
    assert sum(long in line for line in lines) == 2
    assert max(map(len, lines)) < 320


def test_a_score_is_explained_in_words_and_the_unscored_are_counted(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    scored = row("a.jpg", "review", 0.4, ("low_score", ""))
    scored["metrics"] = {"halo": 0.4, "noise": 0.02}
    scored["details"] = {
        "score": {
            "right": 0.5,
            "technical": 0.9,
            "gain": 0.5,
            "costs": {"halo": 0.3, "noise": 0.012},
            "pulled_down": [],
        }
    }
    render.explained([scored, *ROWS[-3:]])
    out = capsys.readouterr().out
    assert "the mask is right with a chance of 50%; the photo is worth 90%; a mask by hand would add 0.50" in out
    assert "-30%  the old background shows in the edge" in out
    assert "noise" not in out
    assert "never cut out: unreadable 2, near_duplicate 1" in out
