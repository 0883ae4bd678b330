"""The `loraset` command: its group of commands, and the one place where an error becomes words and an exit code.

In: the command line. Out: data on stdout, talk on stderr, an exit code. Never: a traceback that was not asked for.
"""

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import click

from loraset import __version__
from loraset.cli import experiment, machine, recipes, render, results, run
from loraset.cli.groups import Commands
from loraset.errors import LorasetError

CRASHED = 70  # sysexits.h: software; a bug is neither "done" nor the user's fault
INTERRUPTED = 130  # 128 + SIGINT


HELP = """Turn a folder of pictures of one subject into a LoRA training set.

\b
A first look:       loraset demo
Your own pictures:  loraset run quickstart --input FOLDER --output DIR
"""


@click.group(
    cls=Commands, help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="loraset", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show tracebacks (also LORASET_DEBUG=1).")
def cli(debug: bool) -> None:
    """Hold the commands. debug is read by `invoke`, which catches what they raise."""


for module in (run, recipes, results, experiment, machine):
    for command in module.COMMANDS:
        cli.add_command(command)


def invoke(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; every error is told on stderr."""
    try:
        code = cli.main(list(arguments) or ["--help"], prog_name="loraset", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.Abort:
        _trace(arguments)
        render.error("stopped", "Nothing is lost: the same command goes on where it stopped.")
        return INTERRUPTED
    except click.ClickException as error:
        path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "loraset"
        render.error(error.format_message(), f"`{path} --help` says how it is used.")
        return 2
    except LorasetError as error:
        _trace(arguments)
        render.error(str(error), error.hint)
        return error.exit_code
    except MemoryError:
        _trace(arguments)
        render.error("out of memory", "Fewer pictures at once need less: --jobs 1, or --set run.jobs=1.")
        return CRASHED
    except Exception as error:  # the last line of defence: words instead of a traceback
        _trace(arguments)
        frame = traceback.extract_tb(error.__traceback__)[-1]
        words = f"{type(error).__name__}: {error}".splitlines()[0]
        render.error(
            f"this is a bug in loraset {__version__}: {words} ({Path(frame.filename).name}, line {frame.lineno})",
            "Please report it to the project, with what the same command says as `loraset --debug ...`.",
        )
        return CRASHED


def _trace(arguments: Sequence[str]) -> None:
    if "--debug" in arguments[:1] or os.environ.get("LORASET_DEBUG", "0") not in ("", "0"):
        traceback.print_exc()


def main() -> None:
    """Run the command line of this process and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # names of files may hold what a terminal's encoding cannot say
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGINT, _interrupted)
    sys.exit(invoke(sys.argv[1:]))


def _interrupted(number: int, frame: FrameType | None) -> None:
    """Answer Ctrl-C at once: the pictures in work are finished first, which may take some seconds."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    render.say("\nstopping when the pictures in work are done")
    raise KeyboardInterrupt
