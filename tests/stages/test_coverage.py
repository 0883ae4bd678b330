"""Coverage: what is counted, what is advised and what is called rare, in the words that an author reads."""

import cv2
import numpy as np
import pytest

from loraset.ops.backdrop import backdrop_colors
from loraset.ops.descriptors import POSITION_SIZE, describe
from loraset.stages.coverage import cover, in_words
from loraset.stages.views import View, points


def figure(arm):
    """uint8 (64, 64, 4): a body with an arm that reaches `arm` px to the right."""
    small = np.zeros((64, 64, 4), np.uint8)
    cv2.ellipse(small, (32, 38), (12, 18), 0, 0, 360, (180, 120, 60, 255), -1)
    if arm:
        cv2.line(small, (32, 30), (32 + arm, 20), (180, 120, 60, 255), 5)
    return small


def ground(color):
    return backdrop_colors(np.full((120, 120, 3), color, np.uint8), np.zeros((12, 12), np.float32))


def view(name, arm=0, light=0.5, cut=0.0, share=0.2, place=None):
    small = figure(arm).astype(np.float32) / 255
    look = describe(np.ascontiguousarray(small[..., :3]), np.ascontiguousarray(small[..., 3]))
    return View(name, f"{name}.jpg", look, light, cut, share, figure(arm), None if place is None else ground(place))


def varied():
    """Twelve pictures with all there is, the rare ones named after what they are."""
    return [
        *(view(f"plain{n}", arm=24 * (n % 3 == 1) - 24 * (n % 3 == 2), light=0.5 + 0.01 * n) for n in range(6)),
        *(view(f"bright{n}", light=0.7) for n in range(3)),
        *(view(f"dim{n}", light=0.3) for n in range(2)),
        view("near", cut=0.3, share=0.6),
    ]


def counts(coverage):
    return {axis: {part.name: len(part.ids) for part in parts} for axis, parts in coverage.axes.items()}


def test_each_axis_counts_its_parts():
    assert counts(cover(varied())) == {
        "figure": {"whole": 11, "close-up": 1},
        "sides": {"to neither side": 7, "turned or reaching to one side": 2, "to the other side": 2},
        "light": {"much the same": 7, "darker": 2, "lighter": 3},
    }


@pytest.mark.parametrize(
    ("cut", "share", "shown"),
    [(0.0, 0.9, "whole"), (0.05, 0.6, "whole"), (0.2, 0.5, "in part"), (0.2, 0.7, "close-up")],
)
def test_how_much_of_the_figure_shows(cut, share, shown):
    assert view("a", cut=cut, share=share).shown == shown


def test_a_varied_set_needs_no_advice_but_the_rare_view():
    coverage = cover(varied())
    assert coverage.advice == ()
    assert [(repeat.source, repeat.times, repeat.part) for repeat in coverage.repeats] == [
        ("near.jpg", 2, "close-up"),
    ]


def test_the_most_turned_and_the_farthest_in_light_are_the_examples():
    views = [
        view(f"p{n}", arm=arm, light=light) for n, (arm, light) in enumerate([(18, 0.5), (26, 0.5), (0, 0.3), (0, 0.2)])
    ]
    axes = cover([*views, *(view(f"q{n}") for n in range(5))]).axes
    assert [part.example for part in axes["sides"] if part.name != "to neither side"] == ["p1.jpg"]
    assert [part.example for part in axes["light"] if part.name == "darker"] == ["p3.jpg"]


def advice(views):
    return " ".join(cover(views).advice)


def test_what_is_missing_is_advised():
    said = advice([view(f"p{n}") for n in range(10)])
    assert "There is no close-up" in said
    assert "No picture turns to a side" in said
    assert "In none is the subject clearly lighter or darker" in said
    assert "are few" not in said and "whole figure" not in said
    assert "No picture shows the whole figure" in advice([view(f"p{n}", cut=0.3, share=0.6) for n in range(10)])
    turned = [view("turned", arm=26), *(view(f"p{n}", arm=24) for n in range(4)), *(view(f"q{n}") for n in range(5))]
    assert "All 5 that turn or reach to a side do so to the same one, as turned.jpg does" in advice(turned)


