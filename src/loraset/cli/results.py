"""The commands on a finished set: score, export."""

from pathlib import Path

import click

from loraset.cli import render

SET = click.Path(path_type=Path)


@click.command("score")
@click.argument("folder", metavar="DIR", type=SET)
def score_command(folder: Path) -> None:
    """Score the cut-outs of a finished set again."""
    from loraset import pipeline

    with render.progress() as progress:
        rows = pipeline.rescore(folder, progress)
    render.scores(rows)


COMMANDS = (score_command,)
