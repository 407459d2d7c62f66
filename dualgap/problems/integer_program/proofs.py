"""Bounds on integer programs recomputed from witnesses, in exact arithmetic.

Lagrangian bound of the program as it minimises, for any multipliers y of the rows' signs:

    q(y) = c0 + sum_i y_i b_i + sum_j min over lower_j <= x_j <= upper_j of (c - A'y)_j x_j

with ``b_i`` the lower side of row i where ``y_i > 0``, and its upper side where ``y_i < 0``.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Bound, Evidence, Sense
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import Exact, exact, fraction, narrow
from dualgap.core.witness import Multipliers, Witness
from dualgap.problems.integer_program.implied import implied_box
from dualgap.problems.integer_program.repair import Dual

if TYPE_CHECKING:
    from dualgap.problems.integer_program.spec import IntegerProgram

_BITS = 60  # of the largest multiplier; smaller ones keep the same absolute precision


def prove(problem: IntegerProgram, witness: Witness, seconds: float) -> Bound:
    """The bound that a witness proves.

    Raises:
        InvalidWitnessError: it proves nothing here.
    """
    if isinstance(witness, Multipliers):
        return _lagrangian(problem, witness, seconds)
    raise InvalidWitnessError(f"integer-program takes no {witness.type} witness")


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


def _lagrangian(problem: IntegerProgram, witness: Multipliers, seconds: float) -> Bound:
    sign = -1 if problem.sense is Sense.MAXIMIZE else 1
    dual = _dual(problem, problem.exact_cost.scaled(sign), seconds)
    given = _signed(dual, witness.rows)
    multipliers, lower, upper, how = fixed_point(given), problem.lower, problem.upper, ""
    if dual.off(dual.reduced(multipliers)).any():
        lower, upper = implied_box(problem)
        dual = replace(dual, rising=np.isposinf(upper), falling=np.isneginf(lower))
        how = " and bounds implied by the rows"
        if dual.off(dual.reduced(multipliers)).any():
            multipliers = dual.repaired(given, fixed_point)
            how += ", repaired"
    reduced = dual.reduced(multipliers)
    total = sign * fraction(problem.offset) + _priced(multipliers, problem.row_lower, problem.row_upper)
    total += _priced(
        reduced,
        np.where(np.isfinite(problem.lower), problem.lower, lower),
        np.where(np.isfinite(problem.upper), problem.upper, upper),
    )
    priced = int(np.count_nonzero(multipliers.numerators))
    return Bound(problem.round_bound(sign * total), Evidence.PROVED, f"multipliers on {priced} rows{how}")


def _dual(problem: IntegerProgram, cost: Exact, seconds: float) -> Dual:
    return Dual(
        problem=problem,
        cost=cost,
        rising=np.isposinf(problem.upper),
        falling=np.isneginf(problem.lower),
        least=np.where(np.isfinite(problem.row_upper), -np.inf, 0.0),
        most=np.where(np.isfinite(problem.row_lower), np.inf, 0.0),
        seconds=seconds,
    )


def _signed(dual: Dual, given: np.ndarray) -> np.ndarray:
    """The multipliers, those of the wrong sign (on a side that the row doesn't have) set to 0.

    Raises:
        InvalidWitnessError: not one finite number a row.
    """
    if given.shape != dual.least.shape or not np.isfinite(given).all():
        raise InvalidWitnessError(f"expected {len(dual.least)} finite multipliers, one a row")
    signed: np.ndarray = np.clip(given.astype(np.float64), dual.least, dual.most)
    return signed


def _priced(factors: Exact, lower: np.ndarray, upper: np.ndarray) -> Fraction:
    """``sum_i factor_i side_i``, the side below where the factor is positive, above where it is negative."""
    total = Fraction(0)
    for side, chosen in ((lower, factors.numerators > 0), (upper, factors.numerators < 0)):
        if chosen.any():
            total += factors[chosen].dot(exact(side[chosen]))
    return total
