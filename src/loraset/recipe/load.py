"""From a recipe file and the command line's settings to a `Recipe`.

In: the path of a TOML file or the name of a packed recipe; settings that replace keys. Out: a `Recipe` and the folder
its relative paths start from. Never: looking at the pictures or folders that the recipe names.
"""

import datetime
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loraset.errors import RecipeError
from loraset.recipe.explain import Mistake, explain
from loraset.recipe.model import Recipe
from loraset.recipe.toml import KeyPath, key_lines
from loraset.registry import nearest
from loraset.types import Json

_PICTURES = "Pictures are given beside a recipe: loraset run quickstart --input FOLDER"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key given on the command line. place is how the user wrote it, for errors."""

    place: str
    key: tuple[str, ...]
    value: Any


def load(path: Path, settings: Sequence[Setting] = ()) -> tuple[Recipe, Path]:
    """Return the recipe of a file and the folder that its relative paths start from.

    That folder is the file's own; for a packed recipe the current one: nothing of the user's lies in a package.

    Raises
    ------
    RecipeError
        If there is no such file, it is not UTF-8 or TOML, or a key is wrong: with the file, key and line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise RecipeError(f"there is no recipe {path}", "`loraset init FILE` writes one to start from.") from None
    except IsADirectoryError:
        raise RecipeError(f"{path} is a folder, not a recipe", _PICTURES) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        hint = f"Save the recipe as UTF-8. {_PICTURES}"
        raise RecipeError(f"{path}, line {line}: this is not UTF-8 text", hint) from None
    except OSError as error:
        raise RecipeError(f"cannot read the recipe {path}: {error.strerror}") from None
    base = Path.cwd() if path in packed().values() else path.resolve().parent
    return from_text(text, str(path), settings), base


