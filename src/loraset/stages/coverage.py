"""What views of the subject a set has, what it lacks, and which views are rare: in words for its author.

In: a `View` of each picture. Out: a `Coverage`, and its words. Never: a verdict, or a word that the numbers do not
bear: which side is left is not known, only that two pictures show different ones.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from loraset.ops.backdrop import same_backdrops
from loraset.stages.views import CLOSE, PART, WHOLE, View, turns_of
from loraset.types import Json

TURNED = 0.12  # turn from which a picture counts to a side
HARDLY_TURNED = 0.09  # turn to the other side that is no chance: then it is not said that all go to one
FEWEST_TURNED = 3  # of which it is said that they go to one side
FEWEST_COMPARED = 4  # pictures among which a side, a light or a background is one of its own
OTHER_LIGHT = 0.1  # of full lightness, from the set's median
USUAL = (10, 30)  # pictures of a set
FEWEST_JUDGED = 8  # pictures, of sides whole figures, from which one-sidedness is more than chance
SHARED_BACKDROP = 1 / 3  # of the pictures: more before one background are too many
MOST_REPEATS = 3
NAMED_BACKDROPS = 3  # shared ones, the largest; the others are counted together

FIGURE, SIDES, LIGHT, BACKDROP = "figure", "sides", "light", "background"
EVEN, ONE_WAY, OTHER_WAY = "to neither side", "turned or reaching to one side", "to the other side"
USUAL_LIGHT, DARKER, LIGHTER = "much the same", "darker", "lighter"
ALIKE, SMALLER_GROUPS, OWN_BACKDROP = "before the same one", "in smaller groups", "before others"
NO_CLOSE_UP = "There is no close-up: small details are seen with few pixels. Add two or three taken from near."
NO_WHOLE = "No picture shows the whole figure: its shape cannot be learnt. Add some from farther off."
COMMON = (WHOLE, EVEN, USUAL_LIGHT, SMALLER_GROUPS, OWN_BACKDROP)  # parts that need no example


@dataclass(frozen=True, slots=True)
class Part:
    """Pictures that are alike in one respect: a name, an example (the source that is most so), their ids."""

    name: str
    example: str
    ids: tuple[str, ...]


NOBODY = Part("", "", ())


@dataclass(frozen=True, slots=True)
class Repeat:
    """A rare view, how often it is worth showing in training, and the name of the part that it is rare for."""

    id: str
    source: str
    times: int
    part: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a set shows.

    axes : name -> its parts. advice : sentences. repeats : by source. covered : how well those kept stand for all good
    pictures, [0, 1]; None where all are kept.
    """

    axes: Mapping[str, tuple[Part, ...]]
    advice: tuple[str, ...]
    repeats: tuple[Repeat, ...]
    covered: float | None

    def to_json(self) -> Json:
        """Return run.json's form."""
        parts = {
            axis: [{"name": part.name, "count": len(part.ids), "example": part.example} for part in parts]
            for axis, parts in self.axes.items()
        }
        repeats = [asdict(repeat) for repeat in self.repeats]
        return {"axes": parts, "advice": list(self.advice), "repeats": repeats, "covered": self.covered}


def in_words(coverage: Json) -> tuple[list[tuple[str, str]], list[str]]:
    """Return a line for each axis, name and text, and the advice, from what `Coverage.to_json` made."""
    axes = coverage["axes"]
    lines = [(axis, ", ".join(map(_part_in_words, parts))) for axis, parts in axes.items()]
    if any(part["name"] != WHOLE for part in axes.get(FIGURE, ())):
        lines = [(axis, f"of whole figures {text}" if axis == SIDES else text) for axis, text in lines]
    if coverage["covered"] is not None:
        lines.append(("limit", f"those kept stand for {coverage['covered']:.0%} of the variety of all good ones"))
    advice = list(coverage["advice"])
    if coverage["repeats"]:
        named = [f"{one['source']} {one['times']} times ({one['part']})" for one in coverage["repeats"]]
        advice.append(f"Rare views are worth showing more often in training: {', '.join(named)}.")
    return lines, advice


def _part_in_words(part: Json) -> str:
    example = "" if part["name"] in COMMON else f" ({part['example']})"
    return f"{part['count']} {part['name']}{example}"


def cover(
    views: Sequence[View],
    covered: float | None = None,
    left_out: Sequence[View] = (),
    doubted: Collection[str] = (),
) -> Coverage:
    """Return what the pictures of a set show.

    views : of the pictures that go on, in an order that does not depend on the input's. covered : see `Coverage`.
    left_out : of those that are rejected, copies aside. doubted : ids of those that nobody should see more often yet.
    """
    turned = turns_of(views)
    axes = {FIGURE: _figure(views), SIDES: _sides(views, turned), LIGHT: _light(views), BACKDROP: _backdrops(views)}
    axes = {name: parts for name, parts in axes.items() if parts}
    repeats = _repeats(axes, {view.id: view.source for view in views if view.id not in doubted})
    return Coverage(axes, tuple(_advice(axes, turned, left_out)), repeats, covered)


def _parts(names: Sequence[str], members: Mapping[str, Sequence[View]]) -> tuple[Part, ...]:
    return tuple(
        Part(name, members[name][0].source, tuple(view.id for view in members[name]))
        for name in names
        if members.get(name)
    )


def _figure(views: Sequence[View]) -> tuple[Part, ...]:
    seen = [view for view in views if view.look is not None]
    shown = {name: [view for view in seen if view.shown == name] for name in (WHOLE, PART, CLOSE)}
    return _parts((WHOLE, PART, CLOSE), shown)


