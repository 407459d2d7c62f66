"""PDLP, OR-Tools' first-order method: linear programs of any size, to a tolerance.

Source: Applegate et al., Practical large-scale linear programming using primal-dual hybrid gradient (2021). Its points
meet rows and its duals meet signs only to a tolerance: the row duals still prove a bound, whatever they are, and the
point is called feasible where every row holds within 1e-6 of its terms.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Start, Stop, Use
from dualgap.core.forms import Form, MixedIntegerProgram
from dualgap.core.solver import Context, Options, Solver, Trait
from dualgap.core.witness import Multipliers
from dualgap.solvers import math_opt


@dataclass(frozen=True)
class Pdlp(Solver):
    """Primal-dual hybrid gradient on linear programs.

    Attributes:
        tolerance: of residuals and of the gap, relative and absolute. On a random program with 20,000 columns,
            1e-8 took eight times the iterations of PDLP's own 1e-6, whose point broke a row by 5e-5.
        options: fields of PrimalDualHybridGradientParams, dots between nested ones.
    """

    name: ClassVar[str] = "pdlp@ortools"
    summary: ClassVar[str] = "PDLP: first-order method for large linear programs, to a tolerance"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)
    requires: ClassVar[tuple[str, ...]] = ("ortools",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.WARM})

    tolerance: float = 1e-8
    options: Options = field(default_factory=dict)

    def refuses(self, form: Any) -> str | None:
        return math_opt.not_linear(form) or math_opt.refusal(form)

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, MixedIntegerProgram)
        trivial = math_opt.trivial(form)
        if trivial is not None:
            return trivial
        asked = math_opt.request("PDLP")
        asked.parameters.threads = ctx.budget.threads
        criteria = asked.parameters.pdlp.termination_criteria.simple_optimality_criteria
        criteria.eps_optimal_absolute = criteria.eps_optimal_relative = self.tolerance
        math_opt.set_options(asked, asked.parameters.pdlp, self.options)
        said = _begin(form, asked, ctx)
        result = math_opt.run(form, asked, ctx)
        stop = math_opt.stopped(result, ctx)
        if stop is None:
            stop = Stop.UNBOUNDED if result.primal_rays else Stop.INFEASIBLE
        if stop in (Stop.INFEASIBLE, Stop.UNBOUNDED):
            return Claim(stop=stop, witness=math_opt.ray(result, form), start=said)
        claim = math_opt.claim(form, result, stop)
        if stop is Stop.FINISHED and not claim.feasible:
            remedy = f"lower the tolerance (-p tolerance={self.tolerance / 100:.0e})"
            claim = replace(claim, message=f"{claim.message}: {remedy}")
        bound = claim.bound if stop is Stop.FINISHED else None
        return replace(claim, bound=bound, witness=math_opt.duals(form, result), start=said)


def _begin(form: MixedIntegerProgram, asked: math_opt.Request, ctx: Context) -> Start | None:
    """Hands over a start: PDLP iterates from any point, so open values are zero and nothing is repaired."""
    if ctx.start is None and ctx.start_witness is None:
        return None
    witness = ctx.start_witness
    duals = witness.rows if isinstance(witness, Multipliers) and len(witness.rows) == form.size[1] else None
    point = None if ctx.start is None else np.nan_to_num(np.asarray(ctx.start, dtype=np.float64))
    if point is None and duals is None:
        return Start(Use.IGNORED, "it has neither a point nor multipliers of this program")
    math_opt.hint(asked, point, duals)
    parts = [part for part, given in (("the point", point), ("the multipliers", duals)) if given is not None]
    return Start(Use.USED, f"PDLP's first iterate is {' and '.join(parts)}")
