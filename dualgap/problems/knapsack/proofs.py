"""Upper bounds on the knapsack recomputed from witnesses, in exact arithmetic.

Lagrangian bound (Fisher 1981): for multipliers lambda >= 0 on the capacities, no packing exceeds
lambda'c + sum_j limits_j max(0, v_j - lambda'w_j).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dualgap.core.arrays import Vector, as_array
from dualgap.core.certificate import Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import Exact, combine, dyadic
from dualgap.core.witness import Exhaustion, Multipliers, Witness
from dualgap.problems.branching import Branching, replay
from dualgap.problems.knapsack.instance import Instance
from dualgap.problems.knapsack.packing import Packing, packing
from dualgap.problems.knapsack.prices import Price
from dualgap.problems.knapsack.residual import residual
from dualgap.problems.knapsack.several import counted
from dualgap.problems.knapsack.states import SECONDS_A_STATE, best_value_listed
from dualgap.problems.knapsack.tables import best_value

if TYPE_CHECKING:
    from dualgap.problems.knapsack.spec import Knapsack


class Replay(Witness):
    """No packing is worth more than ``incumbent`` steps of the objective, or than the residual knapsack that is left.

    A price and the incumbent fix most items (see ``residual``); the verifier fixes them again and goes through the rest
    its own way. The bound max(incumbent, residual optimum) holds whatever the numbers are; an incumbent beyond the
    price's own bound says no more than that bound.

    Attributes:
        rows: (1,) the multiplier on the capacity.
        incumbent: in steps of the objective.
        count: the price of a copy packed, in steps (``dualgap.problems.knapsack.prices``).
        factors, charges: those of the inequalities of rounded weights, and their prices, in steps.
        states: how many states a list over the residual goes through, where that is less work than a table; a hint of
            what to try and how long it takes, nothing more.
    """

    type: ClassVar[str] = "replay"
    rows: Vector
    incumbent: int
    count: float = 0.0
    factors: Vector = as_array(())
    charges: Vector = as_array(())
    states: int = 0


def prove(problem: Knapsack, witness: Witness, seconds: float) -> Bound:
    """The bound that a witness proves.

    Raises:
        InvalidWitnessError: it proves nothing here, or a replay won't fit in ``seconds``.
    """
    if isinstance(witness, Multipliers):
        return _lagrangian(problem, witness)
    if isinstance(witness, Replay):
        return _replay(problem, witness, seconds)
    if isinstance(witness, Branching):
        return _branching(problem, witness, seconds)
    if isinstance(witness, Exhaustion):
        return _replay(problem, Replay(rows=np.zeros(1), incumbent=-1), seconds)
    raise InvalidWitnessError(f"knapsack takes no {witness.type} witness")


def _branching(problem: Knapsack, witness: Branching, seconds: float) -> Bound:
    program = counted(problem)
    if program is None:
        raise InvalidWitnessError("an item is worth packing without end, or numbers are too large to replay a tree")
    steps, nodes = replay(program, witness, seconds), len(witness.columns)
    return Bound(problem.round_bound(steps * problem.step), Evidence.PROVED, f"a tree of {nodes:,} nodes replayed")


def reduced_values(problem: Knapsack, multipliers: list[Fraction]) -> Exact:
    """(n,) exact v_j - lambda'w_j."""
    rows = [(-factor, weights) for factor, (weights, _) in zip(multipliers, problem.exact_rows, strict=True)]
    return combine([(1, problem.exact_values), *rows])


def covering(problem: Knapsack, witness: Multipliers) -> list[Fraction]:
    """The multipliers that the verifier counts with: on its grid, and large enough for items without a limit.

    Raises:
        InvalidWitnessError: they can't be.
    """
    return _cover_unlimited(problem, _checked(problem, witness.rows))


def _lagrangian(problem: Knapsack, witness: Multipliers) -> Bound:
    multipliers = covering(problem, witness)
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
    price = replayed_price(problem, packed, witness)
    left = residual(packed, price, witness.incumbent)
    plain = not price.count and not price.rounded
    shown = f"{'a multiplier on capacity' if plain else _prices(price)} that leave{'s' * plain} nothing better"
    steps = min(witness.incumbent, left.ceiling)
    if not left.settled:
        instance = left.instance()
        steps = max(steps, left.worth + _best_value(instance, witness.states, seconds))
        way = "states" if witness.states else "table"
        fixed = f"{len(instance.items):,} of {problem.size:,} items not fixed by {_prices(price)}"
        shown = f"{fixed}, their {way} replayed"
    return Bound(problem.round_bound(steps * problem.step), Evidence.PROVED, shown)


def _best_value(instance: Instance, states: int, seconds: float) -> int:
    if not states:
        return best_value(instance, seconds)
    if states * SECONDS_A_STATE > seconds:
        needed = states * SECONDS_A_STATE
        raise InvalidWitnessError(f"replaying {states:,} states takes about {needed:.2g} s, {seconds:g} s are given")
    return best_value_listed(instance, seconds)


def _prices(price: Price) -> str:
    """The multipliers in a few words."""
    if not price.count and not price.rounded:
        return "the multiplier"
    roundings = len(price.rounded)
    parts = ["capacity"] if price.capacity else []
    parts += ["number of items"] if price.count else []
    parts += [f"{roundings} roundings of the weights" if roundings > 1 else "rounded weights"] if roundings else []
    return "multipliers on " + " and ".join(parts)


def replayed_price(problem: Knapsack, packed: Packing, witness: Replay) -> Price:
    """What a witness says, as exact multipliers on the scale of ``packed``.

    Raises:
        InvalidWitnessError: a multiplier of the wrong sign, or a factor that is no positive integer.
    """
    (capacity,) = _checked(problem, witness.rows)
    factors, charges = witness.factors, witness.charges
    if factors.shape != charges.shape or (len(factors) and factors.dtype != np.int64):
        raise InvalidWitnessError("every inequality of rounded weights takes one integer factor and one charge")
    if (factors < 1).any() or (charges < 0).any():
        raise InvalidWitnessError("factors must be >= 1 and charges >= 0")
    if not np.isfinite(witness.count):
        raise InvalidWitnessError("the price of a copy must be finite")
    (count,) = dyadic(np.array([witness.count]))
    return Price(capacity / packed.unit, count, tuple(zip(factors.tolist(), dyadic(charges), strict=True)))


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
