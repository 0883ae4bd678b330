"""The saliency models that rembg can run on this machine: names, licences, where their files lie, how they come here.

In: a model's name. Out: facts, a path, a hash. Never: a download that was not asked for by name, or a model whose use
sends pictures elsewhere.
"""

import hashlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, redirect_stderr
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO, cast

from loraset.errors import MissingError, UsageError
from loraset.registry import nearest

APACHE, MIT, BRIA, UNCONFIRMED = "Apache-2.0", "MIT", "CC-BY-NC-4.0", "unconfirmed"


@dataclass(frozen=True, slots=True)
class Model:
    """A published model.

    name : as rembg calls it. licence : of the weights. commercial : whether that licence allows commercial use.
    input_size : side in px of the square that it sees. source : where the weights were published.
    general : its place among the models that `auto` may choose, 1 best; 0 for special subjects.
    files : names of its files; the first is hashed.
    """

    name: str
    licence: str
    commercial: bool
    input_size: int
    source: str
    general: int = 0
    files: tuple[str, ...] = ()

    @property
    def file_names(self) -> tuple[str, ...]:
        """Names of its files on disk."""
        return self.files or (f"{self.name}.onnx",)


_U2NET = "https://github.com/xuebinqin/U-2-Net"
_BIREFNET = "https://github.com/ZhengPeng7/BiRefNet"
_SAM = ("sam_vit_b_01ec64.encoder.onnx", "sam_vit_b_01ec64.decoder.onnx")

MODELS = {
    model.name: model
    for model in (
        Model("birefnet-general", MIT, True, 1024, _BIREFNET, 1),
        Model("birefnet-massive", MIT, True, 1024, _BIREFNET, 2),
        Model("birefnet-hrsod", MIT, True, 1024, _BIREFNET, 3),
        Model("birefnet-dis", MIT, True, 1024, _BIREFNET, 4),
        Model("birefnet-general-lite", MIT, True, 1024, _BIREFNET, 5),
        Model("birefnet-general-fp16", MIT, True, 1024, _BIREFNET),
        Model("birefnet-portrait", MIT, True, 1024, _BIREFNET),
        Model("birefnet-cod", MIT, True, 1024, _BIREFNET),
        Model("isnet-general-use", APACHE, True, 1024, "https://github.com/xuebinqin/DIS", 6),
        Model("isnet-anime", APACHE, True, 1024, "https://github.com/SkyTNT/anime-segmentation"),
        Model("u2net", APACHE, True, 320, _U2NET, 7),
        Model("silueta", APACHE, True, 320, "https://github.com/xuebinqin/U-2-Net/issues/295", 8),
        Model("u2netp", APACHE, True, 320, _U2NET, 9),
        Model("u2net_human_seg", APACHE, True, 320, _U2NET),
        Model("u2net_cloth_seg", MIT, True, 768, "https://github.com/levindabhi/cloth-segmentation"),
        Model("sam", APACHE, True, 1024, "https://github.com/facebookresearch/segment-anything", files=_SAM),
        Model("bria-rmbg", BRIA, False, 1024, "https://huggingface.co/briaai/RMBG-2.0"),
    )
}
# It refines a mask and makes none, so no engine may name it; rembg publishes it, but not as a session.
# Its weights come from a data set made for research, and what they may be used for stands nowhere that we could read.
VITMATTE = Model(
    "vitmatte",
    UNCONFIRMED,
    False,
    1024,
    "https://github.com/hustvl/ViTMatte",
    files=("vitmatte-small-distinctions-646.onnx",),
)
_VITMATTE_FILE = "https://github.com/danielgatis/rembg/releases/download/v0.0.0/vitmatte-small-distinctions-646.onnx"
_VITMATTE_SHA256 = "d232841ac9d9657df3e62f6c92ed425ee25df18d337245cd8b903fc1ba183631"
CLOUD = ("withoutbg", "atlascloud")
_NETWORK_ERRORS = {  # what the network library's error holds -> what is wrong with the server that it names
    "NameResolution": "is not known here: is there a network?",
    "Name or service not known": "is not known here: is there a network?",
    "refused": "refuses the connection",
    "unreachable": "cannot be reached from this network",
    "timed out": "does not answer",
    "CERTIFICATE_VERIFY_FAILED": "shows a certificate that is not trusted here",
    "ProxyError": "cannot be reached through the proxy that is set",
}
_PATH_ONLY = ("u2net_custom", "dis_custom", "ben_custom")


def lookup(name: str) -> Model:
    """Return what is known of a model.

    Raises
    ------
    UsageError
        If there is none of that name, or it runs on someone else's machine.
    """
    if name in MODELS:
        return MODELS[name]
    if name in CLOUD:
        raise UsageError(
            f"model {name!r} uploads every picture to a paid service; loraset keeps pictures on this machine",
            f"Name a local model: {', '.join(MODELS)}.",
        )
    if name in _PATH_ONLY:
        raise UsageError(f"model {name!r} is a name for a file of your own", "Give the path to the .onnx instead.")
    close = nearest(name, MODELS)
    hint = f"Did you mean {close}? " if close else ""
    raise UsageError(
        f"unknown model {name!r}", f"{hint}There are: {', '.join(MODELS)}; or give the path to an .onnx file."
    )


