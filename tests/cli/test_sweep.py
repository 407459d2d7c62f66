"""``dualgap sweep`` as people run it, and as they kill it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

PLAN = """
name = "small"
[[instances]]
generate = {{kind = "knapsack", size = 10, seed = "0:{count}"}}
[[solvers]]
name = "dynamic-programming"
[[solvers]]
name = "greedy"
[budget]
time = 5
"""


def plan(folder: Path, count: int) -> Path:
    path = folder / "plan.toml"
    path.write_text(PLAN.format(count=count))
    return path


def started(*arguments: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dualgap", "sweep", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finished(*arguments: str, folder: Path) -> tuple[int, str, str]:
    process = started(*arguments, folder=folder)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_a_plan_is_shown_run_and_not_run_twice(tmp_path: Path) -> None:
    plan(tmp_path, 2)
    code, out, _ = finished("plan.toml", "--dry-run", "--json", folder=tmp_path)
    shown = json.loads(out)
    assert (code, shown["runs"], shown["missing"], shown["instances"]) == (0, 4, 4, 2)
    assert shown["longest_seconds"] == 20.0
    assert not (tmp_path / "runs.db").exists()
    code, out, err = finished("plan.toml", "--export", "runs.csv", folder=tmp_path)
    assert code == 0
    assert "4 of 4 runs" in err
    assert "optimal" in out
    assert len((tmp_path / "runs.csv").read_text().splitlines()) == 5
    code, _, err = finished("plan.toml", folder=tmp_path)
    assert code == 2
    assert "--resume" in err
    code, out, _ = finished("plan.toml", "--resume", "--json", folder=tmp_path)
    assert (code, json.loads(out)["done"]) == (0, 4)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.toml"], "can't be read"),
        (["plan.toml", "--engine", "threads"], "there is no engine"),
        (["plan.toml", "--resume", "--again"], "not both"),
        (["plan.toml", "--export", "runs.xlsx"], ".csv"),
        (["plan.toml", "--store", "plan.toml"], "can't use"),
    ],
)
def test_bad_usage_loses_nothing(tmp_path: Path, arguments: list[str], said: str) -> None:
    text = plan(tmp_path, 1).read_text()
    code, _, err = finished(*arguments, folder=tmp_path)
    assert (code, said in err) == (2, True), err
    assert (tmp_path / "plan.toml").read_text() == text


@pytest.mark.parametrize(
    ("how", "jobs", "whom"),
    [
        (signal.SIGKILL, 1, "everybody"),
        (signal.SIGKILL, 2, "the coordinator"),
        (signal.SIGINT, 1, "the coordinator"),
        (signal.SIGINT, 2, "everybody"),  # as a terminal does
    ],
)
def test_a_sweep_that_is_stopped_goes_on_where_it_was(
    tmp_path: Path, how: signal.Signals, jobs: int, whom: str
) -> None:
    plan(tmp_path, 100)
    process = started("plan.toml", "-j", str(jobs), folder=tmp_path)
    assert process.stderr is not None
    for line in process.stderr:
        if "30 of 200" in line:  # each is in the store before it is told
            break
    others = psutil.Process(process.pid).children(recursive=True)
    assert others
    if whom == "everybody":
        os.killpg(process.pid, how)
    else:
        process.send_signal(how)
    _, err = process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if how is signal.SIGKILL else 130), err
    assert not psutil.wait_procs(others, timeout=30)[1]  # nobody goes on alone
    kept = whole(tmp_path / "runs.db")
    assert 30 <= kept < 200
    assert ("--resume" in err) == (how is signal.SIGINT)
    code, out, err = finished("plan.toml", "--resume", "--json", folder=tmp_path)
    assert (code, json.loads(out)["done"]) == (0, 200)
    assert f"{200 - kept} of {200 - kept} runs" in err


def test_two_sweeps_at_once_into_one_store(tmp_path: Path) -> None:
    """They begin together, so that both make the store, and share a part of their runs."""
    for name, seeds in (("a", "0:30"), ("b", "20:50")):
        (tmp_path / f"{name}.toml").write_text(PLAN.format(count=0).replace("0:0", seeds))
    both = [started(f"{name}.toml", "--resume", "--json", folder=tmp_path) for name in "ab"]
    for process in both:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert json.loads(out)["done"] == 60
    assert whole(tmp_path / "runs.db") == 100


def whole(path: Path) -> int:
    """How many runs a store has, which nothing has harmed."""
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    count: int = connection.execute("SELECT count(*) FROM runs").fetchone()[0]
    connection.close()
    return count
