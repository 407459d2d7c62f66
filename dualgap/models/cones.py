"""CVXPY's canonical cones as a ``conic-program``, and multipliers in CVXPY's order of rows.

CVXPY has zero, nonnegative, second-order, semidefinite and exponential cones, in this order, and bounds on variables
apart; we have bounds as nonnegative rows, and exponential cones before semidefinite ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse import csr_array, eye_array, vstack

from dualgap.problems.conic_program import ConeRows, ConicProblem
from dualgap.problems.integer_program import Sparse


def conic_program(
    data: Mapping[str, Any], sign: float, offset: float, columns: Sequence[str]
) -> tuple[ConicProblem, np.ndarray]:
    """The problem, and (rows of CVXPY,) where each of CVXPY's rows is among ours.

    Args:
        data: CVXPY's for a conic solver, semidefinite cones as lower triangles scaled by sqrt(2).
        sign: -1 where the model maximises.
        offset: of the canonical minimisation.
        columns: names of the canonical variables.
    """
    dims = data["dims"]
    starts = np.cumsum([0, dims.zero, dims.nonneg, sum(dims.soc), _triangles(dims.psd), 3 * dims.exp])
    zero, nonnegative, second_order, semidefinite, exponential = (np.arange(*ends) for ends in pairwise(starts))
    matrix, right = csr_array(data["A"]), np.asarray(data["b"], dtype=np.float64)
    bounds, limits = _bounds(data, len(data["c"]))
    linear, cones = np.append(zero, nonnegative), np.concatenate([second_order, exponential, semidefinite])
    quadratic = data.get("P")
    problem = ConicProblem(
        objective="minimize" if sign > 0 else "maximize",
        cost=sign * data["c"] + 0.0,
        quadratic=None if quadratic is None or not quadratic.nnz else Sparse.of(sign * _symmetric(quadratic)),
        matrix=Sparse.of(vstack([matrix[linear], bounds, matrix[cones]], format="csr")),
        right_side=np.concatenate([right[linear], limits, right[cones]]),
        cones=ConeRows(
            zero=dims.zero,
            nonnegative=dims.nonneg + len(limits),
            second_order=tuple(dims.soc),
            exponential=dims.exp,
            semidefinite=tuple(dims.psd),
        ),
        offset=sign * offset + 0.0,
        columns=tuple(columns),
    )
    places = np.empty(len(right), dtype=np.int64)
    places[linear], places[cones] = np.arange(len(linear)), len(linear) + len(limits) + np.arange(len(cones))
    return problem, places


def _triangles(orders: Sequence[int]) -> int:
    return sum(order * (order + 1) // 2 for order in orders)


def _symmetric(quadratic: Any) -> Any:
    """CVXPY's P, whose two halves may differ by rounding."""
    matrix = csr_array(quadratic)
    return (matrix + matrix.T) / 2


def _bounds(data: Mapping[str, Any], columns: int) -> tuple[Any, np.ndarray]:
    """Rows ``-x <= -lower`` and ``x <= upper`` for the finite bounds on variables."""
    identity = csr_array(eye_array(columns))
    rows, limits = [csr_array((0, columns))], [np.zeros(0)]
    for side, sign in ((data["lower_bounds"], -1.0), (data["upper_bounds"], 1.0)):
        given = np.zeros(0, dtype=np.int64) if side is None else np.flatnonzero(np.isfinite(side))
        if len(given):
            rows.append(sign * identity[given])
            limits.append(sign * np.asarray(side, dtype=np.float64)[given])
    return vstack(rows, format="csr"), np.concatenate(limits)
