"""What a person should look at, in which order, and why in a few words: for the terminal and for the page alike.

In: rows as in the manifest. Out: rows in an order, sentences. Never: a verdict, or a number that its reader would have
to look up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from loraset.metrics.grade import WORDS, doubts
from loraset.types import Json

SHORT = {  # by stage and code: two stages may mean different things by one code. Others keep their own detail
    ("mask", "mask_uncertain"): "the mask may be wrong",
    ("select", "mask_uncertain"): "the mask may be wrong",
    ("select", "engines_disagree"): WORDS["engines_disagree"],
    ("select", "odd_one_out"): "it may be another subject",
    ("select", "subject_cut_off"): WORDS["cut_off"],
    ("select", "too_small"): WORDS["true_size"],
    ("select", "halo"): WORDS["halo"],
    ("select", "blurry"): WORDS["sharpness"],
    ("select", "dark"): WORDS["lightness"],
    ("select", "overexposed"): WORDS["overexposed"],
}
MEND = "A wrong mask is mended beside its photo: points in <photo>.points.json, or a mask of yours, <photo>.mask.png."
IN_DOUBT = "a part of the mask may be wrong"
MASK_DOUBTS = frozenset({"mask_uncertain", "engines_disagree"})
OF_THE_MASK = MASK_DOUBTS | {"low_score", "subject_cut_off"}  # reasons that a mask by hand may take away
GOOD_PHOTO = 0.8  # grade of a photo that is worth a mask by hand
SAID = 2  # of what pulled a score down
NAMED = 12  # pictures of a list that are named


@dataclass(frozen=True, slots=True)
class Queue:
    """What a person should look at.

    rows : those for review, those first that a look may mend most. headline : what to look at of how many, empty where
    there is nothing. advice : sentences on masks by hand.
    """

    rows: tuple[Json, ...]
    headline: str
    advice: tuple[str, ...]


def queue_of(rows: Sequence[Json]) -> Queue:
    """Return what to look at of all rows; how a mask is mended is told where one is doubted."""
    waiting = sorted((row for row in rows if row["verdict"] == "review"), key=most_to_gain)
    lost = _lost(to_mend(rows))
    advice = [lost] if lost else []
    if lost or any(map(_of_doubtful_mask, waiting)):
        advice.append(MEND)
    return Queue(tuple(waiting), _headline(len(waiting), len(rows)), tuple(advice))


def _of_doubtful_mask(row: Json) -> bool:
    return any(reason["code"] in MASK_DOUBTS for reason in row["reasons"]) or IN_DOUBT in why(row)


def to_mend(rows: Sequence[Json]) -> list[Json]:
    """Return rejected rows of good photos whose mask alone is why, but no mask by hand; the best photo first."""
    found = [
        row
        for row in rows
        if row["verdict"] == "reject"
        and row["engine"] != "given"
        and {reason["code"] for reason in row["reasons"]} <= OF_THE_MASK
        and _worth(row).get("technical", 0.0) >= GOOD_PHOTO
    ]
    return sorted(found, key=lambda row: (-_worth(row)["technical"], row["source"]))


def most_to_gain(row: Json) -> tuple[float, float, str]:
    """Sort first what a person's look may mend most, then what is worst."""
    return -_worth(row).get("gain", 0.0), row["score"] or 0.0, row["source"]


def _headline(count: int, of: int) -> str:
    if not count:
        return ""
    these = "this one" if count == 1 else f"these {count}"
    order = "" if count == 1 else ", from the top: a look gains most there"
    return f"Look at {these} of {of}{order}"


def _lost(found: Sequence[Json]) -> str:
    """Return which rejected photos a mask by hand may bring back, empty where there are none."""
    if not found:
        return ""
    named = ", ".join(row["source"] for row in found[:5]) + (", ..." if len(found) > 5 else "")
    if len(found) == 1:
        return f"1 rejected picture is a good photo whose mask failed; a mask by hand may bring it back: {named}"
    good = f"{len(found)} rejected pictures are good photos whose masks failed"
    return f"{good}; masks by hand may bring them back: {named}"


def why(row: Json) -> str:
    """Return in a few words why a picture was not simply kept."""
    others = [reason for reason in row["reasons"] if reason["code"] != "low_score"]
    said = [in_short(reason) or reason["detail"].partition(": pHash")[0] or reason["code"] for reason in others]
    if row["reasons"] and not said:
        said = _why_low(row)
    return "; ".join(dict.fromkeys(said))


def in_short(reason: Json) -> str:
    """Return a reason in a few words, empty where only its detail is true of it."""
    return SHORT.get((reason["stage"], reason["code"]), "")


def _why_low(row: Json) -> list[str]:
    """Return what pulled a score down where no single number did."""
    pulled = _worth(row).get("pulled_down", [])
    mask = [IN_DOUBT] if any(name in doubts().table for name in pulled) else []
    rest = [WORDS[name] for name in pulled if name in WORDS and name not in doubts().table]
    return (mask + rest)[:SAID] or ["the score is low"]


def _worth(row: Json) -> Json:
    """What the score is made of (`Grade.to_json`), empty where there is none."""
    worth: Json = (row.get("details") or {}).get("score") or {}
    return worth
