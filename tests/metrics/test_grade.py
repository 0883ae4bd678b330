"""The score: what each number costs, and that the packed weights say what they should."""

import math

import pytest

from loraset.metrics import METRICS
from loraset.metrics.grade import CUTOUT, TECHNICAL, WORDS, Doubt, doubts, grade
from loraset.registry import load

PARTS = TECHNICAL | CUTOUT
OF_THE_SET = {
    "set_disputes": "lower",
    "set_edges": "higher",
    "steady": "higher",
    "set_sharpness": "higher",
    "set_lightness": "higher",
    "set_halo": "lower",
    "subject_fit": "higher",
}


def better(name):
    return OF_THE_SET.get(name) or load(METRICS, name, "metric").better


@pytest.mark.parametrize("name", PARTS)
def test_a_part_falls_from_one_in_the_direction_that_its_metric_calls_worse(name):
    part = PARTS[name]
    assert (part.bad < part.best) == (better(name) == "higher")
    assert part.factor(part.best) == 1.0
    assert part.factor(part.bad) == pytest.approx(1 - part.cost)
    assert part.factor((part.best + part.bad) / 2) == pytest.approx(1 - part.cost / 8)


@pytest.mark.parametrize("name", doubts().table)
def test_a_packed_doubt_speaks_against_what_its_metric_calls_worse(name):
    doubt = doubts().table[name]
    assert (doubt.bad < doubt.best) == (better(name) == "higher")
    assert doubt.weight >= 0
    steps = [doubt.log_odds(doubt.best + share * (doubt.bad - doubt.best)) for share in (-1, 0, 0.2, 0.5, 1, 2)]
    assert steps == sorted(steps)
    assert (steps[1], steps[-1]) == (0.0, pytest.approx(doubt.weight))


def test_a_bent_doubt_counts_its_first_steps_most():
    straight, bent = Doubt(0.0, 1.0, 2.0), Doubt(0.0, 1.0, 2.0, bend=50.0)
    assert straight.log_odds(0.1) == pytest.approx(0.2)
    assert bent.log_odds(0.1) == pytest.approx(2 * math.log(6) / math.log(51))


def test_the_score_is_the_chance_to_be_right_times_the_factors():
    halo, blur = CUTOUT["halo"], TECHNICAL["sharpness"]
    worth = grade({"halo": halo.bad, "sharpness": blur.bad, "expected_overlap": 0.9, "lightness": None})
    fitted = doubts()
    against = fitted.table["expected_overlap"].log_odds(0.9)
    assert worth.right == pytest.approx(1 / (1 + math.exp(against + fitted.unasked - fitted.sure)))
    assert worth.technical == pytest.approx(1 - blur.cost)
    assert worth.score == pytest.approx(worth.right * (1 - halo.cost) * (1 - blur.cost))
    assert worth.pulled_down == ["halo", "sharpness", "expected_overlap"]


def test_a_missing_number_costs_nothing():
    nothing = grade({})
    assert nothing.score == nothing.right > 0.9
    assert (nothing.pulled_down, nothing.costs) == ([], {})


def test_a_set_that_was_asked_speaks_for_a_mask_or_against_it():
    alone = grade({"scatter": 0.1}).right
    assert grade({"scatter": 0.1, "set_disputes": 0.0}).right > alone
    assert grade({"scatter": 0.1, "set_disputes": 0.1}).right < alone


def test_a_mask_that_the_set_made_is_trusted_where_its_outline_is_steady():
    guessed = {"expected_overlap": 1.0}
    doubted, steady = grade(guessed | {"steady": 0.75}).right, grade(guessed | {"steady": 0.98}).right
    assert doubted < 0.85 < 0.9 < steady


def test_a_dark_subject_costs_nothing_where_the_set_says_that_it_is_dark():
    dark = grade({"lightness": 0.1}).score
    assert grade({"lightness": 0.1, "set_lightness": 0.35}).score == grade({}).score > dark
    assert grade({"lightness": 0.1, "set_lightness": 0.1}).score == pytest.approx(dark)


@pytest.mark.parametrize("name", ["sharpness", "overexposed", "true_size"])
def test_what_is_usual_of_a_set_costs_nothing_and_is_not_named(name):
    numbers = {name: PARTS[name].bad, "noise": TECHNICAL["noise"].bad}
    assert grade(numbers).score < grade({"noise": numbers["noise"]}).score
    assert grade(numbers, (name,)) == grade({"noise": numbers["noise"]})


def test_two_like_things_in_one_mask_are_not_sure_to_be_right():
    assert grade({"scatter": 0.5}).right < grade({"scatter": 0.02}).right < grade({}).right


def test_the_manifest_names_what_costs_a_hundredth_or_more_worst_first():
    told = grade({"halo": 0.4, "sharpness": 0.2, "overexposed": 0.01}).to_json()
    assert set(told["costs"]) == {"halo", "sharpness"}
    assert sorted(told["costs"].values(), reverse=True) == list(told["costs"].values())


def test_whatever_lowers_a_score_has_words_for_a_person():
    assert set(WORDS) == set(PARTS) | set(doubts().table)
    assert not [words for words in WORDS.values() if any(term in words for term in ("_", "evidence", "crumbs"))]


def test_each_doubt_of_the_model_counts_beside_the_other():
    both = grade({"expected_overlap": 0.9, "from_afar": 0.8}).right
    assert both < grade({"expected_overlap": 0.9}).right < grade({"expected_overlap": 0.99}).right
    assert both < grade({"from_afar": 0.8}).right < grade({"from_afar": None}).right


def test_a_look_gains_where_the_mask_is_wrong_not_where_the_photo_is_blurred():
    assert grade({"expected_overlap": 0.5}).gain > grade({"expected_overlap": 0.5, "sharpness": 0.05}).gain
    assert grade({"sharpness": 0.05}).gain < 0.05


def test_the_word_of_a_mask_whose_maker_was_asked_once_counts_for_less():
    exact, once, twice = {}, {"expected_overlap": 1.0}, {"expected_overlap": 1.0, "from_afar": 1.0}
    assert grade(once).right < grade(twice).right == grade(exact).right
