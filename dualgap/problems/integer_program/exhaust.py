"""Small integer programs gone through point by point, by the verifier itself."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Bound, Evidence, Sense
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import Exact, fraction
from dualgap.problems.integer_program.implied import implied_box

if TYPE_CHECKING:
    from dualgap.problems.integer_program.spec import IntegerProgram

_LIMIT = 2**62
_CHUNK = 2**16
_ENTRIES_PER_SECOND = 2e7  # of the matrix times the points, on a slow machine


def exhaust(problem: IntegerProgram, seconds: float) -> Bound:
    """The optimum (or that there is none) by enumeration of the box, in int64.

    Raises:
        InvalidWitnessError: a column isn't whole or has no end, or the points won't be gone through in ``seconds``.
    """
    box = implied_box(problem)
    if not problem.whole.all() or not np.isfinite(box).all():
        raise InvalidWitnessError("only whole columns with two ends can be gone through")
    lower, upper = (side.astype(np.int64) for side in (np.ceil(box[0]), np.floor(box[1])))
    sizes = np.maximum(upper - lower + 1, 0).tolist()
    points = prod(sizes)
    if points * (problem.matrix.data.size + problem.size) > seconds * _ENTRIES_PER_SECOND:
        raise InvalidWitnessError(f"{points:,} points can't be gone through within {seconds:g} s")
    best = _best(problem, lower, upper, sizes, points)
    if best is None:
        return Bound(problem.sense.worst, Evidence.PROVED, f"none of {points:,} points is feasible")
    value = Fraction(best, problem.exact_cost.denominator) + fraction(problem.offset)
    return Bound(problem.round_bound(value), Evidence.PROVED, f"all {points:,} points gone through")


def _best(problem: IntegerProgram, lower: np.ndarray, upper: np.ndarray, sizes: list[int], points: int) -> int | None:
    """The best numerator of the objective over the feasible points."""
    matrix, cost = problem.matrix.exact_data, problem.exact_cost
    reach = max(1, int(np.abs([lower, upper]).max(initial=0))) * max(problem.size, 1)
    if max(matrix.largest, cost.largest) * reach >= _LIMIT:
        raise InvalidWitnessError("the sums over the points don't fit 64-bit integers")
    rows = problem.matrix.with_data(matrix.numerators)
    low, high = _sides(problem.row_lower, matrix, ceil=True), _sides(problem.row_upper, matrix, ceil=False)
    sign = -1 if problem.sense is Sense.MAXIMIZE else 1
    best: int | None = None
    for begin in range(0, points, _CHUNK):
        numbers = np.arange(begin, min(begin + _CHUNK, points))
        found = lower[:, None] + np.array(np.unravel_index(numbers, sizes) if sizes else np.zeros((0, 1), np.int64))
        loads = rows @ found
        fits = ((loads >= low[:, None]) & (loads <= high[:, None])).all(axis=0)
        if fits.any():
            least = int((sign * (cost.numerators @ found[:, fits])).min())
            best = least if best is None else min(best, least)
    return None if best is None else sign * best


def _sides(sides: np.ndarray, matrix: Exact, ceil: bool) -> np.ndarray:
    """(m,) sides of the rows in units of the matrix's denominator, as int64 within the reach of any sum."""
    found = []
    for side in sides.tolist():
        if abs(side) == np.inf:
            found.append(_LIMIT if side > 0 else -_LIMIT)
        else:
            scaled = fraction(side) * matrix.denominator
            found.append(min(max(scaled.__ceil__() if ceil else scaled.__floor__(), -_LIMIT), _LIMIT))
    return np.array(found, dtype=np.int64)
