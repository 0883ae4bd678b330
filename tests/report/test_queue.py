"""The queue: who is looked at first, which photos a mask would bring back, and no word that must be looked up."""

import pytest

from loraset.metrics.grade import doubts
from loraset.report.queue import MEND, SHORT, queue_of, to_mend, why
from loraset.stages.gates import GATES


def row(
    source, verdict, *codes, gain=0.0, technical=1.0, score=0.5, pulled=(), detail="0.31 is above 0.3", engine="auto"
):
    worth = {"gain": gain, "technical": technical, "pulled_down": list(pulled)}
    reasons = [{"code": code, "stage": "select", "detail": detail} for code in codes]
    said = {"source": source, "verdict": verdict, "score": score, "engine": engine}
    return said | {"reasons": reasons, "details": {"score": worth}}


def test_what_gains_most_comes_first_and_only_what_is_for_review():
    rows = [
        row("small", "review", "halo", gain=0.1),
        row("kept", "keep", gain=0.9),
        row("large", "review", "halo", gain=0.4),
        row("out", "reject", "low_score", gain=0.8),
        row("worse", "review", "halo", gain=0.1, score=0.4),
    ]
    assert [one["source"] for one in queue_of(rows).rows] == ["large", "worse", "small"]
    assert queue_of(rows).headline == "Look at these 3 of 5, from the top: a look gains most there"
    assert queue_of(rows[:2]).headline == "Look at this one of 2"
    assert queue_of(rows[1:2]).headline == ""


def test_good_photos_whose_mask_failed_are_named_and_others_are_not():
    rows = [
        row("good", "reject", "mask_uncertain", "low_score", technical=0.9),
        row("blurred", "reject", "blurry", "low_score", technical=0.9),
        row("poor", "reject", "low_score", technical=0.5),
        row("copy", "reject", "near_duplicate"),
        row("kept", "keep", technical=0.9),
    ]
    assert [one["source"] for one in to_mend(rows)] == ["good"]
    assert queue_of(rows).advice[0].endswith("a mask by hand may bring it back: good")
    assert queue_of(rows[1:]).advice == ()


def test_how_a_mask_is_mended_is_told_where_one_is_doubted():
    doubt = next(iter(doubts().table))
    assert queue_of([row("a", "review", "halo"), row("b", "review", "low_score", pulled=["noise"])]).advice == ()
    assert queue_of([row("a", "review", "mask_uncertain")]).advice == (MEND,)
    assert queue_of([row("a", "review", "low_score", pulled=[doubt])]).advice == (MEND,)


def test_a_mask_that_was_given_by_hand_is_not_asked_for_again():
    rows = [row(engine, "reject", "low_score", technical=0.9, engine=engine) for engine in ("given", "rembg:u2netp")]
    assert [one["source"] for one in to_mend(rows)] == ["rembg:u2netp"]


@pytest.mark.parametrize("code", sorted({gate.code for gate in GATES} - {"no_subject"}))
def test_every_gate_has_words_without_numbers(code):
    assert why(row("a", "review", code)) == SHORT["select", code]
    assert not any(sign.isdigit() or sign == "_" for sign in SHORT["select", code])


def test_a_low_score_alone_says_what_pulled_it_down():
    doubt = next(iter(doubts().table))
    assert why(row("a", "review", "low_score", pulled=[doubt, "noise"])) == (
        "a part of the mask may be wrong; the photo is noisy"
    )
    assert why(row("a", "review", "low_score")) == "the score is low"
    assert why(row("a", "review", "halo", "low_score", pulled=["noise"])) == SHORT["select", "halo"]


@pytest.mark.parametrize(
    ("stage", "code", "detail"),
    [
        ("ingest", "too_small", "200x180 px: the shorter side is below 256 (input.min_side_px)"),
        ("repair", "engines_disagree", "the other pictures changed the mask: 9% of it"),
    ],
)
def test_a_code_that_another_stage_uses_keeps_what_that_stage_says(stage, code, detail):
    other = row("a", "review", code, detail=detail)
    other["reasons"][0]["stage"] = stage
    assert why(other) == detail


def test_other_reasons_keep_their_detail_but_for_the_bits_of_a_hash():
    assert why(row("a", "reject", "unreadable", detail="the file ends early")) == "the file ends early"
    copy = row("a", "reject", "near_duplicate", detail="a copy of b.jpg: pHash 2, dHash 6 of 64 bits apart")
    assert why(copy) == "a copy of b.jpg"
