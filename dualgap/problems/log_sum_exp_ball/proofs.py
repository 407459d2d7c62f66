"""Bounds on a ``log-sum-exp-ball`` from weights and prices, in exact arithmetic.

For any distribution p and any z, ``log sum exp z >= p'z + H(p)``, H the entropy (minus the conjugate). With prices y
such that ``A'(p - y) = 0``, every feasible x has

    p'(Ax + b) = (p - y)'b + y'(Ax + b) >= (p - y)'b - radius ||y||_1,

so the objective is at least ``H(p) + (p - y)'b - radius ||y||_1``; for the linear objective p = 1, without H. A few
equations are solved in rational numbers; of many, a solution is shown to lie near that of floats, and the distance is
paid for. H is rounded down with decimals of fifty digits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.certificate import Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import Exact, combine, exact, fraction, narrow
from dualgap.core.witness import FarkasRay, GradientPoint, Witness
from dualgap.problems.conic.exactly import reach
from dualgap.problems.integer_program.rationals import (
    block,
    independent,
    over_one_denominator,
    solve_exactly,
)
from dualgap.problems.log_sum_exp_ball.witness import RowPrices

if TYPE_CHECKING:
    from dualgap.problems.log_sum_exp_ball.spec import LogSumExpBall

_BITS = 60
_RATIONAL = 24  # equations: so few take no time in rational numbers
_DEPENDENT = 60  # equations between dependent columns, which only rational numbers settle
_MOST = 2000  # equations, which are solved densely
_REFINED = 2
_DIGITS = Context(prec=50)
_ROUNDING = Decimal("1e-40")  # relative: more than fifty digits lose in a sum
_NOISE = 1e-9  # of the largest price: smaller ones are taken as 0 where the equations allow it


@dataclass(frozen=True)
class Prices:
    """Exact weights and prices; within ``radius`` in the ``moved`` rows are some with ``A'(weights - prices) = 0``."""

    weights: Exact
    prices: Exact
    radius: Fraction = Fraction(0)
    moved: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


def prove(problem: LogSumExpBall, witness: Witness, seconds: float) -> Bound:
    """The bound that a witness proves; infinite where it proves that no x is feasible.

    Raises:
        InvalidWitnessError: it proves nothing here.
    """
    if isinstance(witness, RowPrices):
        return _priced(problem, np.asarray(witness.weights), np.asarray(witness.prices))
    if isinstance(witness, GradientPoint):
        weights = _gradient(problem, np.asarray(witness.point, dtype=np.float64))
        return _priced(problem, weights, best_prices(problem, weights, seconds))
    if isinstance(witness, FarkasRay):
        return _empty(problem, np.asarray(witness.rows))
    raise InvalidWitnessError(f"log-sum-exp-ball takes no {witness.type} witness")


def _priced(problem: LogSumExpBall, weights: np.ndarray, prices: np.ndarray) -> Bound:
    n = problem.size[0]
    _check(problem, weights, "weights")
    given = _on_grid(np.maximum(weights, 0.0)) if problem.smooth else Exact(np.ones(n, dtype=np.int64))
    if problem.smooth:
        mass = given.total()
        if mass == 0:
            raise InvalidWitnessError("the weights are zero")
        given = given.scaled(1 / mass)
    found = balanced(problem, given, prices)
    total = _linear(problem, found) + (entropy_below(given) if problem.smooth else 0)
    count = int(np.count_nonzero(found.prices.numerators))
    priced = f"prices on {count:,} row{'s' * (count != 1)}"
    return Bound(total, Evidence.PROVED, f"{priced}, and the entropy of {n:,} weights" if problem.smooth else priced)


def _empty(problem: LogSumExpBall, rows: np.ndarray) -> Bound:
    """Prices with ``A'y = 0``: all feasible x have ``y'b = y'(Ax + b)``, at most ``radius ||y||_1`` in magnitude."""
    nothing = Exact(np.zeros(problem.size[0], dtype=np.int64))
    found = balanced(problem, nothing, rows)
    most = fraction(problem.radius) * abs_total(found.prices)
    if abs(exact(problem.b).dot(found.prices)) - found.radius * _reach(problem, found) <= most:
        raise InvalidWitnessError("the combination of rows can be met within the radius")
    count = int(np.count_nonzero(found.prices.numerators))
    return Bound(problem.sense.worst, Evidence.PROVED, f"a combination of {count:,} rows leaves the ball whatever x is")


def _linear(problem: LogSumExpBall, found: Prices) -> Fraction:
    """``(p - y)'b - radius ||y||_1``, at least."""
    difference = combine([(1, found.weights), (-1, found.prices)])
    total = difference.dot(exact(problem.b)) - fraction(problem.radius) * abs_total(found.prices)
    return total - found.radius * _reach(problem, found)


def _reach(problem: LogSumExpBall, found: Prices) -> Fraction:
    """How much a unit of each of the moved prices may cost: ``sum |b_i| + radius``."""
    constants = exact(np.abs(problem.b[found.moved]))
    return constants.total() + fraction(problem.radius) * len(found.moved)


def abs_total(prices: Exact) -> Fraction:
    """``||y||_1``."""
    return Exact(np.abs(prices.numerators), prices.denominator).total()


