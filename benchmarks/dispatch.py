"""Dispatch without a solver's name beside always the same backend, on about 200 mixed instances.

Instances: knapsacks of one and several capacities, change-making, random linear and integer programs, and the small
MIPLIB and Netlib programs from ``../shared/data`` where they are present. Everybody gets the same wall limit, in warm
workers. What counts is the wall time to the verdict, verification included: optimal or infeasible, proved or claimed,
with the best value that anybody verified; whoever has none by then has failed and is booked with the limit. Means are
shifted geometric ones, exp(mean log(t + s)) - s with s = 10 ms.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import Row, main

import dualgap
from dualgap.core.certificate import Sense, Verdict
from dualgap.core.errors import DualgapError
from dualgap.problems.integer_program import IntegerProgram

LIMIT, QUICK_LIMIT = 2.0, 1.0
QUICK = 8  # every so many instances
SHIFT = 0.010
SLACK = 1e-6  # relative, between values of two solvers
BACKENDS = ("highs", "cp-sat", "scip", "cbc")
QUICK_BACKENDS = ("highs", "cp-sat")
DISPATCH = "dispatch"
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SETTLED = (Verdict.OPTIMAL, Verdict.CLAIMED_OPTIMAL, Verdict.INFEASIBLE, Verdict.CLAIMED_INFEASIBLE)


@dataclass(frozen=True)
class Instance:
    """A problem with the class that it belongs to."""

    name: str
    problem: dualgap.Problem


@dataclass(frozen=True)
class Time:
    """Seconds to the verdict, and the value that it is about (None where nothing is feasible)."""

    seconds: float
    settled: bool
    value: float | None


def knapsacks() -> Iterator[Instance]:
    for family in ("uncorrelated", "weak", "strong", "subset-sum", "similar-weights"):
        for size in (50, 500, 5_000):
            for seed in range(4):
                yield Instance("knapsack", dualgap.Knapsack.generate(size, seed, family=family))
    for size, dimensions in ((30, 5), (40, 2), (60, 2)):
        for seed in range(8):
            problem = dualgap.Knapsack.generate(size, seed, family="uncorrelated", dimensions=dimensions)
            yield Instance("several capacities", problem)


def changes() -> Iterator[Instance]:
    for family, coins in (("random", 12), ("hard", 12), ("euro", 12)):
        for amount in (10_007, 1_000_003):
            for seed in range(6):
                problem = dualgap.CoinChange.generate(coins, seed, family=family, amount=amount + seed)
                yield Instance("change-making", problem)


def programs() -> Iterator[Instance]:
    for family, sizes in (("packing", (25, 40)), ("covering", (25, 40)), ("mixed", (15, 30))):
        for size in sizes:
            for seed in range(6):
                yield Instance(f"{family} programs", IntegerProgram.generate(size, seed, family=family))
    for seed in range(8):
        problem = IntegerProgram.generate(4_000, seed, family="packing", rows=3)
        yield Instance("packing programs, 4,000 columns", problem)
    for family in ("packing", "covering", "mixed"):
        for seed in range(6):
            problem = IntegerProgram.generate(300, seed, family=family, density=0.1)
            yield Instance("linear programs", problem.model_copy(update={"integer": problem.integer * 0}))
    for name, pattern in (("MIPLIB", "mip/*.mps"), ("Netlib", "lp/*.mps.gz")):
        for path in sorted(DATA.glob(pattern)):
            yield Instance(name, dualgap.load(path))


def instances(quick: bool) -> list[Instance]:
    """The whole mixture, or every eighth of it."""
    return [*knapsacks(), *changes(), *programs()][:: QUICK if quick else 1]


def timed(problem: dualgap.Problem, solver: str, limit: float) -> Time:
    """One run; a refusal is a failure."""
    begin = time.perf_counter()
    try:
        run = dualgap.solve(problem, None if solver == DISPATCH else solver, time=limit, verify_seconds=limit)
    except DualgapError:
        return Time(limit, False, None)
    seconds = time.perf_counter() - begin
    value = None if run.certificate.value is None else float(run.certificate.value)
    return Time(seconds, run.certificate.verdict in SETTLED, value)


def booked(problem: dualgap.Problem, times: Sequence[Time], limit: float) -> list[float | None]:
    """Seconds to a verdict that no other run refutes; None for a failure."""
    values = [time.value for time in times if time.value is not None]
    best = (max if problem.sense is Sense.MAXIMIZE else min)(values, default=None)

    def right(time: Time) -> bool:
        if best is None or time.value is None:
            return time.value == best
        return abs(time.value - best) <= SLACK * max(1.0, abs(best))

    return [time.seconds if time.settled and time.seconds <= limit + 1.0 and right(time) else None for time in times]


def mean(times: Iterable[float | None], limit: float) -> float:
    """The shifted geometric mean, failures at the limit."""
    logs = [math.log((limit if seconds is None else min(seconds, limit)) + SHIFT) for seconds in times]
    return math.exp(sum(logs) / len(logs)) - SHIFT


def rows(quick: bool) -> Iterable[Row]:
    limit = QUICK_LIMIT if quick else LIMIT
    solvers = (DISPATCH, *(QUICK_BACKENDS if quick else BACKENDS))
    mixture = instances(quick)
    for solver in solvers:  # a worker each, its backend imported
        timed(dualgap.Knapsack(values=[3, 4, 5], weights=[1, 1, 1], capacity=2), solver, 10.0)
    table: dict[str, list[list[float | None]]] = {}
    for instance in mixture:
        times = booked(instance.problem, [timed(instance.problem, solver, limit) for solver in solvers], limit)
        table.setdefault(instance.name, []).append(times)
    everything = [times for found in table.values() for times in found]
    for name, found in [*table.items(), (f"all {len(everything)} instances", everything)]:
        columns = list(zip(*found, strict=True))
        means = {solver: mean(column, limit) for solver, column in zip(solvers, columns, strict=True)}
        ours = means.pop(DISPATCH)
        failed = sum(seconds is None for seconds in columns[0])
        peer = min(means, key=means.__getitem__)
        target = means[peer] if found is everything else None
        yield Row(f"{name} ({len(found)}), {failed} failed", ours, "s", target, f"best single: {peer}", means[peer])
        if found is everything:
            for solver, column in zip(solvers[1:], columns[1:], strict=True):
                failures = sum(seconds is None for seconds in column)
                yield Row(f"always {solver}, {failures} failed", means[solver])


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
