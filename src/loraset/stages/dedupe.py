"""dedupe: what ingest said of the set -> groups of copies, and which one is kept.

In: numbers, hashes and small pictures. Out: groups; a reason for every copy that is dropped. Never: a file opened, two
pictures merged by their hashes alone, or a copy of a copy dropped that is none of the kept picture.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from loraset.ops.disjoint import DisjointSets, Indices
from loraset.ops.hamming import pairs_among, pairs_within
from loraset.ops.hashes import Hashes, distance_bits, same_photo
from loraset.recipe.model import Dedupe, KeepRule
from loraset.types import ByteImage, Reason, StageResult

NAME = "dedupe"
SHARPNESS_TOLERANCE = 0.2  # resampling moves the number by up to this; a copy at half the size lies further below
MOST_SHOWN = 4096  # small pictures held at once: 50 MB


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
        hashes=Hashes.from_json(data["hashes"]) if data["hashes"] else None,
        has_alpha=data["has_alpha"],
        sharpness=data["sharpness"],
        pixels=data["width"] * data["height"],
        bytes=data["bytes"],
        small=lambda: ingested.images["small"].astype(np.uint8, copy=False),
    )


def dedupe(entries: Sequence[Entry], settings: Dedupe) -> list[Group]:
    """Groups of two and more copies, sorted by the kept one's source; the same whatever the order of the entries.

    Every member is a copy of the kept one itself. Else the frames of a slow film, each a copy of the next, would all be
    one group, its first pose and its last.
    """
    ordered = sorted(entries, key=lambda entry: (entry.source, entry.id))
    joined = DisjointSets(len(ordered))
    show = lru_cache(MOST_SHOWN)(lambda index: ordered[index].small())

    def look_alike(first: int, second: int, mirrored: bool) -> bool:
        one = show(first)
        return same_photo(np.ascontiguousarray(one[:, ::-1]) if mirrored else one, show(second))

    def why_copy(other: int, kept: int) -> Reason | None:
        entry, best = ordered[other], ordered[kept]
        if why := _exact_reason(entry, best):
            return why
        first, second = sorted((other, kept))
        ways = (way for way in _ways(entry, best, settings) if look_alike(first, second, way.mirrored))
        return next((way.reason(best) for way in ways), None)

    if settings.exact:
        for first, second in _exact_pairs(ordered):
            joined.join(first, second)
    if settings.near:
        _join_near(ordered, settings, joined, look_alike)
    groups = [group for members in joined.sets() for group in _split(members, ordered, settings.keep, why_copy)]
    sources = {entry.id: entry.source for entry in ordered}
    return sorted(groups, key=lambda group: (sources[group.kept], group.kept))


def _exact_pairs(entries: Sequence[Entry]) -> Iterator[tuple[int, int]]:
    first: dict[str, int] = {}
    for index, entry in enumerate(entries):
        for digest in (entry.sha256, entry.pixel_sha256):
            yield first.setdefault(digest, index), index


def _join_near(
    entries: Sequence[Entry],
    settings: Dedupe,
    joined: DisjointSets,
    look_alike: Callable[[int, int, bool], bool],
) -> None:
    """Join what the hashes propose and the small pictures confirm; a pair that is joined already is not looked at.

    What has the very hashes of another is compared with that first, and stands for itself only if it is no copy: else
    among many copies of one photo each would be paired with each.
    """
    firsts: dict[tuple[Hashes, bool], int] = {}
    for index in joined.firsts():
        entry = entries[index]
        first = firsts.setdefault((entry.hashes, entry.has_alpha), index) if entry.hashes else index
        if first != index and look_alike(first, index, False):
            joined.join(first, index)
    looked_at: set[tuple[int, int, bool]] = set()
    for pairs in _near_pairs([(index, entries[index]) for index in joined.firsts()], settings):
        apart = joined.roots(pairs[:, 0]) != joined.roots(pairs[:, 1])
        for first, second, mirrored in pairs[apart].tolist():
            pair = first, second, bool(mirrored)
            if pair in looked_at or joined.root(first) == joined.root(second):
                continue
            looked_at.add(pair)
            if look_alike(*pair):
                joined.join(first, second)


def _near_pairs(entries: Sequence[tuple[int, Entry]], settings: Dedupe) -> Iterator[Indices]:
    """Yield rows (first, second, mirrored) where the hashes allow a copy: the whole of one as the whole or a window.

    entries : with the numbers that stand for them.

    One hash must lie within the recipe's distance, the other within twice that: each has photos that it alone is wrong
    about. A cut-out is no copy of an opaque picture: one of them knows more than the other.
    """
    known = [(index, entry.hashes) for index, entry in entries if entry.hashes]
    alpha = {index: entry.has_alpha for index, entry in entries}
    wholes = _columns([(index, (h.phash, h.dhash)) for index, h in known], alpha)
    windows = _columns([(index, window) for index, h in known for window in h.windows], alpha)
    turned = _columns([(index, (h.mirrored_phash, h.mirrored_dhash)) for index, h in known], alpha)
    limit = settings.max_distance_bits
    for one, other in ((0, 1), (1, 0)):
        searches = [
            (wholes, wholes, False, pairs_among(wholes.bits[one], limit)),
            (windows, wholes, False, pairs_within(windows.bits[one], wholes.bits[one], limit)),
        ]
        if settings.mirrored:
            searches += [
                (parts, turned, True, pairs_within(parts.bits[one], turned.bits[one], limit))
                for parts in (wholes, windows)
            ]
        for parts, them, mirrored, found in searches:
            for rows, columns in found:
                near = np.bitwise_count(parts.bits[other][rows] ^ them.bits[other][columns]) <= 2 * limit
                rows, columns = rows[near], columns[near]
                first, second = parts.owners[rows], them.owners[columns]
                fits = (first != second) & (parts.alpha[rows] == them.alpha[columns])
                pairs = np.stack([first, second, np.full(first.size, mirrored)], axis=1)[fits]
                pairs[:, :2].sort(axis=1)
                yield pairs


@dataclass(frozen=True, slots=True)
class _Columns:
    """Hashes as arrays: who owns each, whether that has alpha, and both hashes."""

    owners: Indices
    alpha: NDArray[np.bool_]
    bits: tuple[NDArray[np.uint64], NDArray[np.uint64]]


def _columns(hashed: Sequence[tuple[int, tuple[str, str]]], alpha: Mapping[int, bool]) -> _Columns:
    owners = [index for index, _ in hashed]
    phashes, dhashes = (np.array([int(texts[at], 16) for _, texts in hashed], dtype=np.uint64) for at in (0, 1))
    has_alpha = np.array([alpha[index] for index in owners], dtype=bool)
    return _Columns(np.array(owners, dtype=np.intp), has_alpha, (phashes, dhashes))


def _split(
    members: list[int],
    entries: Sequence[Entry],
    rules: Sequence[KeepRule],
    why_copy: Callable[[int, int], Reason | None],
) -> Iterator[Group]:
    """Yield the best of the members with its copies, then the best of the rest with its own, while there are any."""
    while len(members) > 1:
        kept = _best(members, entries, rules)
        dropped = {member: why for member in members if member != kept and (why := why_copy(member, kept))}
        if dropped:
            kind: Literal["exact", "near"] = (
                "near" if any(why.code == "near_duplicate" for why in dropped.values()) else "exact"
            )
            ids = tuple(entries[member].id for member in members if member == kept or member in dropped)
            yield Group(kind, entries[kept].id, ids, {entries[member].id: why for member, why in dropped.items()})
        members = [member for member in members if member != kept and member not in dropped]


def _best(members: list[int], entries: Sequence[Entry], rules: Sequence[KeepRule]) -> int:
    """Return the member with the most of the first rule's number, among equals of the second's, and so on.

    At last the shortest name is kept: copies are called "a (1)" and "a copy".
    """
    for rule in rules:
        values = [float(getattr(entries[member], rule)) for member in members]
        least = max(values) * (1 - SHARPNESS_TOLERANCE if rule == "sharpness" else 1)
        members = [member for member, value in zip(members, values, strict=True) if value >= least]
    return min(members, key=lambda member: (len(entries[member].source), entries[member].source, entries[member].id))


def _exact_reason(entry: Entry, kept: Entry) -> Reason | None:
    if entry.sha256 == kept.sha256:
        return Reason("exact_duplicate", NAME, f"the same file as {kept.source}")
    if entry.pixel_sha256 == kept.pixel_sha256:
        return Reason("exact_duplicate", NAME, f"the same pixels as {kept.source}")
    return None


@dataclass(frozen=True, slots=True)
class _Way:
    """How two pictures' hashes are nearest in one direction, and by how many bits."""

    mirrored: bool
    cropped: bool
    phash_bits: int
    dhash_bits: int

    def reason(self, kept: Entry) -> Reason:
        """Return why a picture that is like the kept one in this way is its copy."""
        way = (
            f"a {'mirrored ' if self.mirrored else ''}copy of {kept.source}{' in another crop' if self.cropped else ''}"
        )
        bits = f"pHash {self.phash_bits}, dHash {self.dhash_bits} of 64 bits apart"
        return Reason("near_duplicate", NAME, f"{way}: {bits}")


