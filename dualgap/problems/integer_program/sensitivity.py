"""Prices of rows, slacks and reduced costs, by name.

One convention: a price is the change of the optimum, in the problem's own sense, per unit of the row's right-hand side;
a reduced cost is its change per unit by which a column is forced up. At a degenerate optimum the change may differ
between the two directions, and the prices are one choice between them. Of a program with whole columns they are those
of its linear relaxation, and named so: its own optimum moves in steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Sense
from dualgap.core.exact import Real, exact
from dualgap.core.statement import format_value
from dualgap.core.witness import Multipliers, Witness

if TYPE_CHECKING:
    from dualgap.problems.integer_program.spec import IntegerProgram

_NOISE = 1e-9  # relative: smaller prices, reduced costs and slacks are rounding

Metrics = dict[str, Mapping[str, Real]]


def sensitivity(problem: IntegerProgram, values: np.ndarray, witness: Witness | None, optimal: bool) -> Metrics:
    """``slack``, and with multipliers ``price`` and ``reduced cost``, by name; what is 0 is left out."""
    if values.shape != (problem.size,):
        return {}
    found: Metrics = {"slack": _named(problem.rows, *_slacks(problem, values))}
    relaxed = bool(problem.whole.any())
    if (
        not isinstance(witness, Multipliers)
        or witness.rows.shape != problem.row_lower.shape
        or not (optimal or relaxed)
    ):
        return found
    prefix = "relaxation " if relaxed else ""
    sign = -1.0 if problem.sense is Sense.MAXIMIZE else 1.0
    prices = sign * witness.rows.astype(np.float64)
    matrix = problem.matrix.csr()
    cost = problem.cost.astype(np.float64)
    size = np.abs(cost) + abs(matrix).T @ np.abs(prices)
    found[f"{prefix}price"] = _named(problem.rows, prices, np.full(len(prices), np.abs(prices).max(initial=0.0)))
    found[f"{prefix}reduced cost"] = _named(problem.columns, cost - matrix.T @ prices, size)
    return found


def _slacks(problem: IntegerProgram, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(m,) how far each row is from its nearer side, and the size of its terms."""
    activity = problem.matrix.times(exact(values)).floats()
    size = abs(problem.matrix.csr()) @ np.abs(values.astype(np.float64))
    return np.minimum(problem.row_upper - activity, activity - problem.row_lower), np.maximum(size, 1.0)


def _named(names: Iterable[str], values: np.ndarray, size: np.ndarray) -> dict[str, Real]:
    """What isn't 0 by name; infinite slacks of rows without sides are left out."""
    kept = np.isfinite(values) & (np.abs(values) > _NOISE * size)
    return {name: float(value) for name, value, keep in zip(names, values, kept, strict=True) if keep}


def tables(problem: IntegerProgram, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
    """The rows with their slacks and prices, then the reduced costs that aren't 0; none where nothing was priced."""
    prefix = next((prefix for prefix in ("", "relaxation ") if f"{prefix}price" in metrics), None)
    if prefix is None:
        return []
    prices, slacks = metrics[f"{prefix}price"], metrics.get("slack", {})
    by_row: list[tuple[str, ...]] = [("row", "slack", f"{prefix}price")]
    by_row += [(name, format_value(slacks.get(name, 0)), format_value(prices.get(name, 0))) for name in problem.rows]
    by_column: list[tuple[str, ...]] = [("column", f"{prefix}reduced cost")]
    by_column += [(name, format_value(cost)) for name, cost in metrics[f"{prefix}reduced cost"].items()]
    return [table for table in (by_row, by_column) if len(table) > 1]
