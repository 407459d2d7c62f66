"""An answer's objective and violations in exact arithmetic; floats stand for their shortest decimals."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Evaluation, Violation
from dualgap.core.exact import Exact, exact, fraction, nearest, simplest
from dualgap.core.statement import format_value

if TYPE_CHECKING:
    from dualgap.problems.integer_program.spec import IntegerProgram


def evaluate(problem: IntegerProgram, values: np.ndarray) -> Evaluation:
    """The evaluation; exact where every column is whole, else graded within the tolerance.

    The floats of continuous columns come out of a solver's arithmetic: rows can't hold exactly.
    """
    if values.shape != (problem.size,):
        return Evaluation(0, {"values": Violation(abs(values.size - problem.size))}, exact=True)
    point = exact(values)
    discrete = bool(problem.whole.all())
    total = problem.exact_cost.dot(point) + fraction(problem.offset)
    violations = _rows(problem, point, values) | _bounds(problem, values) | _fractional(problem, values)
    if discrete:
        return Evaluation(simplest(total), violations, exact=True)
    terms = np.abs(problem.cost.astype(np.float64) * values)
    return Evaluation(nearest(total), violations, scale=float(terms.sum()) + abs(float(problem.offset)))


def _rows(problem: IntegerProgram, point: Exact, values: np.ndarray) -> dict[str, Violation]:
    """Rows that fail, by name, by how much. Only rows that floats can't clear are compared exactly."""
    activity = problem.matrix.times(point)
    near = activity.floats()
    sizes = abs(problem.matrix.csr()) @ np.abs(values.astype(np.float64))
    doubt = 1e-9 * (np.abs(near) + 1.0)
    found: dict[str, Violation] = {}
    for side, sign in ((problem.row_lower, 1), (problem.row_upper, -1)):
        short = sign * (side - near)
        for i in np.flatnonzero(np.isfinite(side) & (short > -doubt)).tolist():
            missing = sign * (fraction(side[i].item()) - activity.item(i))
            if missing > 0:
                scale = max(1.0, abs(float(side[i])), float(sizes[i]))
                found[problem.rows[i]] = Violation(simplest(missing), scale)
    return found


def _bounds(problem: IntegerProgram, values: np.ndarray) -> dict[str, Violation]:
    """Bounds that fail; the shortest decimals of floats are in the floats' order."""
    found = {}
    for side, fails, sign in (
        (problem.lower, values < problem.lower, ">="),
        (problem.upper, values > problem.upper, "<="),
    ):
        for j in np.flatnonzero(fails).tolist():
            limit = fraction(side[j].item())
            by = abs(limit - fraction(values[j].item()))
            name = f"{problem.columns[j]} {sign} {format_value(simplest(limit))}"
            found[name] = Violation(simplest(by), max(1.0, abs(float(side[j]))))
    return found


def _fractional(problem: IntegerProgram, values: np.ndarray) -> dict[str, Violation]:
    found = {}
    for j in np.flatnonzero(problem.whole & (values != np.rint(values))).tolist():
        value = fraction(values[j].item())
        found[f"{problem.columns[j]} whole"] = Violation(simplest(abs(value - Fraction(round(value)))))
    return found
