"""GLOP, OR-Tools' simplex: linear programs with exact bases.

Source: Perron and Furnon, OR-Tools (Google).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from dualgap.core.claim import Claim, Stop
from dualgap.core.forms import Form, MixedIntegerProgram
from dualgap.core.solver import Context, Options, Solver, Trait
from dualgap.solvers import math_opt
from dualgap.solvers.relaxation import relax


@dataclass(frozen=True)
class Glop(Solver):
    """Simplex on linear programs; ``options`` are fields of GlopParameters."""

    name: ClassVar[str] = "glop@ortools"
    summary: ClassVar[str] = "GLOP: OR-Tools' simplex for linear programs"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)
    requires: ClassVar[tuple[str, ...]] = ("ortools",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS})

    options: Options = field(default_factory=dict)

    def refuses(self, form: Any) -> str | None:
        return math_opt.not_linear(form) or math_opt.refusal(form)

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, MixedIntegerProgram)
        trivial = math_opt.trivial(form)
        if trivial is not None:
            return trivial
        asked = math_opt.request("GLOP")
        asked.parameters.threads = ctx.budget.threads
        asked.parameters.random_seed = ctx.seed % 2**31
        math_opt.set_options(asked, asked.parameters.glop, self.options)
        result = math_opt.run(form, asked, ctx)
        stop = math_opt.stopped(result, ctx)
        if stop in (None, Stop.INFEASIBLE, Stop.UNBOUNDED):
            return _without_optimum(form, stop, ctx)
        claim = math_opt.claim(form, result, stop)
        return replace(
            claim, witness=math_opt.duals(form, result), bound=claim.bound if stop is Stop.FINISHED else None
        )


def _without_optimum(form: MixedIntegerProgram, stop: Stop | None, ctx: Context) -> Claim:
    """GLOP hands out no rays, and may leave open which of the two it is: HiGHS settles it."""
    relaxed = relax(form, ctx)
    if stop is None:
        stop = relaxed.stop if relaxed.stop in (Stop.INFEASIBLE, Stop.UNBOUNDED) else Stop.ERROR
    message = "GLOP says infeasible or unbounded, and there was no time to tell" if stop is Stop.ERROR else ""
    return Claim(stop=stop, witness=relaxed.supports(stop), message=message)
