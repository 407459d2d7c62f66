"""A backend's own log: in a file or on stderr, in a worker or here, and never on stdout."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import dualgap
from dualgap.engine.log import diverted

PROBLEM = {"kind": "knapsack", "values": [10, 13, 7, 8, 3], "weights": [4, 6, 3, 5, 2], "capacity": 9}
SAID = {"highs": "Running HiGHS", "cbc": "CBC MILP Solver", "cp-sat": "CpSolverResponse", "scip": "SCIP Status"}


@pytest.mark.parametrize("isolate", [False, True], ids=["here", "worker"])
@pytest.mark.parametrize("solver", SAID)
def test_log_in_a_file(tmp_path: Path, capfd: pytest.CaptureFixture[str], solver: str, isolate: bool) -> None:
    path = tmp_path / "backend.log"
    run = dualgap.solve(PROBLEM, solver, isolate=isolate, log=str(path))
    assert run.certificate.value == 20
    assert SAID[solver] in path.read_text()
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("isolate", [False, True], ids=["here", "worker"])
def test_log_on_stderr(capfd: pytest.CaptureFixture[str], isolate: bool) -> None:
    dualgap.solve(PROBLEM, "highs", isolate=isolate, log="-")
    captured = capfd.readouterr()
    assert captured.out == ""
    if not isolate:  # a warm worker has the stderr that there was when it started
        assert SAID["highs"] in captured.err


def test_no_log_unasked(capfd: pytest.CaptureFixture[str]) -> None:
    for solver in SAID:
        dualgap.solve(PROBLEM, solver, isolate=False)
    assert capfd.readouterr().out == ""


def printing() -> None:
    print("python")
    os.write(1, b"library\n")
    raise ZeroDivisionError


def test_everything_comes_back_to_stdout(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log"
    with pytest.raises(ZeroDivisionError), diverted(str(path)):
        printing()
    print("after")
    sys.stdout.flush()
    os.write(1, b"after all\n")
    assert sorted(path.read_text().split()) == ["library", "python"]
    assert capfd.readouterr().out == "after\nafter all\n"


def test_logs_are_appended(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for text in ("one", "two"):
        with diverted(str(path)):
            print(text)
    assert path.read_text() == "one\ntwo\n"


def test_solvers_side_by_side_share_a_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """One leaves while the other is still at work."""
    path = tmp_path / "log"
    first, second = diverted(str(path)), diverted(str(path))
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    os.write(1, b"still\n")
    second.__exit__(None, None, None)
    os.write(1, b"back\n")
    assert path.read_text() == "still\n"
    assert capfd.readouterr().out == "back\n"
