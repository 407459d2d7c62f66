"""The bound that group weights prove: the least weighted score."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dualgap.core.arrays import Vector
from dualgap.core.certificate import Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Witness

if TYPE_CHECKING:
    from dualgap.problems.minimax_regret.spec import MinimaxRegret

_SHOWN = 3


class GroupWeights(Witness):
    """A weight for each group, at least 0, up to scale: the adversary's mixture of groups."""

    type: ClassVar[str] = "group-weights"
    weights: Vector


def prove(problem: MinimaxRegret, witness: Witness) -> Bound:
    """The least weighted score, from the weights alone: the verifier fits the model to them itself.

    Raises:
        InvalidWitnessError: another witness, or weights that are no mixture of the groups.
    """
    if not isinstance(witness, GroupWeights):
        raise InvalidWitnessError(f"minimax-regret takes no {witness.type} witness")
    weights = witness.weights.astype(np.float64)
    if weights.shape != (len(problem.group_names),):
        raise InvalidWitnessError(f"{len(weights)} weights for {len(problem.group_names)} groups")
    if (weights < 0).any() or not 0 < weights.sum() < np.inf:
        raise InvalidWitnessError("group weights must be at least 0, and not all 0")
    dual = problem.scores.dual(weights / weights.sum())
    evidence = Evidence.PROVED if dual.proved else Evidence.NUMERICAL
    return Bound(dual.value, evidence, f"the fit to group weights {_named(problem, weights)}", dual.error)


def _named(problem: MinimaxRegret, weights: np.ndarray) -> str:
    """The heaviest groups."""
    shares = weights / weights.sum()
    order = [s for s in np.argsort(-shares, kind="stable")[:_SHOWN].tolist() if shares[s] > 5e-4]
    more = int((shares > 5e-4).sum()) - len(order)
    parts = [f"{problem.group_names[s]} {shares[s]:.3f}" for s in order]
    return ", ".join(parts) + (f" and {more} more" if more else "")
