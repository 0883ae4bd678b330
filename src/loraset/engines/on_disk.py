"""Which saliency models may serve without being named: those on this disk whose licence allows every use.

In: the engine's options. Out: names, a word where the recipe's model is not among them. Never: a download.
"""

from pathlib import Path

from loraset.engines.interface import EngineOptions
from loraset.errors import LorasetError
from loraset.runtime.models import MODELS, accept_license, find, lookup


def models_on_disk(options: EngineOptions) -> tuple[list[str], str]:
    """Names of the models that may be used, the recipe's first, and a line where that one is not among them.

    Only licences that allow every use, or that the user accepted, count; models for special subjects only by name.
    """
    wanted, note = _usable(options.model, options)
    others = sorted((model for model in MODELS.values() if model.general and model.commercial), key=lambda m: m.general)
    names = [model.name for model in others if model.name != options.model and find(model.name)]
    if wanted:
        return [options.model, *names], ""
    if names:
        return names, f"{note}; {names[0]} is used instead"
    return [], f"{note}, nor another one"


def file_of(name: str) -> Path | None:
    """A model's file on this disk: a path is its own, a name is looked up."""
    return Path(name).expanduser() if name.endswith(".onnx") else find(name)


def _usable(name: str, options: EngineOptions) -> tuple[bool, str]:
    if name.endswith(".onnx"):
        return Path(name).expanduser().is_file(), f"model {name} is not on this disk"
    try:
        accept_license(lookup(name).name, options.accept_licenses)
    except LorasetError as error:
        if options.model_named and error.exit_code == 2:
            raise
        return False, str(error)
    return find(name) is not None, f"model {name} is not on this disk"
