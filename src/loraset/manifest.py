"""The manifest: one row for every file found, as manifest.jsonl and manifest.csv; and the names that rows carry.

In: what the stages said. Out: rows, their JSON lines and the flat CSV. Never: times or absolute paths, so that the same
input gives the same bytes.
"""

import hashlib
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from loraset.errors import InputError
from loraset.types import Found, Json

MANIFEST = "manifest.jsonl"

# Names that Windows keeps for devices: a file of that name cannot be made there.
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


@dataclass(slots=True)
class Row:
    """One file found. Every key is always there; None where it does not apply."""

    id: str
    root: int
    source: str
    sha256: str | None = None
    verdict: str = "reject"
    reasons: list[Json] = field(default_factory=list)
    duplicate_of: str | None = None
    width: int | None = None
    height: int | None = None
    engine: str | None = None
    model: str | None = None
    inference_size: list[int] | None = None
    metrics: Json | None = None
    score: float | None = None
    stem: str | None = None
    files: Json | None = None
    frame: Json | None = None
    caption: Json | None = None
    details: Json | None = None

    def to_json(self) -> Json:
        """Return the manifest's object."""
        return asdict(self)


def short_hash(text: str, length: int = 8) -> str:
    """Return the first hex digits of the sha256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:length]


def file_id(found: Found) -> str:
    """Return the row's id: it depends on the input's index and the path below it, on nothing else."""
    return short_hash(f"{found.root}/{found.source}", 12)


def slug(source: str) -> str:
    """Return a file name's stem in lower-case ASCII letters, digits and hyphens; "picture" where nothing is left."""
    stem = PurePosixPath(source).stem
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-")
    return words or "picture"


def assign_stems(sources: Mapping[str, str], earlier: Mapping[str, str]) -> dict[str, str]:
    """Return a stem for every id, unique without regard to case: the slug, with a hash of the path on collision.

    sources : id -> path below the input.
    earlier : id -> stem that an earlier run in the same output gave; those stay, so that a picture that is added
        renames no other. Among new ones the shortest path goes first.
    """
    stems = {key: stem for key, stem in earlier.items() if key in sources}
    taken = set(stems.values())
    for key, source in sorted(sources.items(), key=lambda item: (item[1].count("/"), len(item[1]), item[1], item[0])):
        if key in stems:
            continue
        stem = slug(source)
        if stem in taken or stem in RESERVED:
            stem = f"{stem}-{short_hash(key + source)}"
        stems[key] = stem
        taken.add(stem)
    return stems


def cutout_names(sources: Mapping[str, str]) -> dict[str, str]:
    """Return id -> output path: the source's, ending in .png; where two would meet, the whole name and .png.

    sources : id -> path below the input. Upper and lower case count as one, as on many disks.
    """
    short = {key: str(PurePosixPath(source).with_suffix(".png")) for key, source in sources.items()}
    count = Counter(name.lower() for name in short.values())
    used = {name for name, times in count.items() if times == 1}
    names: dict[str, str] = {}
    for key, source in sorted(sources.items(), key=lambda item: (item[1], item[0])):
        name = short[key]
        if count[name.lower()] > 1:
            name = f"{source}.png"
            if name.lower() in used:
                name = f"{source}-{short_hash(key)}.png"
        used.add(name.lower())
        names[key] = name
    return names


def to_jsonl(rows: Sequence[Row]) -> bytes:
    """Return the bytes of manifest.jsonl."""
    lines = (json.dumps(row.to_json(), ensure_ascii=False, allow_nan=False) for row in rows)
    return "".join(line + "\n" for line in lines).encode("utf-8", "replace")


def to_csv(rows: Sequence[Row]) -> bytes:
    """Return the bytes of manifest.csv: the same rows, flat (`metrics.halo`, `files.gray`, ...; `details` left out)."""
    import pandas as pd

    flat = []
    for row in rows:
        data = row.to_json()
        data.pop("details")
        reasons = data.pop("reasons")
        data["reasons"] = ";".join(reason["code"] for reason in reasons) or None
        data["reason_details"] = "; ".join(reason["detail"] for reason in reasons) or None
        size = data.pop("inference_size")
        data["inference_size"] = "x".join(str(side) for side in size) if size else None
        for group in ("metrics", "files", "frame", "caption"):
            data.update(_columns(group, data.pop(group) or {}))
        flat.append(data)
    table = pd.DataFrame(flat)
    for column in ("width", "height"):
        if column in table:
            table[column] = table[column].astype("Int64")
    text = io.StringIO()
    table.to_csv(text, index=False, lineterminator="\n")
    return text.getvalue().encode("utf-8", "replace")


def _columns(name: str, value: Any) -> Json:
    """Return the cells of a value: {"frame.padding": "0 8 0 8"}, one for each leaf of a mapping."""
    if isinstance(value, Mapping):
        inner = [_columns(f"{name}.{key}", item) for key, item in value.items()]
        return {column: cell for cells in inner for column, cell in cells.items()}
    return {name: " ".join(map(str, value)) if isinstance(value, list) else value}


def read_rows(folder: Path) -> list[Json]:
    """Return the rows of a folder that loraset wrote.

    Raises
    ------
    InputError
        If there is no manifest, or it cannot be read.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise InputError(f"no {MANIFEST} in {folder}", "Name a folder that `loraset run` wrote.")
    rows: list[Json] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            rows.append(json.loads(line))
        except ValueError as error:
            raise InputError(
                f"{path}, line {number}: not JSON ({error})", "Run the recipe again to write it anew."
            ) from error
    return rows


def count_verdicts(rows: Sequence[Row]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the number of pictures per verdict and per reason code."""
    verdicts = Counter(row.verdict for row in rows)
    codes = Counter(code for row in rows for code in {reason["code"] for reason in row.reasons})
    return {name: verdicts.get(name, 0) for name in ("keep", "review", "reject")}, dict(sorted(codes.items()))
