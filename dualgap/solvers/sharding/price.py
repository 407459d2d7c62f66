"""The Lagrangian of the memory limit, exact at each price; layers of the two best plans are mixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.operator_sharding import OperatorSharding, Sharding
from dualgap.problems.operator_sharding.elimination import LARGEST_TABLE, cheapest, widest
from dualgap.problems.operator_sharding.proofs import LeastMemory, MemoryPrice
from dualgap.solvers.sharding.moves import Costs, improved, mixed

_ENOUGH = 1e-13  # of the value: the bound doesn't rise any more


@dataclass(frozen=True)
class Priced:
    """The best price, and what it showed.

    Attributes:
        price: seconds for a unit of memory. above, within: choices that are cheapest there, or nearly, on either side
            of the limit. plans: (n, K) of layers that were cheapest at some price.
    """

    price: float
    above: np.ndarray
    within: np.ndarray
    plans: np.ndarray


def ascended(problem: OperatorSharding, start: np.ndarray, ctx: Context, rounds: int) -> Priced:
    """The dual's maximum by its cutting planes, of which two count in one dimension (Kelley, 1960).

    Args:
        start: (L, K) a choice within the limit.
    """
    costs, limit = Costs(problem), float(problem.limit)
    above, price = cheapest(problem, 0.0).choice, 0.0
    plans, within = [above], start
    for _ in range(rounds):
        over, room = costs.memory(above) - limit, limit - costs.memory(within)
        if over <= 0:
            return Priced(0.0, above, above, np.unique(np.vstack(plans), axis=0))
        price = max(0.0, (costs.time(within) - costs.time(above)) / (over + room))
        found = cheapest(problem, price)
        plans.append(found.choice)
        line = costs.time(above) + price * costs.memory(above)
        if found.value >= line * (1 - _ENOUGH) or ctx.should_stop():
            break
        if costs.memory(found.choice) > limit:
            above = found.choice
        else:
            within = found.choice
    return Priced(price, above, within, np.unique(np.vstack(plans), axis=0))


@dataclass(frozen=True)
class MemoryPriced(Solver):
    """A price of memory by dual ascent, each layer's operators by exact elimination; then the two choices at the best
    price are mixed layer by layer, and what memory is left is used.

    The bound is the dual's value, which elimination proves. One plan for all layers would leave memory unused.

    Attributes:
        rounds: of the ascent at most.
    """

    name: ClassVar[str] = "memory-price"
    summary: ClassVar[str] = "Lagrangian on memory, elimination over a layer's operators, layers of two plans mixed"
    accepts: ClassVar[tuple[type, ...]] = (OperatorSharding,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME})

    rounds: int = 100

    def refuses(self, form: Any) -> str | None:
        return too_joined(form)

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, OperatorSharding)
        costs, start = Costs(form), form.trivial()
        if start is None:
            return Claim(None, stop=Stop.INFEASIBLE, witness=LeastMemory())
        found = ascended(form, np.asarray(start.choice), ctx, self.rounds)
        witness = MemoryPrice(price=found.price)
        ctx.report(Sharding(choice=found.within), witness=witness)
        choice = mixed(costs, found.above, found.within)
        choice = improved(costs, found.within if choice is None else choice, found.plans, ctx.should_stop)
        stop = Stop.TIME if ctx.should_stop() else Stop.FINISHED
        return Claim(Sharding(choice=choice), feasible=True, stop=stop, witness=witness)


@dataclass(frozen=True)
class TiedLayers(Solver):
    """One plan for all layers, as most planners have it: the best of those that prices of memory lead to.

    The bound is the one of ``memory-price``, for choices of any kind.

    Attributes:
        rounds: of the ascent at most.
    """

    name: ClassVar[str] = "tied-layers"
    summary: ClassVar[str] = "the same plan for every layer, chosen by prices of memory"
    accepts: ClassVar[tuple[type, ...]] = (OperatorSharding,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME})

    rounds: int = 100

    def refuses(self, form: Any) -> str | None:
        return too_joined(form)

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, OperatorSharding)
        costs, start = Costs(form), form.trivial()
        if start is None:
            return Claim(None, stop=Stop.INFEASIBLE, witness=LeastMemory())
        found = ascended(form, np.asarray(start.choice), ctx, self.rounds)
        tied = [np.tile(plan, (form.layers, 1)) for plan in (*found.plans, form.leanest)]
        fitting = [one for one in tied if costs.memory(one) <= float(form.limit)]
        choice = min(fitting, key=costs.time)
        witness = MemoryPrice(price=found.price)
        return Claim(Sharding(choice=choice), feasible=True, stop=Stop.FINISHED, witness=witness)


def too_joined(form: OperatorSharding) -> str | None:
    """Why elimination isn't for this problem, if it isn't."""
    entries = widest(form)
    if entries <= LARGEST_TABLE:
        return None
    return f"elimination would make a table of {entries:,} entries, beyond {LARGEST_TABLE:,}: highs takes such layers"