def from_text(text: str, file: str = "recipe", settings: Sequence[Setting] = ()) -> Recipe:
    """Return the recipe of a TOML text, with settings put over it.

    Parameters
    ----------
    text : the TOML; an empty one is the default recipe.
    file : how errors call it.

    Raises
    ------
    RecipeError
        With the place of every mistake.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(str(error), text, file) from None
    lines = key_lines(text)
    apply(data, settings)

    def place(path: KeyPath) -> tuple[str, int]:
        for setting in reversed(settings):
            shared = min(len(path), len(setting.key))
            if path[:shared] == setting.key[:shared]:
                return setting.place, 0
        while path and path not in lines:
            path = path[:-1]
        return (f"{file}, line {lines[path]}", lines[path]) if path else (file, 0)

    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        raise _recipe_error(file, explain(error, data, place)) from None


def parse_set(text: str) -> Setting:
    """Return the setting of a `--set key=value`: the value is TOML where it can be read as that, else text.

    Raises
    ------
    RecipeError
        If it has no `=`, or what is before it is no key.
    """
    place = f"--set {text}"
    key, equals, value = text.partition("=")
    try:
        path = _single_path(tomllib.loads(f"{key} = 0")) if equals and "\n" not in key else ()
    except tomllib.TOMLDecodeError:
        path = ()
    if not path:
        raise RecipeError(f"{place}: this is not key=value", "Write for example --set frame.resolution=768")
    return Setting(place, path, _toml_or_text(value))


def apply(data: Json, settings: Sequence[Setting]) -> None:
    """Put settings over parsed TOML, in place, the later over the earlier.

    A setting inside [variants] changes the default variants where the recipe has none of its own.

    Raises
    ------
    RecipeError
        If a setting lies inside something that is no table.
    """
    for setting in settings:
        *above, last = setting.key
        if above[:1] == ["variants"] and "variants" not in data:
            data["variants"] = Recipe().model_dump(include={"variants"})["variants"]
        table = data
        for depth, step in enumerate(above):
            table = table.setdefault(step, {})
            if not isinstance(table, dict):
                raise RecipeError(f"{setting.place}: {'.'.join(above[: depth + 1])} is no table")
        table[last] = setting.value


def packed() -> dict[str, Path]:
    """Return the recipes that come with loraset: name -> file."""
    package = Path(str(files("loraset")))
    checkout = package.parents[1] / "recipes"  # src/loraset of a source tree; a wheel has them inside the package
    folder = package / "recipes"
    return {file.stem: file for file in sorted((folder if folder.is_dir() else checkout).glob("*.toml"))}


def packed_text(name: str) -> str:
    """Return the text of a packed recipe.

    Raises
    ------
    RecipeError
        If none is called so: names the nearest one and all others.
    """
    known = packed()
    if name not in known:
        close = nearest(name, known)
        hint = f"Did you mean {close}? " if close else ""
        raise RecipeError(f"there is no packed recipe {name!r}", f"{hint}There are: {', '.join(known)}.")
    return known[name].read_text(encoding="utf-8")


def purpose(file: Path) -> str:
    """Return what a packed recipe is for: its first line."""
    return file.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def find(name: str) -> Path:
    """Return the recipe file that a command's RECIPE means: a path, else the name of a packed recipe.

    Raises
    ------
    RecipeError
        If it is neither: names the nearest packed recipe.
    """
    path, known = Path(name), packed()
    if path.is_file() or (path.exists() and name not in known):
        return path
    if name in known:
        return known[name]
    close = nearest(path.stem, known)
    hint = f"Did you mean the packed recipe {close}? " if close else ""
    raise RecipeError(
        f"there is no recipe {name}",
        f"{hint}RECIPE is a .toml file (`loraset init FILE` writes one) or one of: {', '.join(known)}.",
    )


def _toml_or_text(value: str) -> object:
    try:
        parsed = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        return value
    only = parsed.get("value") if len(parsed) == 1 else value
    # No key of a recipe holds a date: what looks like one is a name.
    return value if isinstance(only, datetime.date | datetime.time) else only


def _single_path(data: Json) -> tuple[str, ...]:
    path: tuple[str, ...] = ()
    while isinstance(data, dict):
        (key, data), *_ = data.items()
        path = (*path, key)
    return path


def _recipe_error(file: str, mistakes: list[Mistake]) -> RecipeError:
    if len(mistakes) == 1:
        only = mistakes[0]
        return RecipeError(f"{only.place}: {only.text}", only.remedy)
    listed = [f"  {each.place.removeprefix(f'{file}, ')}: {each.text}. {each.remedy}".rstrip() for each in mistakes]
    return RecipeError("\n".join([f"{file} has {len(mistakes)} mistakes:", *listed]))


_SYNTAX_HINTS = (
    ("Unescaped '\\'", "A backslash begins an escape: write paths with / or in 'single quotes'."),
    ("Invalid hex value", "A backslash begins an escape: write paths with / or in 'single quotes'."),
    ("Invalid value", "Text stands in quotes; true and false are lower case."),
    ("Expected '='", "A line is key = value, a [table], or a # comment."),
    ("Cannot declare", "This table is there twice: join the two."),
    ("Cannot overwrite", "This key is there twice: delete one of them."),
    ("Illegal character", "A quote is not closed on its line."),
)


def _syntax_error(message: str, text: str, file: str) -> RecipeError:
    what, _, where = message.rpartition(" (at ")
    number = re.match(r"line (\d+)", where)
    line = int(number.group(1)) if number else text.rstrip("\n").count("\n") + 1
    written = text.splitlines()[line - 1].strip() if text.strip() else ""
    what = re.sub(r"\('(.*?)',?\)", lambda table: "[" + table.group(1).replace("', '", ".") + "]", what)
    hint = next((hint for start, hint in _SYNTAX_HINTS if what.startswith(start)), "")
    return RecipeError(f"{file}, line {line}: this is not TOML: {what}\n  {written}", hint)
