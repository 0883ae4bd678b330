"""The commands about recipe files: init, recipes."""

from pathlib import Path

import click

from loraset.cli import render


@click.command("init")
@click.option("--from", "source", metavar="NAME", help="Start from a packed recipe (`loraset recipes` lists them).")
@click.argument("file", type=click.Path(path_type=Path))
def init_command(source: str | None, file: Path) -> None:
    """Write a new recipe with every key explained."""
    from loraset.recipe.load import packed_text
    from loraset.recipe.template import template, write_new

    write_new(file, packed_text(source) if source is not None else template())
    render.say(f"{file} is written. Say where your pictures are under [input], then: loraset run {file}")


@click.command("recipes")
def recipes_command() -> None:
    """List the packed recipes."""
    from loraset.recipe.load import packed, purpose

    render.recipes({name: purpose(file) for name, file in packed().items()})


COMMANDS = (init_command, recipes_command)
