"""``dualgap sweep`` as people run it, and as they kill it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_sweep_that_is_stopped_goes_on_where_it_was(tmp_path: Path, how: signal.Signals) -> None:
    plan(tmp_path, 100)
    process = started("plan.toml", folder=tmp_path)
    assert process.stderr is not None
    for line in process.stderr:
        if "30 of 200" in line:  # each is in the store before it is told
            break
    if how is signal.SIGKILL:
        os.killpg(process.pid, how)
    else:
        process.send_signal(how)
    out, err = process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if how is signal.SIGKILL else 130), err
    with sqlite3.connect(tmp_path / "runs.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kept = connection.execute("SELECT count(*) FROM runs").fetchone()[0]
    connection.close()
    assert 30 <= kept < 200
    assert ("--resume" in err) == (how is signal.SIGINT)
    code, out, err = finished("plan.toml", "--resume", "--json", folder=tmp_path)
    assert (code, json.loads(out)["done"]) == (0, 200)
    assert f"{200 - kept} of {200 - kept} runs" in err
