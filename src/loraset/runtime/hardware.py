"""What this machine can do: cores, the providers that really run a model, and everything `loraset doctor` looks at.

In: nothing. Out: provider names and `Check`s. Never: downloads, writing (but a probe file in the cache folder), or
noise on the terminal: a provider that fails to load is a value.
"""

import contextlib
import io
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Literal

from loraset.errors import MissingError
from loraset.runtime.cache import cache_root
from loraset.runtime.executor import core_count
from loraset.runtime.models import MODELS, find

PROVIDERS = {  # short name in a recipe -> onnxruntime's; the order in which `auto` prefers them
    "cuda": "CUDAExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
NEEDED_GB = 2.0
PACKAGES = (
    "numpy",
    "scipy",
    "opencv-python-headless",
    "pillow",
    "pillow-heif",
    "scikit-learn",
    "imagehash",
    "pandas",
    "rembg",
    "onnxruntime",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that `doctor` looked at: what it found in words, and what to do where it is not ok."""

    name: str
    status: Literal["ok", "warn", "bad"]
    text: str
    advice: str = ""


def probe_model() -> bytes:
    """Bytes of the smallest ONNX model that computes something: y = x + x on four floats (protobuf written by hand)."""

    def number(field: int, value: int) -> bytes:
        return bytes([field << 3, value])

    def nested(field: int, content: bytes) -> bytes:
        return bytes([field << 3 | 2, len(content)]) + content

    def tensor(name: bytes) -> bytes:
        shape = nested(2, nested(1, number(1, 4)))
        return nested(1, name) + nested(2, nested(1, number(1, 1) + shape))

    node = nested(1, b"x") + nested(1, b"x") + nested(2, b"y") + nested(4, b"Add")
    graph = nested(1, node) + nested(2, b"probe") + nested(11, tensor(b"x")) + nested(12, tensor(b"y"))
    return number(1, 8) + nested(7, graph) + nested(8, number(2, 13))


@cache
def working_providers() -> tuple[str, ...]:
    """Return the short names of the providers that ran the probe model on this machine, best first.

    onnxruntime lists a provider as soon as its wheel holds it; whether its libraries load shows only when it is used.
    """
    import onnxruntime

    offered = set(onnxruntime.get_available_providers())
    if offered & {"CUDAExecutionProvider"} and hasattr(onnxruntime, "preload_dlls"):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
            onnxruntime.preload_dlls()  # finds the CUDA libraries that pip or PyTorch installed
    return tuple(short for short, name in PROVIDERS.items() if name in offered and _runs(name))


def _runs(provider: str) -> bool:
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    onnxruntime.set_default_logger_severity(4)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            session = onnxruntime.InferenceSession(probe_model(), options, providers=[provider])
            if session.get_providers()[0] != provider:
                return False
            result = session.run(None, {"x": np.arange(4, dtype=np.float32)})[0]
    except Exception:  # whatever a provider's bridge raises, it does not work here
        return False
    finally:
        onnxruntime.set_default_logger_severity(3)
    return bool(np.array_equal(result, np.arange(0, 8, 2)))


def choose_providers(setting: str) -> list[str]:
    """Return onnxruntime's providers for the recipe's `run.provider`: the one to use first, then the CPU.

    Raises
    ------
    MissingError
        If it was named and does not work on this machine.
    """
    if setting == "auto":
        short = working_providers()[0]
    elif setting not in working_providers():
        raise MissingError(
            f"provider {setting!r} does not work on this machine (these do: {', '.join(working_providers())})",
            f"{_PROVIDER_ADVICE.get(setting, 'Install the onnxruntime package that carries it')}, or set provider = "
            '"auto" under [run]. `loraset doctor` shows what was tried.',
        )
    else:
        short = setting
    return list(dict.fromkeys([PROVIDERS[short], PROVIDERS["cpu"]]))


_PROVIDER_ADVICE = {
    "cuda": "Install onnxruntime-gpu (without onnxruntime beside it) and the CUDA and cuDNN versions it is built for, "
    "such as by `pip install onnxruntime-gpu[cuda,cudnn]`",
    "directml": "Install onnxruntime-directml in place of onnxruntime",
    "openvino": "Install onnxruntime-openvino in place of onnxruntime",
}


def installed_runtimes() -> list[str]:
    """Return the onnxruntime distributions that are installed; more than one overwrite each other's files."""
    found = []
    for name in ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino"):
        with contextlib.suppress(PackageNotFoundError):
            found.append(distribution(name).metadata["Name"])
    return found


def checks() -> list[Check]:
    """Return everything `loraset doctor` looks at, in the order in which it is shown."""
    looks: list[Callable[[], Check]] = [
        _python,
        _packages,
        _runtimes,
        _providers,
        _models,
        _cores,
        _cache_folder,
        lambda: _disk("disk here", Path.cwd()),
    ]
    return [look() for look in looks]


def _python() -> Check:
    return Check("python", "ok", f"Python {platform.python_version()}, {platform.system()} {platform.machine()}")


def _packages() -> Check:
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {_any_runtime_version() if name == 'onnxruntime' else version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check("packages", "bad", f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    return Check("packages", "ok", ", ".join(found))


def _any_runtime_version() -> str:
    names = installed_runtimes()
    if not names:
        raise PackageNotFoundError("onnxruntime")
    return version(names[0])


def _runtimes() -> Check:
    names = installed_runtimes()
    if len(names) > 1:
        return Check(
            "onnxruntime",
            "bad",
            f"{' and '.join(names)} are both installed and overwrite each other's files",
            f"pip uninstall -y {' '.join(names)} && pip install {names[1]}",
        )
    return Check("onnxruntime", "ok" if names else "bad", names[0] if names else "not installed")


def _providers() -> Check:
    try:
        import onnxruntime
    except ImportError as error:
        return Check(
            "providers", "bad", f"onnxruntime cannot be loaded: {error}", "pip install --force-reinstall onnxruntime"
        )
    works = working_providers()
    offered = {short for short, name in PROVIDERS.items() if name in onnxruntime.get_available_providers()}
    dead = [short for short in PROVIDERS if short in offered and short not in works]
    if "cuda" in dead and not _has_nvidia():
        dead.remove("cuda")
    text = f"ran a model on: {', '.join(works) or 'none'}"
    if not works:
        return Check("providers", "bad", text, "pip install --force-reinstall onnxruntime")
    if dead:
        text += f"; installed but not working here: {', '.join(dead)}"
        advice = f"Models run on the {works[0]}. {_PROVIDER_ADVICE['cuda']}." if "cuda" in dead else ""
        return Check("providers", "warn", text, advice)
    return Check("providers", "ok", text)


def _has_nvidia() -> bool:
    """Whether there is a card that CUDA could use: without one, that it does not load is no defect."""
    return shutil.which("nvidia-smi") is not None or Path("/dev/nvidiactl").exists()


def _models() -> Check:
    found = [(model, path) for model in MODELS.values() if (path := find(model.name))]
    if not found:
        return Check(
            "models", "ok", "none on disk; engine cosegment needs none", "loraset models pull isnet-general-use"
        )
    return Check("models", "ok", "; ".join(f"{model.name} ({model.licence}) {path}" for model, path in found))


def _cores() -> Check:
    return Check("cores", "ok", f"{core_count()} to use")


def _cache_folder() -> Check:
    root = cache_root()
    probe = root / f".probe-{os.getpid()}"
    try:
        root.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return Check(
            "cache", "bad", f"{root}: {error.strerror or error}", "Set LORASET_CACHE to a folder you can write to."
        )
    return _disk("cache", root)


def _disk(name: str, folder: Path) -> Check:
    free = shutil.disk_usage(folder).free / 1e9
    text = f"{folder}: {free:.1f} GB free"
    if free < NEEDED_GB:
        return Check(name, "warn", text, f"A run over a few hundred photos can need {NEEDED_GB:.0f} GB: make room.")
    return Check(name, "ok", text)
