"""The augmented Lagrangian method on smooth programs, with projected gradients inside.

Powell (1969), Hestenes (1969), Rockafellar (1973): for penalty rho, minimise over the domain

    f(x) + 1/(2 rho) sum_i (max(0, mu_i + rho g_i(x))^2 - mu_i^2) + nu'h(x) + rho/2 |h(x)|^2,

then ``mu = max(0, mu + rho g)``, ``nu = nu + rho h``; rho grows where violations don't shrink enough. For convex
programs (h affine) every such mu, nu bound the optimum by the least value of the Lagrangian over the domain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import numpy as np

from dualgap.core.claim import Claim, Start, Stop, Use
from dualgap.core.forms import Convexity, Form, SmoothProgram
from dualgap.core.sets import Reals
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import Multipliers
from dualgap.solvers.descent import Objective, Rule, as_numpy, first_step, norm, prepare, run, set_out
from dualgap.solvers.gradient_bounds import GradientBounds, offers
from dualgap.solvers.jax_scope import x64

_FIRST_TOLERANCE = 1e-3  # of the first inner problem
_TIGHTEN = 0.3  # the tolerance of the next one
_SHRINK = 0.25  # violations must shrink so much, or the penalty grows
_FEASIBLE = 1e-6

Constraints = Callable[[Any, Any], Any] | None


@dataclass(frozen=True)
class AugmentedLagrangian(Solver):
    """Multipliers and penalties on the constraints, projected gradients on the domain.

    Attributes:
        rule: of the inner descent, see ``pgd``.
        penalty: the first rho; by default the size of the objective's gradient.
        growth: factor of rho where violations don't shrink.
        rounds: updates of the multipliers, at most.
        iterations: of the inner descent, at most, in each round.
        tolerance: finished when violations, complementarity and the inner projected-gradient step are below.
    """

    name: ClassVar[str] = "augmented-lagrangian"
    summary: ClassVar[str] = "augmented Lagrangian over projected gradients, in JAX"
    accepts: ClassVar[tuple[type, ...]] = (SmoothProgram,)
    requires: ClassVar[tuple[str, ...]] = ("jax", "optax")
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME, Trait.WARM})

    rule: Rule = "nesterov"
    penalty: float | None = None
    growth: float = 4.0
    rounds: int = 60
    iterations: int = 1000
    tolerance: float = 1e-7

    def refuses(self, form: Form) -> str | None:
        assert isinstance(form, SmoothProgram)
        if form.domain is not None and not offers(form.domain, "project"):
            return f"augmented-lagrangian needs a projection, and {type(form.domain).__name__} has none"
        return None

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, SmoothProgram)
        with x64():
            method = _Method(self, form, ctx)
            if not method.state.finite:
                return Claim(stop=Stop.NONFINITE, message="the objective or a gradient isn't finite at the start")
            while method.stop is None:
                method.one_round()
                ctx.report(point=as_numpy(method.state.x), bound=method.bounds.best, witness=method.witness)
            said = Start(Use.USED, "the first iterate") if ctx.start is not None else None
            return replace(method.claim(), start=said)


class Prices(NamedTuple):
    """Multipliers of g and h, and the penalty."""

    mu: np.ndarray
    nu: np.ndarray
    rho: np.float64

    def updated(self, g: np.ndarray, h: np.ndarray) -> Prices:
        return self._replace(mu=np.maximum(0.0, self.mu + self.rho * g), nu=self.nu + self.rho * h)

    def violation(self, g: np.ndarray, h: np.ndarray) -> float:
        """The largest violation of a constraint, or of complementarity."""
        inner = np.maximum(g, -self.mu / self.rho)
        return float(max(np.abs(inner).max(initial=0.0), np.abs(h).max(initial=0.0)))


class _Method:
    """The state of the method; ``one_round`` solves an inner problem and updates the multipliers."""

    def __init__(self, solver: AugmentedLagrangian, form: SmoothProgram, ctx: Context) -> None:
        self.solver, self.form, self.ctx = solver, form, ctx
        parts = form.objective, form.inequalities, form.equalities
        domain = form.domain or Reals()
        start = form.initial if ctx.start is None else ctx.start
        with ctx.phase("compile"):
            self.residuals = _residuals(form.inequalities, form.equalities)
            g, h = as_numpy(self.residuals(start, form.data))
        self.prices = Prices(np.zeros(g.shape), np.zeros(h.shape), np.float64(solver.penalty or 1.0))
        self.loop, self.state, self.domain, (self.data, _) = prepare(
            augmented(*parts), solver.rule, start, domain, (form.data, self.prices), ctx
        )
        self.bounds = GradientBounds(lagrangian(*parts), form, self.domain)
        self.witness: Multipliers | None = None
        with ctx.phase("compile"):
            steepness = _steepness(form.objective)(self.state.x, self.data)
            self._bound()
        if solver.penalty is None:
            self.prices = self.prices._replace(rho=np.float64(max(float(steepness), 1e-6)))
        self.stop: Stop | None = None
        self.tolerance, self.before, self.step = _FIRST_TOLERANCE, float("inf"), 0.0
        self.rounds = self.iterations = 0

    def one_round(self) -> None:
        """Minimises the augmented Lagrangian, updates the multipliers, and perhaps the penalty; sets ``stop``."""
        data = self.data, self.prices
        self.state = self.loop.begin(self.state.x, data)
        if not self.state.finite:
            self.stop = Stop.NONFINITE
            return
        step = self.step or first_step(self.state, self.solver.rule, None, None)
        self.state, pace = set_out(self.state, step, self.tolerance, None)
        for state in run(self.loop, self.state, self.domain, data, pace, self.solver.iterations, self.ctx):
            self.state = state
        self.rounds += 1
        self.iterations += int(self.state.count)
        self.step = 0.0 if self.state.stuck else float(self.state.step)
        g, h = as_numpy(self.residuals(self.state.x, self.data))
        violation = self.prices.violation(g, h)
        self.prices = self.prices.updated(g, h)
        self._bound()
        self.stop = self._ending(violation)
        if violation > _SHRINK * self.before:
            self.prices = self.prices._replace(rho=np.float64(self.solver.growth * self.prices.rho))
            self.step /= self.solver.growth
        self.before = violation
        self.tolerance = max(_TIGHTEN * self.tolerance, self.solver.tolerance)

    def _bound(self) -> None:
        better = self.bounds.improve(self.state.x, (self.data, self.prices))
        if better or (self.bounds.best is None and self.form.convexity is not Convexity.NONCONVEX):
            self.witness = Multipliers(rows=self.prices.mu.ravel(), equalities=self.prices.nu.ravel())

    def _ending(self, violation: float) -> Stop | None:
        settled = bool(self.state.converged | self.state.stuck) and self.tolerance <= self.solver.tolerance
        if settled and violation <= self.solver.tolerance:
            return Stop.FINISHED
        if self.ctx.should_stop():
            return Stop.TIME
        return Stop.ITERATIONS if self.rounds >= self.solver.rounds else None

    def claim(self) -> Claim:
        """The last point, with the best multipliers."""
        g, h = as_numpy(self.residuals(self.state.x, self.data))
        violation = max(float(g.max(initial=0.0)), float(np.abs(h).max(initial=0.0)))
        return Claim(
            point=as_numpy(self.state.x),
            feasible=violation <= _FEASIBLE,
            stop=self.stop or Stop.FINISHED,
            value=float(self.form.objective(self.state.x, self.data)),
            bound=self.bounds.best,
            witness=self.witness,
            statistics={"rounds": self.rounds, "iterations": self.iterations, "violation": violation},
        )


@lru_cache(maxsize=64)
def augmented(objective: Objective, inequalities: Constraints, equalities: Constraints) -> Objective:
    """The augmented Lagrangian of ``(x, (data, prices))``; the same function for the same arguments: JAX knows it."""

    def penalised(x: Any, data: Any) -> Any:
        import jax.numpy as jnp

        facts, (mu, nu, rho) = data
        total = objective(x, facts)
        if inequalities is not None:
            shifted = jnp.maximum(0.0, mu + rho * inequalities(x, facts))
            total += jnp.sum(shifted**2 - mu**2) / (2 * rho)
        if equalities is not None:
            residual = equalities(x, facts)
            total += jnp.sum(nu * residual) + 0.5 * rho * jnp.sum(residual**2)
        return total

    return penalised


@lru_cache(maxsize=64)
def lagrangian(objective: Objective, inequalities: Constraints, equalities: Constraints) -> Objective:
    """``f + mu'g + nu'h`` of ``(x, (data, prices))``."""

    def priced(x: Any, data: Any) -> Any:
        import jax.numpy as jnp

        facts, (mu, nu, _) = data
        total = objective(x, facts)
        if inequalities is not None:
            total += jnp.sum(mu * inequalities(x, facts))
        if equalities is not None:
            total += jnp.sum(nu * equalities(x, facts))
        return total

    return priced


@lru_cache(maxsize=64)
def _residuals(inequalities: Constraints, equalities: Constraints) -> Callable[[Any, Any], Any]:
    """Compiled ``(x, data) -> (g, h)``, empty where there is none."""
    import jax
    import jax.numpy as jnp

    def both(x: Any, data: Any) -> Any:
        g = inequalities(x, data) if inequalities is not None else jnp.zeros(0)
        h = equalities(x, data) if equalities is not None else jnp.zeros(0)
        return jnp.asarray(g), jnp.asarray(h)

    compiled: Callable[[Any, Any], Any] = jax.jit(both)
    return compiled


@lru_cache(maxsize=64)
def _steepness(objective: Objective) -> Callable[[Any, Any], Any]:
    """Compiled ``(x, data) -> |gradient|``."""
    import jax

    compiled: Callable[[Any, Any], Any] = jax.jit(lambda x, data: norm(jax.grad(objective)(x, data)))
    return compiled
