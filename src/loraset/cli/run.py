"""The commands that cut pictures out or compare them: run, cutout, dedupe, demo."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from loraset.cli import render
from loraset.errors import OutputError

if TYPE_CHECKING:  # loaded by the commands themselves: `loraset --help` needs no numpy
    from loraset.recipe.load import Setting

F = TypeVar("F", bound=Callable[..., object])

FOLDER = click.Path(path_type=Path)


def set_option(command: F) -> F:
    """Add `--set key=value` to a command."""
    help_text = "Change one key of the recipe, such as --set frame.resolution=768. May be given several times."
    return click.option("--set", "sets", metavar="KEY=VALUE", multiple=True, help=help_text)(command)


def fresh_option(command: F) -> F:
    """Add `--fresh` to a command."""
    return click.option("--fresh", is_flag=True, help="Do everything again, whatever earlier runs stored.")(command)


def _settings(sets: Sequence[str]) -> "list[Setting]":
    from loraset.recipe.load import parse_set

    return [parse_set(text) for text in sets]


def _any_size() -> "Setting":
    """Return the setting for commands that take pictures as they come: too small is a question of training."""
    from loraset.recipe.load import Setting

    return Setting("any size", ("input", "min_side_px"), 1)


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2))


@click.command("run")
@click.argument("recipe")
@click.option("--input", "inputs", metavar="PATH", multiple=True, help="Pictures: replaces input.paths of the recipe.")
@click.option("--output", type=FOLDER, metavar="DIR", help="Where the set goes: replaces output.dir.")
@set_option
@click.option("--jobs", type=click.IntRange(min=0), metavar="N", help="Pictures at once; 0: one per core.")
@click.option("--dry-run", is_flag=True, help="Say what would be done and why, and write nothing.")
@fresh_option
@click.option("--strict", is_flag=True, help="Stop at the first picture that cannot be read or cut.")
@click.option("--json", "as_json", is_flag=True, help="Print run.json's object and nothing else.")
def run_command(
    recipe: str,
    inputs: tuple[str, ...],
    output: Path | None,
    sets: tuple[str, ...],
    jobs: int | None,
    dry_run: bool,
    fresh: bool,
    strict: bool,
    as_json: bool,
) -> int:
    """Make a training set after a recipe.

    RECIPE is a .toml file or the name of a packed recipe (`loraset recipes` lists them).
    """
    from loraset.recipe.load import Setting, find, load

    settings = _settings(sets)
    if jobs is not None:
        settings.append(Setting(f"--jobs {jobs}", ("run", "jobs"), jobs))
    loaded, base = load(find(recipe), settings)
    from loraset import pipeline  # only now: a wrong recipe is told at once

    request = pipeline.Request(loaded, base, inputs, output, fresh, strict)
    if dry_run:
        with render.progress(quiet=as_json) as progress:
            planned = pipeline.plan(request, progress)
        if as_json:
            _print_json({"found": planned.found, "output": str(planned.output), "stages": planned.stages})
        else:
            render.plan(planned)
        return 0
    with render.progress(quiet=as_json) as progress:
        outcome = pipeline.run(request, progress)
    if as_json:
        report = str(outcome.report) if outcome.report else None
        _print_json(outcome.run | {"output": str(outcome.output), "report": report})
    else:
        render.summary(outcome)
    return outcome.exit_code


@click.command("cutout")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option("--output", type=FOLDER, metavar="DIR", required=True, help="Where the PNGs go; no file is overwritten.")
@click.option("--engine", metavar="E", help="auto, cosegment, rembg, rembg:MODEL, key, plate, alpha or given.")
@click.option("--model", metavar="M", help="Model for engine rembg: `loraset models list` names them.")
@click.option(
    "--plate", "plates", type=FOLDER, metavar="P", multiple=True, help="Photo of the empty set; engine plate."
)
@click.option("--masks", type=FOLDER, metavar="DIR", help="Folder of masks you made, same stems.")
@click.option("--alpha", is_flag=True, help="Write the 8-bit mask only.")
@set_option
@fresh_option
def cutout_command(
    inputs: tuple[str, ...],
    output: Path,
    engine: str | None,
    model: str | None,
    plates: tuple[Path, ...],
    masks: Path | None,
    alpha: bool,
    sets: tuple[str, ...],
    fresh: bool,
) -> int:
    """Cut pictures out at their own size.

    Each picture of INPUT becomes a transparent PNG in DIR, under its own name. Several files or a folder are one set
    of one subject, which helps the cut; --set subject.shared=false says that they are not.
    """
    from loraset.recipe.load import Setting, from_text

    settings = [_any_size(), *_settings(sets)]
    for option, key, value in (
        ("--engine", ("mask", "engine"), engine or ("plate" if plates else None)),
        ("--model", ("mask", "model"), model),
        ("--plate", ("mask", "plate"), [str(plate.resolve()) for plate in plates] or None),
        ("--masks", ("input", "masks"), masks and str(masks.resolve())),
    ):
        if value is not None:
            settings.append(Setting(f"{option} {value}", key, value))
    recipe = from_text("", settings=settings)
    from loraset import pipeline  # only now: a wrong option is told at once

    request = pipeline.Request(recipe, Path.cwd(), inputs, output, fresh)
    with render.progress() as progress:
        outcome = pipeline.cutout(request, alpha_only=alpha, progress=progress)
    render.summary(outcome, render.CUTOUT_NAMES)
    return outcome.exit_code


@click.command("dedupe")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print the groups as JSON and nothing else.")
def dedupe_command(inputs: tuple[str, ...], as_json: bool) -> None:
    """Find copies of the same photo; nothing is changed."""
    from loraset import pipeline
    from loraset.recipe.load import from_text

    request = pipeline.Request(from_text("", settings=[_any_size()]), Path.cwd(), inputs)
    with render.progress(quiet=as_json) as progress:
        found = pipeline.dedupe(request, progress)
    if as_json:
        _print_json(found)
    else:
        render.copies(found["groups"])


@click.command("demo")
@click.option("--output", type=FOLDER, metavar="DIR", default=Path("demo"), show_default=True, help="A folder for it.")
@click.option("--size", type=click.IntRange(300, 4000), metavar="PX", default=1200, help="Long side of the photos.")
def demo_command(output: Path, size: int) -> int:
    """Paint photos of a toy and make a set of them.

    Needs no network, no model and no GPU.
    """
    from loraset import pipeline
    from loraset.recipe.load import load, packed

    photos = output / "photos"
    if not photos.exists():
        _paint(photos, size)
    recipe, _ = load(packed()["quickstart"])
    request = pipeline.Request(recipe, Path.cwd(), (str(photos),), output / "set")
    with render.progress() as progress:
        outcome = pipeline.run(request, progress)
    render.summary(outcome)
    render.say("\nYour own pictures: loraset run quickstart --input FOLDER --output DIR")
    # The sample has broken files on purpose, so that a run over it reports failures: here that is success.
    return 0 if outcome.exit_code == 1 and any(row["verdict"] == "keep" for row in outcome.rows) else outcome.exit_code


def _paint(photos: Path, size: int) -> None:
    """Write the sample photos, all or none."""
    from loraset.runtime.executor import Executor
    from loraset.sample import SHOTS, write_sample

    unfinished = photos.with_name("photos.unfinished")
    try:
        unfinished.mkdir(parents=True, exist_ok=True)
        with render.progress() as progress, Executor() as executor:
            progress.stage("paint", len(SHOTS))

            def paint(name: str) -> None:
                write_sample(unfinished, side=size, shots=[name])
                progress.advance("paint")

            executor.map(paint, [shot.name for shot in SHOTS])
        unfinished.replace(photos)
    except OSError as error:
        raise OutputError(f"cannot write {photos}: {error.strerror}", "Choose a folder with --output.") from None


COMMANDS = (run_command, cutout_command, dedupe_command, demo_command)
