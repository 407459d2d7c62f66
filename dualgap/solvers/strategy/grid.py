"""Every point of the grid that could be better than the best so far: each deciding stage is an ``operator-sharding``
problem, which another solver takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.exact import fraction
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.operator_sharding import Sharding
from dualgap.problems.operator_sharding.proofs import MemoryPrice
from dualgap.problems.operator_sharding.views import decode, program
from dualgap.problems.parallel_strategy import ParallelStrategy, Plan
from dualgap.problems.parallel_strategy.grid import Point
from dualgap.problems.parallel_strategy.plans import SIZES, Strategy
from dualgap.problems.parallel_strategy.proofs import StagePrices, point_bound
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
        bound_ = self.closed(form, found, [point for _, point in order], ctx)
        stop = Stop.TIME if ctx.should_stop() else Stop.FINISHED
        if not found.plans:
            return Claim(None, stop=stop, witness=found.witness(), bound=bound_)
        return Claim(found.ranked(self.shown), feasible=True, stop=stop, witness=found.witness(), bound=bound_)

    def closed(self, form: ParallelStrategy, found: _Found, order: list[Point], ctx: Context) -> float | None:
        """A chance to find better plans than the prices', and a bound on this solver's word; none by default."""
        return None

    def _worst(self, found: _Found) -> Fraction:
        """The slowest plan that would still be shown."""
        values = sorted(value for value, _ in found.plans.values())
        return values[self.shown - 1] if len(values) >= self.shown else Fraction(10**18)

    def _solved(
        self, form: ParallelStrategy, point: Point, stages: tuple[Stage, ...], ctx: Context
    ) -> tuple[tuple[Fraction, Strategy] | None, tuple[float, float]]:
        """(Seconds, plan) where there is one, and the stages' prices."""
        choices, prices = [], [0.0, 0.0]
        for place, stage in enumerate(stages):
            claim = ctx.subsolve(stage.sharding, self.inner, report=lambda *_, **__: None)
            if isinstance(claim.witness, MemoryPrice):
                prices[place] = float(claim.witness.price)
            if claim.point is None:
                return None, (prices[0], prices[1])
            if stage.sharding.evaluate(claim.point).violations:
                return None, (prices[0], prices[1])
            choices.append(np.asarray(claim.point.choice).astype(np.int64))
        return _plan(point, stages, choices), (prices[0], prices[1])


def _plan(point: Point, stages: tuple[Stage, ...], choices: list[np.ndarray]) -> tuple[Fraction, Strategy]:
    """Seconds of a step, and the plan."""
    judged = [stage.sharding.evaluate(Sharding(choice=choice)) for stage, choice in zip(stages, choices)]
    seconds = max(stage.constant + Fraction(one.objective) for stage, one in zip(stages, judged))
    sizes = dict(zip(SIZES, point.row()))
    return seconds, Strategy(**sizes, first=choices[0], last=choices[1] if len(choices) > 1 else _NONE)


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


@dataclass(frozen=True)
class GridHighs(_Grid):
    """What prices leave open, stage by stage as a program with a binary for each strategy of each layer.

    Attributes:
        shown: plans that are kept, runners-up among them.
    """

    name: ClassVar[str] = "grid-highs"
    summary: ClassVar[str] = "every point of the grid, what prices leave open by HiGHS; runners-up beside the best"
    requires: ClassVar[tuple[str, ...]] = ("highspy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS, Trait.ANYTIME})

    def closed(self, form: ParallelStrategy, found: _Found, order: list[Point], ctx: Context) -> float | None:
        """Points whose bound is below the best, the lowest first; the bound is HiGHS's word where it counts."""
        bounds = {point: point_bound(form.stages(point), found.prices.get(point, (0.0, 0.0))) for point in order}
        for bound, point in sorted((bound, point) for point, bound in bounds.items() if bound is not None):
            best = min((seconds for seconds, _ in found.plans.values()), default=None)
            if ctx.should_stop() or (best is not None and bound >= best):
                break
            plan, bounds[point] = _program(point, form.stages(point), bound, ctx)
            if plan is not None and (point not in found.plans or plan[0] < found.plans[point][0]):
                found.plans[point] = plan
                ctx.report(found.ranked(self.shown))
        values = [seconds for seconds, _ in found.plans.values()]
        lowest = min([bound for bound in bounds.values() if bound is not None] + values, default=None)
        return None if lowest is None else float(lowest)


def _program(
    point: Point, stages: tuple[Stage, ...], bound: Fraction, ctx: Context
) -> tuple[tuple[Fraction, Strategy] | None, Fraction | None]:
    """(Seconds, plan) by HiGHS where it finds one, and the point's bound; no bound where it finds that nothing fits."""
    choices = []
    for stage in stages:
        claim = ctx.subsolve(program(stage.sharding), "highs", report=lambda *_, **__: None)
        if claim.stop is Stop.INFEASIBLE:
            return None, None
        if claim.bound is not None:
            bound = max(bound, stage.constant + fraction(claim.bound))
        if claim.point is not None:
            choice = np.asarray(decode(stage.sharding, claim.point).choice).astype(np.int64)
            if not stage.sharding.evaluate(Sharding(choice=choice)).violations:
                choices.append(choice)
    return (_plan(point, stages, choices) if len(choices) == len(stages) else None), bound
