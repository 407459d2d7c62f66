"""Bounds on integer programs recomputed from witnesses, in exact arithmetic.

Lagrangian bound of the program as it minimises, for any multipliers y of the rows' signs:

    q(y) = c0 + sum_i y_i b_i + sum_j min over lower_j <= x_j <= upper_j of (c - A'y)_j x_j

with ``b_i`` the lower side of row i where ``y_i > 0``, and its upper side where ``y_i < 0``.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Bound, Evidence, Sense
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import Exact, combine, exact, fraction, narrow
from dualgap.core.witness import Multipliers, Witness

if TYPE_CHECKING:
    from dualgap.problems.integer_program.spec import IntegerProgram

_BITS = 60  # of the largest multiplier; smaller ones keep the same absolute precision


def prove(problem: IntegerProgram, witness: Witness, seconds: float) -> Bound:
    """The bound that a witness proves.

    Raises:
        InvalidWitnessError: it proves nothing here.
    """
    if isinstance(witness, Multipliers):
        return _lagrangian(problem, witness)
    raise InvalidWitnessError(f"integer-program takes no {witness.type} witness")


def signed(problem: IntegerProgram, given: np.ndarray) -> np.ndarray:
    """The multipliers, those of the wrong sign (on a side that the row doesn't have) set to 0.

    Raises:
        InvalidWitnessError: not one finite number a row.
    """
    if given.shape != problem.row_lower.shape or not np.isfinite(given).all():
        raise InvalidWitnessError(f"expected {len(problem.row_lower)} finite multipliers, one a row")
    least = np.where(np.isfinite(problem.row_upper), -np.inf, 0.0)
    most = np.where(np.isfinite(problem.row_lower), np.inf, 0.0)
    return np.clip(given.astype(np.float64), least, most)


def fixed_point(values: np.ndarray) -> Exact:
    """Floats on a grid of powers of two: exact up to a last place of 2^-60 of the largest."""
    largest = float(np.abs(values).max(initial=0.0))
    shift = _BITS - int(np.frexp(largest)[1])
    return scaled_integers(values, shift)


def scaled_integers(values: np.ndarray, shift: int) -> Exact:
    """``rint(values 2^shift) / 2^shift``."""
    integers = [int(value) for value in np.rint(np.ldexp(values, shift)).tolist()]
    if shift >= 0:
        return Exact(narrow(integers, values.shape), 2**shift)
    return Exact(narrow([integer * 2**-shift for integer in integers], values.shape))


def _lagrangian(problem: IntegerProgram, witness: Multipliers) -> Bound:
    sign = -1 if problem.sense is Sense.MAXIMIZE else 1
    multipliers = fixed_point(signed(problem, witness.rows))
    reduced = combine([(sign, problem.exact_cost), (-1, problem.matrix.transposed_times(multipliers))])
    total = sign * fraction(problem.offset)
    total += _priced(multipliers, problem.row_lower, problem.row_upper)
    open_ended = np.flatnonzero(
        (reduced.numerators > 0) & ~np.isfinite(problem.lower) | (reduced.numerators < 0) & ~np.isfinite(problem.upper)
    )
    if open_ended.size:
        name = problem.columns[int(open_ended[0])]
        raise InvalidWitnessError(f"the multipliers leave {name} without a bound where the objective improves")
    total += _priced(reduced, problem.lower, problem.upper)
    priced = int(np.count_nonzero(multipliers.numerators))
    return Bound(problem.round_bound(sign * total), Evidence.PROVED, f"multipliers on {priced} rows")


def _priced(factors: Exact, lower: np.ndarray, upper: np.ndarray) -> Fraction:
    """``sum_i factor_i side_i``, the side below where the factor is positive, above where it is negative."""
    total = Fraction(0)
    for side, chosen in ((lower, factors.numerators > 0), (upper, factors.numerators < 0)):
        if chosen.any():
            total += factors[chosen].dot(exact(side[chosen]))
    return total
