"""The bound that the column player's strategy proves: no row does better against it than the best one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import simplest
from dualgap.core.witness import Strategies, Witness
from dualgap.problems.matrix_game.payoffs import outward

if TYPE_CHECKING:
    from dualgap.problems.matrix_game.spec import MatrixGame


def prove(problem: MatrixGame, witness: Witness) -> Bound:
    """``max_i (Py)_i`` where rows maximise, ``min_i (Py)_i`` where they minimise; negative weights count as 0.

    Raises:
        InvalidWitnessError: no strategy of the column player.
    """
    if not isinstance(witness, Strategies):
        raise InvalidWitnessError(f"a matrix game takes strategies, not {witness.type}")
    n = problem.size[1]
    if len(witness.y) != n:
        raise InvalidWitnessError(f"the column player's strategy has {len(witness.y)} entries, not {n}")
    if not (witness.y > 0).any():
        raise InvalidWitnessError("the column player's strategy plays no column")
    paid = problem.payoffs.against_rows(witness.y)
    upwards = problem.maximizer == "rows"
    value = outward(paid.most if upwards else paid.least, paid.error, upwards)
    played = int(np.count_nonzero(witness.y > 0))
    limit = "gets more" if upwards else "gives less"
    how = "in exact arithmetic" if paid.exact else f"rounded outward by {paid.error:.1g}"
    argument = f"no row {limit} against the column player's {played} of {n} columns, {how}"
    return Bound(simplest(value), Evidence.PROVED, argument)
