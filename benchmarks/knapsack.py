"""0/1 knapsacks of published classes: dualgap without a solver named, beside raw backends; the cheap solvers' gaps.

Time is process time of this process (everything runs in it), verification included in ours. A backend stops after
10 s; its row says what it had then. The gap rows are certified relative gaps of the approximate solvers.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable

import raw
from harness import Row, main

import dualgap

LIMIT = 10.0
FAMILIES = ("uncorrelated", "weak", "strong", "subset-sum", "similar-weights", "circle")
APPROXIMATE = ("greedy", "bisection", "dual-ascent", "pgd")


def highs(problem: dualgap.Knapsack) -> tuple[str, float]:
    """(status, value) of raw highspy within the limit."""
    import highspy

    model = raw.highs(problem, mip_rel_gap=0.0, time_limit=LIMIT)
    optimal = model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return "optimal" if optimal else "limit", -float(model.getInfo().objective_function_value)


def cp_sat(problem: dualgap.Knapsack) -> tuple[str, float]:
    """(status, value) of raw CP-SAT within the limit, one worker."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    picks = [model.new_bool_var("") for _ in range(problem.size)]
    model.add(cp_model.LinearExpr.weighted_sum(picks, problem.weights[0].tolist()) <= int(problem.capacity[0]))
    model.maximize(cp_model.LinearExpr.weighted_sum(picks, problem.values.tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = LIMIT
    status = solver.solve(model)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return "optimal" if status == cp_model.OPTIMAL else "limit", solver.objective_value if found else 0.0


def ours(problem: dualgap.Knapsack) -> tuple[str, float]:
    """(verdict and evidence, value) of dualgap without a solver named."""
    certificate = dualgap.solve(problem, time=LIMIT, isolate=False).certificate
    return f"{certificate.verdict}, {certificate.evidence}", float(certificate.value)


def timed(solve: Callable[[dualgap.Knapsack], tuple[str, float]], problem: dualgap.Knapsack) -> tuple[float, str]:
    begin = time.process_time()
    status, _ = solve(problem)
    return time.process_time() - begin, status


def rows(quick: bool) -> Iterable[Row]:
    warm = dualgap.Knapsack.generate(50, 0, family="strong")
    for solve in (ours, highs, cp_sat):
        solve(warm)
    sizes = (1_000,) if quick else (1_000, 10_000)
    families = FAMILIES[:2] if quick else FAMILIES
    for n in sizes:
        for family in families:
            problem = dualgap.Knapsack.generate(n, 1, family=family, range=10_000)
            seconds, status = timed(ours, problem)
            for peer in (highs, cp_sat):
                other, how = timed(peer, problem)
                name = f"{peer.__name__} ({how})"
                yield Row(f"{family} n = {n:,}: dualgap ({status})", seconds, "s", None, name, other)
    problem = dualgap.Knapsack.generate(10_000, 1, family="weak", range=10_000)
    for name in APPROXIMATE:
        gap = dualgap.solve(problem, name, time=60, isolate=False).certificate.relative_gap
        yield Row(f"weak n = 10,000: certified gap of {name}", 100 * gap if gap is not None else None, "%")


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
