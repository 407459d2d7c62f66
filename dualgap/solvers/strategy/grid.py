"""Every point of the grid that could be better than the best so far: each deciding stage is an ``operator-sharding``
problem, which another solver takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.operator_sharding.proofs import MemoryPrice
from dualgap.problems.parallel_strategy import ParallelStrategy, Plan
from dualgap.problems.parallel_strategy.grid import Point
from dualgap.problems.parallel_strategy.proofs import StagePrices, point_bound
from dualgap.problems.parallel_strategy.spec import SIZES, Strategy
from dualgap.problems.parallel_strategy.stages import Stage

_NONE = np.zeros((0, 0), dtype=np.int64)


@dataclass
class _Found:
    """What is known of the points so far: each one's best plan, and the prices of its stages."""

    plans: dict[Point, tuple[Fraction, Strategy]]
    prices: dict[Point, tuple[float, float]]

    def ranked(self, shown: int) -> Plan:
        """The best plans, the fastest first."""
        best = sorted(self.plans.values(), key=lambda one: (one[0], one[1].point))[:shown]
        return Plan(plans=tuple(plan for _, plan in best))

    def witness(self) -> StagePrices:
        """The prices that were found."""
        rows = [point.row() for point in self.prices]
        return StagePrices(
            points=np.array(rows, dtype=np.int64).reshape(-1, 6),
            prices=np.array(list(self.prices.values()), dtype=np.float64).reshape(-1, 2),
        )


@dataclass(frozen=True)
class _Grid(Solver):
    """Points in the order of what they take with memory for nothing; those that can't be shown are left out."""

    accepts: ClassVar[tuple[type, ...]] = (ParallelStrategy,)
    inner: ClassVar[str] = "memory-price"

    shown: int = 8

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, ParallelStrategy)
        free = {point: point_bound(form.stages(point), (0.0, 0.0)) for point in form.allowed}
        order = sorted((bound, point) for point, bound in free.items() if bound is not None)
        found = _Found({}, {})
        for bound, point in order:
            if ctx.should_stop():
                break
            if bound > self._worst(found):
                continue
            plan, prices = self._solved(form, point, form.stages(point), ctx)
            found.prices[point] = prices
            if plan is not None:
                found.plans[point] = plan
                ctx.report(found.ranked(self.shown))
        if not order:
            return Claim(None, stop=Stop.INFEASIBLE, witness=found.witness())
        stop = Stop.TIME if ctx.should_stop() else Stop.FINISHED
        if not found.plans:
            return Claim(None, stop=stop, witness=found.witness())
        return Claim(found.ranked(self.shown), feasible=True, stop=stop, witness=found.witness())

    def _worst(self, found: _Found) -> Fraction:
        """The slowest plan that would still be shown."""
        values = sorted(value for value, _ in found.plans.values())
        return values[self.shown - 1] if len(values) >= self.shown else Fraction(10**18)

    def _solved(
        self, form: ParallelStrategy, point: Point, stages: tuple[Stage, ...], ctx: Context
    ) -> tuple[tuple[Fraction, Strategy] | None, tuple[float, float]]:
        """(Seconds, plan) where there is one, and the stages' prices."""
        choices, prices, seconds = [], [0.0, 0.0], Fraction(0)
        for place, stage in enumerate(stages):
            claim = ctx.subsolve(stage.sharding, self.inner, report=lambda *_, **__: None)
            if isinstance(claim.witness, MemoryPrice):
                prices[place] = float(claim.witness.price)
            if claim.point is None:
                return None, (prices[0], prices[1])
            judged = stage.sharding.evaluate(claim.point)
            if judged.violations:
                return None, (prices[0], prices[1])
            choices.append(np.asarray(claim.point.choice).astype(np.int64))
            seconds = max(seconds, stage.constant + Fraction(judged.objective))
        sizes = dict(zip(SIZES, point.row()))
        plan = Strategy(**sizes, first=choices[0], last=choices[1] if len(choices) > 1 else _NONE)
        return (seconds, plan), (prices[0], prices[1])


@dataclass(frozen=True)
class GridPrices(_Grid):
    """Each stage by ``memory-price``: layers of two plans mixed, the bound proved at every point.

    Attributes:
        shown: plans that are kept, runners-up among them.
    """

    name: ClassVar[str] = "grid-prices"
    summary: ClassVar[str] = "every point of the grid, its stages by prices of memory; runners-up beside the best"
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME})


@dataclass(frozen=True)
class GridTied(_Grid):
    """Each stage by ``tied-layers``: one plan for all layers of a stage.

    Attributes:
        shown: plans that are kept, runners-up among them.
    """

    name: ClassVar[str] = "grid-tied"
    summary: ClassVar[str] = "every point of the grid, all layers of a stage alike"
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME})
    inner: ClassVar[str] = "tied-layers"
