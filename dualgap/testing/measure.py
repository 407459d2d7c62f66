"""What a point of a form is worth, recomputed from the form: objective, violation, and bounds from multipliers."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualgap.core.cones import outside
from dualgap.core.forms import (
    ConicProgram,
    DualisedProgram,
    EigenProgram,
    MixedIntegerProgram,
    SaddleProgram,
    SmoothProgram,
)
from dualgap.core.sets import Simplex

INFINITY = float("inf")


def objective(form: Any, point: Any) -> float | None:
    """The form's objective at a point; None where a point has none (the primal of a dualised program)."""
    if isinstance(form, MixedIntegerProgram):
        return form.objective(np.asarray(point, dtype=np.float64))
    if isinstance(form, ConicProgram):
        return form.objective(np.asarray(point, dtype=np.float64))
    if isinstance(form, SmoothProgram):
        return float(form.objective(point, form.data))
    if isinstance(form, SaddleProgram):
        return _worst(form, *point)
    if isinstance(form, EigenProgram):
        return -float(np.trace(np.asarray(point).T @ form.b @ np.asarray(point)))
    return None


def violation(form: Any, point: Any) -> float:
    """The largest violation of a constraint (absolute)."""
    if isinstance(form, MixedIntegerProgram):
        return form.violation(np.asarray(point, dtype=np.float64))
    if isinstance(form, ConicProgram):
        return outside(form.right_side - form.matrix @ np.asarray(point, dtype=np.float64), form.cones)
    if isinstance(form, SmoothProgram):
        return _smooth(form, point)
    if isinstance(form, SaddleProgram):
        return float(not (form.x_set.contains(point[0], 1e-6) and form.y_set.contains(point[1], 1e-6)))
    if isinstance(form, EigenProgram):
        x = np.asarray(point)
        return float(np.abs(x.T @ form.c @ x - np.eye(form.rank)).max())
    return 0.0


def _worst(form: SaddleProgram, x: Any, y: Any) -> float:
    """What x is worth against its worst opponent; without a best response the best vertex of a simplex, or y itself."""
    if form.best_y is not None:
        answers = [form.best_y(x, form.data)]
    else:
        answers = list(np.eye(len(y))) if isinstance(form.y_set, Simplex) else [y]
    return max(float(form.objective(x, answer, form.data)) for answer in answers)


def _smooth(form: SmoothProgram, point: Any) -> float:
    worst = [0.0]
    if form.inequalities is not None:
        worst.append(float(np.asarray(form.inequalities(point, form.data)).max()))
    if form.equalities is not None:
        worst.append(float(np.abs(np.asarray(form.equalities(point, form.data))).max()))
    if form.domain is not None and not form.domain.contains(point, 1e-6):
        worst.append(INFINITY)
    return max(worst)


def multiplier_bound(form: Any, rows: np.ndarray) -> float | None:
    """The bound that row multipliers prove, in floats; None where the form has no such bound.

    For a mixed-integer program ``min over the box of c'x - y'(Ax - b)``, b the side that the sign of y prices: infinite
    where y prices a side that isn't there.
    """
    if isinstance(form, DualisedProgram):
        return form.inner(rows).value
    if not isinstance(form, MixedIntegerProgram):
        return None
    y = np.asarray(rows, dtype=np.float64)
    side = np.where(y > 0, form.row_lower, np.where(y < 0, form.row_upper, 0.0))
    reduced = form.cost - form.matrix.T @ y
    reduced = np.where(np.abs(reduced) <= 1e-9 * (1.0 + np.abs(form.cost)), 0.0, reduced)
    edge = np.where(reduced > 0, form.lower, np.where(reduced < 0, form.upper, 0.0))
    return float(side @ y + reduced @ edge + form.offset)
