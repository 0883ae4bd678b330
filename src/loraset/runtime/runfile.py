"""run.json: the run as it was: recipe as resolved, versions, models, durations, counts.

In: what the pipeline knows at its end. Out: one JSON object; and from a finished folder, the recipe and inputs it was
made with. Never: anything that the manifest needs (the manifest has no times and no absolute paths).
"""

import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from loraset import __version__
from loraset.errors import InputError
from loraset.manifest import Row, count_verdicts
from loraset.recipe.model import Recipe
from loraset.runtime.hardware import PACKAGES
from loraset.types import Json

RUN = "run.json"


def describe_run(
    recipe: Recipe,
    rows: Sequence[Row],
    *,
    base: Path,
    inputs: Sequence[str],
    engine: str,
    models: Sequence[Json],
    seconds: Mapping[str, float],
    seconds_total: float,
    started: datetime,
    stages: Mapping[str, int],
    notes: Sequence[str],
    groups: Sequence[Sequence[str]],
    coverage: Json | None,
) -> Json:
    """Return run.json's object.

    notes : lines on the whole set. groups : ids of the pictures of two subjects. coverage : what the set shows.
    """
    verdicts, reasons = count_verdicts(rows)
    return {
        "name": recipe.name,
        "started": started.astimezone(UTC).isoformat(timespec="seconds"),
        "seconds_total": round(seconds_total, 3),
        "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
        "verdicts": verdicts,
        "reasons": reasons,
        "notes": list(notes),
        "groups": [list(group) for group in groups],
        "coverage": coverage,
        "engine": engine,
        "models": list(models),
        "seed": recipe.run.seed,
        "base": str(base.resolve()),
        "inputs": [str(Path(text).absolute()) for text in inputs],
        "recipe": recipe.model_dump(mode="json", by_alias=True),
        "stages": dict(stages),
        "versions": {"loraset": __version__, "python": platform.python_version(), **_package_versions()},
    }


def _package_versions() -> dict[str, str]:
    found = {}
    for name in (*PACKAGES, "onnxruntime-gpu"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def read_run(folder: Path) -> Json:
    """Return run.json's object of a folder that loraset wrote.

    Raises
    ------
    InputError
        If it is not there or cannot be read.
    """
    try:
        run: Json = json.loads((folder / RUN).read_text("utf-8"))
        Recipe.model_validate(run["recipe"])
    except FileNotFoundError:
        raise InputError(f"no {RUN} in {folder}", "Name a folder that `loraset run` wrote.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder / RUN} cannot be read: {error}", "Run the recipe again to write it anew.") from error
    return run
