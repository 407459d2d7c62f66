"""HiGHS through highspy: mixed-integer and linear programs, arrays handed over whole.

Source: Huangfu and Hall, Parallelizing the dual revised simplex method (2018).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.forms import Form, MixedIntegerProgram
from dualgap.core.solver import Context, Options, Solver, Trait
from dualgap.core.witness import FarkasRay, Multipliers, Ray, Witness


@dataclass(frozen=True)
class Highs(Solver):
    """Branch and cut (simplex for linear programs); ``options`` go to HiGHS as they are."""

    name: ClassVar[str] = "highs"
    summary: ClassVar[str] = "HiGHS: branch and cut for integer programs, simplex for linear ones"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)
    requires: ClassVar[tuple[str, ...]] = ("highspy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS, Trait.ANYTIME, Trait.WARM})

    presolve: bool = True
    options: Options = field(default_factory=dict)

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, MixedIntegerProgram)
        import highspy

        highs = highspy.Highs()
        _set_options(highs, self, ctx)
        highs.passModel(hand_over(form))
        integral = bool(form.integer.any())
        if ctx.start is not None:
            solution = highspy.HighsSolution()
            solution.col_value = np.asarray(ctx.start, dtype=np.float64).tolist()
            highs.setSolution(solution)
        if integral:
            _listen(highs, ctx)
        highs.run()
        return _claim(highs, form, integral)


def hand_over(form: MixedIntegerProgram) -> Any:
    """The form as a ``HighsLp``; arrays are passed whole."""
    import highspy

    columns, rows = form.size
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = columns, rows
    program.col_cost_ = form.cost.astype(np.float64)
    program.offset_ = form.offset
    program.col_lower_, program.col_upper_ = form.lower.astype(np.float64), form.upper.astype(np.float64)
    program.row_lower_, program.row_upper_ = form.row_lower.astype(np.float64), form.row_upper.astype(np.float64)
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.num_col_, program.a_matrix_.num_row_ = columns, rows
    program.a_matrix_.start_ = form.matrix.indptr.astype(np.int32)
    program.a_matrix_.index_ = form.matrix.indices.astype(np.int32)
    program.a_matrix_.value_ = form.matrix.data.astype(np.float64)
    if form.integer.any():
        kinds = np.array([highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger])
        program.integrality_ = kinds[form.integer.astype(int)].tolist()
    return program


def _set_options(highs: Any, solver: Highs, ctx: Context) -> None:
    options: Mapping[str, Any] = {
        "output_flag": ctx.verbose,
        "time_limit": max(ctx.time_left(), 0.01),
        "mip_rel_gap": ctx.budget.gap,
        "mip_abs_gap": 0.0 if ctx.budget.gap == 0 else 1e-6,
        "threads": ctx.budget.threads,
        "random_seed": ctx.seed % 2**31,
        "presolve": "on" if solver.presolve else "off",
        **solver.options,
    }
    import highspy

    for name, value in options.items():
        if highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise ValueError(f"HiGHS takes no option {name} = {value!r}")


def _listen(highs: Any, ctx: Context) -> None:
    """Streams incumbents and bounds, and stops when asked to."""

    def improved(event: Any) -> None:
        ctx.report(point=np.array(event.data_out.mip_solution))

    def interrupt(event: Any) -> None:
        bound = event.data_out.mip_dual_bound
        if np.isfinite(bound):
            ctx.report(bound=float(bound))
        if ctx.should_stop():
            event.data_in.user_interrupt = True

    highs.cbMipImprovingSolution.subscribe(improved)
    highs.cbMipInterrupt.subscribe(interrupt)


def _claim(highs: Any, form: MixedIntegerProgram, integral: bool) -> Claim:
    import highspy

    status, info = highs.getModelStatus(), highs.getInfo()
    statuses = highspy.HighsModelStatus
    stop = {
        statuses.kOptimal: Stop.FINISHED,
        statuses.kInfeasible: Stop.INFEASIBLE,
        statuses.kUnbounded: Stop.UNBOUNDED,
        statuses.kTimeLimit: Stop.TIME,
        statuses.kIterationLimit: Stop.ITERATIONS,
        statuses.kSolutionLimit: Stop.ITERATIONS,
        statuses.kMemoryLimit: Stop.MEMORY,
        statuses.kInterrupt: Stop.TIME,
        statuses.kHighsInterrupt: Stop.INTERRUPTED,
        statuses.kModelEmpty: Stop.FINISHED,
    }.get(status, Stop.ERROR)
    solution = highs.getSolution()
    feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    point = np.array(solution.col_value) if solution.value_valid else None
    bound: float | None = None
    if integral:
        bound = float(info.mip_dual_bound) if np.isfinite(info.mip_dual_bound) else None
    elif stop is Stop.FINISHED:
        bound = float(info.objective_function_value)
    return Claim(
        point=point if feasible else None,
        feasible=feasible,
        stop=stop,
        value=float(info.objective_function_value) if feasible else None,
        bound=bound,
        witness=_witness(highs, form, integral, stop),
        statistics={"nodes": int(info.mip_node_count), "simplex_iterations": int(info.simplex_iteration_count)},
        message="" if stop is not Stop.ERROR else f"HiGHS: {highs.modelStatusToString(status)}",
    )


def _witness(highs: Any, form: MixedIntegerProgram, integral: bool, stop: Stop) -> Witness | None:
    """Duals of the linear program, or of the root relaxation of an integer one; rays where there is no optimum."""
    if not integral and stop is Stop.INFEASIBLE:
        _, has_ray, ray = highs.getDualRay()
        return FarkasRay(rows=np.array(ray)) if has_ray else None
    if not integral and stop is Stop.UNBOUNDED:
        _, has_ray, ray = highs.getPrimalRay()
        return Ray(direction=np.array(ray)) if has_ray else None
    if integral:
        return relaxation_duals(form)
    solution = highs.getSolution()
    return Multipliers(rows=np.array(solution.row_dual)) if solution.dual_valid else None


def relaxation_duals(form: MixedIntegerProgram) -> Multipliers | None:
    """Row duals of the linear relaxation, by a separate small solve; None where it has no optimum."""
    import highspy

    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("solve_relaxation", True)
    highs.setOptionValue("time_limit", 5.0)
    highs.passModel(hand_over(form))
    highs.run()
    solution = highs.getSolution()
    optimal = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return Multipliers(rows=np.array(solution.row_dual)) if optimal and solution.dual_valid else None