def _sides(views: Sequence[View], turns: NDArray[np.float64]) -> tuple[Part, ...]:
    turned = [(turn, at, view) for at, (turn, view) in enumerate(zip(turns, views, strict=True)) if not np.isnan(turn)]
    if len(turned) < FEWEST_COMPARED:
        return ()
    members: dict[str, list[View]] = {EVEN: [], ONE_WAY: [], OTHER_WAY: []}
    for turn, _, view in sorted(turned, key=lambda one: (abs(one[0]), one[1])):
        members[EVEN if abs(turn) < TURNED else ONE_WAY if turn > 0 else OTHER_WAY].append(view)
    for name in (ONE_WAY, OTHER_WAY):
        members[name].reverse()  # the one that turns most is the example
    return _parts((EVEN, ONE_WAY, OTHER_WAY), members)


def _light(views: Sequence[View]) -> tuple[Part, ...]:
    lit = [(view.lightness, at, view) for at, view in enumerate(views) if view.lightness is not None]
    if len(lit) < FEWEST_COMPARED:
        return ()
    median = float(np.median([light for light, _, _ in lit]))
    members: dict[str, list[View]] = {USUAL_LIGHT: [], DARKER: [], LIGHTER: []}
    for light, _, view in sorted(lit, key=lambda one: (-abs(one[0] - median), one[1])):
        apart = light - median
        members[USUAL_LIGHT if abs(apart) < OTHER_LIGHT else DARKER if apart < 0 else LIGHTER].append(view)
    members[USUAL_LIGHT].reverse()
    return _parts((USUAL_LIGHT, DARKER, LIGHTER), members)


def _backdrops(views: Sequence[View]) -> tuple[Part, ...]:
    seen = [(view, view.backdrop) for view in views if view.backdrop is not None]
    if len(seen) < FEWEST_COMPARED:
        return ()
    groups = [[seen[at][0] for at in group] for group in same_backdrops([backdrop for _, backdrop in seen])]
    shared = [group for group in groups if len(group) > 1]
    smaller = [view for group in shared[NAMED_BACKDROPS:] for view in group]
    own = [view for group in groups if len(group) == 1 for view in group]
    named = [_parts((ALIKE,), {ALIKE: group}) for group in shared[:NAMED_BACKDROPS]]
    rest = _parts((SMALLER_GROUPS, OWN_BACKDROP), {SMALLER_GROUPS: smaller, OWN_BACKDROP: own})
    return tuple(part for parts in (*named, rest) for part in parts)


def _advice(axes: Mapping[str, tuple[Part, ...]], turned: NDArray[np.float64], left_out: Sequence[View]) -> list[str]:
    """Return what an author may do about the set, most needed first."""
    said: list[str] = []
    count = len(turned)
    if count < USUAL[0]:
        pictures = "1 picture is few" if count == 1 else f"{count} pictures are few"
        said.append(f"{pictures}: {USUAL[0]} to {USUAL[1]} are usual for one subject.")
    if count < FEWEST_JUDGED:
        return said
    figure, sides, light = ({part.name: part for part in axes.get(axis, ())} for axis in (FIGURE, SIDES, LIGHT))
    nearest_last = sorted((view for view in left_out if view.look is not None), key=lambda view: view.subject_share)
    spare = {view.shown: view.source for view in nearest_last}
    for shown, words in ((CLOSE, NO_CLOSE_UP), (WHOLE, NO_WHOLE)):
        if figure and shown not in figure:
            said.append(
                words
                + (
                    f" {spare[shown]}, which is rejected, may be one: perhaps its mask can be mended."
                    if shown in spare
                    else ""
                )
            )
    if np.count_nonzero(~np.isnan(turned)) >= FEWEST_JUDGED:
        said += _one_sided(sides, float(np.nanmin(turned)), only_whole=bool(set(figure) - {WHOLE}))
    if set(light) == {USUAL_LIGHT}:
        said.append("In none is the subject clearly lighter or darker than in the others: add some in other light.")
    for part in axes.get(BACKDROP, ()):
        if part.name == ALIKE and len(part.ids) > SHARED_BACKDROP * count:
            said.append(
                f"{len(part.ids)} of {count} were taken before much the same background as {part.example}: its light "
                "stays on the subject when it is cut out. Take some elsewhere."
            )
    return said


def _one_sided(sides: Mapping[str, Part], least: float, *, only_whole: bool) -> list[str]:
    """Return what is missing of sides. least : turn to the other side. only_whole : there are others, not asked."""
    side = sides.get(ONE_WAY, NOBODY)
    if len(side.ids) >= FEWEST_TURNED and least > -HARDLY_TURNED:
        whole = "whole figures " if only_whole else ""
        return [
            f"All {len(side.ids)} {whole}that turn or reach to a side do so to the same one, as {side.example} does: "
            "add some to the other side."
        ]
    if set(sides) == {EVEN}:
        nobody = "No whole figure" if only_whole else "No picture"
        return [f"{nobody} turns to a side: add views from the left and from the right."]
    return []


def _repeats(axes: Mapping[str, tuple[Part, ...]], sources: Mapping[str, str]) -> tuple[Repeat, ...]:
    """Return the pictures of rare parts: so often that the part has a third of an equal share, if `MOST_REPEATS` do.

    sources : by id, of those that may be repeated.
    """
    found: dict[str, Repeat] = {}
    for axis in (FIGURE, SIDES, LIGHT):
        parts = axes.get(axis, ())
        count = sum(len(part.ids) for part in parts)
        for part in parts if count >= FEWEST_JUDGED else ():
            times = min(MOST_REPEATS, round(count / (3 * len(parts)) / len(part.ids)))
            for identity in part.ids:
                if identity in sources and times > 1 and (identity not in found or found[identity].times < times):
                    found[identity] = Repeat(identity, sources[identity], times, part.name)
    return tuple(sorted(found.values(), key=lambda repeat: (repeat.source, repeat.id)))
