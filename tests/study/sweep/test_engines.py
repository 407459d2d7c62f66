"""Engines: the same runs wherever they are made, and workers that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dualgap.core.errors import UsageError
from dualgap.study.sweep.engines import TRIES, engine
from dualgap.study.sweep.plan import Plan
from dualgap.study.sweep.run import grid, sweep
from dualgap.study.sweep.store import Store

PLAN = Plan.model_validate(
    {
        "instances": [{"generate": {"kind": "knapsack", "size": 12, "seed": [0, 1]}}],
        "solvers": [{"name": "dynamic-programming"}, {"name": "greedy"}, {"name": "eigh"}],
        "budget": {"time": 5},
    }
)
SLOW = Plan.model_validate(
    {
        "instances": [{"generate": {"kind": "knapsack", "size": 2000, "seed": [0, 1, 2, 3], "family": "strong"}}],
        "solvers": [
            {"name": "dual-ascent", "parameters": {"iterations": 10**9, "rule": "decreasing", "patience": 10**9}}
        ],
        "budget": {"time": 2},
    }
)


def test_joblib_makes_every_run_once(tmp_path: Path) -> None:
    with Store.open(tmp_path / "runs.db") as store:
        progress = sweep(grid(PLAN, tmp_path, store), store, engine("joblib", 2), name="sweep")
        assert (progress.done, progress.refusals, progress.failures) == (6, 2, 0)
        verdicts = {(row["solver"], row["verdict"]) for row in store.rows()}
        assert ("dynamic-programming", "optimal") in verdicts
        assert ("eigh", "refused") in verdicts
        with pytest.raises(UsageError, match="--resume"):
            sweep(grid(PLAN, tmp_path, store), store, engine("joblib", 2), name="sweep")
        assert sweep(grid(PLAN, tmp_path, store), store, engine("joblib", 2), name="sweep", resume=True).total == 0
        assert sweep(grid(PLAN, tmp_path, store), store, engine("joblib", 2), name="sweep", again=True).done == 6


def test_an_unknown_engine() -> None:
    with pytest.raises(UsageError, match="joblib, dask"):
        engine("threads", 1)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers on loopback."""
    pytest.importorskip("distributed")
    where = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    scheduler = subprocess.Popen(
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(where)],
        stderr=subprocess.DEVNULL,
    )
    workers = [
        subprocess.Popen(
            [
                *dask,
                "worker",
                "--scheduler-file",
                str(where),
                "--nthreads",
                "1",
                "--no-nanny",
                "--no-dashboard",
                "--local-directory",
                str(tmp_path),
            ],
            stderr=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]
    from distributed import Client

    with Client(scheduler_file=str(where), timeout="30s") as client:
        client.wait_for_workers(2, timeout=30)
        address = client.scheduler.address
    try:
        yield "dask://" + address.removeprefix("tcp://"), workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


@pytest.mark.slow
def test_a_dask_worker_that_is_killed(tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]) -> None:
    address, workers = cluster
    with Store.open(tmp_path / "runs.db") as store:
        found = grid(SLOW, tmp_path, store)
        first: list[int] = []

        def kill(*_: object) -> None:
            if not first:
                first.append(workers[0].pid)
                os.kill(workers[0].pid, signal.SIGKILL)

        progress = sweep(found, store, engine(address, 2), name="sweep", on_run=kill)
        rows = list(store.rows())
    assert progress.done == len(found.jobs) == len(rows)
    assert all(row["feasible"] for row in rows)
    assert max(row["attempts"] for row in rows) == 2  # it was in the middle of one
    assert TRIES > 2


def test_no_scheduler_there() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(UsageError, match="no scheduler answers"):
        next(iter(engine("dask://127.0.0.1:1", 1).outcomes([])))
