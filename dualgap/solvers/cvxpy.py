"""Mixed-integer and conic programs through CVXPY, with any backend that is installed for it.

Source: Diamond and Boyd, CVXPY: A Python-embedded modeling language for convex optimization (JMLR 2016).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.errors import UsageError
from dualgap.core.forms import ConicProgram, Form, MixedIntegerProgram
from dualgap.core.solver import Context, Options, Solver, Trait
from dualgap.core.witness import Multipliers
from dualgap.solvers.conic.claims import Result, claimed
from dualgap.solvers.conic.modelled import ConicModel
from dualgap.solvers.floats import holds, lossy
from dualgap.solvers.highs import Highs
from dualgap.solvers.relaxation import relax, without_columns

_LATE = 0.1  # seconds left at which an inaccurate answer is put down to the time limit
_STOPS = {
    "optimal": Stop.FINISHED,
    "optimal_inaccurate": Stop.ITERATIONS,
    "user_limit": Stop.TIME,
    "infeasible": Stop.INFEASIBLE,
    "infeasible_inaccurate": Stop.INFEASIBLE,
    "unbounded": Stop.UNBOUNDED,
    "unbounded_inaccurate": Stop.UNBOUNDED,
    "infeasible_or_unbounded": Stop.UNBOUNDED,
}


@dataclass(frozen=True)
class Cvxpy(Solver):
    """CVXPY's ``backend``, by default HIGHS, or CLARABEL for conic programs; ``options`` go to it as CVXPY passes them.

    HIGHS, CLARABEL and SCS check their options; for SCIPY, GLOP and PDLP, CVXPY drops those that it doesn't know. A
    backend can't be asked to stop before its own time limit, and several (GLPK_MI, say) have none.
    """

    name: ClassVar[str] = "cvxpy"
    summary: ClassVar[str] = "CVXPY with HIGHS, CLARABEL for cones, or any other backend installed for it"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram, ConicProgram)
    requires: ClassVar[tuple[str, ...]] = ("cvxpy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS})

    backend: str = ""
    options: Options = field(default_factory=dict)

    def refuses(self, form: Any) -> str | None:
        if isinstance(form, ConicProgram):
            return None
        return lossy(form, tiny=1e-9, huge=1e15, infinite=1e20)

    def solve(self, form: Form, ctx: Context) -> Claim:
        if isinstance(form, ConicProgram):
            chosen = replace(self, backend=self.backend or "CLARABEL")
            chosen._check_backend(integral=False)
            return claimed(form, chosen._conic(form, ctx), ctx, lambda other: chosen._conic(other, ctx))
        assert isinstance(form, MixedIntegerProgram)
        chosen = replace(self, backend=self.backend or "HIGHS")
        return without_columns(form) if form.size[0] == 0 else chosen._integer(form, ctx)

    def _integer(self, form: MixedIntegerProgram, ctx: Context) -> Claim:
        self._check_backend(bool(form.integer.any()))
        relaxed = relax(form, ctx) if form.integer.any() else None
        claim = self._run(form, ctx)
        if claim.stop is Stop.UNBOUNDED:
            # Unbounded, or no point at all. With rational data any point settles it (Meyer 1974).
            settled = self._run(replace(form, cost=np.zeros(form.size[0])), ctx)
            stop = Stop.UNBOUNDED if settled.feasible else settled.stop
            claim = replace(settled, stop=stop, value=None, bound=None, witness=None)
        return claim if relaxed is None else replace(claim, witness=relaxed.supports(claim.stop))

    def _check_backend(self, integral: bool) -> None:
        """Raises:
        UsageError: the backend isn't installed, or takes no integer programs.
        """
        from cvxpy.reductions.solvers.defines import INSTALLED_MI_SOLVERS, INSTALLED_SOLVERS

        capable = INSTALLED_MI_SOLVERS if integral else INSTALLED_SOLVERS
        if self.backend not in capable:
            why = "takes no integer programs" if self.backend in INSTALLED_SOLVERS else "isn't installed"
            raise UsageError(f"CVXPY's backend {self.backend!r} {why}; one of: {', '.join(capable)}")

    def _run(self, form: MixedIntegerProgram, ctx: Context) -> Claim:
        model = _Model(form)
        failed, warned = self._solved(model.problem, form, ctx)
        return Claim(stop=Stop.ERROR, message=failed) if failed else model.claim(self.backend, ctx, warned)

    def _conic(self, form: ConicProgram, ctx: Context) -> Result:
        model = ConicModel(form)
        failed, warned = self._solved(model.problem, form, ctx)
        stop = Stop.ERROR if failed else _STOPS.get(model.problem.status, Stop.ERROR)
        words = f"CVXPY: {model.problem.status}" if stop is Stop.ERROR else ""
        return model.result(stop, failed or warned or words)

    def _solved(self, problem: Any, form: Form, ctx: Context) -> tuple[str, str]:
        """(why it failed, what it warned of), once the problem is solved.

        Raises:
            UsageError: the backend doesn't take an option.
        """
        import cvxpy

        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                problem.solve(solver=self.backend, verbose=ctx.verbose, **self._settings(form, ctx))
            except cvxpy.error.SolverError as error:
                return f"CVXPY's {self.backend}: {error}", ""
            except (TypeError, ValueError, AttributeError) as error:
                if not self.options:
                    raise
                given = ", ".join(f"{name} = {value!r}" for name, value in self.options.items())
                raise UsageError(f"CVXPY's {self.backend} doesn't take {given}: {error}") from error
        return "", "; ".join(str(one.message).splitlines()[0] for one in said)

    def _settings(self, form: Form, ctx: Context) -> dict[str, Any]:
        seconds, gap = max(ctx.time_left(), 0.01), ctx.budget.gap
        integral = isinstance(form, MixedIntegerProgram) and bool(form.integer.any())
        if self.backend == "HIGHS" and isinstance(form, MixedIntegerProgram):
            import highspy

            highspy.Highs.resetGlobalScheduler(True)  # it keeps the number of threads of its first use
            settings = Highs().settings(form, ctx)
            return {**settings, "presolve": "on" if settings["presolve"] else "off", **self.options}
        own: dict[str, dict[str, Any]] = {
            "SCIPY": {"scipy_options": {"time_limit": seconds, **({"mip_rel_gap": gap} if integral else {})}},
            "HIGHS": {"time_limit": seconds},
            "CLARABEL": {"time_limit": seconds},
            "SCS": {"time_limit_secs": seconds},
            "OSQP": {"time_limit": seconds},
            "GLOP": {"time_limit_sec": seconds},
            "PDLP": {"time_limit_sec": seconds},
        }
        return {**own.get(self.backend, {}), **self.options}


class _Model:
    """The form in CVXPY, in whole arrays: one variable, and a constraint for each kind of side.

    CVXPY's duals belong to ``f + dual'(left - right)`` for ``<=`` and ``==``, and to ``f - dual'(left - right)`` for
    ``>=``; the multipliers of ``dualgap.core.forms`` are minus the first and plus the second.
    """

    def __init__(self, form: MixedIntegerProgram) -> None:
        import cvxpy

        self.form = form
        some = bool(form.integer.any())
        whole: Any = np.nonzero(form.integer) if some and not form.integer.all() else some  # indices by dimension
        bounds = [np.asarray(side, dtype=np.float64) for side in (form.lower, form.upper)]
        self.x = cvxpy.Variable(form.size[0], integer=whole, bounds=bounds)
        lower, upper = np.asarray(form.row_lower, dtype=np.float64), np.asarray(form.row_upper, dtype=np.float64)
        equal = lower == upper
        rows = (equal, np.isfinite(lower) & ~equal, np.isfinite(upper) & ~equal)
        matrix = form.matrix.astype(np.float64)
        activities = [matrix[np.flatnonzero(at)] @ self.x for at in rows]
        constraints = (
            activities[0] == lower[rows[0]],
            activities[1] >= lower[rows[1]],
            activities[2] <= upper[rows[2]],
        )
        self.sides = [side for side in zip(rows, (-1, 1, -1), constraints, strict=True) if side[0].any()]
        objective = cvxpy.Minimize(np.asarray(form.cost, dtype=np.float64) @ self.x)
        self.problem = cvxpy.Problem(objective, [constraint for _, _, constraint in self.sides])

    def claim(self, backend: str, ctx: Context, warned: str) -> Claim:
        status = self.problem.status
        stop = _STOPS.get(status, Stop.ERROR)
        if stop is Stop.ITERATIONS and ctx.time_left() < _LATE:
            stop = Stop.TIME
        point = None if self.x.value is None else np.array(self.x.value, dtype=np.float64)
        if point is not None:
            point[self.form.integer] = np.rint(point[self.form.integer])
        found = point is not None and (status == "optimal" or holds(self.form, point))
        value = self.form.objective(point) if found and point is not None else None
        integral = bool(self.form.integer.any())
        return Claim(
            point=point if found else None,
            feasible=found,
            stop=stop,
            value=value,
            bound=self._bound(backend, stop, integral, value),
            witness=self._multipliers() if stop is Stop.FINISHED and not integral else None,
            statistics={"status": status},
            message="" if stop is Stop.TIME else warned or (f"CVXPY: {status}" if stop is Stop.ERROR else ""),
        )

    def _bound(self, backend: str, stop: Stop, integral: bool, value: float | None) -> float | None:
        """HIGHS's own bound; of other backends only what an optimum says."""
        stats = self.problem.solver_stats
        if integral and backend == "HIGHS" and stats is not None and stop in (Stop.FINISHED, Stop.TIME):
            bound = float(stats.extra_stats.mip_dual_bound)
            return bound + self.form.offset if np.isfinite(bound) else None
        return value if stop is Stop.FINISHED else None

    def _multipliers(self) -> Multipliers:
        duals = np.zeros(self.form.size[1])
        for at, sign, constraint in self.sides:
            duals[at] += sign * np.asarray(constraint.dual_value, dtype=np.float64).ravel()
        return Multipliers(rows=duals)
