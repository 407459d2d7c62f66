"""Help is light, and completion knows the names."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from dualgap.cli.app import COMMANDS
from tests.cli.conftest import Cli, ended

HEAVY = ("numpy", "scipy", "pluggy", "dualgap.core", "dualgap.engine", "dualgap.plugins", "dualgap.problems")
PROBE = """
import sys
from dualgap.cli import main
code = main(sys.argv[1:])
sys.stderr.write(" ".join(sys.modules))
sys.exit(code)
"""


def imported_by(*arguments: str) -> set[str]:
    """The modules of a fresh process after a command line."""
    command = [sys.executable, "-c", PROBE, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("command", [(), ("solve",), ("problems", "new")])
def test_help_imports_nothing_heavy(command: tuple[str, ...]) -> None:
    imported = imported_by(*command, "--help")
    assert "typer" in imported
    assert not [name for name in imported if name.startswith(HEAVY)]


def test_help_needs_no_validation() -> None:
    """Typer itself imports pydantic, but only where a command has parameters to convert."""
    assert "pydantic" not in imported_by("--help")


@pytest.mark.parametrize("command", ["", "verify"])
def test_no_command_is_imported_but_the_one_asked_for(command: str) -> None:
    imported = imported_by(*command.split(), "--help")
    assert {name for name in COMMANDS if f"dualgap.cli.{name}" in imported} == set(command.split())


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_fits_and_loses_no_brackets(cli: Cli, command: tuple[str, ...]) -> None:
    result = cli(*command, "--help")
    assert result.code == 0
    assert max(map(len, result.out.splitlines())) <= 80
    if command in (("solve",), ("compare",)):
        assert "NAME[parameter=value]" in "".join(result.out.split("\n")).replace("│", "").replace(" ", "")


def test_help_names_every_command(cli: Cli) -> None:
    shown = cli("-h").out
    for name in COMMANDS:
        assert f"│ {name} " in shown


def test_version(cli: Cli) -> None:
    result = cli("--version")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("dualgap 0.")


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["so"], {"solve", "solvers"}),
        (["solvers", ""], {"list", "info"}),
        (["solve", "x.toml", "-s", "hi"], {"highs"}),
        (["solvers", "info", "cp"], {"cp-sat"}),
        (["problems", "schema", "kn"], {"knapsack"}),
        (["solve", "x.toml", "--req"], {"--require"}),
    ],
)
def test_completion(words: list[str], completed: set[str]) -> None:
    line = {"COMP_WORDS": " ".join(["dualgap", *words]), "COMP_CWORD": str(len(words))}
    result = ended(env={**os.environ, **line, "_DUALGAP_COMPLETE": "complete_bash"})
    assert set(result.out.split()) == completed


def test_completion_script_can_be_shown() -> None:
    result = ended("--show-completion", "bash", env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"})
    assert result.code == 0
    assert "_DUALGAP_COMPLETE=complete_bash" in result.out
