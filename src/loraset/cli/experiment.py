"""The commands of the A/B kit: experiment plan, experiment analyze."""

import json
from pathlib import Path
from typing import Literal, cast

import click

from loraset.cli import render
from loraset.cli.groups import Commands
from loraset.errors import UsageError

FOLDER = click.Path(path_type=Path)


@click.group("experiment", cls=Commands, no_args_is_help=False)
def experiment_group() -> None:
    """Find out which background trains better: plan, then analyze."""


def _listed(text: str | None) -> list[str]:
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def _seeds(text: str) -> list[int]:
    """Return training seeds: of a list those named, of one number so many from 1."""
    words = _listed(text)
    if not words or not all(word.isdecimal() and int(word) for word in words):
        raise UsageError(f"--seeds {text}: not a number of seeds, or a list of them", "Such as --seeds 5 or 11,12,13.")
    return [int(word) for word in words] if len(words) > 1 else list(range(1, int(words[0]) + 1))


@experiment_group.command("plan")
@click.argument("folder", metavar="SET", type=FOLDER)
@click.option("--output", type=FOLDER, metavar="DIR", required=True, help="Where the experiment goes: a new folder.")
@click.option("--trainer", metavar="T", default="", help="Who trains; if not given, the first of the set's recipe.")
@click.option("--target", metavar="M", default="", help="Kind of base model: sd15, sdxl, flux, qwen-image, wan.")
@click.option("--model", metavar="NAME", default="", help="Name or path of the base model's weights.")
@click.option(
    "--arms", metavar="A,B,...", help="Variants of the set; VARIANT-masked trains with masks. All if not given."
)
@click.option("--compare", metavar="A,B", help="The two arms of the primary outcome.")
@click.option(
    "--outcome",
    metavar="O",
    default="fill_share@scene",
    show_default=True,
    help="The primary outcome; a wrong one lists all.",
)
@click.option(
    "--direction",
    type=click.Choice(["either", "greater", "less"]),
    default="either",
    show_default=True,
    help="greater: only whether A shows more than B is asked.",
)
@click.option(
    "--captions",
    type=click.Choice(["same", "named", "both"]),
    default="same",
    show_default=True,
    help="named: captions say the background; both: a factor of its own.",
)
@click.option(
    "--seeds", metavar="N", default="3", show_default=True, help="Training seeds per arm, or a list: 11,12,13."
)
@click.option(
    "--steps", type=click.IntRange(min=1), metavar="N", default=1500, show_default=True, help="Length of a run."
)
@click.option(
    "--sample-every",
    type=click.IntRange(min=1),
    metavar="N",
    help="Steps; if not given, three times in a run where that divides --steps, else the next that does.",
)
@click.option("--base", type=FOLDER, metavar="FILE", help="Your own settings of the trainer, as TOML or JSON.")
@click.option(
    "--prompts", type=FOLDER, metavar="FILE", help="Your prompts: lines such as `scene: {subject}, on a roof`."
)
@click.option("--root", metavar="PATH", default="", help="Where DIR will lie on the machine that trains.")
def plan_command(
    folder: Path,
    output: Path,
    trainer: str,
    target: str,
    model: str,
    arms: str | None,
    compare: str | None,
    outcome: str,
    direction: str,
    captions: str,
    seeds: str,
    steps: int,
    sample_every: int | None,
    base: Path | None,
    prompts: Path | None,
    root: str,
) -> None:
    """Write matched arms of a finished set, all runs, and the protocol.

    SET is a folder that `loraset run` wrote. The protocol says how the results will be judged, and is frozen under a
    hash before there are any: note it.
    """
    from loraset.experiment.choose import Wish
    from loraset.experiment.plan import plan

    wish = Wish(
        trainer=trainer,
        arms=_listed(arms),
        captions=cast(Literal["same", "named", "both"], captions),
        compare=_listed(compare),
        outcome=outcome,
        direction=cast(Literal["either", "greater", "less"], direction),
        seeds=_seeds(seeds),
        steps=steps,
        sample_every=sample_every or 0,
        model=model,
        target=target,
        base=base,
        prompts=prompts,
        root=root,
    )
    with render.progress() as progress:
        protocol = plan(folder, output, wish, progress)
    render.protocol(protocol, output)


@experiment_group.command("analyze")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--hash", "expected", metavar="H", default="", help="The hash that was noted when it was planned.")
@click.option(
    "--embed", type=FOLDER, metavar="ONNX", help="CLIP, DINO or another vision model, for likeness to the set."
)
@click.option(
    "--embed-scale",
    type=click.Choice(["imagenet", "clip"]),
    default="imagenet",
    show_default=True,
    help="How that model wants pictures normalised.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON and nothing else.")
def analyze_command(folder: Path, expected: str, embed: Path | None, embed_scale: str, as_json: bool) -> int:
    """Measure the samples of a trained experiment, and say what follows.

    DIR is the folder that `experiment plan` wrote, with the samples that the trainer put into runs/. The exit code is 1
    where the protocol does not hold, a sample cannot be read, or there is no pair.
    """
    from loraset.experiment.analyze import PAGE, analyze
    from loraset.experiment.embed import load_embedding

    model = load_embedding(embed, embed_scale) if embed else None
    with render.progress(quiet=as_json) as progress:
        analysis = analyze(folder, embed=model, expected=expected, progress=progress)
    page = folder / PAGE
    if as_json:
        click.echo(json.dumps(analysis.to_json() | {"report": str(page)}, indent=2))
    else:
        render.analysis(analysis, page)
    return analysis.exit_code


COMMANDS = (experiment_group,)
