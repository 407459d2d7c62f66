"""Running the command line in process, and in a process of its own."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dualgap.cli import main

PLUGIN = Path(__file__).with_name("scripted.py")
COMMAND = [sys.executable, "-m", "dualgap"]

KNAPSACK = """\
kind = "knapsack"
values = [60, 100, 120]
weights = [10, 20, 30]
capacity = 50
names = ["tent", "stove", "rope"]
"""


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The whole of stdout as one JSON document."""
        return json.loads(self.out)


Cli = Callable[..., Result]


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A knapsack of three items, the best two worth 220, the relaxation 240."""
    path = tmp_path / "knapsack.toml"
    path.write_text(KNAPSACK)
    return path


@pytest.fixture
def unpayable(tmp_path: Path) -> Path:
    """Coin change without an answer."""
    path = tmp_path / "coins.toml"
    path.write_text('kind = "coin-change"\ncoins = [4, 6, 8]\namount = 5\n')
    return path


@pytest.fixture
def cli(registered: Callable[[Any], Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """One command line in this process, with a registry of its own; ``stdin`` is what it reads."""
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str | Path, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def act(cli: Cli, spec: Path) -> Cli:
    """``solve`` on the knapsack, or on another spec, with the scripted solver."""

    def run(what: str, *options: str | Path, on: Path = spec) -> Result:
        return cli("solve", on, "--plugin", PLUGIN, "-s", f"scripted[act={what}]", *options)

    return run


def started(*arguments: str | Path, **pipes: Any) -> subprocess.Popen[str]:
    """A command line in a process of its own, stdout and stderr in pipes."""
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **pipes}
    return subprocess.Popen([*COMMAND, *map(str, arguments)], **given)


def ended(*arguments: str | Path, **options: Any) -> Result:
    """The same, waited for."""
    done = subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, **options)
    return Result(done.returncode, done.stdout, done.stderr)
