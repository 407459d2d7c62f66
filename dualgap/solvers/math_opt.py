"""OR-Tools' MathOpt: one interface to SCIP, GLOP and PDLP, whose protocol buffers are filled whole.

MathOpt's own modelling layer takes 2 s for 100,000 variables, a filled message 0.05 s. Its duals have our signs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.errors import UsageError
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.solver import Context, Options
from dualgap.core.witness import FarkasRay, Multipliers, Ray, Witness
from dualgap.solvers.floats import lossy
from dualgap.solvers.protobuf import set_field
from dualgap.solvers.relaxation import without_columns
from dualgap.solvers.watch import watching

INFINITE = 1e20  # SCIP's infinity, in bounds that it hasn't found yet
_TOLERANCE = 1e-6  # of rows, relative to their terms
_LIMITS = {
    "LIMIT_TIME": Stop.TIME,
    "LIMIT_MEMORY": Stop.MEMORY,
    **dict.fromkeys(
        ("LIMIT_ITERATION", "LIMIT_NODE", "LIMIT_SOLUTION", "LIMIT_CUTOFF", "LIMIT_OBJECTIVE"), Stop.ITERATIONS
    ),
}
_REASONS = {
    "TERMINATION_REASON_OPTIMAL": Stop.FINISHED,
    "TERMINATION_REASON_INFEASIBLE": Stop.INFEASIBLE,
    "TERMINATION_REASON_UNBOUNDED": Stop.UNBOUNDED,
    "TERMINATION_REASON_INFEASIBLE_OR_UNBOUNDED": None,
}


@dataclass
class Request:
    """What one run asks for: the engine's name in MathOpt, and what is set beside the time limit.

    ``parameters`` is a ``SolveParametersProto``, ``settings`` a ``ModelSolveParametersProto``; ``improved`` is called
    with every incumbent and its bound, where the engine tells them.
    """

    engine: str
    parameters: Any
    settings: Any
    improved: Callable[[np.ndarray, float], None] | None = None
    log: list[str] = field(default_factory=list)


def request(engine: str) -> Request:
    """A request without parameters."""
    from ortools.math_opt import model_parameters_pb2, parameters_pb2

    return Request(engine, parameters_pb2.SolveParametersProto(), model_parameters_pb2.ModelSolveParametersProto())


def not_linear(form: MixedIntegerProgram) -> str | None:
    """Why an engine for linear programs can't take the form, or None."""
    if not form.integer.any():
        return None
    column = int(np.argmax(form.integer))
    name = form.columns[column] if form.columns else f"{column}"
    return f"column {name} is integer, and this engine takes linear programs only; take scip or highs"


def refusal(form: MixedIntegerProgram) -> str | None:
    """What MathOpt or float64 can't hold, or None."""
    return lossy(form, infinite=INFINITE)


def trivial(form: MixedIntegerProgram) -> Claim | None:
    """The whole answer where there are no columns, or bounds or sides cross (which MathOpt takes for a mistake)."""
    if form.size[0] == 0:
        return without_columns(form)
    for what, low, high in (
        ("bounds of a column", form.lower, form.upper),
        ("sides of a row", form.row_lower, form.row_upper),
    ):
        if np.any(np.asarray(low) > np.asarray(high)):
            return Claim(stop=Stop.INFEASIBLE, message=f"the {what} cross")
    return None


