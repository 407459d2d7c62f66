"""Implied boxes: bounds on columns that follow from the rows, in floats rounded outward.

A row ``lower <= sum_j a_j x_j <= upper`` bounds each of its columns by what the others leave (bound propagation:
Brearley, Mitra and Williams 1975; Savelsbergh 1994). Every step gives away more than floats can lose, and so does the
step from the decimals of the spec to floats: the box holds every feasible point in exact arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dualgap.problems.integer_program.spec import IntegerProgram

_PASSES = 20
_EPSILON = 2.0**-52
_LARGEST = 1e30  # a weaker bound is of no use


@dataclass(frozen=True)
class _Entries:
    """The matrix by entries: a (k,), its row and its column."""

    values: np.ndarray
    rows: np.ndarray
    columns: np.ndarray


def implied_box(problem: IntegerProgram) -> tuple[np.ndarray, np.ndarray]:
    """(n,) least and (n,) greatest values, at least as tight as the given ones; infinite where the rows say nothing."""
    lower, upper = problem.lower.astype(np.float64), problem.upper.astype(np.float64)
    matrix = problem.matrix
    entries = _Entries(matrix.data.astype(np.float64), matrix.row_of, matrix.indices)
    sides = problem.row_lower.astype(np.float64), problem.row_upper.astype(np.float64)
    for _ in range(_PASSES):
        new_lower, new_upper = _tightened(entries, sides, lower, upper)
        if problem.whole.any():
            new_lower, new_upper = _rounded(new_lower, new_upper, problem.whole)
        opened = (np.isfinite(new_lower) & ~np.isfinite(lower)) | (np.isfinite(new_upper) & ~np.isfinite(upper))
        lower, upper = new_lower, new_upper
        if not opened.any():
            break
    return lower, upper


def _tightened(
    entries: _Entries, sides: tuple[np.ndarray, np.ndarray], lower: np.ndarray, upper: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The box after one look at every row."""
    up, down = upper.copy(), lower.copy()
    least = np.where(entries.values > 0, lower[entries.columns], upper[entries.columns]) * entries.values
    most = np.where(entries.values > 0, upper[entries.columns], lower[entries.columns]) * entries.values
    rises = entries.values > 0
    for side, terms, sign in ((sides[1], least, 1.0), (sides[0], most, -1.0)):
        # sign (a_j x_j) <= sign (side - sum of the others at their least)
        room, slack = _room(entries, sign * side, sign * terms)
        limit = (room + slack) / np.abs(entries.values)
        limit += np.abs(limit) * 4 * _EPSILON
        useful = np.abs(limit) < _LARGEST
        above = useful & (rises == (sign > 0))
        below = useful & (rises != (sign > 0))
        np.minimum.at(up, entries.columns[above], limit[above])
        np.maximum.at(down, entries.columns[below], -limit[below])
    return down, up


def _room(entries: _Entries, side: np.ndarray, terms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(k,) what each entry may reach at most, infinite where the others have no end, and by how much floats may err."""
    m = len(side)
    endless = ~np.isfinite(terms)
    finite = np.where(endless, 0.0, terms)
    count = np.bincount(entries.rows, weights=endless, minlength=m)
    total = np.bincount(entries.rows, weights=finite, minlength=m)
    size = np.bincount(entries.rows, weights=np.abs(finite), minlength=m) + np.abs(np.where(np.isfinite(side), side, 0))
    lengths = np.bincount(entries.rows, minlength=m)
    others = count[entries.rows] - endless
    room = np.where((others == 0) & np.isfinite(side[entries.rows]), (side - total)[entries.rows] + finite, np.inf)
    slack = ((lengths + 8) * _EPSILON * size)[entries.rows]
    return room, slack


def _rounded(lower: np.ndarray, upper: np.ndarray, whole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whole columns end on whole numbers; a float just beside one is taken as that one."""
    return np.where(whole, np.ceil(lower - 1e-9), lower), np.where(whole, np.floor(upper + 1e-9), upper)
