"""Projected gradient descent in JAX on smooth programs whose constraints are a set with a projection.

For convex f every point bounds the optimum: ``f(x) + min over s in X of g'(s - x)`` (Frank and Wolfe 1956), and with strong
convexity m ``f(x) + min over s in X of g'(s - x) + m/2 |s - x|^2``, attained at the projection of ``x - g/m``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.forms import Convexity, Form, SmoothProgram
from dualgap.core.sets import Product, Reals, Set
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import GradientPoint, Witness
from dualgap.solvers.descent import Objective, Rule, State, first_step, flat, prepare, run, set_out
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
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME, Trait.WARM})

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
        bounds = GradientBounds(form, domain, data)
        state, pace = set_out(state, step, self.tolerance, form.lipschitz)
        for state in run(loop, state, domain, data, pace, self.iterations, ctx):
            bounds.look(state)
            ctx.report(point=as_numpy(state.x), bound=bounds.best, witness=bounds.witness)
            if ctx.budget.gap > 0 and bounds.relative_gap(state) <= ctx.budget.gap:
                break
        stop, message = _ending(state, self.iterations, ctx)
        return Claim(
            point=as_numpy(state.x),
            feasible=True,
            stop=stop,
            value=float(state.value),
            bound=bounds.best,
            witness=bounds.witness,
            statistics={"iterations": int(state.count), "step": float(state.step)},
            message=message,
        )


def _ending(state: State, iterations: int, ctx: Context) -> tuple[Stop, str]:
    if state.stuck and not state.finite:
        return Stop.NONFINITE, "every step leads to NaN or infinity"
    if state.stuck:
        return Stop.FINISHED, "no step lowers the objective any more"
    if not state.converged and int(state.count) >= iterations:
        return Stop.ITERATIONS, ""
    return (Stop.TIME if not state.converged and ctx.should_stop() else Stop.FINISHED), ""


class GradientBounds:
    """The best lower bound that gradients have given so far, and the point that gave it."""

    def __init__(self, form: SmoothProgram, domain: Set, data: Any) -> None:
        self.form = form
        self.domain = domain
        self.data = data
        self.best: float | None = None
        self.point: Any = None

    def look(self, state: State) -> None:
        """Takes the bound at a state's point in, where there is one."""
        if self.form.convexity is Convexity.NONCONVEX:
            return
        if self.point is None:
            self.point = state.x
        rule = gradient_bound(self.form.objective, offers(self.domain, "support"), self.form.modulus > 0)
        if rule is None:
            self.point = state.x
            return
        bound = float(rule(state.x, self.domain, self.data, self.form.modulus))
        if np.isfinite(bound) and (self.best is None or bound > self.best):
            self.best, self.point = bound, state.x

    @property
    def witness(self) -> Witness | None:
        """The point, its leaves in one vector where it is a tree."""
        if self.point is None:
            return None
        single = hasattr(self.point, "shape")
        point = np.asarray(self.point) if single else flat(self.point)
        return GradientPoint(point=point) if np.isfinite(point).all() else None

    def relative_gap(self, state: State) -> float:
        if self.best is None:
            return float("inf")
        value = float(state.value)
        return (value - self.best) / max(abs(value), abs(self.best), 1e-12)


@lru_cache(maxsize=64)
def gradient_bound(objective: Objective, has_support: bool, strong: bool) -> Callable[..., Any] | None:
    """Compiled ``(x, domain, data, modulus) -> lower bound`` for a convex objective; None where nothing gives one."""
    import jax
    import jax.numpy as jnp

    if not has_support and not strong:
        return None

    def bound(x: Any, domain: Set, data: Any, modulus: Any) -> Any:
        value, gradient = jax.value_and_grad(objective)(x, data)
        found = -jnp.inf
        if has_support:
            found = jnp.maximum(found, value + _along(gradient, domain.support(gradient), x))
        if strong:
            nearest = domain.project(jax.tree.map(lambda a, g: a - g / modulus, x, gradient))
            away = jax.tree.map(lambda a, b: a - b, nearest, x)
            square = sum(jnp.sum(leaf * leaf) for leaf in jax.tree.leaves(away))
            found = jnp.maximum(found, value + _along(gradient, nearest, x) + 0.5 * modulus * square)
        return found

    compiled_bound: Callable[..., Any] = jax.jit(bound)
    return compiled_bound


def _along(gradient: Any, there: Any, here: Any) -> Any:
    """gradient'(there - here), over the leaves; 0 where the gradient is."""
    import jax
    import jax.numpy as jnp

    parts = jax.tree.map(lambda g, a, b: jnp.sum(jnp.where(g == 0, 0.0, g * (a - b))), gradient, there, here)
    return sum(jax.tree.leaves(parts))


def offers(domain: Set, method: str) -> bool:
    """Whether a set has ``project`` or ``support``; a product needs it of every factor."""
    if isinstance(domain, Product):
        return all(offers(factor, method) for factor in domain.factors)
    return getattr(type(domain), method) is not getattr(Set, method)


def as_numpy(tree: Any) -> Any:
    """The same tree with NumPy leaves."""
    import jax

    return jax.tree.map(np.asarray, tree)
