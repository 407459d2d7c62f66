"""The loop that all methods for saddle programs share: steps, a look at the interval now and then, and an honest end.

Methods look for a zero of the monotone operator ``F = (grad_x f, -grad_y f)``. Steps needn't be given: each method
tests how fast F changes between the two points that its step compares, shortens the step until that is slow enough
for its theory, and lengthens it slowly otherwise. A step that somebody gives is kept, and watched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot
from typing import ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.errors import UsageError
from dualgap.core.forms import Form, SaddleProgram
from dualgap.core.sets import Set
from dualgap.core.solver import Context, Solver, Trait
from dualgap.solvers.jax_scope import x64
from dualgap.solvers.saddle.field import Field, Pair, Shape, field_of
from dualgap.solvers.saddle.interval import Interval, sides

CHECK = 10  # steps between looks at the interval, more where looks are many
_GROWTH, _SHRINK = 1.1, 0.6
_SMALLEST = 1e-14  # of the first step
_FAR = 1e8  # times the start's size: it runs away
_WORSE = 1e3  # times the smallest residual so far, with a step that is too long


@dataclass
class Steps:
    """A pair on its way.

    Attributes:
        z: the pair (x, y).
        step: its length now; ``fixed`` where somebody gave it.
        residual: ``||z+ - z|| / step``: how far the last step was from standing still.
        strain: how fast F changed along the last step, times the step; theory wants it below the method's limit.
    """

    field: Field
    z: Pair
    step: float
    fixed: bool
    residual: float = float("inf")
    strain: float = 0.0

    def force(self, z: Pair) -> Pair:
        """F at a pair."""
        _, slope_x, slope_y = self.field.gradients(*z)
        return slope_x, -slope_y

    def advance(self) -> Pair:
        """One step; returns the point that its average counts."""
        raise NotImplementedError

    def moved(self, z: Pair, force: Pair, step: float) -> Pair:
        """The projected step ``proj(z - step force)``."""
        return self.field.project(z[0] - step * force[0], z[1] - step * force[1])

    def tries(self, limit: float) -> Iterator[None]:
        """Yields until the strain that the caller sets in between is at most ``limit``, the step shorter each time."""
        while True:
            yield
            if self.fixed or self.strain <= limit or not np.isfinite(self.strain):
                return
            self.step *= max(_SHRINK * limit / self.strain, 0.1)

    def lengthen(self) -> None:
        if not self.fixed:
            self.step *= _GROWTH


def length(pair: Pair) -> float:
    """The Euclidean norm over both players."""
    return hypot(float(np.linalg.norm(pair[0])), float(np.linalg.norm(pair[1])))


def distance(left: Pair, right: Pair) -> float:
    """Euclidean, over both players."""
    return length((left[0] - right[0], left[1] - right[1]))


@dataclass(frozen=True)
class SaddleMethod(Solver):
    """Base of the methods.

    Attributes:
        iterations: at most so many steps.
        tolerance: width of the interval at which to stop, relative to the range of payoffs (or to the objective at the
            start); without an interval, the residual at which to stop.
        step: length of all steps; by default found as it goes.
    """

    accepts: ClassVar[tuple[type, ...]] = (SaddleProgram,)
    requires: ClassVar[tuple[str, ...]] = ("jax",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME, Trait.WARM})

    iterations: int = 100_000
    tolerance: float = 1e-7
    step: float | None = None

    def __post_init__(self) -> None:
        if self.step is not None and not self.step > 0:
            raise UsageError(f"{self.name} needs a positive step, not {self.step}; leave it out to have it found")

    def refuses(self, form: Form) -> str | None:
        assert isinstance(form, SaddleProgram)
        for player, domain in (("x", form.x_set), ("y", form.y_set)):
            if type(domain).project is Set.project:
                return f"{self.name} needs projections, and {player}'s {type(domain).__name__} has none"
        return None

    def steps(self, field: Field, z: Pair, step: float, fixed: bool) -> Steps:
        """The method itself, ready to start at z."""
        raise NotImplementedError

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, SaddleProgram)
        if form.payoff is not None:  # JAX isn't needed, and not imported
            return self._solve(form, ctx)
        with x64():
            return self._solve(form, ctx)

    def _solve(self, form: SaddleProgram, ctx: Context) -> Claim:
        field = field_of(form)
        x, y = form.initial if ctx.start is None else ctx.start
        z = field.project(Shape.of(x).flat(x), Shape.of(y).flat(y))
        with ctx.phase("compile" if form.payoff is None else "solve"):
            value, slope_x, slope_y = field.gradients(*z)
        spread = abs(value) or 1.0 if form.payoff is None else float(np.ptp(form.payoff))
        interval = Interval(self.tolerance, spread)
        interval.offer(*z, *sides(field, *z))
        if not (np.isfinite(value) and np.isfinite(slope_x).all() and np.isfinite(slope_y).all()):
            message = "the objective or its gradient isn't finite at the start"
            return interval.claim(ctx, Stop.NONFINITE, field, message, iterations=0)
        steps = self.steps(field, z, self.step or _first(field, z), self.step is not None)
        return _run(self, steps, interval, ctx)


def _run(method: SaddleMethod, steps: Steps, interval: Interval, ctx: Context) -> Claim:
    field, start = steps.field, 1.0 + length(steps.z)
    average, least, count, look, first = _Average(), float("inf"), 0, CHECK, steps.step
    while True:
        for _ in range(min(look, method.iterations - count)):
            average.add(steps.advance(), steps.step)
            count += 1
        finite = bool(np.isfinite(steps.residual))
        if finite:
            for pair in (steps.z, average.pair()):
                interval.offer(*pair, *sides(field, *pair))
            if interval.known:  # else nothing tells a better pair
                interval.report(ctx, count, field)
        least = min(least, steps.residual)
        stop, message = _ending(method, steps, interval, ctx, count, finite, start, least, first)
        if stop is not None:
            if not interval.known and finite:
                interval.x, interval.y = steps.z
            numbers = {"iterations": count, "step": steps.step, "residual": steps.residual}
            return interval.claim(ctx, stop, field, message, **numbers)
        look = max(CHECK, count // 20)


def _ending(
    method: SaddleMethod,
    steps: Steps,
    interval: Interval,
    ctx: Context,
    count: int,
    finite: bool,
    start: float,
    least: float,
    first: float,
) -> tuple[Stop | None, str]:
    """Whether to stop, why, and what to change."""
    size = length(steps.z)
    remedy = f"lower the step ({steps.step:.3g}), or leave it out to have it found" if steps.fixed else "scale the data"
    if not finite:
        return Stop.NONFINITE, f"a step led to NaN or infinity; {remedy}"
    if interval.closed(ctx):
        return Stop.FINISHED, ""
    if not interval.known and steps.residual <= method.tolerance:
        return Stop.FINISHED, "no step moves the pair any more; nothing bounds the value, as no best response is known"
    if size > _FAR * start or (steps.fixed and steps.strain > 1.0 and steps.residual > _WORSE * least):
        return Stop.DIVERGED, f"the steps lead away from a saddle point; {remedy}"
    if steps.step < _SMALLEST * first:
        return Stop.DIVERGED, "no step is short enough: the objective isn't smooth here, or not convex and concave"
    if count >= method.iterations:
        if steps.fixed and steps.strain > 1.0:
            return Stop.DIVERGED, f"the pair circles: the step is too long for this objective; {remedy}"
        return Stop.ITERATIONS, ""
    return (Stop.TIME, "") if ctx.should_stop() else (None, "")


class _Average:
    """Of the points, weighted by their steps; begun anew as the run doubles in length, so that it forgets the start."""

    def __init__(self) -> None:
        self._sums: Pair | None = None
        self._weight, self._count, self._next = 0.0, 0, 2 * CHECK

    def add(self, pair: Pair, weight: float) -> None:
        if self._sums is None or self._count == self._next:
            self._sums, self._weight = (np.zeros_like(pair[0]), np.zeros_like(pair[1])), 0.0
            self._next = 2 * max(self._count, CHECK)
        self._sums[0][:] += weight * pair[0]
        self._sums[1][:] += weight * pair[1]
        self._weight += weight
        self._count += 1

    def pair(self) -> Pair:
        assert self._sums is not None
        return self._sums[0] / self._weight, self._sums[1] / self._weight


def _first(field: Field, z: Pair) -> float:
    """A first step from how fast F changes along itself, to be corrected by the first test."""
    _, slope_x, slope_y = field.gradients(*z)
    size = length((slope_x, slope_y))
    reach = 1.0 + length(z)
    nudge = 1e-4 * reach / max(size, 1e-12)
    near = field.project(z[0] - nudge * slope_x, z[1] + nudge * slope_y)
    moved = distance(near, z)
    if moved == 0.0:
        return reach / max(size, 1e-12)
    _, there_x, there_y = field.gradients(*near)
    change = distance((there_x, there_y), (slope_x, slope_y))
    return moved / change if change > 0.0 else reach / max(size, 1e-12)
