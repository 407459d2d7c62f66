"""HiGHS through highspy: mixed-integer and linear programs, arrays handed over whole.

Source: Huangfu and Hall, Parallelizing the dual revised simplex method (2018).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.forms import Form, MixedIntegerProgram
from dualgap.core.solver import Context, Options, Solver, Trait
from dualgap.core.witness import Ray
from dualgap.solvers.floats import lossy
from dualgap.solvers.highs_model import load, may_presolve
from dualgap.solvers.relaxation import Relaxed, linear_end, relax, without_columns
from dualgap.solvers.starting import beginning

_TOOK_START = "MIP start solution is feasible"  # in its log, and nowhere else


@dataclass(frozen=True)
class Highs(Solver):
    """Branch and cut (simplex for linear programs).

    ``presolve`` is on by default, except for integer programs with a row of over 5,000 entries, where it ignores time
    limits, and those with continuous columns too, where HiGHS 1.14's may lose the optimum. ``options`` are HiGHS's own,
    checked by it.
    """

    name: ClassVar[str] = "highs"
    summary: ClassVar[str] = "HiGHS: branch and cut for integer programs, simplex for linear ones"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)
    requires: ClassVar[tuple[str, ...]] = ("highspy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS, Trait.ANYTIME, Trait.WARM})

    presolve: bool | None = None
    options: Options = field(default_factory=dict)

    def refuses(self, form: Any) -> str | None:
        return lossy(form, tiny=1e-9, huge=1e15, infinite=1e20)

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, MixedIntegerProgram)
        if form.size[0] == 0:
            return without_columns(form)  # HiGHS calls it empty, even with a row that can't hold
        integral = bool(form.integer.any())
        relaxed = relax(form, ctx) if integral else None
        if relaxed is not None and relaxed.stop is Stop.INFEASIBLE:
            note = "so is its linear relaxation"
            return Claim(stop=Stop.INFEASIBLE, witness=relaxed.witness, conflict=relaxed.conflict, message=note)
        begin = beginning(form, ctx)
        log = {"output_flag": ctx.verbose or begin.point is not None, "log_to_console": ctx.verbose}
        highs = load(form, {**log, **self.settings(form, ctx)})
        said: list[str] = []
        if begin.point is not None:
            highs.setSolution(form.size[0], np.arange(form.size[0], dtype=np.int32), begin.point)
            highs.cbLogging.subscribe(lambda event: said.append(event.message))
        _listen(highs, ctx)
        highs.run()
        claim = _linear_claim(highs, form, ctx) if relaxed is None else _integer_claim(highs, form, relaxed)
        return begin.confirmed("HiGHS", any(_TOOK_START in line for line in said), claim)

    def settings(self, form: MixedIntegerProgram, ctx: Context) -> dict[str, Any]:
        """HiGHS's options for this form and budget."""
        return {
            "time_limit": ctx.time_left(),
            "mip_rel_gap": ctx.budget.gap,
            "mip_abs_gap": 0.0,
            "threads": ctx.budget.threads,
            "random_seed": ctx.seed % 2**31,
            "presolve": may_presolve(form) if self.presolve is None else self.presolve,
            **self.options,
        }


def _listen(highs: Any, ctx: Context) -> None:
    """Streams incumbents and bounds, takes points that others have found, and stops when asked to."""

    def improved(event: Any) -> None:
        ctx.report(point=np.array(event.data_out.mip_solution))

    def searching(event: Any) -> None:
        bound = event.data_out.mip_dual_bound
        if np.isfinite(bound):
            ctx.report(bound=float(bound))
        interrupt(event)

    def interrupt(event: Any) -> None:
        if ctx.should_stop():
            event.data_in.user_interrupt = True

    def offered(event: Any) -> None:
        point = ctx.news()
        if point is not None:
            event.data_in.setSolution(np.asarray(point, dtype=np.float64))

    highs.cbMipImprovingSolution.subscribe(improved)
    highs.cbMipUserSolution.subscribe(offered)
    highs.cbMipInterrupt.subscribe(searching)
    highs.cbSimplexInterrupt.subscribe(interrupt)
    highs.cbIpmInterrupt.subscribe(interrupt)


def _stop(highs: Any) -> Stop:
    import highspy

    statuses = highspy.HighsModelStatus
    return {
        statuses.kOptimal: Stop.FINISHED,
        statuses.kInfeasible: Stop.INFEASIBLE,
        statuses.kUnbounded: Stop.UNBOUNDED,
        statuses.kUnboundedOrInfeasible: Stop.UNBOUNDED,
        statuses.kTimeLimit: Stop.TIME,
        statuses.kInterrupt: Stop.TIME,
        statuses.kHighsInterrupt: Stop.INTERRUPTED,
        statuses.kIterationLimit: Stop.ITERATIONS,
        statuses.kSolutionLimit: Stop.ITERATIONS,
        statuses.kObjectiveBound: Stop.ITERATIONS,
        statuses.kObjectiveTarget: Stop.ITERATIONS,
        statuses.kMemoryLimit: Stop.MEMORY,
    }.get(highs.getModelStatus(), Stop.ERROR)


def _incumbent(highs: Any, form: MixedIntegerProgram, stop: Stop) -> Claim:
    """The claim without bound and witness; integer columns are rounded, as HiGHS meets integrality within 1e-6."""
    import highspy

    info, solution = highs.getInfo(), highs.getSolution()
    found = bool(solution.value_valid) and info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    point = np.array(solution.col_value)
    if found:
        point[form.integer] = np.rint(point[form.integer])
    return Claim(
        point=point if found else None,
        feasible=found,
        stop=stop,
        value=float(info.objective_function_value) if found else None,
        statistics={"nodes": int(info.mip_node_count), "simplex_iterations": int(info.simplex_iteration_count)},
        message=f"HiGHS: {highs.modelStatusToString(highs.getModelStatus())}" if stop is Stop.ERROR else "",
    )


def _linear_claim(highs: Any, form: MixedIntegerProgram, ctx: Context) -> Claim:
    ended = linear_end(highs, form, ctx)
    claim = _incumbent(highs, form, _stop(highs) if ended.stop is Stop.TIME else ended.stop)
    bound = claim.value if ended.stop is Stop.FINISHED else None
    return replace(claim, bound=bound, witness=ended.witness, conflict=ended.conflict)


def _integer_claim(highs: Any, form: MixedIntegerProgram, relaxed: Relaxed) -> Claim:
    stop = _stop(highs)
    bound = float(highs.getInfo().mip_dual_bound)
    if stop is Stop.UNBOUNDED:
        return _unbounded_claim(highs, form, relaxed)
    claim = _incumbent(highs, form, stop)
    return replace(claim, bound=bound if np.isfinite(bound) else None, witness=relaxed.supports(stop))


def _unbounded_claim(highs: Any, form: MixedIntegerProgram, relaxed: Relaxed) -> Claim:
    """Settles "unbounded or infeasible": with an unbounded relaxation and rational data, any point at all makes the
    program unbounded (Meyer 1974), so the costs are dropped and a point is looked for.
    """
    columns = form.size[0]
    highs.changeColsCost(columns, np.arange(columns, dtype=np.int32), np.zeros(columns))
    highs.run()
    stop = _stop(highs)
    claim = _incumbent(highs, form, Stop.UNBOUNDED if stop is Stop.FINISHED else stop)
    witness = relaxed.supports(claim.stop)
    if isinstance(witness, Ray) and claim.point is not None:
        witness = Ray(direction=witness.direction, point=claim.point)  # the relaxation's own needn't be whole
    return replace(claim, value=None, witness=witness)
