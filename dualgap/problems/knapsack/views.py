"""The knapsack as an integer program, and how points come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.exact import Real
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.relations import Relation
from dualgap.core.views import View
from dualgap.core.witness import Exhaustion, Multipliers, Ray, Witness
from dualgap.problems.knapsack.repair import repair

if TYPE_CHECKING:
    from dualgap.problems.knapsack.spec import Knapsack, KnapsackAnswer


def views(problem: Knapsack) -> tuple[View, ...]:
    """One exact view: the integer program ``ilp``."""
    return (
        View(
            name="ilp",
            form_type=MixedIntegerProgram,
            relation=Relation.EXACT,
            build=lambda: integer_program(problem),
            decode=lambda point: _decode(problem, point),
            repair=lambda point: repair(problem, point),
            encode=lambda answer: np.asarray(answer.counts, dtype=np.float64),
            lift_bound=_negated,
            lift_witness=_lift_witness,
            encode_witness=_encode_witness,
        ),
    )


def integer_program(problem: Knapsack) -> MixedIntegerProgram:
    """min -v'x, Wx <= c, 0 <= x <= limits, x integer."""
    from scipy.sparse import csr_array

    rows, n = problem.weights.shape
    upper = np.where(problem.limits >= 0, problem.limits, np.inf).astype(np.float64)
    return MixedIntegerProgram(
        cost=-problem.values,
        matrix=csr_array(problem.weights),
        row_lower=np.full(rows, -np.inf),
        row_upper=problem.capacity,
        lower=np.zeros(n),
        upper=upper,
        integer=np.ones(n, dtype=bool),
        columns=problem.names,
        rows=problem.row_names,
    )


def _decode(problem: Knapsack, point: Any) -> KnapsackAnswer:
    from dualgap.problems.knapsack.spec import KnapsackAnswer

    return KnapsackAnswer(counts=np.rint(np.asarray(point, dtype=np.float64)))


def _negated(bound: Real) -> Real:
    return -bound


def _lift_witness(witness: Witness) -> Witness | None:
    """Row duals y <= 0 of the minimisation become multipliers >= 0 on the capacities."""
    if isinstance(witness, Multipliers):
        return Multipliers(rows=np.maximum(-witness.rows, 0.0))
    return witness if isinstance(witness, Exhaustion | Ray) else None


def _encode_witness(witness: Witness) -> Witness | None:
    return Multipliers(rows=-witness.rows) if isinstance(witness, Multipliers) else None
