"""What is unusual of a picture beside the others."""

import numpy as np
import pytest

from loraset.ops.likeness import COLOR_BINS, FEWEST, LIGHTNESS_BINS
from loraset.recipe.model import Limits, Select
from loraset.stages.beside import beside
from loraset.stages.select import Entry, select
from loraset.types import Verdict

COLOR_SHARES = LIGHTNESS_BINS * COLOR_BINS**2
USUAL = {"sharpness": 0.6, "edge_support": 0.9}


def set_of(*unlike):
    return [USUAL] * 6 + list(unlike)


def test_a_picture_like_the_others_is_usual():
    assert beside(set_of()) == [{"set_sharpness": 1.0, "set_edges": 0.0}] * 6


def test_what_differs_is_measured_against_the_median_and_moves_it_not():
    found = beside(set_of({"sharpness": 0.15, "edge_support": 0.5}, {"sharpness": 0.9, "edge_support": 0.95}))
    assert found[:6] == beside(set_of())
    assert found[6] == {"set_sharpness": 0.25, "set_edges": -0.4}
    assert found[7] == {"set_sharpness": 1.5, "set_edges": 0.05}


def test_a_soft_set_has_soft_pictures_that_are_usual():
    """Fur, or a whole set taken with a poor lens: none of it is less sharp than the rest."""
    assert [one["set_sharpness"] for one in beside([{"sharpness": 0.2}] * 6)] == [1.0] * 6


def test_nothing_is_usual_among_few_and_what_is_unknown_stays_so():
    assert beside([USUAL] * (FEWEST - 1)) == [{}] * (FEWEST - 1)
    assert beside(set_of({"sharpness": None, "edge_support": 0.9}))[6] == {"set_edges": 0.0}
    assert beside([{"sharpness": 0.0}] * 6) == [{}] * 6  # no share of nothing


def lights(*values):
    return [one["set_lightness"] for one in beside([{"lightness": value} for value in values])]


def test_a_dark_subject_is_as_light_as_it_usually_is_and_a_dark_picture_of_it_is_not():
    assert lights(0.1, 0.1, 0.1, 0.1, 0.1, 0.02) == [0.35] * 5 + [0.07]
    assert lights(0.5, 0.5, 0.5, 0.5, 0.5, 0.1) == [0.5] * 5 + [0.1]  # no dark subject: a dark picture


def before(n):
    """A background's colours, the same for the same number and unlike for another."""
    return (np.eye(COLOR_SHARES)[n] * 255).astype(np.uint8)


def halos(*rims, backdrops=None, halo=0.6):
    """Each picture before a background of its own, unless said otherwise."""
    numbers = range(len(rims)) if backdrops is None else backdrops
    seen = beside([{"halo": halo}] * len(rims), rims, [None if n is None else before(n) for n in numbers])
    return [one.get("set_halo") for one in seen]


def test_a_rim_of_the_sets_usual_colour_is_no_halo_and_one_of_another_colour_stays_one():
    outlined = [(12.0, 0.0, 0.0)] * 6
    assert halos(*outlined) == [0.0] * 6
    assert halos(*outlined, (12.0, 20.0, 0.0))[6] == 0.6
    assert halos(*outlined, (12.0, 60.0, 0.0))[6] == 0.6
    assert halos(*outlined, (12.0, 10.0, 0.0))[6] == pytest.approx(0.15)


def test_a_halo_stays_what_it_is_where_no_rim_is_usual_or_known():
    assert beside([{"halo": 0.6}] * 6) == [{}] * 6
    assert halos(*[(12.0, 0.0, 0.0)] * FEWEST) == [None] * FEWEST
    assert halos(*[(12.0, 0.0, 0.0)] * 6, ())[6] is None
    assert halos(*[(12.0, 0.0, 0.0)] * 7, backdrops=[*range(6), None])[6] is None


def test_rims_before_one_background_say_nothing_of_each_others_halos():
    rims = [(70.0, 0.0, 0.0)] * 10
    assert halos(*rims, backdrops=[0] * 10) == [None] * 10
    assert halos(*rims, backdrops=[0] * 6 + [1, 2, 3, 4]) == [None] * 6 + [0.0] * 4
    outlined, pale = [(12.0, 0.0, 0.0)] * 5, [(70.0, 0.0, 0.0)] * 6
    assert halos(*outlined, *pale, backdrops=[*range(5), *[5] * 6])[5:] == [0.6] * 6


def haloed(name, rim, backdrop):
    metrics = USUAL | {"halo": 0.5}
    return Entry(name, f"{name}.jpg", metrics=metrics, score=0.5, rim=rim, images={"backdrop": before(backdrop)})


def test_what_the_set_says_of_a_halo_decides():
    entries = [haloed(f"p{n}", (12.0, 0.0, 0.0), n) for n in range(6)]
    entries.append(haloed("bad", (70.0, 0.0, 0.0), 6))
    decisions = select(entries, Select(), shared=True).decisions
    assert all(
        one.verdict == Verdict.KEEP and one.metrics["set_halo"] == 0 for name, one in decisions.items() if name != "bad"
    )
    assert "halo" in [reason.code for reason in decisions["bad"].reasons]


def test_a_set_before_one_background_that_left_its_colour_everywhere_is_not_kept():
    decisions = select([haloed(f"p{n}", (70.0, 0.0, 0.0), 0) for n in range(10)], Select(), shared=True).decisions
    assert all("halo" in [reason.code for reason in one.reasons] for one in decisions.values())
    assert all("halo" not in one.metrics for one in decisions.values())  # the measured number stays


def decided(metrics, **settings):
    entries = [Entry(f"p{n}", f"p{n}.jpg", metrics=USUAL, score=0.9) for n in range(6)]
    entries.append(Entry("odd", "odd.jpg", metrics=USUAL | metrics, score=0.9))
    return select(entries, Select(**settings), shared=True).decisions


def test_a_picture_far_less_sharp_than_the_others_is_blurry_though_alone_it_would_not_be():
    assert Limits().blurry < 0.2
    odd = decided({"sharpness": 0.2})["odd"]
    assert odd.verdict == Verdict.REVIEW
    assert [reason.code for reason in odd.reasons][:1] == ["blurry"]
    assert "over the set's usual is 0.333, below 0.5" in odd.reasons[0].detail
    looser = decided({"sharpness": 0.2}, limits=Limits(less_sharp=0.3))["odd"]
    assert [reason.code for reason in looser.reasons] == ["low_score"]
    assert "less sharp than in the other pictures" in looser.reasons[0].detail
    assert odd.metrics["set_sharpness"] == pytest.approx(1 / 3, abs=1e-6)


def test_blurry_is_said_once():
    codes = [reason.code for reason in decided({"sharpness": 0.05})["odd"].reasons]
    assert codes.count("blurry") == 1


def test_an_outline_with_weaker_edges_than_the_others_raises_the_chance_that_the_mask_is_wrong():
    odd = decided({"edge_support": 0.5, "mask_wrong": 0.02}, limits=Limits(mask_uncertain=0.05))["odd"]
    assert "mask_uncertain" in [reason.code for reason in odd.reasons]


def test_no_picture_is_seen_beside_another_subjects():
    entries = [Entry(f"p{n}", f"p{n}.jpg", metrics=USUAL | {"sharpness": 0.2 + 0.1 * n}, score=0.9) for n in range(7)]
    assert all(
        one.verdict == Verdict.KEEP and not one.metrics
        for one in select(entries, Select(), shared=False).decisions.values()
    )
