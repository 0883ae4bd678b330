from dataclasses import replace
from itertools import combinations

import cv2
import numpy as np
import pytest

from loraset.metrics.grade import CUTOUT, WORDS, grade
from loraset.ops.descriptors import COLOR_BINS, POSE_SIDE, Descriptors, position, variety_covered
from loraset.ops.likeness import look_at
from loraset.ops.subject_copies import small_cutout
from loraset.recipe.model import Limits, Select
from loraset.stages.gates import GATES
from loraset.stages.select import Decision, Entry, select
from loraset.types import REASON_CODES, Reason, Verdict

KEEP, REVIEW, REJECT = Verdict.KEEP, Verdict.REVIEW, Verdict.REJECT
GOOD = {
    "sharpness": 0.6,
    "lightness": 0.5,
    "overexposed": 0.0,
    "subject_share": 0.2,
    "cut_off": 0.0,
    "true_size": 0.7,
    "mask_wrong": 0.02,
    "halo": 0.1,
    "engines_disagree": None,
}
BAD = {
    "no_subject": ("subject_share", 0.001),
    "subject_cut_off": ("cut_off", 0.4),
    "too_small": ("true_size", 0.1),
    "mask_uncertain": ("mask_wrong", 0.9),
    "engines_disagree": ("engines_disagree", 0.8),
    "halo": ("halo", 0.9),
    "blurry": ("sharpness", 0.05),
    "dark": ("lightness", 0.03),
    "overexposed": ("overexposed", 0.7),
}
OF_THE_SET = "odd_one_out"  # a gate whose number is no picture's own


def look(seed=0, **changes):
    random = np.random.default_rng(seed)
    color = random.dirichlet(np.ones(COLOR_BINS), 3).ravel()
    pose = random.normal(size=POSE_SIDE**2 - 1)
    made = Descriptors(
        float(random.uniform(0.5, 2)),
        tuple(color),
        (0.1, 0.05, 0.02),
        tuple(pose / np.linalg.norm(pose)),
    )
    return replace(made, **changes)


def painted(pose=0, hue=0, species=0, side=120):
    """score's arrays of a figure: a body with a face, arms that its pose moves, a colour and a pattern of its kind."""
    random = np.random.default_rng(pose)
    rgba = np.zeros((side, side, 4), np.float32)
    body, limb = [((0.8, 0.5, 0.2), (0.5, 0.2, 0.1)), ((0.2, 0.4, 0.8), (0.9, 0.9, 0.9))][hue]
    for sign, height in ((-1, pose % 6), (1, pose // 6)):
        cv2.line(rgba, (60 + sign * 22, 62), (60 + sign * 46, 16 + 17 * height), (*limb, 1.0), 9, cv2.LINE_AA)
    cv2.circle(rgba, (42, 18), 9, (*limb, 1.0), -1, cv2.LINE_AA)  # one ear, so that no pose is another mirrored
    cv2.ellipse(rgba, (60, 70), (26, 34), 0, 0, 360, (*body, 1.0), -1, cv2.LINE_AA)
    cv2.circle(rgba, (60, 34), 18, (*body, 1.0), -1, cv2.LINE_AA)
    turn = int(random.integers(-6, 7))
    for x in (54 + turn, 66 + turn):
        cv2.circle(rgba, (x, 32), 3, (0, 0, 0, 1.0), -1, cv2.LINE_AA)
    for place in range(46, 100, 9 if species else 200):
        cv2.line(rgba, (46, place), (74, place), (0.9, 0.9, 0.3, 1.0), 3, cv2.LINE_AA)
    color, alpha = np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3])
    seen = look_at(color, alpha)
    return {"colors": seen.colors, "patches": seen.patches, "subject": small_cutout(color, alpha)}


def entry(name, seed=0, score=0.9, **changes):
    metrics = GOOD | changes.pop("metrics", {})
    subject = changes.pop("look", None) or look(seed)
    return replace(Entry(name, f"{name}.jpg", metrics=metrics, score=score, subject=subject.to_json()), **changes)


