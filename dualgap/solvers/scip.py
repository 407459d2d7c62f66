"""SCIP through OR-Tools: branch, cut and price for mixed-integer programs.

SCIP's rows hold to a tolerance relative to their sides, so equalities with large sides come back broken by several
units: its tolerance is tightened to half a unit of the largest whole side, and every point is looked at again.
Source: Bestuzheva et al., The SCIP Optimization Suite 8.0 (2021).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
        stop: Stop | None = Stop.UNBOUNDED
        if relaxed.stop is not Stop.UNBOUNDED:  # then MathOpt would fail, as SCIP's point has no finite value
            asked = self._request(form, ctx, begin, tables)
            asked.improved = _stream(form, ctx)
            result = math_opt.run(form, asked, ctx)
            stop = math_opt.stopped(result, ctx)
        if stop is None or stop is Stop.UNBOUNDED:
            claim = self._any_point(form, ctx, begin, tables)
        else:
            took = any(_TOOK_START in line and not line.startswith("0/") for line in asked.log)
            claim = begin.confirmed("SCIP", took, math_opt.claim(form, result, stop))
        return replace(claim, witness=relaxed.supports(claim.stop))

    def _request(
        self, form: MixedIntegerProgram, ctx: Context, begin: Beginning, tables: Mapping[str, str]
    ) -> math_opt.Request:
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
        return asked

    def _any_point(self, form: MixedIntegerProgram, ctx: Context, begin: Beginning, tables: Mapping[str, str]) -> Claim:
        """With an unbounded relaxation and rational data, any point at all makes it unbounded (Meyer 1974)."""
        free = replace(form, cost=np.zeros(form.size[0]))
        result = math_opt.run(free, self._request(free, ctx, begin, tables), ctx)
        stop = math_opt.stopped(result, ctx) or Stop.ERROR
        claim = math_opt.claim(free, result, stop)
        stop = Stop.UNBOUNDED if claim.feasible else stop
        return begin.confirmed("SCIP", False, replace(claim, stop=stop, value=None, bound=None))


def _stream(form: MixedIntegerProgram, ctx: Context) -> Callable[[np.ndarray, float], None]:
    def improved(point: np.ndarray, bound: float) -> None:
        point[form.integer] = np.rint(point[form.integer])
        known = bound if abs(bound) < math_opt.INFINITE else None
        ctx.report(point=None if math_opt.fault(form, point) else point, bound=known)

    return improved


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
