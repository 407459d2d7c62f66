"""Projected gradient descent in JAX on smooth programs whose constraints are a set with a projection.

Where the objective is convex, its gradient bounds the optimum from below (``dualgap.solvers.gradient_bounds``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.batch import BatchClaim
from dualgap.core.claim import Claim, Start, Stop, Use
from dualgap.core.forms import Convexity, Form, SmoothProgram
from dualgap.core.sets import Reals
from dualgap.core.solver import Budget, Context, Solver, Trait
from dualgap.core.witness import GradientPoint
from dualgap.problems.knapsack import Knapsack
from dualgap.solvers.descent import Rule, State, as_numpy, first_step, flat, prepare, run, set_out
from dualgap.solvers.gradient_bounds import GradientBounds, offers
from dualgap.solvers.jax_scope import x64


@dataclass(frozen=True)
class ProjectedGradient(Solver):
    """Projected gradient descent.

    Attributes:
        rule: optax's ``nesterov`` (momentum 0.9), ``sgd`` or ``adam``.
        step: the first step; by default from the form's Lipschitz constant, or found as it goes.
        iterations: at most so many.
        tolerance: relative; finished when a projected-gradient step moves the point by less.
    """

    name: ClassVar[str] = "pgd"
    summary: ClassVar[str] = "projected gradient descent in JAX, with optax's rules"
    accepts: ClassVar[tuple[type, ...]] = (SmoothProgram,)
    requires: ClassVar[tuple[str, ...]] = ("jax", "optax")
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME, Trait.WARM, Trait.BATCHED})
    batches: ClassVar[tuple[type, ...]] = (Knapsack,)

    rule: Rule = "nesterov"
    step: float | None = None
    iterations: int = 5000
    tolerance: float = 1e-7

    def refuses(self, form: Form) -> str | None:
        assert isinstance(form, SmoothProgram)
        if form.inequalities is not None or form.equalities is not None:
            return "pgd takes no constraints beside the set that it projects on; augmented-lagrangian does"
        if form.domain is not None and not offers(form.domain, "project"):
            return f"pgd needs a projection, and {type(form.domain).__name__} has none"
        return None

    def solve_batch(self, batch: Any, budget: Budget) -> BatchClaim:
        from dualgap.solvers.knapsack.batch_jax import descend

        return descend(batch)

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, SmoothProgram)
        with x64():
            return self._solve(form, ctx)

    def _solve(self, form: SmoothProgram, ctx: Context) -> Claim:
        start = form.initial if ctx.start is None else ctx.start
        whole = form.domain or Reals()
        loop, state, domain, data = prepare(form.objective, self.rule, start, whole, form.data, ctx)
        if not state.finite:
            return Claim(stop=Stop.NONFINITE, message="the objective or its gradient isn't finite at the start")
        step = first_step(state, self.rule, self.step, form.lipschitz)
        state, pace = set_out(state, step, self.tolerance, form.lipschitz)
        bounds = GradientBounds(form.objective, form, domain)
        with ctx.phase("compile"):
            bounds.improve(state.x, data)
        witness = _witness(form, state)
        for now in run(loop, state, domain, data, pace, self.iterations, ctx):
            state = now
            if bounds.improve(state.x, data) or bounds.best is None:
                witness = _witness(form, state)
            ctx.report(as_numpy(state.x), bounds.best, witness, iterations=int(state.count))
            if ctx.budget.gap > 0 and _relative_gap(float(state.value), bounds.best) <= ctx.budget.gap:
                break
        stop, message = _ending(state, self.iterations, ctx)
        return Claim(
            point=as_numpy(state.x),
            feasible=True,
            stop=stop,
            value=float(state.value),
            bound=bounds.best,
            witness=witness,
            statistics={"iterations": int(state.count), "step": float(state.step)},
            message=message,
            start=Start(Use.USED, "the first iterate") if ctx.start is not None else None,
        )


def _ending(state: State, iterations: int, ctx: Context) -> tuple[Stop, str]:
    if state.stuck and not state.finite:
        return Stop.NONFINITE, "every step leads to NaN or infinity"
    if state.stuck:
        return Stop.FINISHED, "no step lowers the objective any more"
    if not state.converged and int(state.count) >= iterations:
        return Stop.ITERATIONS, ""
    return (Stop.TIME if not state.converged and ctx.should_stop() else Stop.FINISHED), ""


def _witness(form: SmoothProgram, state: State) -> GradientPoint | None:
    """The point, its leaves in one vector where it is a tree; None where gradients prove nothing."""
    if form.convexity is Convexity.NONCONVEX:
        return None
    return GradientPoint(point=np.asarray(state.x) if hasattr(state.x, "shape") else flat(state.x))


def _relative_gap(value: float, bound: float | None) -> float:
    return float("inf") if bound is None else (value - bound) / max(abs(value), abs(bound), 1e-12)
