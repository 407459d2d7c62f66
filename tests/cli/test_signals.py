"""Ctrl-C and SIGTERM: what was found is printed, the exit code is 130. Progress on a terminal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from dualgap.cli.progress import Ticker
from dualgap.engine.monitor import Snapshot
from tests.cli.conftest import PLUGIN, started

SLOW = ("--plugin", PLUGIN, "-s", "scripted[act=slow]", "--time", "60")
PIPE = 2**20  # characters: more than any pipe holds


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_prints_the_run(spec: Path, number: signal.Signals) -> None:
    process = started("solve", spec, *SLOW, "--json", "--log", "-")
    assert process.stderr is not None
    assert process.stderr.readline() == "reported\n"
    process.send_signal(number)
    out, err = process.communicate()
    run = json.loads(out)
    assert process.returncode == 130
    assert (run["stop"], run["answer"]) == ("interrupted", {"items": {"stove": 1, "rope": 1}})
    assert (run["certificate"]["value"], run["certificate"]["bound"]) == (220, 240)
    assert err == ""


def test_interrupt_of_a_stream_ends_in_the_run(spec: Path) -> None:
    process = started("solve", spec, *SLOW, "--stream")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["value"] == 220
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate()
    run = json.loads(out.splitlines()[-1])
    assert (process.returncode, run["event"], run["stop"]) == (130, "run", "interrupted")


def test_interrupted_comparison_prints_what_there_is(spec: Path) -> None:
    process = started("compare", spec, "--plugin", PLUGIN, "-s", "scripted", *SLOW, "--json")
    assert process.stderr is not None
    assert process.stderr.readline().startswith("scripted: ")
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate()
    assert process.returncode == 130
    assert json.loads(out)["joint"]["value"] == 220


def test_interrupt_before_anything_is_found() -> None:
    process = started("solve", "-", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write("#" * PIPE)  # returns when somebody has begun to read
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out, err) == (130, "", "")


def test_progress_on_a_terminal(spec: Path) -> None:
    """The ticker shows the incumbent, the bound and the gap; stdout stays pure."""
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    process = started("solve", spec, *SLOW, "--json", stderr=theirs, env=environment)
    os.close(theirs)
    seen = ""
    while "gap 12 %" not in seen:
        seen += os.read(ours, 4096).decode()
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    run = json.loads(process.stdout.read())
    process.wait()
    process.stdout.close()
    os.close(ours)
    assert "of 60 s  incumbent 220  bound 250  gap 12 %" in seen
    assert run["stop"] == "interrupted"


def test_ticker_says_what_is_known() -> None:
    ticker = Ticker("highs", 60.0)
    assert ticker.line() == "highs  0 of 60 s"
    ticker.update(Snapshot(1.0, None, 1250.5, None))
    assert ticker.line() == "highs  0 of 60 s  bound 1,250.5"
    ticker.update(Snapshot(1.0, 1000, 1250.5, 0.2003))
    assert ticker.line() == "highs  0 of 60 s  incumbent 1,000  bound 1,250.5  gap 20 %"
    ticker.restart("pgd")
    assert ticker.line() == "pgd  0 of 60 s"
