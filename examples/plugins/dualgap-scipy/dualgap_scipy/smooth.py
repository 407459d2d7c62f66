"""``scipy.optimize.minimize`` on smooth programs: SLSQP and the trust-region interior-point method.

Sources: Kraft (1988) for SLSQP; Byrd, Hribar and Nocedal (1999) and Lalee, Nocedal and Plantenga (1998) for
trust-constr. Both are local methods with exact derivatives from JAX. Where the program is convex, the multipliers that
they end with (or, without constraints, the last point's gradient) are evidence, from which dualgap computes a bound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from dualgap import (
    Claim,
    Context,
    Convexity,
    GradientPoint,
    Multipliers,
    SmoothProgram,
    Solver,
    Start,
    Stop,
    Trait,
    Use,
    Witness,
)
from dualgap_scipy.flat import Flat, Halted, unfit, x64

_TRAITS = frozenset({Trait.BOUNDS, Trait.ANYTIME, Trait.WARM})
_FEASIBLE = 1e-6


@dataclass(frozen=True)
class Slsqp(Solver):
    """Sequential least-squares programming: dense, for up to a few hundred variables.

    Attributes:
        tolerance: of the objective's last change.
        iterations: at most so many.
    """

    name: ClassVar[str] = "slsqp@scipy"
    summary: ClassVar[str] = "SciPy's SLSQP on small smooth programs, with JAX's derivatives"
    accepts: ClassVar[tuple[type, ...]] = (SmoothProgram,)
    requires: ClassVar[tuple[str, ...]] = ("scipy", "jax")
    traits: ClassVar[frozenset[Trait]] = _TRAITS

    tolerance: float = 1e-12
    iterations: int = 1000

    def refuses(self, form: SmoothProgram) -> str | None:
        return unfit(form)

    def solve(self, form: SmoothProgram, ctx: Context) -> Claim:
        from scipy.optimize import minimize

        def run(flat: Flat) -> _End:
            below = [_dictionary("ineq", flat.below, flat.below_slope, -1.0)] if flat.count_below else []
            equal = [_dictionary("eq", flat.equal, flat.equal_slope, 1.0)] if flat.count_equal else []
            result = minimize(
                flat.value,
                flat.start,
                jac=flat.slope,
                method="SLSQP",
                bounds=flat.bounds,
                constraints=[*below, *equal],
                options={"maxiter": self.iterations, "ftol": self.tolerance, "disp": ctx.verbose},
            )
            # Its Lagrangian is f - prices'c, equalities first, and c = -g.
            prices = np.asarray(result.multipliers)
            stop = {0: Stop.FINISHED, 9: Stop.ITERATIONS}.get(result.status, Stop.ERROR)
            split = flat.count_equal
            return _End(result.x, prices[split:], -prices[:split], stop, result.message, int(result.nit))

        return _solved(form, ctx, run)


@dataclass(frozen=True)
class TrustConstr(Solver):
    """A trust-region interior-point method.

    Attributes:
        tolerance: of the trust region's radius and of the Lagrangian's gradient.
        iterations: at most so many.
    """

    name: ClassVar[str] = "trust-constr@scipy"
    summary: ClassVar[str] = "SciPy's trust-constr on smooth programs, with JAX's derivatives"
    accepts: ClassVar[tuple[type, ...]] = (SmoothProgram,)
    requires: ClassVar[tuple[str, ...]] = ("scipy", "jax")
    traits: ClassVar[frozenset[Trait]] = _TRAITS

    tolerance: float = 1e-9
    iterations: int = 2000

    def refuses(self, form: SmoothProgram) -> str | None:
        return unfit(form)

    def solve(self, form: SmoothProgram, ctx: Context) -> Claim:
        from scipy.optimize import BFGS, NonlinearConstraint, minimize

        def run(flat: Flat) -> _End:
            rows: list[NonlinearConstraint] = []
            if flat.count_below:
                rows.append(NonlinearConstraint(flat.below, -np.inf, 0.0, flat.below_slope, BFGS()))
            if flat.count_equal:
                rows.append(NonlinearConstraint(flat.equal, 0.0, 0.0, flat.equal_slope, BFGS()))
            result = minimize(
                flat.value,
                flat.start,
                jac=flat.slope,
                hess=BFGS(),
                method="trust-constr",
                bounds=flat.bounds,
                constraints=rows,
                options={
                    "maxiter": self.iterations,
                    "gtol": self.tolerance,
                    "xtol": self.tolerance,
                    "barrier_tol": self.tolerance,
                    "verbose": 2 * ctx.verbose,
                },
            )
            prices = [np.asarray(part) for part in result.v]
            mu = prices[0] if flat.count_below else np.zeros(0)
            nu = prices[bool(flat.count_below)] if flat.count_equal else np.zeros(0)
            stop = Stop.ITERATIONS if result.status == 0 else Stop.FINISHED
            return _End(result.x, mu, nu, stop, "", int(result.nit))

        return _solved(form, ctx, run)


@dataclass(frozen=True)
class _End:
    """Where a method stopped: the point, the multipliers of ``g(x) <= 0`` and ``h(x) = 0``, and why."""

    point: np.ndarray
    mu: np.ndarray
    nu: np.ndarray
    stop: Stop
    message: str
    iterations: int


def _solved(form: SmoothProgram, ctx: Context, run: Any) -> Claim:
    import warnings

    with x64(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SciPy warns of clipped starts and flat Hessians; the claim is checked
        flat = Flat(form, ctx)
        try:
            end = run(flat)
        except Halted as halt:
            end = _End(flat.last, np.zeros(0), np.zeros(0), halt.stop, "", 0)
        point = flat.inside(end.point)
        worst = flat.violation(point)
        claim = Claim(
            point=flat.tree(point),
            feasible=worst <= _FEASIBLE,
            stop=end.stop,
            value=flat.value_at(point),
            statistics={"iterations": end.iterations, "violation": worst},
            message=end.message if end.stop is Stop.ERROR else "",
            start=_said(flat) if ctx.start is not None else None,
        )
        return replace(claim, witness=_witness(form, flat, point, end))


def _dictionary(kind: str, function: Any, slope: Any, sign: float) -> dict[str, Any]:
    return {"type": kind, "fun": lambda x: sign * function(x), "jac": lambda x: sign * slope(x)}


def _said(flat: Flat) -> Start:
    return Start(Use.REPAIRED, "moved into the domain") if flat.moved else Start(Use.USED, "the first iterate")


def _witness(form: SmoothProgram, flat: Flat, point: np.ndarray, end: _End) -> Witness | None:
    """Multipliers of the form's own constraints (those of its domain come after them), or a gradient."""
    if form.convexity is Convexity.NONCONVEX:
        return None
    if flat.own_below + flat.own_equal == 0:
        return GradientPoint(point=flat.shaped(point))
    mu, nu = end.mu[: flat.own_below], end.nu[: flat.own_equal]
    if len(mu) < flat.own_below or len(nu) < flat.own_equal:  # halted: any multipliers prove something
        mu, nu = np.zeros(flat.own_below), np.zeros(flat.own_equal)
    if not (np.isfinite(mu).all() and np.isfinite(nu).all()):
        return None
    return Multipliers(rows=np.maximum(mu, 0.0), equalities=nu)
