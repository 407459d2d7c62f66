"""Knapsacks of several capacities: lagrangian-core beside raw HiGHS and CP-SAT, on OR-Library's where they are at hand.

Classes of Chu and Beasley (1998); OR-Library's instances are read from ``../shared/data/knapsack/mknapcb``, without
which generated ones of the same class stand in. Seconds are of wall time, under a limit of 10 for each solver; ours
include the replay of its proof, which comes after the limit. ``--quick`` takes three instances of the smallest class.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import raw
from harness import Row, main

import dualgap

LIMIT = 10.0
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "knapsack" / "mknapcb"
CLASSES = (
    ("5 x 100", 5, 100, "mknapcb1"),
    ("5 x 250", 5, 250, ""),
    ("10 x 100", 10, 100, ""),
    ("10 x 250", 10, 250, "mknapcb5"),
)
QUICK = (2, 11, 21)


def instances(rows: int, size: int, file: str, quick: bool) -> list[dualgap.Knapsack]:
    """OR-Library's thirty (ten each with capacities of 1/4, 1/2 and 3/4 of the weights), or as many of their class."""
    path = DATA / f"{file}.txt.gz"
    numbers = QUICK if quick else range(1, 31) if file == "mknapcb1" else (1, 2, 3, 11, 12, 13, 21, 22, 23)
    if file and path.exists():
        return [dualgap.load({"kind": "knapsack", "file": str(path), "instance": number}) for number in numbers]
    return [
        dualgap.Knapsack.generate(
            size, number, family="chu-beasley", dimensions=rows, capacity_ratio=((number - 1) // 10 + 1) / 4
        )
        for number in numbers
    ]


def highs(problem: dualgap.Knapsack) -> tuple[bool, float]:
    """(whether it claims optimality, its own relative gap) of raw highspy."""
    import highspy

    model = raw.highs(problem, mip_rel_gap=0.0, time_limit=LIMIT)
    optimal = model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return optimal, float(model.getInfo().mip_gap)


def cp_sat(problem: dualgap.Knapsack) -> tuple[bool, float]:
    """The same of raw CP-SAT, one worker."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    picks = [model.new_bool_var("") for _ in range(problem.size)]
    for weights, capacity in zip(problem.weights.tolist(), problem.capacity.tolist(), strict=True):
        model.add(cp_model.LinearExpr.weighted_sum(picks, weights) <= capacity)
    model.maximize(cp_model.LinearExpr.weighted_sum(picks, problem.values.tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = LIMIT
    status = solver.solve(model)
    value, bound = solver.objective_value, solver.best_objective_bound
    return status == cp_model.OPTIMAL, (bound - value) / bound


def ours(problem: dualgap.Knapsack) -> tuple[bool, float]:
    """(whether optimality is proved, the certified gap) of lagrangian-core."""
    certificate = dualgap.solve(problem, "lagrangian-core", time=LIMIT, isolate=False).certificate
    assert certificate is not None
    gap = 1.0 if certificate.relative_gap is None or certificate.evidence != "proved" else certificate.relative_gap
    return certificate.verdict == "optimal", gap


def measured(
    solve: Callable[[dualgap.Knapsack], tuple[bool, float]], problems: list[dualgap.Knapsack]
) -> tuple[int, float, float]:
    """(how many are optimal, the largest gap in %, the median seconds)."""
    optimal, gaps, seconds = 0, [], []
    for problem in problems:
        begin = time.monotonic()
        closed, gap = solve(problem)
        seconds.append(time.monotonic() - begin)
        optimal += closed
        gaps.append(100 * gap)
    return optimal, max(gaps), statistics.median(seconds)


def rows(quick: bool) -> Iterable[Row]:
    warm = dualgap.Knapsack.generate(10, 0, family="chu-beasley", dimensions=2)
    for solve in (ours, highs, cp_sat):
        solve(warm)
    for name, dimensions, size, file in CLASSES[:1] if quick else CLASSES:
        problems = instances(dimensions, size, file, quick)
        optimal, gap, seconds = measured(ours, problems)
        targeted = file == "mknapcb1"
        for peer in (highs,) if quick else (highs, cp_sat):
            theirs = measured(peer, problems)
            what, they = f"{name}, {len(problems)} instances", peer.__name__
            target = len(problems) / 2 if targeted else None
            yield Row(f"{what}: proved optimal", optimal, "", target, f"{they} (claimed)", theirs[0], at_least=True)
            yield Row(f"{what}: largest gap", gap, "%", 0.1 if targeted else None, f"{they} (claimed)", theirs[1])
            yield Row(f"{what}: median seconds", seconds, "s", None, they, theirs[2])


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
