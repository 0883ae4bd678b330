"""dedupe: what ingest said of the set -> groups of copies, and which one is kept.

In: numbers, hashes and small pictures. Out: groups; a reason for every copy that is dropped. Never: a file opened, two
pictures merged by their hashes alone.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from loraset.ops.hashes import Hashes, distance_bits, same_photo
from loraset.recipe.model import Dedupe, KeepRule
from loraset.types import ByteImage, Reason, StageResult

NAME = "dedupe"
SHARPNESS_TOLERANCE = 0.2  # resampling moves the number by up to this; a copy at half the size lies further below


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A picture as dedupe sees it; `small` gives what `ops.hashes.small_picture` made and is asked only when needed."""

    id: str
    source: str
    sha256: str
    pixel_sha256: str
    hashes: Hashes | None
    has_alpha: bool
    sharpness: float
    pixels: int
    bytes: int
    small: Callable[[], ByteImage]


@dataclass(frozen=True, slots=True)
class Group:
    """Copies of one photo, by id: the kept one, all members (sorted by source), and why each of the others goes."""

    kind: Literal["exact", "near"]
    kept: str
    members: tuple[str, ...]
    dropped: dict[str, Reason]


def entry_of(id: str, source: str, sha256: str, ingested: StageResult) -> Entry:  # noqa: A002 - the manifest's word
    """Entry of a decoded picture from ingest's result."""
    data = ingested.data
    return Entry(
        id=id,
        source=source,
        sha256=sha256,
        pixel_sha256=data["pixel_sha256"],
        hashes=Hashes(**data["hashes"]) if data["hashes"] else None,
        has_alpha=data["has_alpha"],
        sharpness=data["sharpness"],
        pixels=data["width"] * data["height"],
        bytes=data["bytes"],
        small=lambda: ingested.images["small"].astype(np.uint8, copy=False),
    )


def dedupe(entries: Sequence[Entry], settings: Dedupe) -> list[Group]:
    """Groups of two and more copies, sorted by the kept one's source; the same whatever the order of the entries."""
    ordered = sorted(entries, key=lambda entry: (entry.source, entry.id))
    parents = list(range(len(ordered)))

    def find(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    if settings.exact:
        for first, second in _exact_pairs(ordered):
            parents[find(second)] = find(first)
    if settings.near:
        show = cache(lambda index: ordered[index].small())
        for first, second, mirrored in _near_pairs(ordered, settings):
            if find(first) != find(second) and _confirmed(show(first), show(second), mirrored):
                parents[find(second)] = find(first)
    sets: dict[int, list[Entry]] = {}
    for index, entry in enumerate(ordered):
        sets.setdefault(find(index), []).append(entry)
    groups = [(_best(members, settings.keep), members) for members in sets.values() if len(members) > 1]
    return [_group(kept, members) for kept, members in sorted(groups, key=lambda pair: (pair[0].source, pair[0].id))]


def _exact_pairs(entries: Sequence[Entry]) -> Iterator[tuple[int, int]]:
    first: dict[str, int] = {}
    for index, entry in enumerate(entries):
        for digest in (entry.sha256, entry.pixel_sha256):
            yield first.setdefault(digest, index), index


def _near_pairs(entries: Sequence[Entry], settings: Dedupe) -> Iterator[tuple[int, int, bool]]:
    """Yield (first, second, mirrored) where the hashes allow a copy.

    One hash must lie within the recipe's distance, the other within twice that: each has photos that it alone is wrong
    about. A cut-out is no copy of an opaque picture: one of them knows more than the other.
    """
    known = [index for index, entry in enumerate(entries) if entry.hashes]
    texts = [(h.phash, h.dhash, h.mirrored_phash, h.mirrored_dhash) for h in (entries[i].hashes for i in known) if h]
    bits = np.array([[int(text, 16) for text in row] for row in texts], dtype=np.uint64).reshape(-1, 4)
    alpha = np.array([entries[index].has_alpha for index in known], dtype=bool)
    limit = settings.max_distance_bits
    for row, index in enumerate(known):
        for mirrored in (False, True) if settings.mirrored else (False,):
            own = bits[row, 2:] if mirrored else bits[row, :2]
            distances = np.bitwise_count(bits[row + 1 :, :2] ^ own)
            near = (distances.min(axis=1) <= limit) & (distances.max(axis=1) <= 2 * limit)
            for later in np.flatnonzero(near & (alpha[row + 1 :] == alpha[row])):
                yield index, known[row + 1 + int(later)], mirrored


def _confirmed(first: ByteImage, second: ByteImage, mirrored: bool) -> bool:
    return same_photo(np.ascontiguousarray(first[:, ::-1]) if mirrored else first, second)


def _best(members: list[Entry], rules: Sequence[KeepRule]) -> Entry:
    """Return the entry with the most of the first rule's number, among equals of the second's, and so on.

    At last the shortest name is kept: copies are called "a (1)" and "a copy".
    """
    for rule in rules:
        values = [float(getattr(entry, rule)) for entry in members]
        least = max(values) * (1 - SHARPNESS_TOLERANCE if rule == "sharpness" else 1)
        members = [entry for entry, value in zip(members, values, strict=True) if value >= least]
    return min(members, key=lambda entry: (len(entry.source), entry.source, entry.id))


def _group(kept: Entry, members: list[Entry]) -> Group:
    dropped = {entry.id: _reason(entry, kept) for entry in members if entry.id != kept.id}
    near = any(reason.code == "near_duplicate" for reason in dropped.values())
    return Group("near" if near else "exact", kept.id, tuple(entry.id for entry in members), dropped)


def _reason(entry: Entry, kept: Entry) -> Reason:
    if entry.sha256 == kept.sha256:
        return Reason("exact_duplicate", NAME, f"the same file as {kept.source}")
    if entry.pixel_sha256 == kept.pixel_sha256:
        return Reason("exact_duplicate", NAME, f"the same pixels as {kept.source}")
    if entry.hashes is None or kept.hashes is None:  # joined through a third
        return Reason("near_duplicate", NAME, f"a copy of a copy of {kept.source}")
    ours, theirs = entry.hashes, kept.hashes
    plain = distance_bits(ours.phash, theirs.phash), distance_bits(ours.dhash, theirs.dhash)
    flipped = distance_bits(ours.mirrored_phash, theirs.phash), distance_bits(ours.mirrored_dhash, theirs.dhash)
    what, (phash, dhash) = min(("a copy", plain), ("a mirrored copy", flipped), key=lambda found: sum(found[1]))
    return Reason("near_duplicate", NAME, f"{what} of {kept.source}: pHash {phash}, dHash {dhash} of 64 bits apart")
