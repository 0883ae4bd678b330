"""The command line: words, places and exit codes of everything that can be said without cutting a picture."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from loraset import __version__
from loraset.cli.main import CRASHED, INTERRUPTED, cli, invoke
from loraset.engines import ENGINES
from loraset.errors import MissingError, OutputError
from loraset.recipe.load import packed, purpose
from loraset.recipe.template import template

CONTRACT = [
    "run",
    "cutout",
    "dedupe",
    "demo",
    "init",
    "recipes",
    "score",
    "export",
    "verify",
    "experiment",
    "models",
    "doctor",
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LORASET_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_the_contracts_commands_are_there_in_the_order_of_use(capsys):
    assert list(cli.commands) == CONTRACT
    assert invoke([]) == 0
    shown = [line.split()[0] for line in capsys.readouterr().out.partition("Commands:\n")[2].splitlines()]
    assert shown == CONTRACT


@pytest.mark.parametrize("name", CONTRACT)
def test_every_command_has_help_that_fits_and_ends_well(name, capsys):
    assert invoke([name, "--help"]) == 0
    assert f"Usage: loraset {name}" in capsys.readouterr().out
    assert cli.commands[name].get_short_help_str(limit=200).endswith(".")
    assert len(cli.commands[name].get_short_help_str(limit=200)) <= 65


def test_cutouts_help_names_the_engines(capsys):
    invoke(["cutout", "--help"])
    out = capsys.readouterr().out
    assert [name for name in ENGINES if name not in out] == []


def test_the_version(capsys):
    assert invoke(["--version"]) == 0
    assert capsys.readouterr().out == f"loraset {__version__}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["runn"], "error: there is no command 'runn'. Did you mean run?"),
        (["qqqqq"], "error: there is no command 'qqqqq'.\n"),
        (["run", "x", "--inptu", "a"], "--input"),
        (["run"], "Missing argument 'RECIPE'"),
        (["cutout", "a.png"], "Missing option '--output'"),
        (["run", "quickstart", "--jobs", "-1"], "--jobs"),
        (["run", "quikstart"], "Did you mean the packed recipe quickstart?"),
        (
            ["run", "quickstart", "--set", "frame.resolutoin=3"],
            "--set frame.resolutoin=3: there is no 'resolutoin' in [frame]",
        ),
        (["run", "quickstart", "--set", "frame"], "--set frame: this is not key=value"),
        (["run", "."], "is a folder, not a recipe"),
        (
            ["cutout", "a.png", "--output", "o", "--engine", "cosegmnt"],
            "--engine cosegmnt: mask.engine: there is no engine",
        ),
        (["init", "--from", "green", "x.toml"], "Did you mean green-screen?"),
    ],
)
def test_wrong_words_are_usage_errors_on_stderr_with_the_right_ones(words, said, here, capsys):
    assert invoke(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert said in err
    assert "Traceback" not in err
    assert list(here.iterdir()) == []


def test_a_recipes_mistake_names_file_line_and_remedy(here, capsys):
    Path("my.toml").write_text('[frame]\n\nmode = "sqare"\n')
    assert invoke(["run", "my.toml"]) == 2
    said, remedy = capsys.readouterr().err.splitlines()
    assert said == 'error: my.toml, line 3: frame.mode must be one of "bucket", "square", "keep", not "sqare"'
    assert remedy == '  Did you mean "square"?'


def test_init_writes_the_template_once(here, capsys):
    assert invoke(["init", "my.toml"]) == 0
    assert Path("my.toml").read_text(encoding="utf-8") == template()
    out, err = capsys.readouterr()
    assert out == ""
    assert "loraset run my.toml" in err
    assert invoke(["init", "my.toml"]) == 5
    assert "my.toml is there already" in capsys.readouterr().err


def test_init_copies_a_packed_recipe(here):
    assert invoke(["init", "--from", "green-screen", "my.toml"]) == 0
    assert Path("my.toml").read_bytes() == packed()["green-screen"].read_bytes()


def test_recipes_lists_each_with_its_purpose(capsys):
    assert invoke(["recipes"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    for name, file in packed().items():
        assert name in out
        assert purpose(file).split(":")[0] in out


def raising(error: BaseException) -> click.Command:
    def callback() -> None:
        raise error

    return click.Command("recipes", callback=callback)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            MissingError("no model u2net", "loraset models pull u2net"),
            4,
            "error: no model u2net\n  loraset models pull u2net\n",
        ),
        (OutputError("cannot write [red]x[/red]"), 5, "error: cannot write [red]x[/red]\n"),
        (KeyboardInterrupt(), INTERRUPTED, "the same command goes on where it stopped"),
        (MemoryError(), CRASHED, "--jobs 1"),
        (
            TypeError("not a\nnumber"),
            CRASHED,
            f"error: this is a bug in loraset {__version__}: TypeError: not a (test_commands.py",
        ),
    ],
)
def test_every_error_becomes_words_and_a_code(error, code, said, capsys, monkeypatch):
    monkeypatch.delenv("LORASET_DEBUG", raising=False)
    monkeypatch.setitem(cli.commands, "recipes", raising(error))
    assert invoke(["recipes"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize(("words", "variable"), [(["--debug", "recipes"], "0"), (["recipes"], "1")])
def test_a_traceback_comes_when_it_is_asked_for(words, variable, capsys, monkeypatch):
    monkeypatch.setenv("LORASET_DEBUG", variable)
    monkeypatch.setitem(cli.commands, "recipes", raising(TypeError("oh")))
    assert invoke(words) == CRASHED
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_no_input_and_an_empty_folder_are_input_errors(here, capsys):
    Path("empty").mkdir()
    Path("my.toml").write_text("")
    assert invoke(["run", "my.toml"]) == 3
    assert "--input FOLDER" in capsys.readouterr().err
    assert invoke(["run", "my.toml", "--input", "nowhere"]) == 3
    assert invoke(["run", "my.toml", "--input", "empty"]) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot send itself Ctrl-C there")
def test_an_interrupt_is_answered_at_once_and_ends_with_its_code():
    script = """
