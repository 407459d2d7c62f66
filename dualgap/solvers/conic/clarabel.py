"""Clarabel, an interior-point method for conic programs with a quadratic objective.

Source: Goulart and Chen, Clarabel: An interior-point solver for conic programs with quadratic objectives (2024).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.cones import Kind, blocks, upper_order
from dualgap.core.forms import Cones, ConicProgram, Form
from dualgap.core.solver import Context, Options, Solver, Trait
from dualgap.solvers.conic.claims import Result, arrays, claimed, set_options

_STOPS = {
    "Solved": Stop.FINISHED,
    "AlmostSolved": Stop.ITERATIONS,
    "PrimalInfeasible": Stop.INFEASIBLE,
    "AlmostPrimalInfeasible": Stop.ITERATIONS,
    "DualInfeasible": Stop.UNBOUNDED,
    "AlmostDualInfeasible": Stop.ITERATIONS,
    "MaxIterations": Stop.ITERATIONS,
    "MaxTime": Stop.TIME,
    "CallbackTerminated": Stop.INTERRUPTED,
    "InsufficientProgress": Stop.ITERATIONS,
    "NumericalError": Stop.ERROR,
}
_WORDS = {
    "AlmostSolved": "Clarabel: almost solved, to its reduced accuracy only",
    "AlmostPrimalInfeasible": "Clarabel: almost infeasible, which proves nothing by itself",
    "AlmostDualInfeasible": "Clarabel: almost unbounded, which proves nothing by itself",
    "InsufficientProgress": "Clarabel: no further progress at this accuracy; scale the data, or loosen its tolerances",
    "NumericalError": "Clarabel: a numerical error; scale the data",
}
_REFUTED = {"AlmostPrimalInfeasible": Stop.INFEASIBLE, "AlmostDualInfeasible": Stop.UNBOUNDED}


@dataclass(frozen=True)
class Clarabel(Solver):
    """Interior points on conic programs, with multipliers; ``options`` are Clarabel's settings (``tol_gap_rel``)."""

    name: ClassVar[str] = "clarabel"
    summary: ClassVar[str] = "Clarabel: interior points for conic programs, quadratic objectives included"
    accepts: ClassVar[tuple[type, ...]] = (ConicProgram,)
    requires: ClassVar[tuple[str, ...]] = ("clarabel",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS})

    options: Options = field(default_factory=dict)

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, ConicProgram)
        return claimed(form, self._run(form, ctx), ctx, lambda other: self._run(other, ctx))

    def _run(self, form: ConicProgram, ctx: Context) -> Result:
        import clarabel
        from scipy.sparse import csc_matrix, triu

        settings = clarabel.DefaultSettings()
        settings.verbose = ctx.verbose
        settings.max_threads = ctx.budget.threads
        settings.time_limit = max(ctx.time_left(), 1e-3)
        set_options(settings, self.options, "Clarabel")
        quadratic, cost, matrix, right = arrays(form)
        order = upper_order(form.cones)
        upper, rows = csc_matrix(triu(quadratic)), csc_matrix(matrix[order])
        solver = clarabel.DefaultSolver(upper, cost, rows, right[order], _cones(form.cones), settings)
        solver.set_termination_callback(lambda info: ctx.should_stop())
        found = solver.solve()
        status = str(found.status)
        multipliers = np.empty(len(right))
        multipliers[order] = found.z
        return Result(
            stop=_STOPS.get(status, Stop.ERROR),
            x=np.array(found.x, dtype=np.float64),
            z=multipliers,
            dual_value=float(found.obj_val_dual),
            statistics={"status": status, "iterations": int(found.iterations)},
            refuted=_REFUTED.get(status),
            message=_WORDS.get(status, ""),
        )


def _cones(cones: Cones) -> list[Any]:
    import clarabel

    of: dict[Kind, Any] = {
        Kind.ZERO: clarabel.ZeroConeT,
        Kind.NONNEGATIVE: clarabel.NonnegativeConeT,
        Kind.SECOND_ORDER: clarabel.SecondOrderConeT,
        Kind.EXPONENTIAL: lambda order: clarabel.ExponentialConeT(),
        Kind.SEMIDEFINITE: clarabel.PSDTriangleConeT,
    }
    return [of[block.kind](block.order) for block in blocks(cones)]
