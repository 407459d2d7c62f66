"""Presolve of our own before any backend: what no better point can have is fixed, the backend gets the rest.

The linear relaxation's multipliers price every column. A small core, the columns whose price is nearest to zero, gives
a good point at once (Balas and Zemel 1980; kernel search: Angelelli, Mansini and Speranza 2010); with its value
most columns of a large program are fixed, and the backend has a few left.

Sound: a point that was cut off is no better than the point at hand, of value U. So the optimum is U or that of the
rest, and the smaller of U and the rest's bound bounds it. It is the backend's word as before; the relaxation's
multipliers go along as the witness.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Scalar, Start, Stop, Use
from dualgap.core.exact import Real, exact, lattice_step, nearest
from dualgap.core.forms import Form, MixedIntegerProgram
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import Multipliers, Witness
from dualgap.solvers.relaxation import relax, without_columns
from dualgap.solvers.remainder import Remainder, remainder
from dualgap.solvers.tightening import Box, Pricing, fixed_by_cost, priced, propagated, whole_box

_SMALL = 100  # columns: below, a backend is as quick without us
_CORE_SHARE, _CORE_SECONDS = 0.1, 2.0  # of the time left, and at most, for one core
_MARGIN = 1e-9  # relative: by how much a bound must be over a value to be so in exact arithmetic too
_GROWTH = 4
_CORES = 3  # sizes that are tried, while fixing leaves more than the core
_EXACT = 1e-12  # relative: by so much a point may miss a row that holds in decimals


@dataclass(frozen=True)
class Presolve(Solver):
    """Fixes columns by reduced costs and a core's point, then has ``solver`` solve what is left.

    Attributes:
        solver: who solves the cores and the rest; parameters in brackets (``cp-sat[num_workers=2]``).
        core: how many columns the first core has, beside two for every row.
    """

    name: ClassVar[str] = "presolve"
    summary: ClassVar[str] = "fixing by reduced costs and a core's point, then any backend on the rest"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)
    requires: ClassVar[tuple[str, ...]] = ("highspy",)
    traits: ClassVar[frozenset[Trait]] = frozenset(
        {Trait.EXACT, Trait.BOUNDS, Trait.ANYTIME, Trait.WARM, Trait.COMPOSITE}
    )

    solver: str = "highs"
    core: int = 50

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, MixedIntegerProgram)
        if form.size[0] == 0:
            return without_columns(form)
        if form.size[0] <= _SMALL or not form.integer.any():
            return ctx.subsolve(form, self.solver, start=ctx.start, report=ctx.report)
        return _Reduction(self, form, ctx).run()


@dataclass
class _Reduction:
    """One program on its way: the best point so far, what is left of the box, the witness of the relaxation."""

    solver: Presolve
    form: MixedIntegerProgram
    ctx: Context
    best: np.ndarray | None = None
    value: float = np.inf
    witness: Witness | None = None
    start: Start | None = None
    cores: int = 0
    hopeless: bool = False
    step: float = field(init=False)
    box: Box = field(init=False)

    def __post_init__(self) -> None:
        self.step = _objective_step(self.form)

    def run(self) -> Claim:
        form, ctx = self.form, self.ctx
        self.box = propagated(form, whole_box(form))
        if self.box.empty:
            return Claim(stop=Stop.INFEASIBLE, message="the rows leave no value for a column")
        relaxed = relax(form, ctx)
        if relaxed.stop is Stop.INFEASIBLE:
            return Claim(stop=Stop.INFEASIBLE, witness=relaxed.witness, conflict=relaxed.conflict)
        self._take_start()
        if isinstance(relaxed.witness, Multipliers):
            self.witness = relaxed.witness
            self._fix(relaxed.witness.rows)
        return self._solve_rest()

    def _take_start(self) -> None:
        if self.ctx.start is None:
            return
        point = np.asarray(self.ctx.start, dtype=np.float64)
        self._offer(point)
        used = self.best is not None
        reason = "its value fixes columns" if used else "it isn't feasible to the last digit"
        self.start = Start(Use.USED if used else Use.IGNORED, reason)

    def _offer(self, point: np.ndarray) -> None:
        """Keeps a point that is feasible beyond doubt and the best so far."""
        point = np.where(self.form.integer, np.rint(point), point)
        scale = max(1.0, float((abs(self.form.matrix) @ np.abs(point)).max(initial=0.0)))
        value = self.form.objective(point)
        if value < self.value and self.form.violation(point) <= _EXACT * scale:
            self.best, self.value = point, value
            self.ctx.report(point=point)

    # Fixing.
    @property
    def limit(self) -> float:
        """The most that the objective of a better point can be."""
        return self.value - self.step if np.isfinite(self.value) else np.inf

    def _fix(self, multipliers: np.ndarray) -> None:
        """Cores of growing size and what their points fix, while that is too little and there is time."""
        size = self.solver.core + 2 * self.form.size[1]
        for _ in range(_CORES):
            pricing = self._tightened(multipliers)
            left = int((~self.box.fixed).sum())
            if self.hopeless or left <= 2 * size or self.ctx.should_stop():
                return
            self._solve_core(pricing, size)
            size *= _GROWTH
        self._tightened(multipliers)

    def _tightened(self, multipliers: np.ndarray) -> Pricing:
        pricing = priced(self.form, self.box, multipliers)
        if np.isfinite(self.limit):
            self.box = propagated(self.form, fixed_by_cost(self.form, self.box, pricing, self.limit))
            self.hopeless = self.box.empty or pricing.value > self.limit + _MARGIN * max(1.0, abs(self.limit))
        return pricing

    def _solve_core(self, pricing: Pricing, size: int) -> None:
        """All but the columns nearest to a price of zero at their cheaper ends; the backend finds the best of these."""
        order = np.argsort(np.abs(pricing.reduced), kind="stable")
        away = np.ones(len(order), dtype=bool)
        away[order[:size]] = False
        away &= self.form.integer
        cheap = np.where(pricing.reduced > 0, self.box.lower, self.box.upper)
        away &= np.isfinite(cheap)
        core = Box(np.where(away, cheap, self.box.lower), np.where(away, cheap, self.box.upper))
        rest = remainder(self.form, core)
        claim = self._handed_on(rest, min(_CORE_SHARE * self.ctx.time_left(), _CORE_SECONDS), None)
        self.cores += 1
        if claim.point is not None and claim.feasible:
            self._offer(rest.whole(np.asarray(claim.point)))

    # The rest.
    def _handed_on(self, rest: Remainder, seconds: float | None, report: Any) -> Claim:
        if rest.form.size[0] == 0:
            return without_columns(rest.form)
        start = self.best
        inside = start is not None and not np.any(start[~rest.free] != rest.values[~rest.free])
        part = rest.part(start) if inside else None
        return self.ctx.subsolve(rest.form, self.solver.solver, start=part, seconds=seconds, report=report)

    def _solve_rest(self) -> Claim:
        if self.hopeless:
            return self._ended(Claim(stop=Stop.INFEASIBLE), 0, 0)
        rest = remainder(self.form, self.box)

        def report(point: Any = None, bound: Real | None = None, witness: Witness | None = None) -> None:
            whole = rest.whole(np.asarray(point)) if point is not None else None
            self.ctx.report(point=whole, bound=self._bounded(bound))

        claim = self._handed_on(rest, None, report)
        if claim.point is not None:
            claim = replace(claim, point=rest.whole(np.asarray(claim.point, dtype=np.float64)))
        return self._ended(claim, *rest.form.size)

    def _bounded(self, bound: Real | None) -> Real | None:
        """A bound on the rest as one on the whole."""
        return bound if bound is None or nearest(bound) <= self.value else self.value

    def _ended(self, claim: Claim, columns: int, rows: int) -> Claim:
        """The claim on the rest as one on the whole: where nothing is left, the point at hand is the best."""
        statistics: dict[str, Scalar] = {
            **claim.statistics,
            "columns_left": columns,
            "rows_left": rows,
            "cores": self.cores,
        }
        if claim.stop is Stop.INFEASIBLE and self.best is not None:
            claim = Claim(stop=Stop.FINISHED, bound=self.value)
        untouched = columns == self.form.size[0] and rows == self.form.size[1]
        worse = claim.value is None or nearest(claim.value) > self.value
        if self.best is not None and (worse or not claim.feasible):
            claim = replace(claim, point=self.best, feasible=True, value=self.value)
        return replace(
            claim,
            bound=self._bounded(claim.bound),
            witness=claim.witness if untouched else self.witness if claim.stop is not Stop.INFEASIBLE else None,
            conflict=claim.conflict if untouched else (),
            statistics=statistics,
            start=self.start,
        )


def _objective_step(form: MixedIntegerProgram) -> float:
    """Values of two points differ by a multiple of this; 0 where a continuous column has a cost, or in doubt."""
    cost = np.asarray(form.cost)
    if np.any((cost != 0) & ~form.integer):
        return 0.0
    return float(lattice_step(exact(cost)))
