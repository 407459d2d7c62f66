"""OR-Tools' own knapsack solvers: 0/1, one or several dimensions, in whole numbers.

Source: Martello and Toth, Knapsack Problems (1990), for the search over 64 items; OR-Tools for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.exact import dyadic
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import Multipliers, Witness
from dualgap.problems.knapsack import Knapsack, KnapsackAnswer, Replay
from dualgap.problems.knapsack.packing import packing
from dualgap.problems.knapsack.prices import Price
from dualgap.problems.knapsack.residual import residual
from dualgap.solvers.knapsack import tables
from dualgap.solvers.knapsack.greedy import multipliers

Method = Literal["branch-and-bound", "64-items", "divide-and-conquer", "dynamic-programming"]

_SOLVERS: dict[str, str] = {
    "branch-and-bound": "KNAPSACK_MULTIDIMENSION_BRANCH_AND_BOUND_SOLVER",
    "64-items": "KNAPSACK_64ITEMS_SOLVER",
    "divide-and-conquer": "KNAPSACK_DIVIDE_AND_CONQUER_SOLVER",
    "dynamic-programming": "KNAPSACK_DYNAMIC_PROGRAMMING_SOLVER",
}
_LIMIT = 2**62
_MOST_ITEMS = 20_000  # the reduction before the search is quadratic and can't be stopped: 1.3 s here, 8 s at 100,000
_MOST_STEPS = 2e10  # of a table, about a second per 10^9; tables can't be stopped either
_REPLAYED = 2e8  # entries of a table that the verifier is asked to fill again


@dataclass(frozen=True)
class OrKnapsack(Solver):
    """0/1 knapsacks of up to 20,000 items; only branch and bound takes several dimensions and honours a time limit.

    A bound is given where the solver says that its packing is optimal, and never at a limit.
    """

    name: ClassVar[str] = "or-knapsack"
    summary: ClassVar[str] = "OR-Tools' knapsack solvers: branch and bound, 64 items, dynamic programming"
    accepts: ClassVar[tuple[type, ...]] = (Knapsack,)
    requires: ClassVar[tuple[str, ...]] = ("ortools",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT})

    method: Method = "branch-and-bound"

    def refuses(self, form: Any) -> str | None:
        several = form.limits > 1
        if several.any() or (form.limits[form.exact_values.numerators > 0] < 0).any():
            name = form.item_names[int(np.argmax(several | (form.limits < 0)))]
            return f"item {name} may be packed more than once, this is for 0/1 knapsacks; take dynamic-programming"
        rows = [weights for weights, _ in form.exact_rows]
        if any(
            data.numerators.dtype == object or _sum(data.numerators) >= _LIMIT for data in (form.exact_values, *rows)
        ):
            return "sums of values or weights beyond 2^62 in whole numbers; round the data, or take highs"
        items = len(_worth(form))
        if items > _MOST_ITEMS:
            return (
                f"{items:,} items: its reduction would take minutes; take dynamic-programming (most: {_MOST_ITEMS:,})"
            )
        if self.method == "branch-and-bound":
            return None
        if len(rows) > 1:
            return f"method {self.method} takes one dimension, not {len(rows)}; take branch-and-bound"
        if self.method == "64-items":
            return f"method 64-items takes 64 items, not {items}; take branch-and-bound" if items > 64 else None
        steps = float(items) * _capacities(form)[0] * (items / 2 if self.method == "dynamic-programming" else 1)
        if steps > _MOST_STEPS:
            return f"method {self.method} takes {steps:.1g} steps here and can't be stopped; take branch-and-bound"
        return None

    def solve(self, form: Any, ctx: Context) -> Claim:
        problem: Knapsack = form
        from ortools.algorithms.python import knapsack_solver as backend

        worth = _worth(problem)
        values = problem.exact_values.numerators[worth]
        if not worth.size:
            return self._claim(problem, np.zeros(problem.size, dtype=np.int64), Stop.FINISHED)
        solver = backend.KnapsackSolver(getattr(backend.SolverType, _SOLVERS[self.method]), problem.kind)
        solver.set_time_limit(ctx.time_left())
        weights = [weights.numerators[worth].tolist() for weights, _ in problem.exact_rows]
        solver.init(values.tolist(), weights, _capacities(problem))
        solver.solve()
        counts = np.zeros(problem.size, dtype=np.int64)
        counts[worth] = [solver.best_solution_contains(k) for k in range(len(worth))]
        return self._claim(problem, counts, Stop.FINISHED if solver.is_solution_optimal() else Stop.TIME)

    def _claim(self, problem: Knapsack, counts: np.ndarray, stop: Stop) -> Claim:
        answer = KnapsackAnswer(counts=counts)
        value = problem.evaluate(answer).objective
        optimal = stop is Stop.FINISHED
        return Claim(
            point=answer,
            feasible=True,
            stop=stop,
            value=value,
            bound=value if optimal else None,
            witness=_witness(problem, counts, optimal),
            statistics={"method": self.method},
        )


def _sum(numerators: np.ndarray) -> float:
    return float(np.abs(numerators.astype(np.float64)).sum())


def _worth(problem: Knapsack) -> np.ndarray:
    """Indices of the items that can be in an optimal packing."""
    return np.flatnonzero((problem.exact_values.numerators > 0) & (problem.limits != 0))


def _capacities(problem: Knapsack) -> list[int]:
    """In whole numbers, and no more than everything weighs."""
    return [
        min(int(capacity * weights.denominator), int(weights.total() * weights.denominator))
        for weights, capacity in problem.exact_rows
    ]


def _witness(problem: Knapsack, counts: np.ndarray, optimal: bool) -> Witness:
    """Multipliers; for an optimum in one dimension a table to replay, where multipliers leave a small one."""
    rows = multipliers(problem)
    if optimal and len(rows) == 1:
        packed = packing(problem)
        incumbent = packed.worth(counts[packed.index])
        left = residual(packed, Price(dyadic(rows)[0] / packed.unit), incumbent)
        if left.settled or min(tables.cost(left.instance(), way).entries for way in tables.WAYS) <= _REPLAYED:
            return Replay(rows=rows, incumbent=incumbent)
    return Multipliers(rows=rows)
