"""Projected supergradient ascent on a Lagrangian dual, with averaged primal points.

Steps: Polyak's (1969) towards an estimated target that comes down when progress stalls (Goffin and Kiwiel 1999), or
decreasing ones (Shor 1985). The direction is a running sum of supergradients (Camerini, Fratta and Maffioli 1975),
in the form's own scale, so that rows may be in any unit. Primal minimisers are averaged with weights
that grow with the iteration (Gustavsson, Patriksson and Stroemberg 2015): the averages tend to the optimum of the
convexified program.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

import numpy as np

from dualgap.core.batch import BatchClaim
from dualgap.core.claim import Claim, Start, Stop, Use
from dualgap.core.forms import DualisedProgram, Form, Inner
from dualgap.core.solver import Budget, Context, Solver, Trait
from dualgap.core.witness import FarkasRay, Multipliers
from dualgap.problems.knapsack import Knapsack
from dualgap.solvers.level_bundle import LevelBundle
from dualgap.solvers.polish import Peak, polish

_AVERAGING = 5.0  # weights grow like the fourth power of the iteration
_FIRST_TARGET = 0.02  # of |q|: how far above the best value the first target is
_REPORTS = 25  # iterations between two


@dataclass(frozen=True)
class DualAscent(Solver):
    """Supergradient ascent.

    Attributes:
        rule: ``polyak`` (towards a target), ``decreasing`` (``step / sqrt(k)``), or ``level``: a bundle of planes,
            fewer and dearer steps, to within ``tolerance`` of the maximum by its own bound.
        iterations: at most so many.
        step: factor of every step.
        memory: share of the last direction that the next one keeps.
        patience: iterations without progress before the target comes down.
        planes: the most that ``level`` keeps.
        tolerance: relative; finished when the target, or the bound, is so close to the best value.
    """

    name: ClassVar[str] = "dual-ascent"
    summary: ClassVar[str] = "Lagrangian dual by supergradient steps, with averaged primal points"
    accepts: ClassVar[tuple[type, ...]] = (DualisedProgram,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME, Trait.WARM, Trait.BATCHED})
    batches: ClassVar[tuple[type, ...]] = (Knapsack,)

    rule: Literal["polyak", "decreasing", "level"] = "polyak"
    iterations: int = 2000
    step: float = 1.0
    memory: float = 0.8
    patience: int = 30
    planes: int = 100
    tolerance: float = 1e-7

    def solve_batch(self, batch: Any, budget: Budget) -> BatchClaim:
        from dualgap.solvers.knapsack.batch_jax import ascend

        return ascend(batch)

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, DualisedProgram)
        form, said = _begun(form, ctx)
        first = polish(form, form.initial, passes=1, evaluations=40 * form.dimension, should_stop=ctx.should_stop)
        if first.ray is not None:
            message = "the dual rises without end: the dualised rows can't hold"
            return Claim(stop=Stop.INFEASIBLE, witness=FarkasRay(rows=first.ray), message=message)
        if form.dimension == 0 or (form.dimension == 1 and first.exact):
            return replace(_claim(first, first.primal, Stop.FINISHED, 0, ctx), start=said)
        climber = self._climber(form, first)
        while climber.stop is None:
            if climber.count % _REPORTS == 0:
                best = Multipliers(rows=climber.best)
                ctx.report(point=climber.average, bound=climber.best_inner.value, witness=best)
            climber.advance()
            if climber.stop is None and ctx.should_stop():
                climber.stop = Stop.TIME
        last = Peak(climber.best, climber.best_inner, (climber.best_inner, climber.best_inner), exact=False)
        if climber.stop is not Stop.NONFINITE:
            last = polish(form, climber.best, should_stop=ctx.should_stop)
        return replace(_claim(last, climber.average, climber.stop, climber.count, ctx), start=said)

    def _climber(self, form: DualisedProgram, first: Peak) -> _Climber | LevelBundle:
        if self.rule == "level":
            return LevelBundle(form, first, self.iterations, self.planes, self.tolerance)
        return _Climber(form, self, first)


def _begun(form: DualisedProgram, ctx: Context) -> tuple[DualisedProgram, Start | None]:
    """The form with the value of the start as the steps' target, and the multipliers that came with it to begin at."""
    if ctx.start is None and ctx.start_witness is None:
        return form, None
    value = form.primal(ctx.start) if form.primal is not None and ctx.start is not None else np.inf
    used = ["its value is the target of the steps"] if np.isfinite(value) else []
    witness = ctx.start_witness
    if isinstance(witness, Multipliers) and witness.rows.shape == (form.dimension,):
        begin = form.nearest(witness.rows)
        if form.inner(begin).value > form.inner(form.initial).value:
            form = replace(form, initial=begin)
            used.append("its multipliers are the first ones")
    if not used:
        return form, Start(Use.IGNORED, "it is not feasible for the program, and brings no better multipliers")
    return replace(form, primal_value=min(form.primal_value, value)), Start(Use.USED, ", ".join(used))


