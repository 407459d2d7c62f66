"""The best single multiplier: bisection on the sign of the supergradient, finished at the breakpoint.

On a knapsack with one capacity the bound is Dantzig's (1957), and the primal point its fractional optimum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.forms import DualisedProgram, Form
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import FarkasRay, Multipliers
from dualgap.solvers.polish import climb


@dataclass(frozen=True)
class Bisection(Solver):
    """Exact maximiser of a concave dual in one multiplier; ``iterations`` caps the inner minima after bracketing."""

    name: ClassVar[str] = "bisection"
    summary: ClassVar[str] = "the best single Lagrange multiplier, by bisection on the supergradient's sign"
    accepts: ClassVar[tuple[type, ...]] = (DualisedProgram,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS})

    iterations: int = 200

    def refuses(self, form: Form) -> str | None:
        assert isinstance(form, DualisedProgram)
        if form.total is not None:
            return "bisection moves one multiplier, and these have a total to keep; dual-ascent takes them"
        if form.dimension == 1:
            return None
        return f"bisection takes exactly one multiplier, and there are {form.dimension}; dual-ascent takes any number"

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, DualisedProgram)
        start = np.clip(form.initial, form.lower, form.upper)
        peak = climb(form, start, np.ones(1), evaluations=self.iterations, should_stop=ctx.should_stop)
        statistics = {"evaluations": peak.evaluations}
        if peak.ray is not None:
            message = "the dual rises without end: the dualised row can't hold"
            return Claim(stop=Stop.INFEASIBLE, witness=FarkasRay(rows=peak.ray), statistics=statistics, message=message)
        multipliers = Multipliers(rows=peak.multipliers)
        ctx.report(point=peak.sides[0].primal, bound=peak.value, witness=multipliers)
        unfinished = Stop.TIME if ctx.should_stop() else Stop.ITERATIONS
        return Claim(
            point=peak.primal,
            stop=Stop.FINISHED if peak.exact else unfinished,
            bound=peak.value,
            witness=multipliers,
            statistics=statistics,
        )