def decide(*entries, shared=True, **settings):
    return select(entries, Select(**settings), shared=shared).decisions


def codes(decision):
    return [reason.code for reason in decision.reasons]


def test_a_good_picture_is_kept_without_a_reason():
    assert decide(entry("a", 1))["a"] == Decision(KEEP)


@pytest.mark.parametrize("code", BAD)
def test_each_gate_gives_its_reason_with_value_and_limit(code):
    metric, value = BAD[code]
    decision = decide(entry("a", 1, metrics={metric: value}))["a"]
    assert codes(decision) == [code]
    assert decision.verdict == (REJECT if code == "no_subject" else REVIEW)
    limit = getattr(Limits(), code)
    assert f"{value:g}" in decision.reasons[0].detail and f"{limit:g}" in decision.reasons[0].detail
    assert decision.reasons[0].stage == "select"


def test_every_threshold_of_the_recipe_has_a_gate_and_a_known_code():
    assert (
        {gate.limit or gate.code for gate in GATES}
        == set(Limits.model_fields)
        == {*BAD, OF_THE_SET, "less_sharp", "moved"}
    )
    assert {gate.code for gate in GATES} == {*BAD, OF_THE_SET}
    assert {gate.code for gate in GATES} <= set(REASON_CODES)


def test_a_subject_that_moved_is_blurry_and_the_detail_says_so():
    one = entry("a", 1, metrics={"motion_blur": 20.0, "sharpness": 0.05})
    (reason,) = decide(one)["a"].reasons
    assert reason.code == "blurry"
    assert reason.detail == "the way that the subject moved, in px of the output, is 20, above 11"
    assert decide(one, limits=Limits(moved=30, blurry=0.0))["a"].verdict == KEEP


def test_a_changed_limit_changes_the_verdict_of_the_same_numbers():
    one = entry("a", 1, metrics={"sharpness": 0.3})
    assert decide(one)["a"].verdict == KEEP
    assert codes(decide(one, limits=Limits(blurry=0.4))["a"]) == ["blurry"]


COMMON = [gate.code for gate in GATES if gate.common]


@pytest.mark.parametrize("code", COMMON)
def test_what_most_pictures_have_is_said_once_of_the_set_and_of_none(code):
    metric, value = BAD[code]
    score = grade(GOOD | {metric: value}).score
    alike = [entry(f"p{n}", n, score, metrics={metric: value}) for n in range(5)]
    said = select([*alike, *(entry(f"q{n}", 9 + n) for n in range(4))], Select(), shared=True)
    assert all((one.verdict, codes(one), one.usual) == (KEEP, [], (metric,)) for one in said.decisions.values())
    assert [note.rsplit(" (", 1)[1] for note in said.notes] == [f"5 of 9, {code})"]
    half = select([*alike, *(entry(f"q{n}", 9 + n) for n in range(5))], Select(), shared=True)
    assert half.notes == () and all(code in codes(half.decisions[f"p{n}"]) for n in range(5))


def test_a_stricter_limit_flags_more_pictures_and_a_looser_one_fewer():
    shades = [entry(f"p{n}", n, metrics={"lightness": 0.2 + n / 100}) for n in range(10)]
    flagged = [
        sum("dark" in codes(one) for one in decide(*shades, limits=Limits(dark=limit)).values())
        for limit in (Limits().dark, 0.225, 0.3)
    ]
    assert flagged == [0, 3, 10]
    dark = [entry(f"p{n}", n, metrics={"lightness": 0.1}) for n in range(10)]
    assert not select(dark, Select(limits=Limits(dark=0.05)), shared=True).notes


@pytest.mark.parametrize("code", sorted(set(COMMON) - {"too_small"}))
def test_what_most_of_several_subjects_have_is_said_of_each(code):
    metric, value = BAD[code]
    said = select([entry(f"p{n}", n, metrics={metric: value}) for n in range(9)], Select(), shared=False)
    assert said.notes == () and all(codes(decision) == [code] for decision in said.decisions.values())


