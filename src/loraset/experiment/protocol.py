"""The protocol: what is compared and how it will be judged, frozen under a hash before there is a result.

In: a protocol as JSON, the files that it speaks of. Out: protocol.json, and what was changed since. Never: a time, or a
place outside the experiment's folder that the hash would depend on without need.
"""

import json
from pathlib import Path

from loraset.errors import InputError
from loraset.runtime.cache import hash_file, make_key
from loraset.types import Json

PROTOCOL = "protocol.json"
SCHEMA = 1
HASH = "hash"


def freeze(protocol: Json) -> Json:
    """Return the protocol with the hash of all that it says."""
    return protocol | {HASH: _hash(protocol)}


def to_bytes(protocol: Json) -> bytes:
    """Return protocol.json."""
    return (json.dumps(protocol, indent=1, ensure_ascii=False) + "\n").encode()


def _hash(protocol: Json) -> str:
    return make_key(**{key: value for key, value in protocol.items() if key != HASH})


def load_protocol(folder: Path) -> Json:
    """Return a folder's protocol.

    Raises
    ------
    InputError
        If there is none, or it cannot be read.
    """
    path = folder / PROTOCOL
    try:
        protocol = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise InputError(f"no {PROTOCOL} in {folder}", "Name a folder that `loraset experiment plan` wrote.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}", "Plan the experiment again, into a new folder.") from error
    if not isinstance(protocol, dict) or protocol.get("schema") != SCHEMA:
        raise InputError(
            f"{path} is not a protocol of this version of loraset", "Analyze it with the one that wrote it."
        )
    return protocol


def changes(folder: Path, protocol: Json, expected: str = "") -> list[str]:
    """Return in words what is not as it was frozen: [] where all is.

    expected : the hash that was noted when the experiment was planned. Without it only a protocol that was changed and
    not hashed again is found.
    """
    said = []
    if _hash(protocol) != protocol.get(HASH):
        said.append(f"{PROTOCOL} was changed after it was frozen: its hash does not fit what it says")
    if expected and not str(protocol.get(HASH, "")).startswith(expected):
        said.append(f"the protocol is another one than was noted: its hash is {str(protocol.get(HASH))[:12]}")
    gone, other = [], []
    for file, digest in protocol["files"].items():
        path = folder / file
        if not path.is_file():
            gone.append(file)
        elif hash_file(path) != digest:
            other.append(file)
    return [*said, *_files("were changed after the protocol was frozen", other), *_files("are missing", gone)]


def _files(what: str, names: list[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    verb, rest = what.split(" ", 1)
    one = {"were": "was", "are": "is"}[verb] if len(names) == 1 else verb
    return [f"{', '.join(names[:3])}{more} {one} {rest}"]