def balanced(problem: LogSumExpBall, weights: Exact, prices: np.ndarray) -> Prices:
    """Prices near the given ones with ``A'(weights - prices) = 0`` exactly; the largest are moved.

    Raises:
        InvalidWitnessError: there are too many equations, or they can't be solved.
    """
    _check(problem, prices, "prices")
    largest = float(np.abs(prices).max(initial=0.0))
    near = _on_grid(np.where(np.abs(prices) > _NOISE * largest, prices, 0.0))
    gap = problem.sparse.transposed_times(combine([(1, weights), (-1, near)]))
    if not gap.numerators.any():
        return Prices(weights, near)
    freedom = np.maximum(np.abs(near.floats()) / max(largest, 1e-300), 1e-6)
    if min(problem.size) > _MOST:
        raise InvalidWitnessError(f"{min(problem.size):,} equations between prices are too many")
    equations, rows = independent(problem.matrix.T, freedom)
    if len(equations) > _RATIONAL and len(equations) == problem.size[1]:
        return _enclosed(problem, weights, near, equations, rows)
    if len(equations) > _DEPENDENT:
        raise InvalidWitnessError(f"A has dependent columns, and {len(equations)} equations are too many for rationals")
    columns = [list(part) for part in zip(*block(problem.sparse, rows, equations), strict=True)]
    step = solve_exactly(columns, [gap.item(int(j)) for j in equations])
    if step is None:
        raise InvalidWitnessError("the equations between prices can't be solved")
    moves = [Fraction(0)] * problem.size[0]
    for row, part in zip(rows.tolist(), step, strict=True):
        moves[row] = part
    moved = combine([(1, near), (1, over_one_denominator(moves))])
    if problem.sparse.transposed_times(combine([(1, weights), (-1, moved)])).numerators.any():
        raise InvalidWitnessError("no prices balance the weights: A has nearly dependent columns")
    return Prices(weights, moved)


def _enclosed(problem: LogSumExpBall, weights: Exact, near: Exact, equations: np.ndarray, rows: np.ndarray) -> Prices:
    """Prices that floats can't tell from balanced ones, and how far those are."""
    system = problem.matrix[np.ix_(rows, equations)].T
    prices = near.floats()
    try:
        for _ in range(_REFINED):
            gap = problem.sparse.transposed_times(combine([(1, weights), (-1, near)])).floats()
            prices[rows] += np.linalg.solve(system, gap[equations])
            near = _on_grid(prices)
        gap = problem.sparse.transposed_times(combine([(1, weights), (-1, near)])).floats()
        radius = reach(system, np.abs(gap[equations]) * (1.0 + _NOISE))
    except np.linalg.LinAlgError:
        raise InvalidWitnessError("no prices balance the weights: A has nearly dependent columns") from None
    return Prices(weights, near, Fraction(radius), rows)


def entropy_below(weights: Exact) -> Fraction:
    """Just below the entropy of rational weights ``w_i / W``, which is ``log W - sum w_i log w_i / W``."""
    whole = [int(value) for value in weights.numerators.tolist()]
    mass = Decimal(weights.denominator)
    logs = (_DIGITS.multiply(Decimal(value), _DIGITS.ln(Decimal(value))) for value in whole if value > 1)
    spent = Decimal(0)
    for term in logs:
        spent = _DIGITS.add(spent, term)
    whole_log = _DIGITS.ln(mass)
    value = _DIGITS.subtract(whole_log, _DIGITS.divide(spent, mass))
    error = _DIGITS.multiply(_ROUNDING, _DIGITS.add(whole_log, 1) * (len(whole) + 1))
    return Fraction(value) - Fraction(error)


def _gradient(problem: LogSumExpBall, x: np.ndarray) -> np.ndarray:
    """(n,) the weights that are tight at x: its soft maximum."""
    if x.shape != (problem.size[1],) or not np.isfinite(x).all():
        raise InvalidWitnessError(f"expected a finite point of {problem.size[1]} entries")
    z = problem.values(x)
    weights = np.exp(z - z.max())
    return np.asarray(weights / weights.sum())


def best_prices(problem: LogSumExpBall, weights: np.ndarray, seconds: float) -> np.ndarray:
    """(n,) prices of the least ``p'(Ax + b)`` over the ball, by a linear program in floats.

    Raises:
        InvalidWitnessError: it wasn't solved in time.
    """
    from scipy import optimize

    solve: Any = optimize.linprog
    p = weights if problem.smooth else np.ones(problem.size[0])
    matrix, b, radius = problem.matrix, problem.b.astype(np.float64), float(problem.radius)
    found = solve(
        matrix.T @ p,
        A_ub=np.vstack([matrix, -matrix]),
        b_ub=np.append(radius - b, radius + b),
        bounds=(None, None),
        method="highs",
        options={"time_limit": max(seconds, 1e-3)},
    )
    if found.status != 0:
        raise InvalidWitnessError(f"the linear program for the prices wasn't solved: {found.message}")
    above, below = np.split(np.asarray(found.ineqlin.marginals), 2)  # at most 0
    return np.asarray(above - below)


def _check(problem: LogSumExpBall, array: np.ndarray, name: str) -> None:
    n = problem.size[0]
    if array.shape != (n,) or not np.isfinite(array).all():
        raise InvalidWitnessError(f"expected {n} finite {name}, one a row")


def _on_grid(values: np.ndarray) -> Exact:
    """Floats on a grid of 2^-60 of the largest."""
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0.0:
        return Exact(np.zeros(len(values), dtype=np.int64))
    shift = _BITS - int(np.frexp(largest)[1])
    whole = [int(value) for value in np.rint(np.ldexp(values.astype(np.float64), shift)).tolist()]
    if shift < 0:
        return Exact(narrow([value << -shift for value in whole], values.shape))
    return Exact(narrow(whole, values.shape), 2**shift)
