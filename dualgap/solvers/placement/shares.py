"""Microbatches on workers: equal shares, and each one to where it ends first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.capacity import whole_loads
from dualgap.problems.load_balance import LoadBalance, Shares
from dualgap.problems.load_balance.spec import EvenLoad


@dataclass(frozen=True)
class EqualShares(Solver):
    """The same for every worker, but for a rest: optimal for workers that are alike, where it comes out even."""

    name: ClassVar[str] = "equal-shares"
    summary: ClassVar[str] = "as many microbatches for every worker"
    accepts: ClassVar[tuple[type, ...]] = (LoadBalance,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS})

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, LoadBalance)
        return Claim(form.trivial(), feasible=True, stop=Stop.FINISHED, witness=EvenLoad())


@dataclass(frozen=True)
class EarliestEnd(Solver):
    """Each microbatch goes to where it ends first: optimal, since microbatches are alike."""

    name: ClassVar[str] = "earliest-end"
    summary: ClassVar[str] = "each microbatch to where it ends first: optimal for known speeds"
    accepts: ClassVar[tuple[type, ...]] = (LoadBalance,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS})

    def refuses(self, form: Any) -> str | None:
        return None if form.known else "speeds are random: equal-shares takes workers that are alike"

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, LoadBalance)
        shares = whole_loads(form.speeds.astype(float), form.microbatches)
        return Claim(Shares(shares=shares), feasible=True, stop=Stop.FINISHED, witness=EvenLoad())
