"""The fit to all groups together (empirical risk minimisation): what minimax regret is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dualgap.core.claim import Claim
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.minimax_regret import GroupWeights, LinearModel, MinimaxRegret


@dataclass(frozen=True)
class PooledFit(Solver):
    """One fit with every group at its share of the samples; the shares, as group weights, bound the optimum."""

    name: ClassVar[str] = "pooled-fit"
    summary: ClassVar[str] = "the fit to all samples alike, as the usual training does: no minimax at all"
    accepts: ClassVar[tuple[type, ...]] = (MinimaxRegret,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS})

    def solve(self, problem: MinimaxRegret, ctx: Context) -> Claim:
        witness = GroupWeights(weights=problem.shares)
        return Claim(point=LinearModel(coefficients=problem.pooled), feasible=True, witness=witness)
