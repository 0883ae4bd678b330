"""Probes: the prompts that every trained LoRA is asked, the same for all, each with a seed of its own.

In: the words for the subject, or a file of prompts. Out: `Probe`s. Never: a scene that names a plain background: what a
prompt asks for is no leak.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from loraset.errors import InputError, UsageError
from loraset.types import Json

Kind = Literal["scene", "plain", "trigger", "none"]

FIRST_SEED = 1001
SUBJECT, CLASS = "{subject}", "{class}"
KINDS: dict[Kind, str] = {
    "scene": "a place, and no word on the background: what is plain here has leaked",
    "plain": "a plain background is asked for: a control, both arms should give one",
    "trigger": "the trigger alone, where a leak is strongest",
    "none": "no trigger: what has spilt into the base model",
}
ASKS_PLAIN = re.compile(r"\b(back(ground|drop)s?|plain|gr[ae]y|studio|isolated|cut-?out|transparent)\b", re.I)

# places of many colours: where stone or fog is expected, gray is no leak
_SCENES = (
    "in a sunlit forest, tall trees",
    "on a city street at night, neon signs, red umbrellas",
    "on a wooden table in a cluttered kitchen",
    "between the shelves of an old library",
    "in a garden full of flowers",
    "on a sandy beach, waves, evening sun",
    "on a market square among stalls with fruit",
    "on a green meadow, mountains far behind",
)
_DEFAULT: tuple[tuple[Kind, str], ...] = (
    *(("scene", f"{SUBJECT}, {scene}") for scene in _SCENES),
    ("plain", f"{SUBJECT}, plain gray background"),
    ("plain", f"{SUBJECT}, plain white background"),
    ("trigger", SUBJECT),
    ("trigger", SUBJECT),
    ("none", f"{CLASS}, {_SCENES[0]}"),
    ("none", f"{CLASS}, {_SCENES[2]}"),
)


@dataclass(frozen=True, slots=True)
class Probe:
    """One prompt: its kind, its words as the trainer gets them, and the seed of the picture that is drawn."""

    kind: Kind
    text: str
    seed: int

    def to_json(self, *, seeded: bool) -> Json:
        """Return the protocol's form. seeded : the trainer draws with the seed."""
        return {"kind": self.kind, "text": self.text} | ({"seed": self.seed} if seeded else {})


def make_probes(subject: str, class_word: str, lines: Sequence[tuple[Kind, str]] = _DEFAULT) -> list[Probe]:
    """Return the probes with the subject's words filled in.

    subject : trigger and class word. class_word : "" drops the words before the scene where there is no trigger.
    """
    probes = []
    for number, (kind, text) in enumerate(lines):
        filled = text.replace(SUBJECT, subject).replace(CLASS, class_word)
        probes.append(Probe(kind, filled.strip(" ,"), FIRST_SEED + number))
    return probes


def read_probes(path: Path) -> list[tuple[Kind, str]]:
    """Return kinds and prompts of a file with lines such as `scene: {subject}, in a sunlit forest`.

    Raises
    ------
    InputError
        If the file cannot be read.
    UsageError
        If a line has no kind, its prompt is not of its kind, or there is no scene: with the line's number.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise InputError(f"cannot read the prompts in {path}: {error.strerror}", "Name a text file.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"the prompts in {path} are not UTF-8", "Save the file as UTF-8.") from error
    probes: list[tuple[Kind, str]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        kind, colon, text = line.partition(":")
        known = next((each for each in get_args(Kind) if each == kind.strip()), None)
        if not colon or known is None or not text.strip():
            raise UsageError(f"{path}, line {number}: write `kind: prompt`", f"Kinds are {', '.join(get_args(Kind))}.")
        if known == "scene":
            _refuse_plain(text, f"{path}, line {number}")
        if known == "none" and SUBJECT in text:
            raise UsageError(
                f"{path}, line {number}: {SUBJECT} brings the trigger into a prompt without one",
                f"Write {CLASS}, which is the class word alone, or make it a `trigger:` prompt.",
            )
        if known != "none" and SUBJECT not in text:
            raise UsageError(
                f"{path}, line {number}: the prompt names no {SUBJECT}", "Only `none:` prompts do without."
            )
        probes.append((known, text.strip()))
    if not any(kind == "scene" for kind, _ in probes):
        raise UsageError(f"{path} holds no `scene:` prompt", "Leakage is measured on scenes: write a few.")
    return probes


def _refuse_plain(text: str, place: str) -> None:
    found = ASKS_PLAIN.search(text)
    if found:
        raise UsageError(
            f"{place}: a scene must not ask for a background, but says {found[0]!r}",
            "What a prompt asks for cannot leak: reword it, or make it a `plain:` prompt.",
        )
