"""What dualgap itself costs: over a raw backend call in process, and for a warm worker's round trip.

Own cost: process time of ``solve(problem, "highs", isolate=False)`` (build, hand-over, witness, proof, record) less
that of the same arrays handed to highspy directly, run to the same gap. Round trip: wall time of a warm worker that
answers at once, with n values and n weights going out and n counts coming back.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from harness import Row, main
from raw import highs

import dualgap
from dualgap.plugins.registry import registry

ECHO = """
import numpy as np
import dualgap

class Echo(dualgap.Solver):
    name, accepts = "echo", (dualgap.Knapsack,)

    def solve(self, problem, ctx):
        return dualgap.Claim(point=problem.answer_type(counts=np.zeros(problem.size, dtype=np.int64)), feasible=True)
"""


def instance(n: int) -> dualgap.Knapsack:
    """Uncorrelated, values and weights to 10,000, all but one item fits, so that HiGHS's share is small and steady."""
    rng = np.random.default_rng(n)
    values, weights = rng.integers(1, 10_001, (2, n))
    return dualgap.Knapsack(values=values, weights=weights, capacity=int(weights.sum() - 1))


def paired(ours: Callable[[], object], theirs: Callable[[], object], repeats: int) -> tuple[float, float]:
    """(median difference, median of theirs) in process time, taken in turn."""
    ours(), theirs()
    differences, baseline = [], []
    for _ in range(repeats):
        begin = time.process_time()
        theirs()
        middle = time.process_time()
        ours()
        baseline.append(middle - begin)
        differences.append(time.process_time() - middle - baseline[-1])
    return statistics.median(differences), statistics.median(baseline)


def rows(quick: bool) -> Iterable[Row]:
    for n, gap, target, repeats in ((1_000, 1e-3, 0.010, 15), (100_000, 1e-3, 0.150, 3 if quick else 7)):
        problem = instance(n)
        own, peer = paired(
            lambda p=problem, g=gap: dualgap.solve(p, "highs", gap=g, isolate=False),
            lambda p=problem, g=gap: highs(p, mip_rel_gap=g, mip_abs_gap=0.0),
            repeats,
        )
        yield Row(f"own cost over highspy, n = {n:,}, verified", own, "s", target, "highspy itself", peer)
    with tempfile.TemporaryDirectory() as folder:
        plugin = Path(folder) / "echo.py"
        plugin.write_text(ECHO)
        registry().load_path(plugin)
        for n, target in ((1_000, None), (100_000, 0.010)):
            problem = instance(n)
            trips = []
            for _ in range(12):
                run = dualgap.solve(problem, "echo")
                assert run.isolated
                parts = run.seconds["build"] + run.seconds["solve"] + run.seconds["verify"]
                trips.append(run.seconds["total"] - parts)
            yield Row(f"warm worker round trip, n = {n:,} (wall)", statistics.median(trips), "s", target)


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
