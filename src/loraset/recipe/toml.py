"""TOML as text: the line each key stands on, and how a value is written.

In: the text of a file that `tomllib` has accepted, or a value. Out: line numbers, or TOML. Never: judging either.
"""

import re
import tomllib

KeyPath = tuple[str | int, ...]

_KEY = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|[A-Za-z0-9_-]+')
_SCALAR = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{1,2})?|\'\'\'.*?\'\'\'(?:\'{1,2})?'  # strings over several lines
    r'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\''  # strings on one line
    r"|[^\s,\]}#][^,\]}#\n]*",  # numbers, booleans, dates
    re.DOTALL,
)
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the line, from 1, on which each table, key and array element of a TOML text begins.

    Parameters
    ----------
    text : valid TOML. The standard parser gives values without places, hence this scan; it handles dotted and quoted
        keys, inline tables and arrays over several lines. `[[name]]` counts as `[name]`.
    """
    return _Scan(text).document()


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}

    def document(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._peek():
            if self._peek() == "[":
                start = self.at
                self.at += 2 if self.text.startswith("[[", self.at) else 1
                table = self._key((), start)
                self.at = self.text.index("]", self.at)
                self.at += 2 if self.text.startswith("]]", self.at) else 1
            else:
                self._pair(table)
        return self.lines

    def _peek(self) -> str:
        blank = _BLANK.match(self.text, self.at)
        self.at = blank.end() if blank else self.at
        return self.text[self.at : self.at + 1]

    def _note(self, path: KeyPath, start: int) -> None:
        self.lines.setdefault(path, self.text.count("\n", 0, start) + 1)

    def _key(self, table: KeyPath, start: int) -> KeyPath:
        path = table
        while True:
            self._peek()
            token = _KEY.match(self.text, self.at)
            word = token.group() if token else ""
            path = (*path, tomllib.loads(f"key = {word}")["key"] if word[:1] in ("'", '"') else word)
            self._note(path, start)
            self.at += len(word)
            if self._peek() != ".":
                return path
            self.at += 1

    def _pair(self, table: KeyPath) -> None:
        path = self._key(table, self.at)
        self.at = self.text.index("=", self.at) + 1
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        opening = self._peek()
        self._note(path, self.at)
        if opening not in ("[", "{"):
            scalar = _SCALAR.match(self.text, self.at)
            self.at = scalar.end() if scalar else len(self.text)
            return
        self.at += 1
        count = 0
        while (here := self._peek()) not in ("]", "}", ""):
            if here == ",":
                self.at += 1
            elif opening == "{":
                self._pair(path)
            else:
                self._value((*path, count))
                count += 1
        self.at += 1


def write_value(value: object) -> str:
    """Return a value as TOML on one line.

    Parameters
    ----------
    value : what `tomllib` gives: bool, int, float, str, dates, and lists and dicts of them.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:_}" if abs(value) >= 100_000 else str(value)
    if isinstance(value, str):
        return '"' + "".join(map(_escaped, value)) + '"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(write_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {write_value(item)}" for key, item in value.items()) + "}"
    return str(value)


def _escaped(character: str) -> str:
    if character in ('"', "\\"):
        return "\\" + character
    return character if character >= " " and character != "\x7f" else f"\\u{ord(character):04x}"