def test_a_frame_too_large_for_most_photos_is_said_once_whatever_they_show():
    metric, value = BAD["too_small"]
    said = select([entry(f"p{n}", n, metrics={metric: value}) for n in range(9)], Select(), shared=False)
    assert "frame.resolution" in said.notes[0] and all(not codes(one) for one in said.decisions.values())
    assert all(one.usual == (metric,) for one in said.decisions.values())


@pytest.mark.parametrize("code", sorted(set(BAD) - set(COMMON)))
def test_a_bad_cut_out_is_no_less_one_because_most_are(code):
    metric, value = BAD[code]
    decisions = decide(*(entry(f"p{n}", n, metrics={metric: value}) for n in range(6)))
    assert all(code in codes(decision) for decision in decisions.values())


def test_on_the_limit_is_not_beyond_it():
    assert decide(entry("a", 1, metrics={"sharpness": Limits().blurry, "halo": Limits().halo}))["a"].verdict == KEEP


def test_a_metric_that_does_not_apply_passes():
    assert decide(entry("a", 1, metrics=dict.fromkeys(GOOD)))["a"].verdict == KEEP


def test_a_picture_may_have_several_reasons():
    decision = decide(entry("a", 1, metrics={"sharpness": 0.01, "halo": 0.9}, score=0.6))["a"]
    assert sorted(codes(decision)) == ["blurry", "halo", "low_score"]
    assert decision.verdict == REVIEW


@pytest.mark.parametrize(("score", "verdict"), [(0.49, REJECT), (0.5, REVIEW), (0.74, REVIEW), (0.75, KEEP)])
def test_the_score_decides_between_keep_review_and_reject(score, verdict):
    decision = decide(entry("a", 1, score=score, pulled_down=("halo", "sharpness")))["a"]
    assert decision.verdict == verdict
    if verdict != KEEP:
        assert codes(decision) == ["low_score"]
        assert decision.reasons[0].detail.endswith("; the old background shows in the edge; the subject is blurred")


def test_an_earlier_reason_is_kept_and_decides():
    doubt, broken = Reason("odd_one_out", "mask", "..."), Reason("unreadable", "ingest", "...")
    decisions = decide(entry("a", 1, reasons=(doubt,)), Entry("b", "b.jpg", reasons=(broken,)))
    assert decisions["a"] == Decision(REVIEW, (doubt,))
    assert decisions["b"] == Decision(REJECT, (broken,))


def test_a_reason_is_not_given_twice():
    doubt = Reason("mask_uncertain", "mask", "the guard says so")
    decision = decide(entry("a", 1, reasons=(doubt,), metrics={"mask_wrong": 0.9}))["a"]
    assert decision.reasons == (doubt,)


def test_a_dropped_copy_of_the_photo_stays_what_it_is():
    copy = Entry("b", "b.jpg", reasons=(Reason("near_duplicate", "dedupe", "of a"),), duplicate_of="a")
    assert decide(entry("a", 1), copy)["b"] == Decision(REJECT, copy.reasons, "a")


def test_of_two_copies_of_the_subject_the_better_stays():
    decisions = decide(entry("a", images=painted(), score=0.8), entry("b", images=painted(), score=0.9))
    assert decisions["b"].verdict == KEEP
    assert decisions["a"].verdict == REJECT
    assert decisions["a"].duplicate_of == "b"
    assert decisions["a"].reasons[0] == Reason(
        "subject_duplicate", "select", "a copy of the subject in b.jpg: their colours differ by 0.0 at most (Lab)"
    )
    assert decisions["a"].details["copy"] == {"worst": 0.0, "mean": 0.0}


def test_a_mirrored_copy_is_named_so_and_kept_where_mirrored_ones_are_no_copies():
    images = painted()
    flipped = images | {"subject": np.ascontiguousarray(images["subject"][:, ::-1])}
    pair = entry("a", images=images), entry("b", images=flipped)
    assert "mirrored copy of the subject in a.jpg" in decide(*pair)["b"].reasons[0].detail
    kept = select(pair, Select(), shared=True, mirrored=False).decisions
    assert [kept[name].verdict for name in "ab"] == [KEEP, KEEP]


