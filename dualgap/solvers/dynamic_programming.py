"""Exact dynamic programs for the families that have them, with witnesses that replay as proofs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from dualgap.core.claim import Claim
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.coin_change import CoinChange
from dualgap.problems.knapsack import Knapsack

DEFAULT_MEMORY = 2**30


@dataclass(frozen=True)
class DynamicProgramming(Solver):
    """Tables over weights, values, amounts or deficits; see ``dualgap.solvers.knapsack`` and ``.coin_change``.

    Attributes:
        method: the table: "weight", "value" or "bitset" (subset sums) for the knapsack in one dimension; "amount",
            "bitset" or "deficit" for change-making; "auto" takes what the instance suggests.
        memory: bytes that tables may take; what would need more is refused with the number.
    """

    name: ClassVar[str] = "dynamic-programming"
    summary: ClassVar[str] = "exact dynamic programs for knapsack and change-making, proved by replay"
    accepts: ClassVar[tuple[type, ...]] = (Knapsack, CoinChange)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS, Trait.ANYTIME})

    method: Literal["auto", "amount", "bitset", "deficit", "value", "weight"] = "auto"
    memory: int = DEFAULT_MEMORY

    def refuses(self, form: Any) -> str | None:
        if isinstance(form, CoinChange):
            from dualgap.solvers.coin_change.dynamic import refuses as refuses_payment

            return refuses_payment(form, self.method, self.memory)
        from dualgap.solvers.knapsack.dynamic import refuses as refuses_packing

        return refuses_packing(form, self.method, self.memory)

    def solve(self, form: Any, ctx: Context) -> Claim:
        limit = self.memory if ctx.budget.memory is None else min(self.memory, ctx.budget.memory)
        if isinstance(form, CoinChange):
            from dualgap.solvers.coin_change.dynamic import solve as pay

            return pay(form, self.method, limit, ctx)
        from dualgap.solvers.knapsack.dynamic import solve as pack

        return pack(form, self.method, limit, ctx)