import os, signal, click
from loraset.cli.main import cli, main
cli.commands["recipes"] = click.Command("recipes", callback=lambda: os.kill(os.getpid(), signal.SIGINT))
main()
"""
    done = subprocess.run([sys.executable, "-c", script, "recipes"], capture_output=True, text=True, check=False)
    assert done.returncode == INTERRUPTED
    assert done.stderr.index("stopping when") < done.stderr.index("error: stopped")
    assert "Traceback" not in done.stderr


def test_a_terminal_that_knows_no_unicode_gets_escapes(tmp_path):
    (tmp_path / "猫.toml").write_text("[frame]\nstep = 0\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", "from loraset.cli.main import main; main()", "run", "猫.toml"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "ascii:strict"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(
        b"error: \\u732b.toml, line 2: frame.step must be a whole number from 1 to 512, not 0"
    )


def test_json_is_all_that_stdout_gets(here, capsys):
    Path("in").mkdir()
    Path("in/notes.jpg").write_text("no picture")
    assert invoke(["dedupe", "in", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"groups": []}
    assert err == ""


@pytest.fixture
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "models-home"))
    return tmp_path / "models-home" / "models"


def test_models_are_listed_with_licence_and_place(models, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    (models / "u2netp").mkdir(parents=True)
    (models / "u2netp" / "u2netp.onnx").write_bytes(b"weights")
    assert invoke(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("u2netp" in line and str(models / "u2netp" / "u2netp.onnx") in line for line in lines)
    assert any("bria-rmbg" in line and "CC-BY-NC-4.0, not commercial" in line for line in lines)
    assert invoke(["models", "path", "u2netp"]) == 0
    assert capsys.readouterr().out.strip() == str(models / "u2netp" / "u2netp.onnx")


def test_a_missing_model_is_told_with_what_mends_it(models, capsys):
    assert invoke(["models", "path", "u2net"]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert "loraset models pull u2net" in err
    assert str(models / "u2net" / "u2net.onnx") in err


def test_a_non_commercial_model_is_not_pulled_unasked(models, capsys):
    assert invoke(["models", "pull", "bria-rmbg"]) == 4
    assert "CC-BY-NC-4.0" in capsys.readouterr().err
    assert not models.exists()


@pytest.mark.parametrize(
    ("words", "said"), [(["models", "lst"], "Did you mean list?"), (["models"], "Missing command")]
)
def test_wrong_words_in_a_group_are_told(words, said, capsys):
    assert invoke(words) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "`loraset models --help`" in err


def test_doctor_tells_of_python_and_the_cache(here, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert invoke(["doctor"]) in (0, 4)  # 4: this machine lacks something, which is then said
    out = capsys.readouterr().out
    assert "python" in out
    assert str(here / "cache") in out
