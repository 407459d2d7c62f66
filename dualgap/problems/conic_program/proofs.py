"""The one exact view of a ``conic-program``, and its bounds from multipliers and rays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.certificate import Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import Real
from dualgap.core.forms import ConicProgram
from dualgap.core.relations import Relation
from dualgap.core.views import View, identity
from dualgap.core.witness import ConicMultipliers, FarkasRay, Witness
from dualgap.problems.conic import conic_bound, conic_infeasible

if TYPE_CHECKING:
    from dualgap.problems.conic_program.spec import ConicProblem


def views(problem: ConicProblem) -> tuple[View, ...]:
    """``conic``: points, multipliers and rays are the same on both sides."""
    from dualgap.problems.conic_program.spec import ConicAnswer

    def decode(point: Any) -> ConicAnswer:
        return ConicAnswer(values=np.asarray(point, dtype=np.float64))

    return (
        View(
            name="conic",
            form_type=ConicProgram,
            relation=Relation.EXACT,
            build=lambda: problem.form,
            decode=decode,
            encode=lambda answer: np.asarray(answer.values, dtype=np.float64),
            lift_bound=identity if problem.sign > 0 else _negated,
            lift_witness=_same,
            encode_witness=_same,
        ),
    )


def prove(problem: ConicProblem, witness: Witness, seconds: float) -> Bound:
    """The bound that a witness proves; infinite where it proves that no point meets the cones.

    Raises:
        InvalidWitnessError: it proves nothing here.
    """
    if isinstance(witness, ConicMultipliers):
        found = conic_bound(problem.form, np.asarray(witness.rows), seconds=seconds)
        return found if problem.sign > 0 else replace(found, value=-found.value)
    if isinstance(witness, FarkasRay):
        said = conic_infeasible(problem.form, np.asarray(witness.rows), seconds)
        return Bound(problem.sense.worst, Evidence.PROVED, said)
    raise InvalidWitnessError(f"conic-program takes no {witness.type} witness")


def _same(witness: Witness) -> Witness:
    return witness


def _negated(bound: Real) -> Real:
    return -bound
