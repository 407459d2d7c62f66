"""An ``integer-program`` as the form that solvers take: the same numbers, minimised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.certificate import Sense
from dualgap.core.exact import Real
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.relations import Relation
from dualgap.core.views import View, identity

if TYPE_CHECKING:
    from dualgap.problems.integer_program.spec import IntegerProgram, IntegerProgramAnswer


def views(problem: IntegerProgram) -> tuple[View, ...]:
    """One exact view: ``mixed-integer``; points, multipliers and rays are the same on both sides."""
    maximize = problem.sense is Sense.MAXIMIZE
    return (
        View(
            name="mixed-integer",
            form_type=MixedIntegerProgram,
            relation=Relation.EXACT,
            build=lambda: mixed_integer_program(problem),
            decode=lambda point: _decode(problem, point),
            encode=lambda answer: np.asarray(answer.values, dtype=np.float64),
            lift_bound=_negated if maximize else identity,
            lift_witness=identity_witness,
            encode_witness=identity_witness,
        ),
    )


def mixed_integer_program(problem: IntegerProgram) -> MixedIntegerProgram:
    """The form; a maximisation has its costs negated."""
    sign = -1 if problem.sense is Sense.MAXIMIZE else 1
    return MixedIntegerProgram(
        cost=sign * problem.cost,
        matrix=problem.matrix.csr(),
        row_lower=problem.row_lower,
        row_upper=problem.row_upper,
        lower=problem.lower,
        upper=problem.upper,
        integer=problem.integer.astype(bool),
        offset=float(sign * problem.offset),
        columns=problem.columns,
        rows=problem.rows,
    )


def identity_witness(witness: Any) -> Any:
    """Witnesses speak of the same rows and columns."""
    return witness


def _decode(problem: IntegerProgram, point: Any) -> IntegerProgramAnswer:
    """The point; integer columns are rounded, as solvers meet integrality within a tolerance."""
    from dualgap.problems.integer_program.spec import IntegerProgramAnswer

    values = np.array(point, dtype=np.float64)
    whole = problem.integer.astype(bool)
    values[whole] = np.rint(values[whole])
    return IntegerProgramAnswer(values=values)


def _negated(bound: Real) -> Real:
    return -bound
