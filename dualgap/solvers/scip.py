"""SCIP through OR-Tools: branch, cut and price for mixed-integer programs.

SCIP's rows hold to a tolerance relative to their sides, so equalities with large sides come back broken by several
units: its tolerance is tightened to half a unit of the largest whole side, and every point is looked at again.
Source: Bestuzheva et al., The SCIP Optimization Suite 8.0 (2021).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.errors import UsageError
from dualgap.core.forms import Form, MixedIntegerProgram
from dualgap.core.solver import Context, Options, Solver, Trait
from dualgap.solvers import math_opt
from dualgap.solvers.relaxation import relax
from dualgap.solvers.starting import Beginning, beginning

_TOOK_START = "feasible solution given by solution candidate storage"
_ENGINE = "GSCIP"
_UNKNOWN = "error code -12"
_TABLES = {
    bool: ("bool_params",),
    int: ("int_params", "long_params", "real_params"),
    float: ("real_params",),
    str: ("char_params", "string_params"),
}
_TOLERANCES = 1e-6, 1e-9  # SCIP's own, and as tight as its linear programs can follow


@dataclass(frozen=True)
class Scip(Solver):
    """Branch and cut; ``options`` are SCIP's own parameters by their paths (``limits/nodes``)."""

    name: ClassVar[str] = "scip@ortools"
    summary: ClassVar[str] = "SCIP as OR-Tools ships it: branch and cut for mixed-integer programs"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)
    requires: ClassVar[tuple[str, ...]] = ("ortools",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS, Trait.ANYTIME, Trait.WARM})

    options: Options = field(default_factory=dict)

    def refuses(self, form: Any) -> str | None:
        return math_opt.refusal(form)

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, MixedIntegerProgram)
        trivial = math_opt.trivial(form)
        if trivial is not None:
            return trivial
        tables = _tables(self.options)
        relaxed = relax(form, ctx)
        if relaxed.stop is Stop.INFEASIBLE:
            return Claim(stop=Stop.INFEASIBLE, witness=relaxed.witness, message="so is its linear relaxation")
        begin = beginning(form, ctx)
        unbounded = relaxed.stop is Stop.UNBOUNDED  # then MathOpt fails, as SCIP's point has no finite value
        claim, stop = (Claim(), None) if unbounded else self._run(form, ctx, begin, tables)
        if stop in (None, Stop.UNBOUNDED):
            # With an unbounded relaxation and rational data, any point at all makes it unbounded (Meyer 1974).
            free = replace(form, cost=np.zeros(form.size[0]))
            claim, stop = self._run(free, ctx, begin, tables)
            ended = Stop.UNBOUNDED if claim.feasible else stop or Stop.ERROR
            claim = replace(claim, stop=ended, value=None, bound=None)
        return replace(claim, witness=relaxed.supports(claim.stop))

    def _run(
        self, form: MixedIntegerProgram, ctx: Context, begin: Beginning, tables: Mapping[str, str]
    ) -> tuple[Claim, Stop | None]:
        asked = math_opt.request(_ENGINE)
        parameters = asked.parameters
        parameters.threads = ctx.budget.threads
        parameters.random_seed = ctx.seed % 2**31
        parameters.relative_gap_tolerance = ctx.budget.gap
        parameters.absolute_gap_tolerance = 0.0
        parameters.gscip.real_params["numerics/feastol"] = _tolerance(form)
        for name, value in self.options.items():
            getattr(parameters.gscip, tables[name])[name] = value
        if begin.point is not None:
            math_opt.hint(asked, begin.point)

        def improved(point: np.ndarray, bound: float) -> None:
            point[form.integer] = np.rint(point[form.integer])
            known = bound if abs(bound) < math_opt.INFINITE else None
            ctx.report(point=None if math_opt.fault(form, point) else point, bound=known)

        asked.improved = improved
        result = math_opt.run(form, asked, ctx)
        stop = math_opt.stopped(result, ctx)
        claim = math_opt.claim(form, result, stop or Stop.UNBOUNDED)
        took = any(_TOOK_START in line and not line.startswith("0/") for line in asked.log)
        return begin.confirmed("SCIP", took, claim), stop


def _tolerance(form: MixedIntegerProgram) -> float:
    """SCIP's feasibility tolerance for these sides."""
    usual, tightest = _TOLERANCES
    if not form.integer.all():
        return usual
    sides = np.abs(np.concatenate([form.row_lower, form.row_upper]))
    largest = float(sides[np.isfinite(sides)].max(initial=1.0))
    return float(np.clip(0.5 / max(largest, 1.0), tightest, usual))


def _tables(options: Options) -> dict[str, str]:
    """The table of SCIP's parameters that each option belongs to, as they go by type: found by trying.

    Raises:
        UsageError: SCIP has no such parameter, or it can't have this value.
    """
    return {name: _table(name, value) for name, value in options.items()}


def _table(name: str, value: Any) -> str:
    for table in _TABLES[type(value)]:
        asked = math_opt.request(_ENGINE)
        try:
            getattr(asked.parameters.gscip, table)[name] = value
            math_opt.check(asked)
        except UsageError as error:
            if _UNKNOWN in str(error):
                raise UsageError(
                    f"SCIP has no parameter {name!r}; see https://scipopt.org/doc/html/PARAMETERS.php"
                ) from None
        else:
            return table
    raise UsageError(f"SCIP parameter {name} can't be {value!r}")
