"""Engines: the same runs wherever they are made, and workers that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dualgap.core.errors import UsageError
from dualgap.plugins.registry import Registry, using
from dualgap.study.sweep import engines
from dualgap.study.sweep.engines import TRIES, engine
from dualgap.study.sweep.plan import Plan
from dualgap.study.sweep.run import Progress, grid, sweep
from dualgap.study.sweep.store import Store

PLAN = Plan.model_validate(
    {
        "instances": [{"generate": {"kind": "knapsack", "size": 12, "seed": [0, 1]}}],
        "solvers": [{"name": "dynamic-programming"}, {"name": "greedy"}, {"name": "eigh"}],
        "budget": {"time": 5},
    }
)
GATED = '''
import os
import threading
from pathlib import Path

import numpy as np
import dualgap

FOLDER = Path(__file__).parent


class Gated(dualgap.Solver):
    """The first to run tells which process it belongs to, and ends no more."""

    name, accepts = "gated", (dualgap.Knapsack,)

    def solve(self, problem, ctx):
        try:
            (FOLDER / "first").mkdir()
        except FileExistsError:
            pass
        else:
            (FOLDER / "begun").write_text(str(os.getppid()))
            threading.Event().wait()
        return dualgap.Claim(point=problem.answer_type(counts=np.zeros(problem.size, dtype=np.int64)), feasible=True)
'''


@pytest.fixture
def gated(tmp_path: Path) -> Iterator[Plan]:
    """A plan with one run among others during which its worker is killed, by whom nobody else waits for."""
    os.mkfifo(tmp_path / "begun")
    (tmp_path / "gated.py").write_text(GATED)

    def kill() -> None:
        process = int((tmp_path / "begun").read_text())  # comes when the run has begun, which then can't end
        (tmp_path / "killed").write_text(str(process))
        os.kill(process, signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start()  # a test that fails before has nothing to kill
    with using(Registry()) as plugins:
        plugins.load_path(tmp_path / "gated.py")
        yield Plan.model_validate(
            {
                "instances": [{"generate": {"kind": "knapsack", "size": 12, "seed": [0, 1]}}],
                "solvers": [{"name": "greedy"}, {"name": "dynamic-programming"}, {"name": "gated"}],
                "budget": {"time": 60},
            }
        )


def check_retried(store: Store, progress: Progress) -> None:
    """Everything was made, the run that was hit on another worker; nothing was begun again for no reason."""
    rows = list(store.rows())
    assert (progress.done, progress.failures) == (6, 0)
    assert len(rows) == 6
    assert all(row["feasible"] for row in rows)
    assert max(row["attempts"] for row in rows if row["solver"] == "gated") == 2
    assert max(row["attempts"] for row in rows) == 2


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


@pytest.mark.slow
def test_dask_makes_the_same_runs(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    same = ("key", "problem", "instance", "solver", "verdict", "value", "bound", "evidence", "refused", "attempts")
    found = []
    for name in ("joblib", "dask"):
        with Store.open(tmp_path / f"{name}.db") as store:
            sweep(grid(PLAN, tmp_path, store), store, engine(name, 2), name="sweep")
            found.append([tuple(row[column] for column in same) for row in store.rows()])
    assert found[0] == found[1]
    assert len(found[0]) == 6


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


def test_a_joblib_process_that_is_killed(tmp_path: Path, gated: Plan) -> None:
    with Store.open(tmp_path / "runs.db") as store:
        check_retried(store, sweep(grid(gated, tmp_path, store), store, engine("joblib", 2), name="sweep"))


@pytest.mark.slow
def test_a_dask_worker_that_is_killed(
    tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]], gated: Plan
) -> None:
    address, workers = cluster
    with Store.open(tmp_path / "runs.db") as store:
        check_retried(store, sweep(grid(gated, tmp_path, store), store, engine(address, 2), name="sweep"))
    (survivor,) = [process for process in workers if process.pid != int((tmp_path / "killed").read_text())]
    assert survivor.poll() is None


def test_a_run_that_kills_every_process_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "deadly.py").write_text(
        "import os, signal, dualgap\n"
        "class Deadly(dualgap.Solver):\n"
        "    name, accepts = 'deadly', (dualgap.Knapsack,)\n"
        "    def solve(self, problem, ctx):\n"
        "        os.kill(os.getppid(), signal.SIGKILL)\n"
    )
    plan = Plan.model_validate({**PLAN.model_dump(), "solvers": [{"name": "deadly"}, {"name": "greedy"}]})
    with using(Registry()) as plugins, Store.open(tmp_path / "runs.db") as store:
        plugins.load_path(tmp_path / "deadly.py")
        progress = sweep(grid(plan, tmp_path, store), store, engine("joblib", 2), name="sweep")
        rows = {(row["solver"], row["attempts"]): row for row in store.rows()}
        assert (progress.done, progress.failures) == (4, 2)
        assert f"died {TRIES} times" in rows["deadly", TRIES]["error"]
        assert len(grid(plan, tmp_path, store).missing) == 2  # another machine may have the memory for it


def test_no_scheduler_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(engines, "_PATIENCE", 0.2)
    with pytest.raises(UsageError, match="no scheduler answers"):
        next(iter(engine("dask://127.0.0.1:1", 1).outcomes([])))
