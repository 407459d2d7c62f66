"""Lagrangian relaxation of an integer program's rows: what is left is a box, minimised in closed form.

For multipliers y in the convention of ``dualgap.core.forms``,

    q(y) = offset + sum_i y_i b_i + sum_j min over x_j of (c - A'y)_j x_j,

with ``b_i`` the lower side of row i where ``y_i > 0`` and its upper side where ``y_i < 0``. ``q`` is concave and bounds
the optimum from below (Geoffrion 1974; Fisher 1981); for a box its maximum is the linear relaxation's.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dualgap.core.forms import DualisedProgram, Inner, MixedIntegerProgram
from dualgap.core.relations import Relation
from dualgap.core.views import Bridge, Crossing
from dualgap.engine.bridges.box import empty_box, integer_box, named
from dualgap.solvers.floats import holds

_ROUNDING = 1e-12  # relative to the terms of a row: residuals below it are rounding


def dualise(form: MixedIntegerProgram) -> DualisedProgram:
    """The dual function of the rows; ``q`` must be finite (see ``refusal``)."""
    lower, upper = multiplier_signs(form)
    return DualisedProgram(
        dimension=len(lower),
        lower=lower,
        upper=upper,
        inner=_inner_minimum(form),
        initial=np.zeros(len(lower)),
        scale=_row_scale(form),
        primal=lambda point: form.objective(point) if holds(form, point) else float("inf"),
    )


def _row_scale(form: MixedIntegerProgram) -> np.ndarray:
    """(rows,) Euclidean norms of the rows, columns in units of their box."""
    lower, upper = integer_box(form)
    width = upper - lower
    squares = form.matrix.astype(np.float64).power(2)
    norms = np.sqrt(squares @ np.where(np.isfinite(width), width, 1.0) ** 2)
    return np.where(norms > 0, norms, 1.0)


def multiplier_signs(form: MixedIntegerProgram) -> tuple[np.ndarray, np.ndarray]:
    """(rows,) sign constraints: a row without an upper side has multipliers >= 0, one without a lower side <= 0."""
    lower = np.where(np.isfinite(form.row_upper), -np.inf, 0.0)
    upper = np.where(np.isfinite(form.row_lower), np.inf, 0.0)
    return lower, upper


def refusal(form: MixedIntegerProgram) -> str | None:
    """Names the columns for which some multipliers make the inner minimum unbounded, or whose bounds are crossed."""
    empty = empty_box(form)
    if empty:
        return empty
    sign_lower, sign_upper = multiplier_signs(form)
    entries = form.matrix.tocoo()
    rows, columns = entries.coords
    prices = (entries.data > 0) & (sign_upper[rows] > 0) | (entries.data < 0) & (sign_lower[rows] < 0)
    pays = (entries.data < 0) & (sign_upper[rows] > 0) | (entries.data > 0) & (sign_lower[rows] < 0)
    falls, rises = form.cost < 0, form.cost > 0
    falls[columns[prices]] = True
    rises[columns[pays]] = True
    lower, upper = integer_box(form)
    open_ended = np.flatnonzero(np.isinf(upper) & falls | np.isinf(lower) & rises)
    if not open_ended.size:
        return None
    return (
        f"without its rows the program is unbounded in {named(form.columns, open_ended)}: "
        "give finite bounds, or take a solver that keeps the rows"
    )


def _inner_minimum(form: MixedIntegerProgram) -> Callable[[np.ndarray], Inner]:
    matrix = form.matrix.astype(np.float64)
    transposed = matrix.T
    cost = form.cost.astype(np.float64)
    row_lower, row_upper = form.row_lower.astype(np.float64), form.row_upper.astype(np.float64)
    lower, upper = integer_box(form)
    indifferent = np.clip(0.0, lower, upper)
    at_least_zero = bool((matrix.data >= 0).all() and (lower >= 0).all())
    sizes = matrix if at_least_zero else abs(matrix)

    def inner(multipliers: np.ndarray) -> Inner:
        reduced = cost - transposed @ multipliers
        primal = np.where(reduced > 0, lower, np.where(reduced < 0, upper, indifferent))
        activity = matrix @ primal
        terms = activity if at_least_zero else sizes @ np.abs(primal)
        side = np.where(multipliers > 0, row_lower, np.where(multipliers < 0, row_upper, 0.0))
        priced = np.where(multipliers == 0, np.clip(activity, row_lower, row_upper), side)
        residual = priced - activity
        residual[np.abs(residual) <= _ROUNDING * (np.abs(priced) + terms)] = 0.0
        return Inner(float(reduced @ primal + multipliers @ side) + form.offset, residual, primal)

    return inner


def _cross(form: MixedIntegerProgram) -> Crossing:
    return Crossing(
        form=dualise(form),
        decode=lambda point: point,
        lift_bound=lambda bound: bound,
        lift_witness=lambda witness: witness,
        encode=lambda point: point,
        encode_witness=lambda witness: witness,
    )


DUALISE_ROWS = Bridge(
    name="dualise-rows",
    source=MixedIntegerProgram,
    target=DualisedProgram,
    relation=Relation.RELAXATION,
    cross=_cross,
    refuses=refusal,
)
