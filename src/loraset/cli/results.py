"""The commands on a finished set: score, export, verify."""

import json
from pathlib import Path

import click

from loraset.cli import render
from loraset.exporters import EXPORTERS

FOLDER = click.Path(path_type=Path)


@click.command("score")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--explain", is_flag=True, help="Say of each picture what pulled its score down, and by how much.")
def score_command(folder: Path, explain: bool) -> None:
    """Score the cut-outs of a finished set again.

    A score is the chance that the mask is right, times what is wrong with the edge, the photo and the subject's light.
    """
    from loraset import pipeline

    with render.progress() as progress:
        rows = pipeline.rescore(folder, progress)
    (render.explained if explain else render.scores)(rows)


@click.command("export")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--trainer", metavar="T", required=True, help=f"Whose folder: {', '.join(EXPORTERS)}.")
@click.option("--variant", metavar="V", required=True, help="Which background of the set.")
@click.option(
    "--output", type=FOLDER, metavar="D", required=True, help="Where the folder goes; it holds this export only."
)
@click.option("--root", metavar="PATH", default="", help="Where D will lie on the machine that trains.")
def export_command(folder: Path, trainer: str, variant: str, output: Path, root: str) -> None:
    """Write a finished set as a trainer wants it.

    Configurations name folders relative to D, or below --root where the trainer must be started elsewhere.
    """
    from loraset import pipeline

    count = pipeline.export_set(folder, trainer=trainer, variant=variant, output=output, place=root)
    render.say(f"{count} pictures of {variant} for {trainer} in {output}")


@click.command("verify")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--trainer", metavar="T", help="Read DIR as this trainer does; found out where it is not given.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON and nothing else.")
@click.option("--preview", is_flag=True, help="Also write a page that shows what each trainer will see.")
def verify_command(folder: Path, trainer: str | None, as_json: bool, preview: bool) -> int:
    """Check a set or a trainer's folder for hidden defects.

    DIR is a set that loraset made, with all its exports, or any folder that a trainer reads. The exit code is 1 where
    there are defects.
    """
    from loraset.images import quiet_native
    from loraset.verify.check import verify
    from loraset.verify.preview import write_preview

    with quiet_native():
        found = verify(folder, trainer)
        page = write_preview(found) if preview else None
    if as_json:
        click.echo(json.dumps(found.to_json() | {"preview": str(page) if page else None}, indent=2))
    else:
        render.findings(found, page)
    return 1 if found.findings else 0


COMMANDS = (score_command, export_command, verify_command)