def _claim(peak: Peak, average: Any, stop: Stop, iterations: int, ctx: Context) -> Claim:
    witness = Multipliers(rows=peak.multipliers)
    ctx.report(point=peak.inner.primal, bound=peak.value, witness=witness)
    statistics = {"iterations": iterations}
    return Claim(point=average, stop=stop, bound=peak.value, witness=witness, statistics=statistics)


@dataclass
class _Climber:
    """The state of the ascent; ``advance`` makes one step."""

    form: DualisedProgram
    solver: DualAscent
    first: Peak
    count: int = 0
    stop: Stop | None = None
    average: Any = field(init=False)
    best: np.ndarray = field(init=False)
    best_inner: Inner = field(init=False)

    def __post_init__(self) -> None:
        self.best, self.best_inner = self.first.multipliers, self.first.inner
        self.now = self.best
        self.average = self.best_inner.primal
        self.reach = _FIRST_TARGET * max(abs(self.first.value), 1.0)
        self.direction = np.zeros(self.form.dimension)
        scale = np.ones(self.form.dimension) if self.form.scale is None else self.form.scale
        self.metric = 1.0 / (scale / scale.max()) ** 2
        self.stalled = 0

    def advance(self) -> None:
        """Evaluates the current multipliers, keeps the best, and moves on; sets ``stop`` where it ends."""
        inner = self.form.inner(self.now)
        if not np.isfinite(inner.value):
            self.stop = Stop.NONFINITE
            return
        self._keep(inner)
        self.count += 1
        memory = self.solver.memory if self.solver.rule == "polyak" else 0.0
        self.direction = self._feasible(inner.supergradient + memory * self.direction)
        scaled = self.metric * self.direction
        slope = float(self.direction @ scaled)
        if slope == 0.0:
            self.stop = Stop.FINISHED if not self._feasible(inner.supergradient).any() else self.stop
            self.direction = np.zeros_like(self.direction)
            return
        self.now = self.form.nearest(self.now + self._length(inner.value, slope) * scaled)
        if self.solver.rule == "polyak" and self.stalled >= self.solver.patience:
            self._lower_target()
        if self.stop is None and self.count >= self.solver.iterations:
            self.stop = Stop.ITERATIONS

    def _keep(self, inner: Inner) -> None:
        self.stalled += 1
        if inner.value > self.best_inner.value:
            if inner.value > self.best_inner.value + 0.1 * self.reach:
                self.stalled = 0
            self.best, self.best_inner = self.now, inner
        if isinstance(inner.primal, np.ndarray):
            share = _AVERAGING / (self.count + _AVERAGING)
            self.average = self.average + share * (inner.primal - self.average)
        else:
            self.average = self.best_inner.primal

    def _feasible(self, direction: np.ndarray) -> np.ndarray:
        """Without what the signs or the total forbid."""
        if self.form.total is not None:
            return _along_simplex(self.now, direction)
        outward = (self.now >= self.form.upper) & (direction > 0) | (self.now <= self.form.lower) & (direction < 0)
        return np.where(outward, 0.0, direction)

    def _length(self, value: float, slope: float) -> float:
        """Polyak's step: towards the target, or as if the dual were below its maximum by less and less."""
        if self.solver.rule == "decreasing":
            return self.solver.step * self.reach / (float(np.sqrt(self.count)) * slope)
        target = min(self.best_inner.value + self.reach, self.form.primal_value)
        return self.solver.step * max(target - value, 0.0) / slope

    def _lower_target(self) -> None:
        """Half the way to the target, again from the best multipliers."""
        self.reach *= 0.5
        self.stalled = 0
        self.now = self.best
        self.direction = np.zeros_like(self.direction)
        if self.reach <= self.solver.tolerance * max(abs(self.best_inner.value), 1.0):
            self.stop = Stop.FINISHED


def _along_simplex(now: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """The projection of a direction onto those that keep the sum, and don't lower what is 0."""
    free = np.ones(len(now), dtype=bool)
    while True:
        mean = float(direction[free].mean())
        kept = free & ((now > 0) | (direction > mean))
        if kept.sum() == free.sum():
            return np.where(free, direction - mean, 0.0)
        free = kept