def _any(name: str) -> Model:
    return VITMATTE if name == VITMATTE.name else lookup(name)


def homes() -> list[Path]:
    """Folders that rembg looks into, the one it writes to first: `U2NET_HOME`, else `REMBG_HOME`, else ~/.rembg."""
    data = os.environ.get("XDG_DATA_HOME")
    legacy = Path(os.environ.get("U2NET_HOME") or Path(data or "~", ".u2net")).expanduser()
    default = Path(data, "rembg") if data else Path("~", ".rembg")
    own = legacy if os.environ.get("U2NET_HOME") else Path(os.environ.get("REMBG_HOME", default)).expanduser()
    return [own, legacy]


def place(name: str) -> Path:
    """Return where a model's (first) file belongs."""
    return homes()[0] / "models" / name / _any(name).file_names[0]


def find(name: str) -> Path | None:
    """Return a model's file on this disk (the first of several, all of which are there), or None."""
    own, legacy = homes()
    names = _any(name).file_names
    for folder in (own / "models" / name, legacy):
        if all((folder / file).is_file() for file in names):
            return folder / names[0]
    return None


def sha256(path: Path) -> str:
    """Return a file's SHA-256 in hex; read again only when its time or size changed."""
    facts = path.stat()
    return _sha256(str(path.resolve()), facts.st_mtime_ns, facts.st_size)


@cache
def _sha256(path: str, mtime_ns: int, size: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def accept_license(name: str, accepted: Sequence[str]) -> None:
    """Refuse a model whose licence forbids commercial use until the user named that licence.

    Raises
    ------
    MissingError
        If it is not among `accepted` (names of licences or of models).
    """
    model = _any(name)
    if not model.commercial and not {model.licence, model.name} & set(accepted):
        raise MissingError(
            f"model {name} is not known to be free for commercial use (licence {model.licence}, {model.source})",
            f'If that suits your work: accept_licenses = ["{model.licence}"] under [run], or '
            f"--set 'run.accept_licenses=[\"{model.licence}\"]'.",
        )


def missing(name: str) -> MissingError:
    """Return the error for a model that is not on this disk, with both ways to mend it."""
    return MissingError(
        f"model {name} is not on this disk",
        f"With a network: loraset models pull {name}\nWithout: put the file at {place(name)}",
    )


def pull(name: str, say: Callable[[str], None], *, accepted: Sequence[str] = ()) -> Path:
    """Download a model by rembg's own means (checked against its hash) unless it is here; return its file.

    say : hears the licence and the place. A bar is drawn where stderr is a terminal.

    Raises
    ------
    UsageError
        If the name is not a local model's.
    MissingError
        If its licence must be accepted first, or it cannot be downloaded.
    """
    model = _any(name)
    accept_license(name, accepted)
    here = find(name)
    if here is not None:
        return here
    say(f"downloading model {name} (licence {model.licence}, {model.source}) to {place(name).parent}")
    import pooch

    pooch.get_logger().setLevel("WARNING")  # what it is about to do was just said
    try:
        with ExitStack() as stack:
            if not sys.stderr.isatty():
                stack.enter_context(redirect_stderr(cast(TextIO, stack.enter_context(Path(os.devnull).open("w")))))
            if model is VITMATTE:
                file = place(name)
                pooch.retrieve(
                    _VITMATTE_FILE, f"sha256:{_VITMATTE_SHA256}", fname=file.name, path=file.parent, progressbar=True
                )
            else:
                sessions_of_rembg().sessions[name].download_models()
    except ImportError as error:
        raise MissingError(f"model {name} cannot be made: {error}", "pip install 'rembg[fp16]'") from error
    except (OSError, ValueError) as error:  # no network, no space, or a hash that does not fit
        raise MissingError(f"model {name} could not be downloaded: {_in_words(error)}", missing(name).hint) from error
    found = find(name)
    if found is None:
        raise missing(name)
    return found


def _in_words(error: Exception) -> str:
    """Return why a download failed, without the nest of names that a network library's errors are."""
    text = str(error) or type(error).__name__
    for words, meaning in _NETWORK_ERRORS.items():
        if words in text:
            host = re.search(r"host='([^']+)'", text)
            return f"{host.group(1) if host else 'the server'} {meaning}"
    return text.splitlines()[0]


@cache
def sessions_of_rembg() -> Any:
    """Return rembg's package of model sessions, loaded under a name of its own.

    `import rembg` itself also loads its matting, whose kernels numba compiles for more than half a minute at the first
    time; the sessions do not need it.
    """
    package = importlib.util.find_spec("rembg")
    if package is None or not package.submodule_search_locations:
        raise MissingError("the package rembg is not installed", "pip install rembg")
    folder = Path(package.submodule_search_locations[0], "sessions")
    name = "_loraset_rembg_sessions"
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise MissingError(f"rembg has no sessions at {folder}", "pip install --force-reinstall rembg")
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
