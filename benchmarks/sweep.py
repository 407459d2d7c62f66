"""What ``dualgap sweep`` costs over solving the same runs one by one in a loop, and over a second of work.

Each sweep makes its grid, hands the runs out, checks their keys where they are made, and keeps each in a transaction;
the loop loads an instance and calls ``dualgap.solve`` on it, in a warm worker like the sweep's, and keeps nothing.
Process time of all processes, the engine's and the solvers' included, in medians; the processes are there before the
clock starts.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import psutil
from harness import Row, main

import dualgap
from dualgap.engine.load import load
from dualgap.plugins.registry import registry
from dualgap.study.sweep.engines import Engine, engine
from dualgap.study.sweep.plan import Plan
from dualgap.study.sweep.run import grid, sweep
from dualgap.study.sweep.store import Store

BUSY = """
import time
from dataclasses import dataclass

import numpy as np
import dualgap

@dataclass(frozen=True)
class Busy(dualgap.Solver):
    seconds: float = 0.0

    name, accepts = "busy", (dualgap.Knapsack,)

    def solve(self, problem, ctx):
        end = time.process_time() + self.seconds
        while time.process_time() < end:
            pass
        return dualgap.Claim(point=problem.answer_type(counts=np.zeros(problem.size, dtype=np.int64)), feasible=True)
"""
TARGET = 0.010  # seconds a run
SHARE = 5.0  # per cent of a run of a second
SIZE = 100


def plan(first: int, runs: int, seconds: float) -> Plan:
    """So many instances from a seed on, on each of which a solver is busy for so long."""
    return Plan.model_validate(
        {
            "instances": [{"generate": {"kind": "knapsack", "size": SIZE, "seed": f"{first}:{first + runs}"}}],
            "solvers": [{"name": "busy", "parameters": {"seconds": seconds}}],
            "budget": {"time": 10},
        }
    )


def loop(asked: Plan) -> None:
    """What a person writes who has no sweep."""
    for case in asked.cases(Path()):
        spec = dict(case.instance.generate)
        problem = load({"kind": spec.pop("kind"), "generate": spec}).problem
        dualgap.solve(problem, "busy", parameters=dict(case.parameters), time=10, explain_seconds=0.0)


def spent() -> float:
    """Process seconds of this process and of all that descend from it."""
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(times.user + times.system for times in (one.cpu_times() for one in family))


def measured(work: Callable[[], object], repeats: int) -> float:
    """The median of what the family spends on the work; a first time doesn't count."""
    work()
    taken = []
    for _ in range(repeats):
        begin = spent()
        work()
        taken.append(spent() - begin)
    return statistics.median(taken)


@contextmanager
def engines() -> Iterator[list[tuple[str, Engine]]]:
    """Each engine with its processes there; Dask's where it is installed."""
    found = [("joblib -j 1", engine("joblib", 1)), ("joblib -j 2", engine("joblib", 2))]
    try:
        from distributed import LocalCluster
    except ImportError:
        yield found
        return
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        address = cluster.scheduler_address.removeprefix("tcp://")
        yield [*found, ("dask, 2 workers", engine(f"dask://{address}", 2))]


def compared(folder: Path, runs: int, seconds: float, repeats: int) -> Iterator[tuple[str, float, float]]:
    """Each engine's name, what a run of a sweep takes there, and what it takes in the loop."""
    fresh = count()

    def asked() -> Plan:
        return plan(next(fresh) * runs, runs, seconds)  # nobody has these instances at hand

    def swept(runner: Engine) -> None:
        with Store.open(folder / f"{seconds}-{next(fresh)}.db") as store:
            assert not sweep(grid(asked(), Path(), store), store, runner, name="benchmark").failures

    with engines() as found:
        alone = measured(lambda: loop(asked()), repeats) / runs
        for name, runner in found:
            yield name, measured(partial(swept, runner), repeats) / runs, alone


def rows(quick: bool) -> Iterable[Row]:
    with tempfile.TemporaryDirectory() as folder:
        plugin = Path(folder) / "busy.py"
        plugin.write_text(BUSY)
        registry().load_path(plugin)
        for name, took, alone in compared(Path(folder), 200, 0.0, 3 if quick else 7):
            yield Row(f"{name}: a run's cost over the loop", took - alone, "s", TARGET, "the run itself", alone)
        for name, took, alone in compared(Path(folder), 4 if quick else 10, 1.0, 1 if quick else 5):
            yield Row(f"{name}: cost over the loop, runs of a second", 100 * (took / alone - 1), "%", SHARE)


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
