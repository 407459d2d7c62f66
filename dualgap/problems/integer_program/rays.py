"""Unboundedness checked: a feasible point, and a direction that stays feasible and improves without end.

A direction d may be added to a feasible point any number of times where rows and bounds with a lower side don't fall
along it, those with an upper side don't rise, and c'd improves. Rational data make d a multiple of a whole direction,
so that integrality is no obstacle (Meyer, On the existence of optimal solutions to integer programs, 1974).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Evidence, Sense
from dualgap.core.exact import Exact, exact
from dualgap.core.witness import Ray
from dualgap.problems.integer_program.rationals import (
    MOST_EQUATIONS,
    block,
    independent,
    over_one_denominator,
    solve_exactly,
)

if TYPE_CHECKING:
    from dualgap.problems.integer_program.spec import IntegerProgram

_NOISE = 1e-9  # of the largest entry
_DENOMINATORS = (1, 12, 1000, 10**6)
_TOLERANCE = 1e-6


def unbounded(problem: IntegerProgram, ray: Ray) -> Evidence:
    """``proved`` with an exactly feasible point, ``numerical`` with one within 1e-6, none otherwise."""
    if ray.direction.shape != (problem.size,) or not any(
        recedes(problem, d) for d in _directions(problem, ray.direction)
    ):
        return Evidence.NONE
    point = ray.point if ray.point.shape == (problem.size,) else np.clip(0, problem.lower, problem.upper)
    violations = problem.evaluate(type(problem).answer_type.model_validate({"values": point})).violations
    if not violations:
        return Evidence.PROVED
    near = all(violation.amount <= _TOLERANCE * max(1.0, violation.scale) for violation in violations.values())
    return Evidence.NUMERICAL if near else Evidence.NONE


def recedes(problem: IntegerProgram, direction: Exact) -> bool:
    """Whether feasible points stay feasible along the direction while the objective improves, exactly."""
    along = problem.matrix.times(direction).numerators
    kept = [
        not (along[np.isfinite(problem.row_lower)] < 0).any(),
        not (along[np.isfinite(problem.row_upper)] > 0).any(),
        not (direction.numerators[np.isfinite(problem.lower)] < 0).any(),
        not (direction.numerators[np.isfinite(problem.upper)] > 0).any(),
    ]
    gain = problem.exact_cost.dot(direction)
    return all(kept) and (gain > 0 if problem.sense is Sense.MAXIMIZE else gain < 0)


def _directions(problem: IntegerProgram, given: np.ndarray) -> Iterator[Exact]:
    """The direction as it is, then in simple fractions, then with the rows that it should keep solved exactly."""
    if not np.isfinite(given).all() or not given.any():
        return
    yield exact(given)
    scaled = given / np.abs(given).max()
    scaled = np.where(np.abs(scaled) > _NOISE, scaled, 0.0)
    smallest = float(np.abs(scaled[scaled != 0]).min())
    for unit in (1.0, smallest):
        for denominator in _DENOMINATORS:
            yield over_one_denominator(
                [Fraction(value / unit).limit_denominator(denominator) for value in scaled.tolist()]
            )
    solved = _on_its_rows(problem, scaled)
    if solved is not None:
        yield solved


def _on_its_rows(problem: IntegerProgram, direction: np.ndarray) -> Exact | None:
    """The direction moved so that the rows which it all but keeps are kept exactly; entries of 0 stay 0."""
    csr = problem.matrix.csr().astype(np.float64)
    size = abs(csr) @ np.abs(direction)
    level = np.flatnonzero((np.abs(csr @ direction) <= _NOISE * size) & (size > 0))
    moving = np.flatnonzero(direction)
    values = [Fraction(value) for value in direction.tolist()]
    if not level.size or min(level.size, moving.size) > MOST_EQUATIONS:
        return None
    rows, columns = independent(csr[level][:, moving].toarray(), np.abs(direction[moving]))
    rows, columns = level[rows], moving[columns]
    drift = problem.matrix.times(over_one_denominator(values))
    step = solve_exactly(block(problem.matrix, rows, columns), [-drift.item(int(row)) for row in rows])
    if step is None:
        return None
    for column, part in zip(columns.tolist(), step, strict=True):
        values[column] += part
    return over_one_denominator(values)