@pytest.mark.parametrize("change", [{"pose": 1}, {"hue": 1}, {"species": 1}], ids=lambda change: next(iter(change)))
def test_pose_colour_and_pattern_must_all_agree_for_a_copy(change):
    decisions = decide(entry("a", images=painted()), entry("b", images=painted(**change)))
    assert [decisions[name].verdict for name in "ab"] == [KEEP, KEEP]


def test_copies_are_not_looked_for_where_the_recipe_says_so():
    pair = entry("a", images=painted()), entry("b", images=painted())
    assert decide(*pair, shared=False)["b"].verdict == KEEP
    assert decide(*pair, subject_duplicates=False)["b"].verdict == KEEP


def test_a_kept_copy_goes_before_a_doubtful_one_of_better_score():
    doubtful = entry("a", images=painted(), score=0.95, metrics={"halo": 0.9})
    assert decide(doubtful, entry("b", images=painted(), score=0.8))["a"].duplicate_of == "b"


def test_two_strangers_are_odd_and_do_not_vouch_for_each_other():
    own = [entry(f"own{pose}", images=painted(pose)) for pose in range(8)]
    strangers = [entry(f"strange{pose}", images=painted(pose, hue=1)) for pose in (20, 21)]
    decisions = decide(*own, *strangers)
    fits = {name: decision.metrics["subject_fit"] for name, decision in decisions.items()}
    assert max(fits["strange20"], fits["strange21"]) < min(fits[f"own{pose}"] for pose in range(8))
    assert {name for name, decision in decisions.items() if codes(decision) == ["odd_one_out"]} == {
        "strange20",
        "strange21",
    }
    assert decisions["strange20"].verdict == REVIEW
    assert f"{fits['strange20']:.3g}, below 0.85" in decisions["strange20"].reasons[0].detail


def test_what_lowers_a_score_for_the_set_alone_asks_for_a_look_and_rejects_nothing():
    own = [entry(f"own{pose}", images=painted(pose)) for pose in range(8)]
    strangers = [entry(f"strange{pose}", images=painted(pose, hue=1), score=0.76) for pose in (20, 21)]
    decision = decide(*own, *strangers, limits={"odd_one_out": 0.0})["strange20"]
    assert (decision.verdict, codes(decision)) == (REVIEW, ["low_score"])
    assert WORDS["subject_fit"] in decision.reasons[0].detail
    low = replace(strangers[0], score=0.7)
    decision = decide(*own, low, strangers[1], limits={"odd_one_out": 0.0})["strange20"]
    fit = decision.metrics["subject_fit"]
    assert [reason.detail.split(" is")[0] for reason in decision.reasons] == [
        f"score {0.7 * CUTOUT['subject_fit'].factor(fit):.2f}"
    ]


def test_a_stranger_that_its_score_rejects_is_still_called_one_and_the_lower_score_is_named():
    own = [entry(f"own{pose}", images=painted(pose)) for pose in range(8)]
    decision = decide(*own, entry("strange", images=painted(20, hue=1), score=0.4))["strange"]
    assert (decision.verdict, codes(decision)) == (REJECT, ["odd_one_out", "low_score"])
    lower = 0.4 * CUTOUT["subject_fit"].factor(decision.metrics["subject_fit"])
    assert decision.reasons[1].detail.startswith(f"score {lower:.2f} is below 0.5")


def test_a_copy_is_not_asked_whether_it_is_a_stranger():
    own = [entry(f"own{pose}", images=painted(pose)) for pose in range(8)]
    copy = entry("copy", images=painted(3), score=0.5)
    assert decide(*own, copy)["copy"].metrics.get("subject_fit") is None


def test_a_stranger_is_none_where_the_pictures_share_no_subject():
    pictures = [entry(f"p{pose}", images=painted(pose)) for pose in range(8)]
    said = select([*pictures, entry("q", images=painted(9, hue=1))], Select(), shared=False)
    assert not said.notes and all(decision == Decision(KEEP) for decision in said.decisions.values())


