"""The commands on a finished set: score, export."""

from pathlib import Path

import click

from loraset.cli import render
from loraset.exporters import EXPORTERS

FOLDER = click.Path(path_type=Path)


@click.command("score")
@click.argument("folder", metavar="DIR", type=FOLDER)
def score_command(folder: Path) -> None:
    """Score the cut-outs of a finished set again."""
    from loraset import pipeline

    with render.progress() as progress:
        rows = pipeline.rescore(folder, progress)
    render.scores(rows)


@click.command("export")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--trainer", metavar="T", required=True, help=f"Whose folder: {', '.join(EXPORTERS)}.")
@click.option("--variant", metavar="V", required=True, help="Which background of the set.")
@click.option(
    "--output", type=FOLDER, metavar="D", required=True, help="Where the folder goes; it holds this export only."
)
def export_command(folder: Path, trainer: str, variant: str, output: Path) -> None:
    """Write a finished set as a trainer wants it."""
    from loraset import pipeline

    count = pipeline.export_set(folder, trainer=trainer, variant=variant, output=output)
    render.say(f"{count} pictures of {variant} for {trainer} in {output}")


COMMANDS = (score_command, export_command)
