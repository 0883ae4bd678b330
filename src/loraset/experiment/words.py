"""Words: what an experiment asks and how it will be judged, and what its results allow to be said.

In: a protocol, effects. Out: sentences. Never: a conclusion that the statistics do not carry.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from loraset.experiment.outcomes import BY_KEY, Outcome
from loraset.experiment.runs import SCRIPT, Kit
from loraset.experiment.statistics import MIN_SEEDS, Effect, detectable_size
from loraset.types import Json

ENOUGH = 5  # seeds: what we advise where there are fewer

OPTIMIZERS = (
    "Optimizers that divide by the gradient's own size (AdamW, Adafactor, Prodigy) make up for most of that, SGD and "
    "clipping do not. So between an arm that is weighed and one that is not, background and dose change together"
)


def describe_plan(protocol: Json, kit: Kit) -> list[str]:
    """Return the protocol in words, a paragraph each."""
    primary = protocol["primary"]
    first, second = primary["arms"]
    outcome = BY_KEY[primary["outcome"]]
    asked = sum(probe["kind"] in outcome.kinds for probe in protocol["probes"])
    paragraphs = [
        f"# {protocol['set']['name']}: {first} against {second}",
        f"Primary outcome: {outcome.title.lower()} ({outcome.meaning}; {outcome.better} is better), the mean over "
        f"{asked} prompts ({', '.join(outcome.kinds)}) at step {protocol['steps']}; {first} minus {second}.",
        _test_words(protocol),
        "Everything else is exploratory: it is shown with p-values corrected for their number (Holm), and no finding "
        "rests on it.",
        _arms_words(protocol),
        f"Matched: {len(protocol['set']['pictures'])} pictures under the same names, in the same sizes and order in "
        "every arm, checked pixel by pixel: plain and transparent variants differ in what lies behind the subject and "
        "in nothing else. " + _caption_words(protocol),
        _loss_words(protocol, kit),
        *kit.cautions,
        _how_words(protocol),
    ]
    return [paragraph for paragraph in paragraphs if paragraph]


def _test_words(protocol: Json) -> str:
    seeds, primary = len(protocol["seeds"]), protocol["primary"]
    size = detectable_size(seeds, primary["alpha"], primary["direction"])
    if size is None:
        return (
            f"{seeds} training seeds for each arm: that is too few for a test, and none will be made. "
            f"{MIN_SEEDS} are the least, {ENOUGH} are better."
        )
    asked = {"either": "two-sided", "greater": "one-sided, for more", "less": "one-sided, for less"}
    words = (
        f"The training seed is the unit: {seeds} for each arm, paired by number; Student's t on the differences, "
        f"df = {seeds - 1}, alpha {primary['alpha']}, {asked[primary['direction']]}. It finds a difference of "
        f"{size:.1f} times the deviation between seeds four times in five, and mostly misses a smaller one."
    )
    more = detectable_size(ENOUGH, primary["alpha"], primary["direction"])
    return f"{words} With {ENOUGH} seeds that is {more:.1f} times." if seeds < ENOUGH else words


def _arms_words(protocol: Json) -> str:
    lines = ["Arms:"]
    for arm in protocol["arms"]:
        loss = "the loss is weighed by the subject" if arm["weighed"] else "the loss counts whole pictures"
        named = "; captions name the background" if arm["named"] else ""
        lines.append(f"- {arm['name']}: {_background_words(arm)}; {loss}{named}")
    return "\n".join(lines)


def _background_words(arm: Json) -> str:
    words = {
        "transparent": "alpha, and a fill under it",
        "original": "the photo's own background",
        "random-named": "a plain colour for each picture, drawn by chance",
    }
    return words.get(arm["background"], f"background {arm['background']}")


def _caption_words(protocol: Json) -> str:
    words = {
        "same": "Captions are the same in every arm and say nothing of backgrounds.",
        "named": "Captions say what is true of each arm's background, so the words differ with it: a declared part of "
        "what is compared.",
        "both": "Captions are a factor of their own: arms that end in -named say what is true of their background, the "
        "others have the same words.",
    }[protocol["captions"]]
    if any(arm["background"] == "random-named" and not arm["named"] for arm in protocol["arms"]):
        words += " The colours of random-named go without their names, except in an arm that ends in -named."
    return words


def _loss_words(protocol: Json, kit: Kit) -> str:
    """Return how much of a picture a weighed arm is trained on, and what that does to a comparison."""
    weighed = {arm["name"]: arm["weighed"] for arm in protocol["arms"]}
    transparent = any(arm["background"] == "transparent" for arm in protocol["arms"])
    if not any(weighed.values()) and not transparent:
        return ""
    share = protocol["set"]["coverage"]
    words = f"The masks cover {share:.0%} of the pictures on average. " + kit.weighing.format(
        trainer=protocol["title"], share=f"{share:.0%}", share_tenth=f"{share + 0.1 * (1 - share):.0%}"
    )
    if any(weighed.values()):
        words += f" {OPTIMIZERS}" + _way_out(protocol)
    return words


def _way_out(protocol: Json) -> str:
    arms = {arm["name"]: arm for arm in protocol["arms"]}
    for name, arm in arms.items():
        plain = arm["variant"]
        if arm["masked"] and plain in arms and not arms[plain]["masked"]:
            return f"; {plain} against {name}, the very same pixels, shows what weighing alone does."
    return "."


def _how_words(protocol: Json) -> str:
    runs = len(protocol["arms"]) * len(protocol["seeds"])
    if SCRIPT in protocol["files"]:
        return (
            f"{runs} runs of {protocol['steps']} steps, {len(protocol['probes'])} samples at every "
            f"{protocol['sample_every']}. Start them in the folder and environment of {protocol['title']}: "
            f"python {protocol['root']}/{SCRIPT}"
        )
    return (
        f"{runs} runs that you start yourself: train on arms/<arm> with the seeds {protocol['seeds']}, draw "
        f"prompts.txt after step {protocol['steps']}, and put each sample into runs/<arm>-seed<seed>/ as "
        f"step{protocol['steps']}_prompt00_seed1001.png, prompts counted from 00."
    )


def conclude(protocol: Json, effect: Effect | None, broken: Sequence[str]) -> list[str]:
    """Return what the primary outcome allows to be said, and what it does not.

    effect : of the primary outcome, None where there is no pair. broken : what is not as it was frozen.
    """
    primary = protocol["primary"]
    first, second = primary["arms"]
    outcome = BY_KEY[primary["outcome"]]
    if effect is None:
        pair = f"pair of samples of {first} and {second} for {outcome.title.lower()}"
        return [f"Nothing can be said: there is not one {pair}."]
    more = "higher" if effect.mean > 0 else "lower"
    told = f"{first} against {second}, {outcome.title.lower()}: {describe(effect, outcome)}"
    if effect.p is None:
        verdict = f"No test was made: {effect.why}. Nothing can be concluded on a difference."
    elif broken:
        verdict = "The protocol does not hold, so this is no test of it: whatever p says, nothing is concluded."
    elif effect.seeds < len(protocol["seeds"]):
        verdict = (
            f"Only {effect.seeds} of the {len(protocol['seeds'])} planned seeds are in. A test before the end is a "
            "look ahead, which finds too much when it is repeated: nothing is concluded yet."
        )
    elif is_found(protocol, effect, broken):
        verdict = (
            f"A difference was found: {outcome.title.lower()} is {more} with {first} than with {second}"
            f"{_judged(outcome, effect.mean, first, second)}."
        )
    else:
        verdict = (
            "No difference was shown. That is not evidence that there is none: all values in the interval remain "
            f"possible, and {effect.seeds} seeds would have missed most differences under "
            f"{_size(effect.seeds, protocol)} times the deviation between seeds."
        )
    return [told, verdict, _limits(protocol)]


def is_found(protocol: Json, effect: Effect | None, broken: Sequence[str]) -> bool:
    """Whether there is a finding: the primary test says so, on all the seeds that were planned, and the plan holds."""
    if effect is None or effect.p is None or broken or effect.seeds < len(protocol["seeds"]):
        return False
    return bool(effect.p < protocol["primary"]["alpha"])


def describe(effect: Effect, outcome: Outcome) -> str:
    """Return an effect in numbers: mean difference, interval, t, p, size."""
    text = f"{effect.mean:+.3f}"
    if effect.low is not None and effect.high is not None:
        text += f" (95 % interval {effect.low:+.3f} to {effect.high:+.3f})"
    text += f", {effect.seeds} seed{'s' if effect.seeds > 1 else ''}"
    if effect.p is not None and effect.t is not None:
        text += f", t({effect.seeds - 1}) = {effect.t:.2f}, p = {effect.p:.3g}"
    if effect.size is not None:
        text += f", {effect.size:+.1f} times the deviation between seeds"
        if effect.size_low is not None and effect.size_high is not None:
            text += f" ({effect.size_low:+.1f} to {effect.size_high:+.1f})"
    return text


def _judged(outcome: Outcome, mean: float, first: str, second: str) -> str:
    if not outcome.better:
        return ""
    better = first if (mean > 0) == (outcome.better == "higher") else second
    return f", which speaks for {better}"


def _size(seeds: int, protocol: Json) -> str:
    size = detectable_size(seeds, protocol["primary"]["alpha"], protocol["primary"]["direction"])
    return f"{size:.1f}" if size else "any"


def _limits(protocol: Json) -> str:
    arms: Mapping[str, Any] = {arm["name"]: arm for arm in protocol["arms"]}
    first, second = (arms[name] for name in protocol["primary"]["arms"])
    words = (
        f"It is one experiment: this set, {protocol['model']}, {protocol['title']} with these settings, "
        f"{protocol['steps']} steps, these prompts. It says nothing of other subjects, models or settings, and the "
        "exploratory numbers are hints for a next experiment, no findings."
    )
    if first["weighed"] != second["weighed"]:
        words += (
            f" One arm's loss is weighed by the subject ({protocol['set']['coverage']:.0%} of the picture), the "
            "other's is not: what differs between them is background and dose together."
        )
    if first["named"] != second["named"] or (first["named"] and first["background"] != second["background"]):
        words += " The arms' captions differ too."
    return words
