"""What all methods for saddle programs share: slices of steps, a look at the interval in between, and an honest end.

Methods look for a zero of the monotone operator ``F = (grad_x f, -grad_y f)``. Where f has kinks, F jumps, and no step
is short enough for a method's test: then steps aren't shortened any more than by ``1 / sqrt(k)``, and averages converge
at that rate (Nedic and Ozdaglar 2009).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.errors import UsageError
from dualgap.core.forms import Form, SaddleProgram
from dualgap.core.sets import Set
from dualgap.core.solver import Context, Solver, Trait
from dualgap.solvers.jax_scope import x64
from dualgap.solvers.saddle.field import Field, Game, Pair, game_of
from dualgap.solvers.saddle.interval import Interval, sides
from dualgap.solvers.saddle.survey import survey
from dualgap.solvers.saddle.walk import KEPT, Advance, Pace, State, Walk, compiled, eager, paced, standing

_CHECK = 10  # steps between looks at the interval, more where looks are many
_SMALLEST = 1e-10  # of the first step: a shorter one doesn't help
_FAR = 1e8  # times the start's size: it runs away
_WORSE = 1e3  # times the smallest residual so far, with a step that is too long


class Outset(NamedTuple):
    """A method at its first pair; ``stride`` is the step that leads across the sets, for objectives with kinks."""

    walk: Walk
    state: State
    pace: Pace
    stride: float


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

    def set_out(self, form: SaddleProgram, game: Game, z: Pair) -> Outset:
        """The method itself, ready to start at z."""
        raise NotImplementedError

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, SaddleProgram)
        if form.payoff is not None:  # JAX isn't needed, and not imported
            return self._solve(form, ctx)
        with x64():
            return self._solve(form, ctx)

    def _solve(self, form: SaddleProgram, ctx: Context) -> Claim:
        game = game_of(form)
        field, start = game.field, form.initial if ctx.start is None else ctx.start
        x, y = field.x.project(field.x.shape.vector(start[0])), field.y.project(field.y.shape.vector(start[1]))
        with ctx.phase("compile" if form.payoff is None else "solve"):
            value, slope_x, slope_y = field.gradients(x, y)
        spread = abs(value) or 1.0 if form.payoff is None else float(np.ptp(form.payoff))
        interval = Interval(self.tolerance, spread, game)
        if not (np.isfinite(value) and np.isfinite(slope_x).all() and np.isfinite(slope_y).all()):
            interval.offer(x, y, -np.inf, np.inf)
            message = "the objective or its gradient isn't finite at the start; give another initial pair"
            return interval.claim(ctx, Stop.NONFINITE, message, iterations=0)
        interval.offer(x, y, *sides(game, x, y))
        with ctx.phase("compile" if form.payoff is None else "solve"):
            outset = self.set_out(form, game, (x, y))
        return _run(self, outset, interval, ctx)


@dataclass(frozen=True)
class GradientMethod(SaddleMethod):
    """Base of methods whose steps follow F: ``limit`` is the strain that the theory of a step allows."""

    limit: ClassVar[float]

    @staticmethod
    def begin(field: Field, z: Pair, step: float) -> Any:
        """What the first step remembers."""
        return ()

    @staticmethod
    def advance(field: Field, state: State, pace: Pace) -> State:
        """One step, in NumPy or traced."""
        raise NotImplementedError

    def set_out(self, form: SaddleProgram, game: Game, z: Pair) -> Outset:
        field, found, stride = survey(game.field, z)
        step = self.step or found
        pace = KEPT if self.step else paced(self.limit, _SMALLEST * step)
        state = standing(z, self.begin(field, z, step), step)
        advance: Advance = self.advance
        walk = eager(advance, field) if form.payoff is not None else compiled(advance, field, form, state)
        return Outset(walk, state, pace, stride)


def _run(method: SaddleMethod, outset: Outset, interval: Interval, ctx: Context) -> Claim:
    (walk, state, pace, stride), game = outset, interval.game
    assert game is not None
    size, kinks, least = 1.0 + _length(state.z), False, float("inf")
    count, fresh = 0, 2 * _CHECK
    while True:
        state = walk(state, pace, min(max(1, min(_CHECK, count), count // 20), method.iterations - count))
        count = int(state.count)
        finite = bool(np.isfinite(state.residual))
        pairs = [(np.asarray(x), np.asarray(y)) for x, y in (state.z, state.average())]
        if finite:
            for pair in pairs:
                interval.offer(*pair, *sides(game, *pair))
            interval.settle(*pairs[kinks])
            if interval.upper < np.inf:  # else nothing tells a better pair
                interval.report(ctx, count)
        least = min(least, float(state.residual))
        seen = _Seen(pace is KEPT, finite, kinks, least, _length(pairs[0]) / size)
        stop, message = _ending(method, state, interval, ctx, seen)
        if stop is not None:
            numbers = {"iterations": count, "step": float(state.step), "residual": float(state.residual)}
            return interval.claim(ctx, stop, message, **numbers)
        if not kinks and pace is not KEPT and state.step <= 2.0 * pace.floor:
            kinks, pace, state = True, pace._replace(floor=np.float64(stride)), state.forgotten()
        elif count >= fresh:  # averages forget the start
            state, fresh = state.forgotten(), 2 * count


@dataclass(frozen=True)
class _Seen:
    """What a run knows: whether its step is kept, all is finite, F jumps; the least residual; how z has grown."""

    kept: bool
    finite: bool
    kinks: bool
    least: float
    grown: float


def _ending(
    method: SaddleMethod, state: State, interval: Interval, ctx: Context, seen: _Seen
) -> tuple[Stop | None, str]:
    """Whether to stop, why, and what to change."""
    step = float(state.step)
    remedy = f"lower the step ({step:.3g}), or leave it out to have it found" if seen.kept else "scale the data"
    too_long = seen.kept and state.strain > 1.0
    if not seen.finite:
        return Stop.NONFINITE, f"a step led to NaN or infinity; {remedy}"
    if interval.closed(ctx):
        return Stop.FINISHED, ""
    if not interval.known and state.residual <= method.tolerance:
        return Stop.FINISHED, _standstill(interval)
    if seen.grown > _FAR or (too_long and state.residual > _WORSE * seen.least):
        return Stop.DIVERGED, f"the steps lead away from a saddle point; {remedy}"
    if state.count >= method.iterations:
        if too_long:
            return Stop.DIVERGED, f"the pair circles: the step is too long for this objective; {remedy}"
        return Stop.ITERATIONS, _KINKS if seen.kinks else ""
    return (Stop.TIME, _KINKS if seen.kinks else "") if ctx.should_stop() else (None, "")


_KINKS = "f has kinks: averages converge slowly, and gradients bound them loosely; give best responses, or smooth f"


def _standstill(interval: Interval) -> str:
    if interval.game is not None and not interval.game.convex:
        return "no step moves the pair any more; f isn't convex-concave, so that this may be no saddle point"
    return "no step moves the pair any more; nothing bounds the value, as no best response is known"


def _length(pair: Pair) -> float:
    return float(np.hypot(np.linalg.norm(pair[0]), np.linalg.norm(pair[1])))
