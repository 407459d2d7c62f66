"""``scipy.optimize.milp`` and ``linprog``: HiGHS, as SciPy bundles it.

``linprog`` gives row duals (SciPy calls them marginals), from which dualgap computes a bound of its own; ``milp`` gives
none, so those of the linear relaxation stand in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from dualgap import Claim, Context, MixedIntegerProgram, Multipliers, Solver, Stop, Trait

_TINY, _HUGE = 1e-9, 1e15  # HiGHS drops smaller entries of a matrix without a word, and refuses larger ones
_STOPS = {0: Stop.FINISHED, 1: Stop.ITERATIONS, 2: Stop.INFEASIBLE, 3: Stop.UNBOUNDED}


@dataclass(frozen=True)
class Linprog(Solver):
    """Linear programs.

    Attributes:
        method: simplex, interior points, or HiGHS's choice.
        presolve: whether HiGHS simplifies the program first.
    """

    name: ClassVar[str] = "linprog@scipy"
    summary: ClassVar[str] = "SciPy's linprog (HiGHS): linear programs, with row duals"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)
    requires: ClassVar[tuple[str, ...]] = ("scipy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS, Trait.ANYTIME})

    method: Literal["highs", "highs-ds", "highs-ipm"] = "highs"
    presolve: bool = True

    def refuses(self, form: MixedIntegerProgram) -> str | None:
        if form.integer.any():
            return "linprog takes no integer variables; milp@scipy does"
        return _unfit(form)

    def solve(self, form: MixedIntegerProgram, ctx: Context) -> Claim:
        from scipy.optimize import linprog
        from scipy.sparse import vstack

        if ctx.should_stop():
            return Claim(stop=Stop.TIME)
        equal = np.flatnonzero(form.row_lower == form.row_upper)
        below = np.flatnonzero(np.isfinite(form.row_upper) & (form.row_lower != form.row_upper))
        above = np.flatnonzero(np.isfinite(form.row_lower) & (form.row_lower != form.row_upper))
        result: Any = linprog(
            form.cost,
            A_ub=vstack([form.matrix[below], -form.matrix[above]]),
            b_ub=np.concatenate([form.row_upper[below], -form.row_lower[above]]),
            A_eq=form.matrix[equal],
            b_eq=form.row_upper[equal],
            bounds=np.column_stack([form.lower, form.upper]),
            method=self.method,
            options={"time_limit": ctx.time_left(), "presolve": self.presolve, "disp": ctx.verbose},
        )
        stop = _stop(result, ctx)
        if stop is not Stop.FINISHED:
            return Claim(stop=stop, message=result.message if stop is Stop.ERROR else "")
        rows = np.zeros(form.size[1])
        rows[equal] = result.eqlin.marginals
        rows[below] += result.ineqlin.marginals[: len(below)]
        rows[above] -= result.ineqlin.marginals[len(below) :]
        value = float(result.fun) + form.offset
        return Claim(
            point=result.x,
            feasible=True,
            value=value,
            bound=value,
            witness=Multipliers(rows=rows),
            statistics={"iterations": int(result.nit)},
        )


@dataclass(frozen=True)
class Milp(Solver):
    """Mixed-integer programs.

    Attributes:
        presolve: whether HiGHS simplifies the program first.
        node_limit: of the branch-and-bound tree.
    """

    name: ClassVar[str] = "milp@scipy"
    summary: ClassVar[str] = "SciPy's milp (HiGHS): branch and cut, with the linear relaxation's duals"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)
    requires: ClassVar[tuple[str, ...]] = ("scipy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS, Trait.ANYTIME})

    presolve: bool = True
    node_limit: int | None = None

    def refuses(self, form: MixedIntegerProgram) -> str | None:
        return _unfit(form)

    def solve(self, form: MixedIntegerProgram, ctx: Context) -> Claim:
        from scipy.optimize import Bounds, LinearConstraint, milp

        relaxed = Linprog().solve(replace(form, integer=np.zeros_like(form.integer)), ctx)
        if relaxed.stop is Stop.INFEASIBLE or ctx.should_stop():
            return Claim(stop=relaxed.stop if relaxed.stop is Stop.INFEASIBLE else Stop.TIME, witness=relaxed.witness)
        limits: dict[str, Any] = {} if self.node_limit is None else {"node_limit": self.node_limit}
        result: Any = milp(
            form.cost,
            integrality=form.integer.astype(int),
            bounds=Bounds(form.lower, form.upper),
            constraints=LinearConstraint(form.matrix, form.row_lower, form.row_upper),
            options={
                "time_limit": ctx.time_left(),
                "mip_rel_gap": ctx.budget.gap,
                "presolve": self.presolve,
                "disp": ctx.verbose,
                **limits,
            },
        )
        bound = result.mip_dual_bound if form.integer.any() else result.fun
        claim = Claim(
            stop=_stop(result, ctx),
            bound=None if bound is None or not np.isfinite(bound) else float(bound) + form.offset,
            witness=relaxed.witness,
        )
        if result.x is None:
            return replace(claim, message=result.message if claim.stop is Stop.ERROR else "")
        point = np.where(form.integer, np.rint(result.x), result.x)  # whole only within 1e-6
        nodes = {} if result.mip_node_count is None else {"nodes": int(result.mip_node_count)}
        return replace(claim, point=point, feasible=True, value=form.objective(point), statistics=nodes)


def _unfit(form: MixedIntegerProgram) -> str | None:
    if form.size[0] == 0:
        return "SciPy takes no program without variables"
    sizes = np.abs(form.matrix.data[form.matrix.data != 0])
    if ((sizes < _TINY) | (sizes > _HUGE)).any():
        return f"HiGHS ignores entries below {_TINY} and refuses those above {_HUGE:.0e}: scale the rows"
    return None


def _stop(result: Any, ctx: Context) -> Stop:
    """SciPy's status in dualgap's terms; its 1 is any limit, its 4 "unbounded or infeasible" among others."""
    stop = _STOPS.get(result.status, Stop.ERROR)
    return Stop.TIME if stop is Stop.ITERATIONS and ctx.should_stop() else stop
