"""Smaller boxes for integer programs: what the rows imply, and what no better point can have (reduced-cost fixing).

For multipliers y the dual function is ``q = base + sum_j min over x_j of d_j x_j`` with ``d = c - A'y``, a lower bound
on every feasible objective. A point that leaves the cheaper end of column j by k units costs ``q + k |d_j|`` at least:
where that is beyond the best value at hand, x_j stays (Dantzig 1957 for one row; Nemhauser and Wolsey 1988, II.5.2).

All sums are floats, so every bound is moved outwards by what rounding can have done to it (Higham 2002, section 3.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dualgap.core.forms import MixedIntegerProgram

_ROUNDS = 8
_UNIT = 2.0**-52
_WHOLE = 1e-9  # relative: so close to a whole number a bound may be a rounded one


@dataclass(frozen=True)
class Box:
    """(n,) bounds within those of a program; no point is lost that matters. ``empty`` where none is left."""

    lower: np.ndarray
    upper: np.ndarray

    @property
    def empty(self) -> bool:
        return bool(np.any(self.lower > self.upper))

    @property
    def fixed(self) -> np.ndarray:
        return np.asarray(self.lower == self.upper)


@dataclass(frozen=True)
class Pricing:
    """The dual function at some multipliers: a sound lower bound ``value``, and the costs d with their errors."""

    value: float
    reduced: np.ndarray
    error: np.ndarray


def whole_box(form: MixedIntegerProgram) -> Box:
    """The program's own bounds, those of integer columns moved to whole numbers."""
    lower, upper = form.lower.astype(np.float64), form.upper.astype(np.float64)
    return Box(np.where(form.integer, np.ceil(lower), lower), np.where(form.integer, np.floor(upper), upper))


def propagated(form: MixedIntegerProgram, box: Box) -> Box:
    """The box, bounds of integer columns tightened by what every row leaves them (feasibility-based tightening)."""
    entries = form.matrix.tocoo()
    rows, columns = entries.coords
    weights = entries.data.astype(np.float64)
    kept = (weights != 0) & form.integer[columns]
    for _ in range(_ROUNDS):
        tighter = _swept(form, box, rows, columns, weights, kept)
        if tighter.empty or not (np.any(tighter.lower > box.lower) or np.any(tighter.upper < box.upper)):
            return tighter
        box = tighter
    return box


def activities(form: MixedIntegerProgram, box: Box) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rows,) least and most that every row can be in the box, and what rounding may have done to them."""
    matrix = form.matrix.astype(np.float64)
    up, down = matrix.maximum(0).tocsr(), matrix.minimum(0).tocsr()
    lower, upper = np.nan_to_num(box.lower, neginf=0.0), np.nan_to_num(box.upper, posinf=0.0)
    open_low, open_high = np.isneginf(box.lower).astype(float), np.isposinf(box.upper).astype(float)
    least = np.where(up @ open_low - down @ open_high > 0, -np.inf, up @ lower + down @ upper)
    most = np.where(up @ open_high - down @ open_low > 0, np.inf, up @ upper + down @ lower)
    terms = abs(matrix) @ np.maximum(np.abs(lower), np.abs(upper))
    return least, most, _UNIT * (2 + np.diff(matrix.indptr)) * terms


def _swept(
    form: MixedIntegerProgram,
    box: Box,
    rows: np.ndarray,
    columns: np.ndarray,
    weights: np.ndarray,
    kept: np.ndarray,
) -> Box:
    """One pass over all entries; a row with an open-ended activity tells nothing, but to its one open column."""
    positive = weights > 0
    cheap = weights * np.where(positive, box.lower[columns], box.upper[columns])
    dear = weights * np.where(positive, box.upper[columns], box.lower[columns])
    count = len(form.row_lower)
    low, high = box.lower.copy(), box.upper.copy()
    for ends, side, sign in ((cheap, form.row_upper, 1.0), (dear, form.row_lower, -1.0)):
        finite = np.isfinite(ends)
        total = np.bincount(rows, np.where(finite, ends, 0.0), count)
        size = np.bincount(rows, np.where(finite, np.abs(ends), 0.0), count) + np.where(np.isfinite(side), abs(side), 0)
        endless = np.bincount(rows, ~finite, count)
        others = total[rows] - np.where(finite, ends, 0.0)
        useful = kept & np.isfinite(side[rows]) & (endless[rows] == ~finite)
        room = side[rows] - others
        room = room + sign * _UNIT * (2 + np.bincount(rows, minlength=count))[rows] * size[rows]
        limit = room[useful] / weights[useful]
        above = (weights[useful] > 0) == (sign > 0)
        where = columns[useful]
        slack = _WHOLE * np.maximum(1.0, np.abs(limit))
        np.minimum.at(high, where[above], np.floor(limit + slack)[above])
        np.maximum.at(low, where[~above], np.ceil(limit - slack)[~above])
    return Box(low, high)


def priced(form: MixedIntegerProgram, box: Box, multipliers: np.ndarray) -> Pricing:
    """The dual function over the box; minus infinity where a column is open at its cheaper end."""
    y = np.clip(
        multipliers,
        np.where(np.isfinite(form.row_upper), -np.inf, 0.0),
        np.where(np.isfinite(form.row_lower), np.inf, 0.0),
    )
    matrix, cost = form.matrix.astype(np.float64), form.cost.astype(np.float64)
    side = np.where(y > 0, form.row_lower, np.where(y < 0, form.row_upper, 0.0))
    reduced = cost - matrix.T @ y
    longest = 2 + np.bincount(form.matrix.indices, minlength=len(cost))
    error = _UNIT * longest * (np.abs(cost) + abs(matrix).T @ np.abs(y))
    with np.errstate(invalid="ignore"):
        ends = np.minimum((reduced - error) * box.lower, (reduced - error) * box.upper)
        others = np.minimum((reduced + error) * box.lower, (reduced + error) * box.upper)
    terms = np.minimum(np.nan_to_num(ends, neginf=-np.inf), np.nan_to_num(others, neginf=-np.inf))
    priced_rows = y * side
    size = np.abs(terms).sum() + np.abs(priced_rows).sum() + abs(form.offset)
    count = len(terms) + len(priced_rows) + 2
    total = terms.sum() + priced_rows.sum() + form.offset - _UNIT * count * size if np.isfinite(size) else -np.inf
    return Pricing(float(total), reduced, error)


def fixed_by_cost(form: MixedIntegerProgram, box: Box, pricing: Pricing, limit: float) -> Box:
    """The box without points whose objective is over ``limit``, as far as the pricing shows it."""
    if not np.isfinite(pricing.value):
        return box
    spare = limit - pricing.value
    spare += _UNIT * 4 * (abs(limit) + abs(pricing.value))
    price = np.abs(pricing.reduced) - pricing.error
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        steps = np.floor(max(spare, 0.0) / price * (1 + _WHOLE) + _WHOLE)
    stays = form.integer & (price > 0) & np.isfinite(steps)
    rising, falling = stays & (pricing.reduced > 0), stays & (pricing.reduced < 0)
    upper = np.where(rising & np.isfinite(box.lower), np.minimum(box.upper, box.lower + steps), box.upper)
    lower = np.where(falling & np.isfinite(box.upper), np.maximum(box.lower, box.upper - steps), box.lower)
    return Box(lower, upper)
