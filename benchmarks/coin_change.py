"""Change-making: dynamic programming over deficits, proved, beside raw CP-SAT, HiGHS and CBC models.

Time is process time, children's included (CBC is one), in medians over seeded instances. Ours is the whole run in
process, with the verification; a second row has the verification alone. Peers are built and solved once an instance,
with one thread and a limit of ten seconds; a peer that ends without the optimum is a row that says so.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from harness import Row, main

from dualgap import CoinChange, solve

LIMIT = 10.0


@dataclass(frozen=True)
class Case:
    """A family of instances with the seconds that ours may take."""

    name: str
    coins: int
    family: str
    amount: int
    target: float


CASES = (
    Case("100 random coins, amount 1e6", 100, "random", 10**6, 0.05),
    Case("100 random coins, amount 1e7", 100, "random", 10**7, 0.5),
    Case("12 hard coins, amount 1e7", 12, "hard", 10**7, 0.8),
)


def spent() -> float:
    """Seconds of processor time of this process and its ended children."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def cp_sat(problem: CoinChange) -> int | None:
    """The optimum of a raw CP-SAT model, or None at the limit."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    counts = [model.new_int_var(0, int(limit), "") for limit in problem.limits]
    model.add(cp_model.LinearExpr.weighted_sum(counts, problem.coins.tolist()) == int(problem.amount))
    model.minimize(sum(counts))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = LIMIT
    return round(solver.objective_value) if solver.solve(model) == cp_model.OPTIMAL else None


def highs(problem: CoinChange) -> int | None:
    """The optimum of a raw HiGHS model, or None at the limit."""
    import highspy

    n = problem.size
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = n, 1
    program.col_cost_, program.col_lower_ = np.ones(n), np.zeros(n)
    program.col_upper_ = problem.limits.astype(np.float64)
    program.row_lower_ = program.row_upper_ = np.array([float(problem.amount)])
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.num_col_, program.a_matrix_.num_row_ = n, 1
    program.a_matrix_.start_ = np.array([0, n], dtype=np.int32)
    program.a_matrix_.index_ = np.arange(n, dtype=np.int32)
    program.a_matrix_.value_ = problem.coins.astype(np.float64)
    program.integrality_ = [highspy.HighsVarType.kInteger] * n
    solver = highspy.Highs()
    options = {"output_flag": False, "time_limit": LIMIT, "threads": 1, "mip_rel_gap": 0.0, "mip_abs_gap": 0.0}
    for name, value in options.items():
        solver.setOptionValue(name, value)
    solver.passModel(program)
    solver.run()
    optimal = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return round(solver.getInfo().objective_function_value) if optimal else None


def cbc(problem: CoinChange) -> int | None:
    """The optimum of CBC through PuLP, or None at the limit."""
    import pulp

    model = pulp.LpProblem("change", pulp.LpMinimize)
    limits = problem.limits.tolist()
    counts = [pulp.LpVariable(f"x{j}", 0, limit, pulp.LpInteger) for j, limit in enumerate(limits)]
    model += pulp.lpSum(counts)
    model += pulp.LpAffineExpression(list(zip(counts, problem.coins.tolist(), strict=True))) == int(problem.amount)
    model.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=LIMIT, threads=1, gapRel=0.0))
    return round(pulp.value(model.objective)) if model.sol_status == pulp.LpSolutionOptimal else None


PEERS: tuple[tuple[str, Callable[[CoinChange], int | None]], ...] = (("CP-SAT", cp_sat), ("HiGHS", highs), ("CBC", cbc))


def rows(quick: bool) -> Iterable[Row]:
    """Three cases; five seeds of ours and one (quick) or three of every peer."""
    solve(CoinChange(coins=[2, 3], amount=7), "dynamic-programming", isolate=False)
    for case in CASES:
        problems = [CoinChange.generate(case.coins, seed, family=case.family, amount=case.amount) for seed in range(5)]
        seconds, verifying, optima = [], [], []
        for problem in problems:
            begin = spent()
            run = solve(problem, "dynamic-programming", isolate=False)
            seconds.append(spent() - begin)
            proved = run.certificate.meets("proved")
            optima.append(int(run.certificate.value) if proved and run.certificate.value is not None else None)
            if run.witness is not None:
                begin = spent()
                problem.bound(run.witness)
                verifying.append(spent() - begin)
        ours = statistics.median(seconds) if all(optimum is not None for optimum in optima) else None
        what = case.name if ours is not None else f"{case.name} (not all proved)"
        for name, peer in PEERS:
            taken, missed = _peer(peer, problems[: 1 if quick else 3], optima)
            yield Row(what, ours, "s", case.target, name + missed, taken)
        yield Row(f"{case.name}: verification alone", statistics.median(verifying), "s")


def _peer(
    peer: Callable[[CoinChange], int | None], problems: list[CoinChange], optima: list[int | None]
) -> tuple[float, str]:
    """(median seconds, what went wrong)."""
    peer(CoinChange(coins=[2, 3], amount=7))
    seconds, missed = [], 0
    for problem, optimum in zip(problems, optima, strict=False):
        begin = spent()
        missed += peer(problem) != optimum
        seconds.append(spent() - begin)
    return statistics.median(seconds), f" ({missed} of {len(problems)} not optimal)" if missed else ""


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
