"""What ``explain`` and ``export`` are told about: a run is known by what it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import KNAPSACK, Cli


@pytest.fixture
def run(cli: Cli, spec: Path, tmp_path: Path) -> Path:
    """A saved run whose name says nothing."""
    path = tmp_path / "saved.run"
    assert cli("solve", spec, "-s", "greedy", "-o", path).code == 0
    return path


def test_a_run_under_any_name(cli: Cli, run: Path) -> None:
    result = cli("export", run, "--to", "csv")
    assert (result.code, result.out.splitlines()[0]) == (0, "name,value")
    assert "The answer" in cli("explain", run).out


def test_a_run_finds_its_spec_from_any_folder(cli: Cli, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert cli("explain", run).code == 0


def test_a_spec_that_has_changed_is_refused(cli: Cli, run: Path, spec: Path) -> None:
    spec.write_text(KNAPSACK.replace("capacity = 50", "capacity = 40"))
    result = cli("explain", run)
    assert (result.code, result.out) == (2, "")
    assert "this run is of another problem" in result.err


def test_a_spec_on_stdin(cli: Cli) -> None:
    result = cli("explain", "-", stdin=KNAPSACK.encode())
    assert result.code == 0
    assert "60 tent + 100 stove + 120 rope" in result.out
