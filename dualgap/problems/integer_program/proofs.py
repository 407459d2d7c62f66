"""Bounds on integer programs recomputed from witnesses, in exact arithmetic.

Lagrangian bound of the program as it minimises, for any multipliers y of the rows' signs:

    q(y) = c0 + sum_i y_i b_i + sum_j min over lower_j <= x_j <= upper_j of (c - A'y)_j x_j

with ``b_i`` the lower side of row i where ``y_i > 0``, and its upper side where ``y_i < 0``. Without costs, q(y) > 0
shows that no point meets the rows (Farkas 1902). A column without an end takes a bound implied by the rows; where there
is none, the multipliers are repaired.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Bound, Evidence, Sense
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import Exact, exact, fraction, narrow
from dualgap.core.witness import Exhaustion, FarkasRay, Multipliers, Witness
from dualgap.problems.integer_program.exhaust import exhaust
from dualgap.problems.integer_program.implied import implied_box
from dualgap.problems.integer_program.repair import Dual

if TYPE_CHECKING:
    from dualgap.problems.integer_program.spec import IntegerProgram

_BITS = 60
_SIMPLE = 1000  # greatest denominator of a simple fraction
_ROUNDING = 1e-12  # relative: how far a float may be from the simple fraction that it stands for
_NAMED = 3  # rows in a sentence


@dataclass(frozen=True)
class Value:
    """q(y), the multipliers and the box that it stands for, and how they came about, for people."""

    total: Fraction
    multipliers: Exact
    lower: np.ndarray
    upper: np.ndarray
    how: str = ""


def prove(problem: IntegerProgram, witness: Witness, seconds: float) -> Bound:
    """The bound that a witness proves; infinite where it proves that no answer is feasible.

    Raises:
        InvalidWitnessError: it proves nothing here.
    """
    if isinstance(witness, Multipliers):
        return _lagrangian(problem, witness.rows, seconds)
    if isinstance(witness, FarkasRay):
        return _farkas(problem, witness.rows, seconds)
    if isinstance(witness, Exhaustion):
        return exhaust(problem, seconds)
    raise InvalidWitnessError(f"integer-program takes no {witness.type} witness")


def _lagrangian(problem: IntegerProgram, rows: np.ndarray, seconds: float) -> Bound:
    sign = -1 if problem.sense is Sense.MAXIMIZE else 1
    found = relaxed_value(problem, rows, seconds)
    total = sign * found.total + fraction(problem.offset)
    shown = _listed(problem, found.multipliers, sign)
    return Bound(problem.round_bound(total), Evidence.PROVED, f"{shown}{found.how}")


def _farkas(problem: IntegerProgram, rows: np.ndarray, seconds: float) -> Bound:
    found = combined_value(problem, rows, seconds)
    if found.total <= 0:
        raise InvalidWitnessError("the combination of rows can be met within the bounds")
    used = [problem.rows[int(i)] for i in np.flatnonzero(found.multipliers.numerators)]
    shown = ", ".join(used) if len(used) <= _NAMED else f"{len(used):,} rows"
    return Bound(problem.sense.worst, Evidence.PROVED, f"a combination of {shown} can't be met{found.how}")


def relaxed_value(problem: IntegerProgram, rows: np.ndarray, seconds: float) -> Value:
    """q(y) of the program as it minimises, without its constant.

    Raises:
        InvalidWitnessError: the multipliers bound nothing.
    """
    sign = -1 if problem.sense is Sense.MAXIMIZE else 1
    return _value(problem, problem.exact_cost.scaled(sign), rows, seconds)


def combined_value(problem: IntegerProgram, rows: np.ndarray, seconds: float) -> Value:
    """q(y) without costs, y scaled to a largest entry of 1.

    Raises:
        InvalidWitnessError: the multipliers bound nothing.
    """
    largest = float(np.abs(rows).max(initial=0.0)) if np.isfinite(rows).all() else 1.0
    scaled = rows / largest if largest > 0 else rows
    return _value(problem, Exact(np.zeros(problem.size, dtype=np.int64)), scaled, seconds)


def _listed(problem: IntegerProgram, multipliers: Exact, sign: int) -> str:
    """``multipliers 1 on wood, 4 on labour``, in the problem's sense; only their number where they are many."""
    used = np.flatnonzero(multipliers.numerators).tolist()
    if not used:
        return "the bounds of the columns alone"
    if len(used) > _NAMED:
        return f"multipliers on {len(used):,} rows"
    return "multipliers " + ", ".join(f"{sign * float(multipliers.item(i)):.6g} on {problem.rows[i]}" for i in used)