def _ways(entry: Entry, other: Entry, settings: Dedupe) -> list[_Way]:
    """Return how two pictures are alike, plain and mirrored, the nearer first; among equals plain, and whole."""
    ours, theirs = entry.hashes, other.hashes
    if not (settings.near and ours and theirs):
        return []

    def nearest(mirrored: bool, one: tuple[str, str], two: tuple[str, str]) -> _Way:
        """The nearest of our whole and theirs, ours and their windows, and our windows and theirs."""
        whole = (theirs.phash, theirs.dhash)
        pairs = [(False, one, whole)]
        pairs += [(True, one, window) for window in theirs.windows]
        pairs += [(True, window, two) for window in ours.windows]
        ways = [_Way(mirrored, cut, distance_bits(a[0], b[0]), distance_bits(a[1], b[1])) for cut, a, b in pairs]
        return min(ways, key=_bits)

    found = [nearest(False, (ours.phash, ours.dhash), (theirs.phash, theirs.dhash))]
    if settings.mirrored:
        turned, theirs_turned = ((hashes.mirrored_phash, hashes.mirrored_dhash) for hashes in (ours, theirs))
        found.append(nearest(True, turned, theirs_turned))
    return sorted(found, key=_bits)


def _bits(way: _Way) -> int:
    return way.phash_bits + way.dhash_bits
