"""Upper bounds on the knapsack recomputed from witnesses, in exact arithmetic.

Lagrangian bound (Fisher 1981): for multipliers lambda >= 0 on the capacities, no packing exceeds
lambda'c + sum_j limits_j max(0, v_j - lambda'w_j).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dualgap.core.arrays import Vector
from dualgap.core.certificate import Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import Exact, combine, dyadic
from dualgap.core.witness import Exhaustion, Multipliers, Witness
from dualgap.problems.knapsack.residual import packing, residual
from dualgap.problems.knapsack.tables import best_value

if TYPE_CHECKING:
    from dualgap.problems.knapsack.spec import Knapsack


class Replay(Witness):
    """No packing is worth more than ``incumbent`` steps of the objective, or than the residual table that is left.

    The multiplier and the incumbent fix most items (see ``residual``); the verifier fixes them again and fills its own
    table over the rest. The bound max(incumbent, residual optimum) holds whatever the two numbers are; an incumbent
    beyond the multiplier's own bound says no more than that bound.
    """

    type: ClassVar[str] = "replay"
    rows: Vector
    incumbent: int


def prove(problem: Knapsack, witness: Witness, seconds: float) -> Bound:
    """The bound that a witness proves.

    Raises:
        InvalidWitnessError: it proves nothing here, or a replay won't fit in ``seconds``.
    """
    if isinstance(witness, Multipliers):
        return _lagrangian(problem, witness)
    if isinstance(witness, Replay):
        return _replay(problem, witness, seconds)
    if isinstance(witness, Exhaustion):
        return _replay(problem, Replay(rows=np.zeros(1), incumbent=-1), seconds)
    raise InvalidWitnessError(f"knapsack takes no {witness.type} witness")


def reduced_values(problem: Knapsack, multipliers: list[Fraction]) -> Exact:
    """(n,) exact v_j - lambda'w_j."""
    rows = [(-factor, weights) for factor, (weights, _) in zip(multipliers, problem.exact_rows, strict=True)]
    return combine([(1, problem.exact_values), *rows])


def _lagrangian(problem: Knapsack, witness: Multipliers) -> Bound:
    multipliers = _cover_unlimited(problem, _checked(problem, witness.rows))
    value = lagrangian_value(problem, multipliers)
    shown = ", ".join(
        f"{float(factor):.6g} on {name}" for factor, name in list(zip(multipliers, problem.row_names, strict=True))[:3]
    )
    return Bound(problem.round_bound(value), Evidence.PROVED, f"multipliers {shown}")


def _replay(problem: Knapsack, witness: Replay, seconds: float) -> Bound:
    if len(problem.capacity) != 1:
        raise InvalidWitnessError("tables are replayed in one dimension only")
    if ((problem.limits < 0) & (problem.exact_values.numerators > 0)).any():
        raise InvalidWitnessError("an item that weighs nothing has no limit and is worth something")
    packed = packing(problem)
    left = residual(packed, _checked(problem, witness.rows)[0] / packed.unit, witness.incumbent)
    shown = "a multiplier on capacity that leaves nothing better"
    steps = min(witness.incumbent, left.bound)
    if not left.settled:
        instance = left.instance()
        steps = max(steps, left.worth + best_value(instance, seconds))
        shown = f"{len(instance.items):,} of {problem.size:,} items not fixed by the multiplier, their table replayed"
    return Bound(problem.round_bound(steps * problem.step), Evidence.PROVED, shown)


def _checked(problem: Knapsack, given: np.ndarray) -> list[Fraction]:
    if given.shape != problem.capacity.shape:
        raise InvalidWitnessError(f"{len(given)} multipliers for {len(problem.capacity)} capacities")
    if not np.isfinite(given).all() or (given < 0).any():
        raise InvalidWitnessError("multipliers on capacities must be finite and >= 0")
    return dyadic(given)


def lagrangian_value(problem: Knapsack, multipliers: list[Fraction]) -> Fraction:
    """lambda'c + sum_j limits_j max(0, v_j - lambda'w_j), exactly, before rounding to the lattice."""
    reduced = reduced_values(problem, multipliers)
    gain = Exact(np.maximum(reduced.numerators, 0), reduced.denominator)
    limits = Exact(np.where(gain.numerators > 0, problem.limits, 0).astype(np.int64))
    total = sum((f * capacity for f, (_, capacity) in zip(multipliers, problem.exact_rows, strict=True)), Fraction(0))
    return total + gain.dot(limits)


def _cover_unlimited(problem: Knapsack, multipliers: list[Fraction]) -> list[Fraction]:
    """Multipliers scaled up until no item without a limit has a positive reduced value."""
    unlimited = np.flatnonzero(problem.limits < 0)
    reduced = reduced_values(problem, multipliers)
    worst = [int(j) for j in unlimited if reduced.numerators[j] > 0]
    factor = Fraction(1)
    for j in worst:
        value = problem.exact_values.item(j)
        price = value - reduced.item(j)
        if price <= 0:
            name = problem.item_names[j]
            raise InvalidWitnessError(f"item {name} has no limit and no weight that the multipliers price")
        factor = max(factor, value / price)
    return [factor * multiplier for multiplier in multipliers]
