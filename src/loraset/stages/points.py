"""Points files: what a person marked in a picture, written by hand or by a tool.

In: `<stem>.points.json` and its picture's size. Out: `Marks`, or in words what is wrong with the file. Never: a key or
number passed over in silence.

The file is one JSON object, every key optional but for one mark at least:

    {"keep": [[x, y], ...], "drop": [[x, y], ...],
     "keep_boxes": [[left, top, right, bottom], ...], "drop_boxes": [[left, top, right, bottom], ...],
     "size": [width, height]}

Coordinates are px of the picture as it is displayed, from its upper left corner. Who marked a copy of another size
gives that as `size`; "size": [1, 1] makes them fractions.
"""

import json
import re
from pathlib import Path
from typing import Any

from loraset.registry import nearest
from loraset.types import Box, Json, Marks, Point

POINTS, BOXES = ("keep", "drop"), ("keep_boxes", "drop_boxes")
KEYS = (*POINTS, *BOXES, "size")
EXAMPLE = '{"keep": [[420, 310]], "drop": [[80, 600]]}'


class _BadPointsError(ValueError):
    """What is wrong, in words; key is the one to look at."""

    def __init__(self, words: str, key: str | None = None) -> None:
        super().__init__(words)
        self.key = key


def read_points(path: Path | None, size: tuple[int, int]) -> tuple[Marks | None, str | None]:
    """Return a picture's marks, or None and what is wrong with the file; (None, None) without a file.

    size : (width, height) of the upright picture.
    """
    if path is None:
        return None, None
    text = ""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return _marks(_parsed(text), size), None
    except OSError as error:
        return None, f"{path.name} cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        return None, f"{path.name} is not UTF-8 text; write it like {EXAMPLE}"
    except _BadPointsError as fault:
        return None, f"{path.name}{_line_of(fault.key, text)}: {fault}"


def _line_of(key: str | None, text: str) -> str:
    place = text.find(json.dumps(key)) if key else -1
    return f", line {text.count(chr(10), 0, place) + 1}" if place >= 0 else ""


def _parsed(text: str) -> Json:
    try:
        data = json.loads(text, object_pairs_hook=_without_repeats)
    except json.JSONDecodeError as error:
        raise _BadPointsError(
            f"no JSON at line {error.lineno}, column {error.colno} ({error.msg}); write {EXAMPLE}"
        ) from None
    except RecursionError:
        raise _BadPointsError(f"nested too deep; write {EXAMPLE}") from None
    if not isinstance(data, dict):
        raise _BadPointsError(f"it must be one object in braces, such as {EXAMPLE}")
    return data


def _without_repeats(pairs: list[tuple[str, Any]]) -> Json:
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise _BadPointsError(f"{key} stands there twice; put all of it into one list", key)
    return dict(pairs)


def _marks(data: Json, size: tuple[int, int]) -> Marks:
    for key in data:
        if key not in KEYS:
            close = nearest(key, KEYS)
            raise _BadPointsError(
                f"there is no {key!r}; did you mean {close}?" if close else f"there is no {key!r}, only {_all(KEYS)}",
                key,
            )
    reach = _reach(data, size)
    points = {key: tuple(_point(*one, reach) for one in _entries(data, key, 2)) for key in POINTS}
    boxes = {key: tuple(_box(*one, reach) for one in _entries(data, key, 4)) for key in BOXES}
    if not any((*points.values(), *boxes.values())):
        raise _BadPointsError(f"it marks nothing; write {EXAMPLE}")
    marks = Marks(points["keep"], points["drop"], boxes["keep_boxes"], boxes["drop_boxes"])
    _agree(marks)
    return marks


def _all(words: tuple[str, ...]) -> str:
    return ", ".join(words[:-1]) + " and " + words[-1]


def _reach(data: Json, size: tuple[int, int]) -> tuple[float, float]:
    """Return the width and height that the coordinates refer to."""
    if "size" not in data:
        if _look_like_fractions(data):
            raise _BadPointsError(
                'these look like fractions: add "size": [1, 1], or give px of the picture as displayed'
            )
        return float(size[0]), float(size[1])
    said = data["size"]
    if not _numbers(said, 2) or min(said) <= 0:
        raise _BadPointsError(
            f"size must be [width, height] of the picture that was marked, not {_shown(said)}", "size"
        )
    if abs(said[0] * size[1] / (said[1] * size[0]) - 1) > 0.02 and said != [1, 1]:
        raise _BadPointsError(
            f"size {_shown(said)} has another shape than the picture, which is {size[0]}x{size[1]} as displayed", "size"
        )
    return float(said[0]), float(said[1])


def _look_like_fractions(data: Json) -> bool:
    said = [one for key in data for part in data[key] or [] if isinstance(part, list) for one in part]
    return _numbers(said, len(said)) and max(said, default=2) <= 1 and any(one % 1 for one in said)


def _entries(data: Json, key: str, count: int) -> list[tuple[str, list[float]]]:
    """Return the named entries of a key: [("keep[0]", [x, y]), ...]."""
    wanted = "[[x, y], ...]" if count == 2 else "[[left, top, right, bottom], ...]"
    said = data.get(key, [])
    if not isinstance(said, list):
        raise _BadPointsError(f"{key} must be a list {wanted}, not {_shown(said)}", key)
    if _numbers(said, count):
        raise _BadPointsError(f"{key} must be a list of them: {key} = [{_shown(said)}]", key)
    for index, one in enumerate(said):
        if not _numbers(one, count):
            raise _BadPointsError(f"{key}[{index}] must be {wanted[1:-6]}, not {_shown(one)}", key)
    return [(f"{key}[{index}]", one) for index, one in enumerate(said)]


def _numbers(value: Any, count: int) -> bool:
    """Whether it is a list of so many finite numbers."""
    return (
        isinstance(value, list)
        and len(value) == count
        and all(isinstance(one, int | float) and not isinstance(one, bool) and abs(one) < 1e9 for one in value)
    )


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _point(name: str, said: list[float], reach: tuple[float, float]) -> Point:
    _check_inside(name, said, said, reach)
    return said[0] / reach[0], said[1] / reach[1]


def _box(name: str, said: list[float], reach: tuple[float, float]) -> Box:
    left, top, right, bottom = said
    if right <= left or bottom <= top:
        raise _BadPointsError(
            f"{name} = {_shown(said)} is empty: a box is [left, top, right, bottom], not its width and height",
            re.sub(r"\[.*", "", name),
        )
    _check_inside(name, said, [left, top], reach)
    _check_inside(name, said, [right, bottom], reach)
    return left / reach[0], top / reach[1], right / reach[0], bottom / reach[1]


def _check_inside(name: str, said: list[float], corner: list[float], reach: tuple[float, float]) -> None:
    width, height = reach
    if not (0 <= corner[0] <= width and 0 <= corner[1] <= height):
        raise _BadPointsError(
            f"{name} = {_shown(said)} lies outside the picture, which is {width:g}x{height:g} as displayed; "
            'if a copy of another size was marked, give its "size": [width, height]',
            re.sub(r"\[.*", "", name),
        )


def _agree(marks: Marks) -> None:
    """Refuse what contradicts itself."""
    for index, point in enumerate(marks.keep):
        if point in marks.drop:
            raise _BadPointsError(f"keep[{index}] stands among drop too", "keep")
        if marks.keep_boxes and not any(_inside(point, box) for box in marks.keep_boxes):
            raise _BadPointsError(
                f"keep[{index}] lies outside keep_boxes, which say that nothing out there is kept", "keep"
            )


def _inside(point: Point, box: Box) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]