def _value(problem: IntegerProgram, cost: Exact, rows: np.ndarray, seconds: float) -> Value:
    """q(y) for a cost that is minimised, without its constant."""
    given = _signed(problem, rows)
    multipliers, lower, upper, how = _exactly(given), problem.lower, problem.upper, ""
    dual = _dual(problem, cost, lower, upper, seconds)
    if dual.off(multipliers).any():
        box = implied_box(problem)
        lower, upper = (np.where(np.isfinite(own), own, side) for own, side in zip((lower, upper), box, strict=True))
        dual = _dual(problem, cost, lower, upper, seconds)
        how = ", bounds implied by the rows"
        if dual.off(multipliers).any():
            multipliers = dual.repaired(given, _exactly)
            how += ", repaired"
    total = _priced(multipliers, problem.row_lower, problem.row_upper) + _priced(
        dual.reduced(multipliers), lower, upper
    )
    return Value(total, multipliers, lower, upper, how)


def _dual(problem: IntegerProgram, cost: Exact, lower: np.ndarray, upper: np.ndarray, seconds: float) -> Dual:
    rising = np.isposinf(np.concatenate([upper, problem.row_upper]))
    falling = np.isneginf(np.concatenate([lower, problem.row_lower]))
    return Dual(problem=problem, cost=cost, rising=rising, falling=falling, seconds=seconds)


def _signed(problem: IntegerProgram, given: np.ndarray) -> np.ndarray:
    """The multipliers, those of the wrong sign (on a side that the row doesn't have) set to 0.

    Raises:
        InvalidWitnessError: not one finite number a row.
    """
    if given.shape != problem.row_lower.shape or not np.isfinite(given).all():
        raise InvalidWitnessError(f"expected {len(problem.row_lower)} finite multipliers, one a row")
    least = np.where(np.isfinite(problem.row_upper), -np.inf, 0.0)
    most = np.where(np.isfinite(problem.row_lower), np.inf, 0.0)
    signed: np.ndarray = np.clip(given.astype(np.float64), least, most)
    return signed


def _exactly(values: np.ndarray) -> Exact:
    """Floats as simple fractions where all of them are, to rounding; else on a grid of powers of two.

    Any multipliers give a bound; those of small linear programs are simple, and then the bound is the optimum itself.
    The grid is 2^-60 of the largest.
    """
    simple = [Fraction(value).limit_denominator(_SIMPLE) for value in values[np.flatnonzero(values)].tolist()]
    near = np.array([float(value) for value in simple])
    common = lcm(*(value.denominator for value in simple))
    if common < 2**_BITS and np.allclose(near, values[np.flatnonzero(values)], rtol=_ROUNDING, atol=0.0):
        numerators = [0] * len(values)
        for index, value in zip(np.flatnonzero(values).tolist(), simple, strict=True):
            numerators[index] = value.numerator * (common // value.denominator)
        return Exact(narrow(numerators, values.shape), common)
    shift = _BITS - int(np.frexp(np.abs(values).max())[1])
    integers = [int(value) for value in np.rint(np.ldexp(values, shift)).tolist()]
    if shift >= 0:
        return Exact(narrow(integers, values.shape), 2**shift)
    return Exact(narrow([integer * 2**-shift for integer in integers], values.shape))


def _priced(factors: Exact, lower: np.ndarray, upper: np.ndarray) -> Fraction:
    """``sum_i factor_i side_i``, the side below where the factor is positive, above where it is negative."""
    total = Fraction(0)
    for side, chosen in ((lower, factors.numerators > 0), (upper, factors.numerators < 0)):
        if chosen.any():
            total += factors[chosen].dot(exact(side[chosen]))
    return total
