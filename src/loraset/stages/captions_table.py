"""captions.tsv: the words of every picture in one file, to be edited there and read back by the next run.

In: the file's bytes; what this run composed. Out: the words to use, the file's new bytes. Never: an edit lost, not even
that of a picture which is no longer in the set.

A line holds what loraset composed of class word and sidecar, and the words that are used. Where the two differ, a
person edited the line: its words stay, whatever the sidecar says later. Made equal again, or deleted, it follows it.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from loraset.errors import InputError
from loraset.stages.captions import describe_subject
from loraset.stages.ingest import ENCODINGS

TABLE = "captions.tsv"
COLUMNS = ("stem", "subject", "composed", "source")


@dataclass(frozen=True, slots=True)
class Line:
    """One picture. subject : the words that are used. composed : what loraset made, None where a person left it out."""

    stem: str
    subject: str
    composed: str | None = None
    source: str = ""

    @property
    def edited(self) -> bool:
        """Whether a person wrote the words."""
        return self.subject != self.composed


def read_table(content: bytes, name: str = TABLE) -> dict[str, Line]:
    """Return the lines by their stems. Tabs, or the quotes and the UTF-16 of spreadsheets, are read alike.

    Raises
    ------
    InputError
        If it is no such table: names the line. Nothing of it would be used, so nothing is overwritten either.
    """
    hint = f"Mend it, or move it away: the run then writes a new one. It needs the columns {', '.join(COLUMNS[:2])}."
    encoding = next((encoding for mark, encoding in ENCODINGS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}, line {line}: this is not {encoding} text", f"Save it as UTF-8. {hint}") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t", restkey="")
    if not {"stem", "subject"} <= set(reader.fieldnames or ()):
        raise InputError(f"{name}, line 1: there is no column named stem or none named subject", hint)
    lines: dict[str, Line] = {}
    for row in reader:
        stem, subject = (row["stem"] or "").strip(), row["subject"]
        if stem in lines:
            raise InputError(f"{name}, line {reader.line_num}: {stem} stands there twice", hint)
        if subject is None or not stem:
            raise InputError(f"{name}, line {reader.line_num}: this is no whole line", hint)
        lines[stem] = Line(stem, " ".join(subject.split()), row.get("composed"), row.get("source") or "")
    return lines


def words_for(stem: str, composed: str, trigger: str, table: Mapping[str, Line]) -> str:
    """Return the subject's words: those that a person wrote into the table, else what was composed."""
    line = table.get(stem)
    return describe_subject(trigger, "", line.subject) if line and line.edited else composed


def to_table(lines: Iterable[Line], earlier: Mapping[str, Line]) -> bytes:
    """Return the file's bytes: this run's lines as they come, then edited lines of pictures that it does not have."""
    current = list(lines)
    here = {line.stem for line in current}
    away = sorted((line for line in earlier.values() if line.edited and line.stem not in here), key=lambda x: x.stem)
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in [*current, *away]:
        writer.writerow([line.stem, line.subject, line.composed or "", " ".join(line.source.split())])
    return out.getvalue().encode("utf-8", "replace")
