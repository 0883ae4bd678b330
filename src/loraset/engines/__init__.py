"""Engines: who cuts the subject out. One file each; this table names them, each is loaded when it is asked for.

In: the recipe's `mask.engine`. Out: one `Engine`. Never: an engine or a model that nobody named.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from loraset.engines.interface import Engine, EngineOptions
from loraset.errors import UsageError
from loraset.registry import load

ENGINES = {
    "alpha": "loraset.engines.alpha:AlphaEngine",
    "auto": "loraset.engines.auto:AutoEngine",
    "cosegment": "loraset.engines.cosegment:CosegmentEngine",
    "given": "loraset.engines.given:GivenEngine",
    "key": "loraset.engines.key:KeyEngine",
    "plate": "loraset.engines.plate:PlateEngine",
    "rembg": "loraset.engines.rembg:RembgEngine",
}
WITH_MODEL = ("rembg", "auto", "cosegment")


def make_engine(setting: str | Sequence[str], options: EngineOptions) -> Engine:
    """Return the engine that a recipe names: "rembg", "rembg:u2netp", "cosegment:none", or several to be joined.

    Raises
    ------
    UsageError
        If there is no such engine, or it takes no model.
    MissingError
        If its model or a package is missing.
    """
    if not isinstance(setting, str):
        if len(setting) == 1:
            return make_engine(setting[0], options)
        from loraset.engines.joined import JoinedEngine

        alone = replace(options, look_again=False)  # they are judged by each other, not by themselves
        return JoinedEngine([make_engine(name, alone) for name in setting], options)
    name, colon, model = setting.partition(":")
    if colon:
        if name in ENGINES and name not in WITH_MODEL:
            color = " The screen's colour stands in mask.key_color." if name == "key" else ""
            raise UsageError(f"engine {name!r} takes no model", f'Write "{name}".{color}')
        if not model:
            raise UsageError(f"{setting!r} names no model after the colon", f'Write "{name}" or "{name}:u2netp".')
        options = replace(options, model=model, model_named=True)
    return cast(Engine, load(ENGINES, name, "engine")(options))