def hand_over(form: MixedIntegerProgram) -> Any:
    """The form as a ``ModelProto``."""
    from ortools.math_opt import model_pb2

    model = model_pb2.ModelProto()
    columns, rows = form.size
    variables, sides = model.variables, model.linear_constraints
    variables.ids.extend(range(columns))
    variables.lower_bounds.extend(form.lower.tolist())
    variables.upper_bounds.extend(form.upper.tolist())
    variables.integers.extend(form.integer.tolist())
    sides.ids.extend(range(rows))
    sides.lower_bounds.extend(form.row_lower.tolist())
    sides.upper_bounds.extend(form.row_upper.tolist())
    model.objective.offset = float(form.offset)
    _fill(model.objective.linear_coefficients, form.cost)
    entries = form.matrix.tocoo()
    order = np.lexsort((entries.col, entries.row))
    kept = order[entries.data[order] != 0]
    model.linear_constraint_matrix.row_ids.extend(entries.row[kept].tolist())
    model.linear_constraint_matrix.column_ids.extend(entries.col[kept].tolist())
    model.linear_constraint_matrix.coefficients.extend(entries.data[kept].tolist())
    return model


def hint(asked: Request, point: np.ndarray | None, duals: np.ndarray | None = None) -> None:
    """Gives the engine a point, and perhaps row multipliers, to start from."""
    given = asked.settings.solution_hints.add()
    for values, vector in ((given.variable_values, point), (given.dual_values, duals)):
        if vector is not None:
            values.ids.extend(range(len(vector)))
            values.values.extend(vector.tolist())


def run(form: MixedIntegerProgram, asked: Request, ctx: Context) -> Any:
    """The ``SolveResultProto`` of a run within the context's time.

    Whatever MathOpt raises comes through: parameters are checked before.
    """
    from ortools.math_opt import callback_pb2
    from ortools.util.python.pybind_solve_interrupter import PySolveInterrupter

    asked.parameters.time_limit.FromNanoseconds(int(1e9 * ctx.time_left()))
    model = hand_over(form)
    interrupter = PySolveInterrupter()

    def noted(lines: list[str]) -> None:
        asked.log.extend(lines)
        if ctx.verbose:
            sys.stdout.writelines(f"{line}\n" for line in lines)

    def found(data: Any) -> Any:
        assert asked.improved is not None
        asked.improved(_vector(data.primal_solution_vector, form.size[0]), data.mip_stats.dual_bound)
        return callback_pb2.CallbackResultProto()

    with watching(ctx, interrupter.interrupt):
        return _solved(model, asked, noted, found if asked.improved is not None else None, interrupter)


def check(asked: Request) -> None:
    """Has the engine read its parameters.

    Raises:
        UsageError: it doesn't take one.
    """
    from ortools.math_opt import model_pb2
    from pybind11_abseil.status import StatusNotOk

    try:
        _solved(model_pb2.ModelProto(), asked)
    except StatusNotOk as error:
        raise UsageError(f"{asked.engine} refuses: {error}") from None


def _solved(model: Any, asked: Request, noted: Any = None, found: Any = None, interrupter: Any = None) -> Any:
    from ortools.math_opt import callback_pb2, parameters_pb2
    from ortools.math_opt.core.python import solver

    registration = callback_pb2.CallbackRegistrationProto()
    if found is not None:
        registration.request_registration.append(callback_pb2.CALLBACK_EVENT_MIP_SOLUTION)
    engine = parameters_pb2.SolverTypeProto.Value(f"SOLVER_TYPE_{asked.engine}")
    nothing = parameters_pb2.SolverInitializerProto()
    given = asked.parameters, asked.settings, noted, registration, found, interrupter
    return solver.solve(model, engine, nothing, *given)


def stopped(result: Any, ctx: Context) -> Stop | None:
    """Why the run ended; None where the engine left open whether the program is infeasible or unbounded."""
    from ortools.math_opt import result_pb2

    reason = result_pb2.TerminationReasonProto.Name(result.termination.reason)
    if reason in _REASONS:
        return _REASONS[reason]
    limit = result_pb2.LimitProto.Name(result.termination.limit)
    if limit in _LIMITS:
        return _LIMITS[limit]
    if result.termination.limit:  # it was interrupted, or doesn't say by what it was stopped
        return Stop.TIME if ctx.should_stop() else Stop.ITERATIONS
    return Stop.ERROR


