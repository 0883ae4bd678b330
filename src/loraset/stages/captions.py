"""captions: the text beside each picture: trigger, subject, background.

In: the recipe's words, the photo's sidecar text, what is true of a variant's background. Out: caption parts, one line.
Never: words that are false of the pixels, guesses of what a picture shows.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Style = Literal["tags", "prose", "none"]

# "on a wooden background", "against white backdrop": up to four words between, none of them the next phrase's first.
PLACE_WORD = r"(?:on|against|with|over|in\s+front\s+of)\s+"
PHRASE = re.compile(rf",?\s*\b{PLACE_WORD}(?:(?!{PLACE_WORD})[\w-]+\s+){{0,4}}back(?:ground|drop)s?\b", re.I)
TAG = re.compile(r"(?:[\w-]+\s+){0,3}back(?:ground|drop)s?", re.I)
BLURRED = "blurry background"
PLACES = frozenset({"indoors", "outdoors", "scenery"})  # tags of the place itself, not of the subject


@dataclass(frozen=True, slots=True)
class Backdrop:
    """What is true of a picture's background: a plain colour (with its word), out of focus, or as the photo has it.

    hidden: the trainer sees none, for it lies under alpha 0.
    """

    kind: Literal["plain", "blurred", "photo", "hidden"]
    color: str = ""


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption's parts, as the manifest has them, apart so that each variant can be given its own background."""

    trigger: str
    subject: str
    background: str = ""


def describe_subject(trigger: str, class_word: str, sidecar: str) -> str:
    """Return the subject's part: the class word, unless the sidecar has it, then the sidecar's text in one line.

    A trigger with which the sidecar starts is taken off: it is written first anyway.
    """
    text = _one_line(sidecar)
    if trigger:
        text = re.sub(rf"^{re.escape(trigger)}(?![\w'’-])[\s,]*", "", text, flags=re.I)
    if class_word and not re.search(rf"(?<!\w){re.escape(class_word)}(?!\w)", text, re.I):
        return f"{class_word}, {text}" if text else class_word
    return text


def _one_line(text: str) -> str:
    """Return the text without line breaks, doubled spaces and a closing full stop: trainers read one line."""
    return " ".join(text.replace("\ufeff", "").split()).strip(" ,").removesuffix(".")


def background_words(backdrop: Backdrop, style: Style) -> str:
    """Return what is said of a background: "" where it is the photo's own, hidden under alpha, or not to be said.

    tags follow the tag sites' spelling ("grey"); prose is plain American English ("gray").
    """
    if style == "none" or backdrop.kind in ("photo", "hidden"):
        return ""
    if backdrop.kind == "blurred":
        return BLURRED if style == "tags" else f"with a {BLURRED}"
    if style == "tags":
        return f"{'grey' if backdrop.color == 'gray' else backdrop.color} background, simple background"
    return f"on a plain {backdrop.color} background"


def without_background(subject: str) -> str:
    """Return a subject's words less those on its old background, which are false once it is replaced.

    Taken out are phrases such as "on a wooden background" or "against a white backdrop", tags that end in "background"
    or "backdrop", and the tags indoors, outdoors and scenery. All else stays, also "sitting on grass": to tell a place
    from a pose would take reading the sentence, so such words are the author's to change.
    """
    parts = (part.strip() for part in PHRASE.sub("", subject).split(","))
    return ", ".join(part for part in parts if part and not TAG.fullmatch(part) and part.lower() not in PLACES)


def caption_for(trigger: str, subject: str, backdrop: Backdrop, style: Style) -> Caption:
    """Return the parts that are true of one variant. The photo's own and its blurred background keep all words."""
    if backdrop.kind in ("plain", "hidden"):
        subject = without_background(subject)
    words = background_words(backdrop, style)
    return Caption(trigger, subject, "" if backdrop.kind == "blurred" and BLURRED in subject.lower() else words)


def render_caption(caption: Caption, style: Style) -> str:
    """Return the caption as one line without its end: trigger first, then subject, then background.

    tags are joined by commas and none is said twice; in prose the background follows as part of the sentence.
    """
    if style == "tags":
        return ", ".join(_once(part.strip() for text in _filled(caption) for part in text.split(",")))
    head = ", ".join(part for part in (caption.trigger, caption.subject) if part)
    if style == "none":
        return head
    joint = ", " if "," in caption.subject and caption.background else " "
    return f"{head}{joint}{caption.background}".strip()


def _filled(caption: Caption) -> list[str]:
    return [text for text in (caption.trigger, caption.subject, caption.background) if text]


def _once(tags: Iterable[str]) -> list[str]:
    seen: dict[str, str] = {}
    for tag in tags:
        if tag:
            seen.setdefault(tag.lower(), tag)
    return list(seen.values())
