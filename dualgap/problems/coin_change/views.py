"""Change-making as an integer program, and how points come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.relations import Relation
from dualgap.core.views import View
from dualgap.core.witness import Exhaustion, FarkasRay, Multipliers, Witness
from dualgap.problems.coin_change.repair import repair

if TYPE_CHECKING:
    from dualgap.problems.coin_change.spec import CoinChange, CoinChangeAnswer


def views(problem: CoinChange) -> tuple[View, ...]:
    """One exact view: the integer program ``ilp`` with its equality row."""
    return (
        View(
            name="ilp",
            form_type=MixedIntegerProgram,
            relation=Relation.EXACT,
            build=lambda: integer_program(problem),
            decode=lambda point: _decode(problem, point),
            repair=lambda point: repair(problem, point),
            encode=lambda answer: np.asarray(answer.counts, dtype=np.float64),
            lift_bound=lambda bound: bound,
            lift_witness=_lift_witness,
            encode_witness=lambda witness: witness if isinstance(witness, Multipliers) else None,
        ),
    )


def integer_program(problem: CoinChange) -> MixedIntegerProgram:
    """min k'x, a'x = amount, 0 <= x <= limits, x integer."""
    from scipy.sparse import csr_array

    amount = np.array([problem.amount])
    return MixedIntegerProgram(
        cost=np.array(np.broadcast_to(np.asarray(problem.costs), (problem.size,))),
        matrix=csr_array(problem.coins.reshape(1, -1)),
        row_lower=amount,
        row_upper=amount,
        lower=np.zeros(problem.size),
        upper=problem.limits.astype(np.float64),
        integer=np.ones(problem.size, dtype=bool),
        columns=problem.coin_names,
        rows=("amount",),
    )


def _decode(problem: CoinChange, point: Any) -> CoinChangeAnswer:
    from dualgap.problems.coin_change.spec import CoinChangeAnswer

    return CoinChangeAnswer(counts=np.rint(np.asarray(point, dtype=np.float64)))


def _lift_witness(witness: Witness) -> Witness | None:
    return witness if isinstance(witness, Multipliers | FarkasRay | Exhaustion) else None