def claim(form: MixedIntegerProgram, result: Any, stop: Stop) -> Claim:
    """The claim without a witness. Integer columns are rounded, and the rows are looked at again: what breaks one by
    more than the tolerance isn't called feasible, whatever the engine says.
    """
    columns = form.size[0]
    primal = result.solutions[0].primal_solution if result.solutions else None
    point = None
    if primal is not None and len(primal.variable_values.values) == columns:
        point = np.clip(_vector(primal.variable_values, columns), form.lower, form.upper)
        point[form.integer] = np.rint(point[form.integer])
    broken = "" if point is None else fault(form, point)
    found = point is not None and not broken
    bound = result.termination.objective_bounds.dual_bound
    stats = result.solve_stats
    counted = {
        "nodes": stats.node_count,
        "simplex_iterations": stats.simplex_iterations,
        "first_order_iterations": stats.first_order_iterations,
    }
    message = f"its point breaks {broken}" if broken else ""
    return Claim(
        point=point,
        feasible=found,
        stop=stop,
        value=form.objective(point) if point is not None and found else None,
        bound=bound if abs(bound) < INFINITE and stop not in (Stop.INFEASIBLE, Stop.UNBOUNDED) else None,
        statistics={name: count for name, count in counted.items() if count},
        message=(result.termination.detail or "it gives no reason") if stop is Stop.ERROR else message,
    )


def fault(form: MixedIntegerProgram, point: np.ndarray) -> str:
    """The row that a point breaks most, or nothing. Whole rows at whole points have no tolerance."""
    activity = form.matrix @ point
    amount = np.maximum(np.maximum(form.row_lower - activity, activity - form.row_upper), 0.0)
    slack = _TOLERANCE * np.maximum(1.0, abs(form.matrix) @ np.abs(point))
    if form.integer.all() and np.array_equal(form.matrix.data, np.rint(form.matrix.data)):
        slack = np.minimum(slack, 0.5)
    worst = int(np.argmax(amount - slack)) if len(amount) else 0
    if not len(amount) or amount[worst] <= slack[worst]:
        return ""
    return f"{form.rows[worst] if form.rows else f'row {worst}'} by {amount[worst]:.3g}"


def duals(form: MixedIntegerProgram, result: Any) -> Multipliers | None:
    """Row multipliers in our convention, the signs that open sides forbid cut off; None where there are none."""
    solutions = [found.dual_solution for found in result.solutions if found.HasField("dual_solution")]
    if not solutions or len(solutions[0].dual_values.values) != form.size[1]:
        return None
    rows = _vector(solutions[0].dual_values, form.size[1])
    rows = np.where(np.isfinite(form.row_lower), rows, np.minimum(rows, 0.0))
    return Multipliers(rows=np.where(np.isfinite(form.row_upper), rows, np.maximum(rows, 0.0)))


def ray(result: Any, form: MixedIntegerProgram) -> Witness | None:
    """The engine's own ray, of the duals where it is infeasible, of the columns where it is unbounded."""
    if result.dual_rays:
        return FarkasRay(rows=_vector(result.dual_rays[0].dual_values, form.size[1]))
    if result.primal_rays:
        return Ray(direction=_vector(result.primal_rays[0].variable_values, form.size[0]))
    return None


def set_options(asked: Request, message: Any, options: Options) -> None:
    """Sets fields of the engine's own parameters, and has it read them (see ``check``)."""
    for name, value in options.items():
        set_field(message, name, value, asked.engine)
    if options:
        check(asked)


def _fill(sparse: Any, dense: np.ndarray) -> None:
    filled = np.flatnonzero(dense)
    sparse.ids.extend(filled.tolist())
    sparse.values.extend(dense[filled].tolist())


def _vector(sparse: Any, size: int) -> np.ndarray:
    dense = np.zeros(size)
    dense[np.array(sparse.ids, dtype=np.int64)] = np.array(sparse.values, dtype=np.float64)
    return dense
