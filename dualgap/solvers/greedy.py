"""Greedy answers with a bound, in O(n log n): the first thing to try, and something to compare with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from dualgap.core.batch import BatchClaim
from dualgap.core.claim import Claim
from dualgap.core.solver import Budget, Context, Solver, Trait
from dualgap.problems.coin_change import CoinChange
from dualgap.problems.knapsack import Knapsack


@dataclass(frozen=True)
class Greedy(Solver):
    """Knapsack by efficiency with Dantzig's bound; largest coin first with the cheapest coin per unit as its bound."""

    name: ClassVar[str] = "greedy"
    summary: ClassVar[str] = "greedy answers with a proved bound, for knapsack and change-making"
    accepts: ClassVar[tuple[type, ...]] = (Knapsack, CoinChange)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.BATCHED})
    batches: ClassVar[tuple[type, ...]] = (Knapsack,)

    def solve(self, form: Any, ctx: Context) -> Claim:
        if isinstance(form, Knapsack):
            from dualgap.solvers.knapsack.greedy import solve as pack

            return pack(form)
        from dualgap.solvers.coin_change.greedy import solve as pay

        return pay(form)

    def solve_batch(self, batch: Any, budget: Budget) -> BatchClaim:
        from dualgap.solvers.knapsack.batch import solve

        return solve(batch)
