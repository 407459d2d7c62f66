"""Small programs drawn at random, and what SciPy makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from scipy import optimize

from dualgap import IntegerProgram

INFINITY = float("inf")


def program(rng: np.random.Generator, *, integer: str = "none", box: str = "any", rows: int = 3, n: int = 4) -> Any:
    """Rows of every type, whole data, some columns free; feasible at a random whole point.

    Args:
        integer: "none", "some" or "all".
        box: "any" (open and free columns) or "closed".
    """
    matrix = rng.integers(-4, 5, (rows, n))
    point = rng.integers(-3, 4, n)
    activity, room = matrix @ point, rng.integers(0, 4, (2, rows))
    kind = rng.integers(0, 4, rows)  # <=, >=, =, range
    row_lower = np.where(kind == 0, -INFINITY, activity - np.where(kind == 2, 0, room[0]))
    row_upper = np.where(kind == 1, INFINITY, activity + np.where(kind == 2, 0, room[1]))
    reach = rng.integers(0, 4, (2, n))
    ends = np.zeros(n, dtype=int) if box == "closed" else rng.integers(0, 4, n)  # closed, no upper, no lower, free
    lower = np.where(ends >= 2, -INFINITY, point - reach[0])
    upper = np.where((ends == 1) | (ends == 3), INFINITY, point + reach[1])
    whole = {"none": np.zeros(n, dtype=int), "all": np.ones(n, dtype=int)}.get(integer, rng.integers(0, 2, n))
    return IntegerProgram.model_validate(
        {
            "objective": str(rng.choice(["minimize", "maximize"])),
            "cost": rng.integers(-5, 6, n),
            "offset": int(rng.integers(-3, 4)),
            "matrix": matrix,
            "row_lower": row_lower,
            "row_upper": row_upper,
            "lower": lower,
            "upper": upper,
            "integer": whole,
        }
    )


def programs(**given: Any) -> st.SearchStrategy[Any]:
    """``program`` under hypothesis."""
    return st.integers(0, 2**32 - 1).map(lambda seed: program(np.random.default_rng(seed), **given))


def optimum(problem: Any) -> tuple[str, float]:
    """("optimal", "infeasible" or "unbounded", the optimum) by ``scipy.optimize.milp``."""
    sign = -1 if problem.objective == "maximize" else 1
    found = optimize.milp(
        sign * problem.cost,
        constraints=optimize.LinearConstraint(problem.matrix.csr(), problem.row_lower, problem.row_upper),
        bounds=optimize.Bounds(problem.lower, problem.upper),
        integrality=problem.integer,
    )
    if found.status == 0:
        return "optimal", sign * found.fun + problem.offset
    return {2: "infeasible", 3: "unbounded"}.get(found.status, "unknown"), np.nan


def row_duals(problem: Any) -> np.ndarray | None:
    """(m,) multipliers of the linear relaxation as it minimises, in dualgap's convention; None without an optimum."""
    sign = -1 if problem.objective == "maximize" else 1
    matrix = problem.matrix.csr().toarray()
    low, high = np.isfinite(problem.row_lower), np.isfinite(problem.row_upper)
    found = optimize.linprog(
        sign * problem.cost,
        A_ub=np.vstack([matrix[high], -matrix[low]]),
        b_ub=np.concatenate([problem.row_upper[high], -problem.row_lower[low]]),
        bounds=np.column_stack([problem.lower, problem.upper]),
        method="highs",
    )
    if found.status != 0:
        return None
    duals = np.zeros(len(problem.row_lower))
    marginals = found.ineqlin.marginals
    duals[high] += marginals[: high.sum()]
    duals[low] -= marginals[high.sum() :]
    return duals