def test_two_subjects_are_named_and_the_smaller_group_is_for_review():
    first = [entry(f"a{pose}", images=painted(pose)) for pose in range(6)]
    second = [entry(f"b{pose}", images=painted(pose, hue=1, species=1)) for pose in range(30, 34)]
    said = select([*first, *second], Select(), shared=True)
    assert said.groups == (tuple(f"a{pose}" for pose in range(6)), tuple(f"b{pose}" for pose in range(30, 34)))
    assert (
        "looks like two subjects: 6 pictures of one, 4 of another (b30.jpg, b31.jpg, b32.jpg, b33.jpg)" in said.notes[0]
    )
    assert [said.decisions[name].details["group"] for name in ("a0", "b30")] == [1, 2]
    assert all(codes(said.decisions[f"b{pose}"]) == ["odd_one_out"] for pose in range(30, 34))
    assert all(said.decisions[f"a{pose}"].verdict == KEEP for pose in range(6))


def test_one_subject_in_many_poses_is_one_group():
    said = select([entry(f"p{pose:02}", images=painted(pose)) for pose in range(14)], Select(), shared=True)
    assert said.groups == () and said.notes == ()
    assert all(decision.verdict == KEEP for decision in said.decisions.values())


def test_of_few_pictures_none_is_called_odd_and_that_is_said():
    said = select(
        [*(entry(f"p{n}", images=painted(n)) for n in range(3)), entry("q", images=painted(9, hue=1))],
        Select(),
        shared=True,
    )
    assert said.notes == ("4 pictures are too few to tell an odd one out: that takes 5",)
    assert all(decision == Decision(KEEP) for decision in said.decisions.values())


def test_at_most_max_images_are_kept_and_the_rest_say_so():
    decisions = decide(*(entry(f"p{n}", n) for n in range(8)), max_images=3)
    verdicts = [decision.verdict for decision in decisions.values()]
    assert verdicts.count(KEEP) == 3
    assert all(codes(d) == ["over_limit"] for d in decisions.values() if d.verdict == REJECT)


def test_the_best_comes_first_and_doubtful_ones_last():
    pictures = [
        entry("best", 1, score=0.99),
        entry("good", 2, score=0.9),
        entry("doubt", 3, metrics={"dark": 0}, score=0.7),
    ]
    assert decide(*pictures, max_images=1)["best"].verdict == KEEP
    two = decide(*pictures, max_images=2)
    assert (two["good"].verdict, two["doubt"].verdict) == (KEEP, REJECT)
    assert decide(*pictures, max_images=3)["doubt"].verdict == REVIEW


def test_of_two_alike_and_one_other_the_other_is_chosen():
    base = look(5)
    nearly = replace(base, aspect=base.aspect * 1.01)
    decisions = decide(
        entry("a", look=base, score=0.95), entry("b", look=nearly, score=0.94), entry("c", 8, score=0.8), max_images=2
    )
    assert [decisions[name].verdict for name in "abc"] == [KEEP, REJECT, KEEP]


def test_the_choice_stands_for_more_of_the_variety_than_most_choices():
    pictures = [entry(f"p{n}", n) for n in range(14)]
    where = {picture.id: position(Descriptors.from_json(picture.subject)) for picture in pictures}
    everything = np.stack(list(where.values()))

    def covered(ids):
        return variety_covered(everything, np.stack([where[name] for name in ids]))

    chosen = [name for name, decision in decide(*pictures, max_images=4).items() if decision.verdict == KEEP]
    assert np.mean([covered(chosen) >= covered(ids) for ids in combinations(where, 4)]) > 0.95


def test_a_close_up_is_chosen_though_it_is_for_review_and_a_doubtful_cut_out_is_not():
    pictures = [entry(f"p{n}", n) for n in range(6)]
    close = entry("close", 20, metrics={"cut_off": 0.3, "subject_share": 0.6})
    doubt = entry("doubt", 21, metrics={"mask_wrong": 0.9})
    decisions = decide(*pictures, close, doubt, max_images=4)
    assert (decisions["close"].verdict, codes(decisions["close"])) == (REVIEW, ["subject_cut_off"])
    assert codes(decisions["doubt"]) == ["mask_uncertain", "over_limit"]


