"""The commands about this machine: models, doctor."""

import click

from loraset.cli import render
from loraset.errors import MissingError


@click.command("doctor")
def doctor_command() -> int:
    """Check Python, packages, providers, models, disk and cache."""
    from loraset.runtime.hardware import checks

    found = checks()
    render.checks(found)
    return MissingError.exit_code if any(check.status == "bad" for check in found) else 0


COMMANDS = (doctor_command,)
