"""The architecture as facts: which way imports go, who may touch what, what is loaded when."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from loraset.engines import ENGINES
from loraset.engines.interface import Engine
from loraset.exporters import EXPORTERS
from loraset.exporters.interface import Trainer
from loraset.metrics import METRICS
from loraset.metrics.interface import Metric
from loraset.recipe.model import ENGINE_NAMES
from loraset.registry import load

SOURCE = Path(import_module("loraset").__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))

# A part may import itself and parts of a lower rank.
RANKS = {
    "errors": 0,
    "types": 1,
    "registry": 1,
    "color": 2,
    "images": 3,
    "manifest": 3,
    "ops": 4,
    "sample": 5,
    "runtime": 5,
    "recipe": 5,
    "metrics": 6,
    "engines": 6,
    "exporters": 6,
    "stages": 7,
    "report": 8,
    "verify": 8,
    "experiment": 9,
    "runtime.runfile": 7,
    "runtime.task": 8,  # one picture's way through the stages
    "runtime.publish": 9,
    "runtime.line": 10,  # the set's way through them
    "runtime.results": 11,  # what it leaves
    "runtime.planning": 11,
    "pipeline": 12,
    "cli": 13,
    "__main__": 14,
}
RECIPE_READERS = {
    "stages",
    "runtime.runfile",
    "runtime.task",
    "runtime.publish",
    "runtime.line",
    "runtime.planning",
    "experiment",
    "pipeline",
    "cli",
}
HEAVY = {"rembg", "onnxruntime", "pymatting", "pandas", "sklearn"}


def part(module: str) -> str:
    """Return the entry of RANKS that a module belongs to."""
    names = module.split(".")
    return ".".join(names[:2]) if ".".join(names[:2]) in RANKS else names[0]


def imported(file: Path, *, at_load: bool = False) -> set[str]:
    """Return the modules that a file imports: anywhere, or outside functions and TYPE_CHECKING only."""
    found = set()

    def visit(node: ast.AST) -> None:
        if at_load and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return
        if at_load and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            found.add(node.module)
            if node.module == "loraset":
                found.update(f"loraset.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(file.read_text(encoding="utf-8")))
    return found


def names(files) -> list[str]:
    return [str(file.relative_to(SOURCE)) for file in files]


@pytest.mark.parametrize("file", FILES, ids=names(FILES))
def test_imports_go_one_way(file):
    here = part(".".join(file.relative_to(SOURCE).with_suffix("").parts))
    inside = [module.removeprefix("loraset.") for module in imported(file) if module.startswith("loraset.")]
    for there in {part(module) for module in inside} - {here, "__version__"}:
        assert RANKS[there] < RANKS[here], f"{here} must not import {there}"
        assert there != "recipe" or here in RECIPE_READERS, f"{here} must not know the recipe"


@pytest.mark.parametrize(
    ("library", "door"),
    [("PIL", "images/"), ("pillow_heif", "images/"), ("rich", "cli/render.py"), ("click", "cli/")],
)
def test_a_library_has_one_door(library, door):
    users = {
        file.relative_to(SOURCE).as_posix()
        for file in FILES
        if any(module.split(".")[0] == library for module in imported(file))
    }
    assert users
    assert all(user.startswith(door) for user in users), users


@pytest.mark.parametrize("file", FILES, ids=names(FILES))
def test_heavy_libraries_are_imported_inside_functions(file):
    assert not {module.split(".")[0] for module in imported(file, at_load=True)} & HEAVY


@pytest.mark.parametrize("code", ["import loraset", "from loraset.cli.main import invoke; invoke(['--help'])"])
def test_the_start_loads_nothing_heavy(code):
    script = f"import sys\n{code}\nprint('LOADED', *{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    assert not loaded & (HEAVY | {"cv2", "PIL", "scipy", "torch", "numba"})


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_has_all_that_an_engine_is(name):
    engine = load(ENGINES, name, "engine")
    for member in (member for member in vars(Engine) if not member.startswith("_")):
        assert hasattr(engine, member), member
    assert engine.name == name


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_is_one(name):
    metric = load(METRICS, name, "metric")
    assert isinstance(metric, Metric)
    assert metric.name == name


@pytest.mark.parametrize("name", EXPORTERS)
def test_an_exporter_is_one(name):
    trainer = load(EXPORTERS, name, "trainer")
    assert isinstance(trainer, Trainer)
    assert list(inspect.signature(trainer.export).parameters) == ["items", "context"]
    assert list(inspect.signature(trainer.read).parameters) == ["folder"]


def test_the_recipe_knows_the_engines_that_there_are():
    assert set(ENGINE_NAMES) == set(ENGINES)