def test_a_close_up_that_is_rejected_is_named_where_there_is_no_other():
    close = entry("close", 20, score=0.4, metrics={"cut_off": 0.3, "subject_share": 0.6})
    said = select([*(entry(f"p{n}", n) for n in range(9)), close], Select(), shared=True)
    assert any(
        "no close-up" in text and "close.jpg, which is rejected, may be one" in text for text in said.coverage.advice
    )
    assert select([close], Select(), shared=True).coverage is None
    assert select([entry("p", 1)], Select(), shared=False).coverage is None


def test_a_picture_without_a_subject_is_not_named_as_the_view_that_is_missing():
    empty = entry("empty", 20, reasons=(Reason("no_subject", "mask", "..."),), metrics={"subject_share": 0.0})
    parts = [entry(f"p{n}", n, metrics={"cut_off": 0.15, "subject_share": 0.3}) for n in range(9)]
    said = select([*parts, empty], Select(), shared=True)
    assert said.decisions["empty"].verdict == REJECT
    assert all("empty.jpg" not in text for text in said.coverage.advice)


def test_a_rare_view_is_worth_repeats_in_its_details():
    close = entry("close", 20, metrics={"cut_off": 0.3, "subject_share": 0.6})
    said = select([*(entry(f"p{n}", n) for n in range(11)), close], Select(), shared=True)
    assert said.decisions["close"].details == {"repeats": 2}
    assert all(said.decisions[f"p{n}"].details == {} for n in range(11))


def test_of_two_equally_unlike_the_sharper_is_chosen():
    base = look(5)
    sharp, soft = (entry(name, look=base, metrics={"sharpness": value}) for name, value in (("a", 0.6), ("b", 0.3)))
    assert decide(entry("c", 9), entry("d", 12), soft, sharp, max_images=3)["b"].verdict == REJECT


@pytest.mark.parametrize(("usual", "kept"), [(0.6, "soft"), (0.0, "blank")])
def test_a_subject_without_any_sharpness_is_worth_least_unless_most_have_none(usual, kept):
    base = look(5)
    blank = entry("blank", look=base, score=0.95, metrics={"sharpness": 0.0})
    soft = entry("soft", look=base, metrics={"sharpness": 0.3})
    others = [entry(f"p{n}", 9 + n, metrics={"sharpness": usual}) for n in range(3)]
    limits = Limits(blurry=0.0, less_sharp=0.0)
    found = select(
        [*others, blank, soft], Select(max_images=4, limits=limits, review_below=0, min_score=0), shared=False
    )
    assert [name for name in ("blank", "soft") if found.decisions[name].verdict == KEEP] == [kept]


def test_a_limit_that_drops_none_covers_nothing_else():
    said = select([entry("a", 1), entry("b", 2)], Select(max_images=2), shared=True)
    assert said.coverage.covered is None
    limited = select([entry(f"p{n}", n) for n in range(8)], Select(max_images=3), shared=True)
    assert 0 < limited.coverage.covered < 1


def test_the_order_of_the_input_changes_nothing():
    random = np.random.default_rng(0)
    scores = np.round(random.uniform(0.4, 1, 20), 1)
    pictures = [entry(f"p{n:02}", n, score=float(scores[n]), images=painted(n, hue=n % 5 == 0)) for n in range(20)]
    pictures += [entry(f"copy{n}", images=painted(5), score=0.8) for n in range(3)]
    expected = select(pictures, Select(max_images=6), shared=True)
    for _ in range(3):
        shuffled = [pictures[i] for i in random.permutation(len(pictures))]
        assert select(shuffled, Select(max_images=6), shared=True) == expected


def test_every_verdict_but_keep_has_a_reason():
    random = np.random.default_rng(1)
    pictures = [
        entry(f"p{n}", n % 9, score=float(random.uniform()), metrics={"halo": float(random.uniform())})
        for n in range(40)
    ]
    decisions = decide(*pictures, max_images=5)
    assert len(decisions) == 40
    for decision in decisions.values():
        assert (decision.verdict == KEEP) == (not decision.reasons)