def test_what_is_missing_but_only_left_out_is_named():
    views = [view(f"p{n}") for n in range(10)]
    spare = [view("half", cut=0.3, share=0.6), view("spare", cut=0.3, share=0.8), view("plain")]
    assert "taken from near. spare.jpg, which is rejected, may be one" in " ".join(cover(views, 0.5, spare).advice)


def test_few_pictures_are_said_to_be_few_and_are_not_judged():
    assert cover([view(f"p{n}") for n in range(4)]).advice == (
        "4 pictures are few: 10 to 30 are usual for one subject.",
    )
    assert cover([view(f"p{n}") for n in range(4)]).repeats == ()
    assert set(cover([view(f"p{n}", arm=24 * n, place=90) for n in range(3)]).axes) == {"figure"}


def test_what_is_doubted_is_not_to_be_seen_more_often():
    assert [repeat.id for repeat in cover(varied(), doubted=["near"]).repeats] == []


def test_only_whole_figures_are_asked_for_their_side():
    views = [*(view(f"p{n}", arm=24 * (-1) ** n) for n in range(6)), *(view(f"c{n}", 24, cut=0.3) for n in range(5))]
    assert counts(cover(views))["sides"] == {"turned or reaching to one side": 3, "to the other side": 3}


def test_sides_are_not_judged_by_a_few_whole_figures_among_many_parts():
    parts = [view(f"c{n}", cut=0.3, share=0.3) for n in range(12)]
    for arm in (0, 26):
        figures = [view(f"p{n}", arm=arm) for n in range(8)]
        assert " side" in advice([*figures[:-1], view("plain")])
        assert " side" not in advice([*figures[:6], view("plain"), *parts])
    assert "No whole figure turns to a side" in advice([*(view(f"p{n}") for n in range(8)), *parts])
    turned = [*(view(f"p{n}", arm=26) for n in range(5)), *(view(f"q{n}") for n in range(4))]
    assert "All 5 whole figures that turn or reach to a side" in advice([*turned, *parts])


def test_not_all_are_said_to_turn_one_way_where_some_hint_at_the_other():
    one_way = [view(f"p{n}", arm=26) for n in range(5)] + [view(f"q{n}") for n in range(4)]
    assert "to the same one" in advice(one_way)
    assert "to the same one" not in advice([*one_way, view("hint", arm=-19)])


def test_a_background_that_too_many_share_is_named_and_cut_outs_have_none():
    others = [(200, 30, 30), (30, 200, 30), (30, 30, 200)]
    views = [view(f"p{n}", place=90) for n in range(5)] + [view(f"q{n}", place=color) for n, color in enumerate(others)]
    coverage = cover([*views, view("cut-out"), view("another")])
    parts = [(part.name, part.example, len(part.ids)) for part in coverage.axes["background"]]
    assert parts == [("before the same one", "p0.jpg", 5), ("before others", "q0.jpg", 3)]
    assert "5 of 10 were taken before much the same background as p0.jpg" in " ".join(coverage.advice)


def test_words_of_a_limited_set():
    lines, said = in_words(cover(varied(), 0.614).to_json())
    assert dict(lines)["figure"] == "11 whole, 1 close-up (near.jpg)"
    assert dict(lines)["sides"].startswith("of whole figures 7 to neither side")
    assert dict(lines)["limit"] == "those kept stand for 61% of the variety of all good ones"
    assert said == ["Rare views are worth showing more often in training: near.jpg 2 times (close-up)."]


def test_points_have_what_is_unknown_where_the_others_are():
    views = varied()
    found = points([*views, View("unknown", "unknown.jpg")])
    assert found.shape == (13, POSITION_SIZE + 3)
    assert np.allclose(found[-1], found[:-1].mean(axis=0))
    assert np.allclose(points([View("a", "a.jpg")]), 0)


def test_close_ups_light_and_turns_set_pictures_apart():
    base, close, dark, turned = points(
        [view("a"), view("b", cut=0.3, share=0.6), view("c", light=0.2), view("d", arm=24)]
    )
    for other in (close, dark, turned):
        assert np.linalg.norm(base - other) > 0.4


def test_nothing_known_is_nothing_said():
    coverage = cover([View("a", "a.jpg")])
    assert coverage.axes == {} and coverage.repeats == ()
