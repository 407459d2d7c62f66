"""Batches of 10,000 knapsacks (n = 100): instances a CPU second and certified gaps, beside exact solvers one by one.

Every instance is solved and verified; process time of one thread, medians of five passes, compiling apart. CPU figures.
The exact peers run a sample one by one through their own libraries: no verification, no gap left.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterable

import numpy as np
from harness import Row, main
from ortools.algorithms.python import knapsack_solver
from ortools.sat.python import cp_model

import dualgap

COUNT, SIZE, PASSES = 10_000, 100, 5
REACH = {"uncorrelated": (100_000, 0.25), "strong": (50_000, 1.268 / 2)}  # instances a CPU second, mean gap in %
SAMPLE = {"or-knapsack": 2_000, "cp-sat": 50}


def instances(family: str) -> dict[str, np.ndarray]:
    many = [dualgap.Knapsack.generate(SIZE, seed, family=family) for seed in range(COUNT)]
    return {name: np.stack([getattr(one, name) for one in many]) for name in ("values", "weights", "capacity")}


def or_knapsack(values: list[int], weights: list[int], capacity: int) -> None:
    kind = knapsack_solver.SolverType.KNAPSACK_MULTIDIMENSION_BRANCH_AND_BOUND_SOLVER
    solver = knapsack_solver.KnapsackSolver(kind, "exact")
    solver.init(values, [weights], [capacity])
    solver.solve()


def cp_sat(values: list[int], weights: list[int], capacity: int) -> None:
    model = cp_model.CpModel()
    packed = [model.new_bool_var("") for _ in values]
    model.add(cp_model.LinearExpr.weighted_sum(packed, weights) <= capacity)
    model.maximize(cp_model.LinearExpr.weighted_sum(packed, values))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.solve(model)


def exact_rate(solve: Callable[[list[int], list[int], int], None], arrays: dict[str, np.ndarray], sample: int) -> float:
    """Instances a CPU second, one by one."""
    parts = (arrays["values"], arrays["weights"][:, 0], arrays["capacity"][:, 0])
    listed = list(zip(*(part[:sample].tolist() for part in parts), strict=True))
    begin = time.process_time()
    for values, weights, capacity in listed:
        solve(values, weights, capacity)
    return sample / (time.process_time() - begin)


def rows(quick: bool) -> Iterable[Row]:
    for family, (rate, gap) in REACH.items():
        arrays = instances(family)
        peers = {"cp-sat": exact_rate(cp_sat, arrays, SAMPLE["cp-sat"])}
        if family == "uncorrelated":  # its branch and bound takes seconds for a strongly correlated one
            peers["or-knapsack"] = exact_rate(or_knapsack, arrays, SAMPLE["or-knapsack"])
        for solver in ("greedy", "dual-ascent", "pgd"):
            first = dualgap.solve_batch(arrays, solver)
            passes = 1 if quick and solver != "greedy" else PASSES
            runs = [dualgap.solve_batch(arrays, solver) for _ in range(passes)]
            found = statistics.median(run.rate for run in runs)
            mean = 100 * runs[0].summary()["relative_gap"]["mean"]
            main_one = solver == "greedy"
            for peer, other in peers.items():
                what = f"{family}: {solver}"
                yield Row(what, found, "/s", rate if main_one else None, f"{peer}, exact", other, at_least=True)
            yield Row(f"{family}: {solver}, mean certified gap", mean, "%", gap if main_one else None, "exact", 0.0)
            if not main_one:
                yield Row(f"{family}: {solver}, compiling", first.seconds["compile"], "s")


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
