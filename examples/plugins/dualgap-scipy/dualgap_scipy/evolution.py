"""``scipy.optimize.differential_evolution``: the objective as a black box that is only ever evaluated.

Source: Storn and Price, Differential evolution (1997); Lampinen (2002) for constraints. It proves nothing, and finds
good points of functions with many local minima. Points are drawn from a box around the domain and evaluated where they
are projected to, so that only the form's own inequalities are left as constraints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from dualgap import Claim, Context, SmoothProgram, Solver, Start, Stop, Trait, Use
from dualgap_scipy.flat import Flat, limits, unfit, x64

_FEASIBLE = 1e-6


@dataclass(frozen=True)
class DifferentialEvolution(Solver):
    """Differential evolution on functions of a bounded domain.

    Attributes:
        strategy: how trial points are made.
        population: points for each variable.
        generations: at most so many.
        tolerance: finished when the population's values differ by less, relatively.
    """

    name: ClassVar[str] = "differential-evolution@scipy"
    summary: ClassVar[str] = "SciPy's differential evolution: black boxes on a bounded domain, no derivatives"
    accepts: ClassVar[tuple[type, ...]] = (SmoothProgram,)
    requires: ClassVar[tuple[str, ...]] = ("scipy", "jax")
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.ANYTIME, Trait.RANDOMISED, Trait.WARM})

    strategy: Literal["best1bin", "rand1bin", "currenttobest1bin"] = "best1bin"
    population: int = 15
    generations: int = 200
    tolerance: float = 1e-6

    def refuses(self, form: SmoothProgram) -> str | None:
        reason = unfit(form)
        if reason is not None:
            return reason
        if form.equalities is not None:
            return "random points meet no equation; slsqp@scipy and trust-constr@scipy take them"
        lower, upper = limits(form.domain, form.initial)
        if not np.isfinite(upper - lower).all():
            return "it draws points from a box: give every variable a lower and an upper bound"
        return None

    def solve(self, form: SmoothProgram, ctx: Context) -> Claim:
        from scipy.optimize import NonlinearConstraint, differential_evolution

        with x64():
            flat = Flat(form, ctx)
            rows = NonlinearConstraint(lambda x: flat.below(flat.inside(x))[: flat.own_below], -np.inf, 0.0)

            def value(x: np.ndarray) -> float:
                return flat.value_at(flat.inside(x))

            def generation(intermediate_result: Any) -> bool:
                ctx.report(point=flat.tree(flat.inside(intermediate_result.x)))
                return bool(ctx.should_stop())

            result: Any = differential_evolution(
                value,
                flat.bounds,
                strategy=self.strategy,
                popsize=self.population,
                maxiter=self.generations,
                tol=self.tolerance,
                rng=ctx.seed,
                polish=False,
                constraints=rows if flat.own_below else (),
                callback=generation,
                disp=ctx.verbose,
                x0=flat.start,
            )
            point = flat.inside(result.x)
            worst = flat.violation(point)
            return Claim(
                point=flat.tree(point),
                feasible=worst <= _FEASIBLE,
                stop=_stop(result, ctx),
                value=flat.value_at(point),
                statistics={"evaluations": int(result.nfev), "violation": worst},
                start=_said(flat) if ctx.start is not None else None,
            )


def _stop(result: Any, ctx: Context) -> Stop:
    if result.success:
        return Stop.FINISHED
    return Stop.TIME if ctx.should_stop() else Stop.ITERATIONS


def _said(flat: Flat) -> Start:
    use = Use.REPAIRED if flat.moved else Use.USED
    return Start(use, "one of the first population")
