"""The commands about this machine: models, doctor."""

import click

from loraset.cli import render
from loraset.cli.groups import Commands
from loraset.errors import MissingError


@click.group("models", cls=Commands, no_args_is_help=False)
def models_group() -> None:
    """List, download or find models: for rembg, and vitmatte."""


@models_group.command("list")
def list_command() -> None:
    """List the models that run on this machine, with their licences."""
    from loraset.runtime.models import MODELS, VITMATTE, find

    render.models([(model, find(model.name)) for model in (*MODELS.values(), VITMATTE)])


@models_group.command("pull")
@click.argument("name")
@click.option("--accept-license", "accepted", metavar="LICENCE", multiple=True, help="Accept a non-commercial licence.")
def pull_command(name: str, accepted: tuple[str, ...]) -> None:
    """Download a model."""
    from loraset.runtime.models import pull

    click.echo(pull(name, render.say, accepted=accepted))


@models_group.command("path")
@click.argument("name")
def path_command(name: str) -> None:
    """Print where a model lies on this disk."""
    from loraset.runtime.models import find, missing

    path = find(name)
    if path is None:
        raise missing(name)
    click.echo(path)


@click.command("doctor")
def doctor_command() -> int:
    """Check Python, packages, providers, models, disk and cache."""
    from loraset.runtime.hardware import checks

    found = checks()
    render.checks(found)
    return MissingError.exit_code if any(check.status == "bad" for check in found) else 0


COMMANDS = (models_group, doctor_command)
