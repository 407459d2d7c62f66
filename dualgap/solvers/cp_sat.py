"""CP-SAT through OR-Tools: integer programs in whole numbers, by clause learning and linear relaxations.

Source: Perron, Didier and Gay, The CP-SAT-LP solver (CP 2023). The protocol buffer is filled whole, without the
modelling layer, whose import and calls cost more than most solves.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.errors import UsageError
from dualgap.core.forms import Form, MixedIntegerProgram
from dualgap.core.solver import Context, Options, Solver, Trait
from dualgap.solvers.conflicts import assumed_conflict, lone_conflict
from dualgap.solvers.relaxation import relax
from dualgap.solvers.starting import beginning
from dualgap.solvers.watch import watching
from dualgap.solvers.whole import WholeProgram, refusal, whole

_EXACT = 2.0**53


@dataclass(frozen=True)
class CpSat(Solver):
    """Integer programs with finite bounds, scaled exactly to whole numbers; ``options`` are fields of SatParameters."""

    name: ClassVar[str] = "cp-sat"
    summary: ClassVar[str] = "CP-SAT: clause learning on integer programs in whole numbers"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)
    requires: ClassVar[tuple[str, ...]] = ("ortools",)
    traits: ClassVar[frozenset[Trait]] = frozenset(
        {Trait.EXACT, Trait.BOUNDS, Trait.ANYTIME, Trait.WARM, Trait.RANDOMISED}
    )

    options: Options = field(default_factory=dict)

    def refuses(self, form: Any) -> str | None:
        return refusal(form)

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, MixedIntegerProgram)
        from ortools.sat.python import cp_model_helper as backend

        program = whole(form)
        relaxed = relax(form, ctx)
        if program.empty:
            witness, conflict = relaxed.supports(Stop.INFEASIBLE), relaxed.conflict or lone_conflict(form, program)
            return Claim(stop=Stop.INFEASIBLE, witness=witness, conflict=conflict, message=program.note)
        model = hand_over(program)
        begin = beginning(form, ctx)
        if begin.point is not None:
            model.solution_hint.vars.extend(range(len(begin.point)))
            model.solution_hint.values.extend(begin.point.astype(np.int64).tolist())
        run = backend.SolveWrapper()
        run.set_parameters(self._parameters(ctx))
        listener = _Listener(run, program, ctx)
        with watching(ctx, run.stop_search):
            response: Any = run.solve(model)  # type: ignore[no-untyped-call]
        stop = self._stop(response.status, ctx)
        if stop is Stop.FINISHED and program.cost.any():
            listener.improved(response.inner_objective_lower_bound)
        found = response.status in (backend.OPTIMAL, backend.FEASIBLE)
        point = np.array(list(response.solution), dtype=np.int64)
        claim = Claim(
            point=point.astype(np.float64) if found else None,
            feasible=found,
            stop=stop,
            value=program.objective(int(program.cost @ point)) if found else None,
            bound=program.objective(listener.bound) if stop not in (Stop.INFEASIBLE, Stop.ERROR) else None,
            witness=relaxed.supports(stop),
            conflict=relaxed.conflict if stop is Stop.INFEASIBLE else (),
            statistics={
                "branches": response.num_branches,
                "conflicts": response.num_conflicts,
                "cost_scale": program.scale,
                "row_scale": program.row_scale,
            },
            message=f"CP-SAT: {response.solution_info}" if stop is Stop.ERROR else program.note,
        )
        if stop is Stop.INFEASIBLE and not relaxed.conflict:
            claim = replace(claim, conflict=assumed_conflict(form, model, ctx))
        return begin.confirmed("CP-SAT", listener.hinted, claim)

    def _parameters(self, ctx: Context) -> Any:
        """The run's SatParameters.

        Raises:
            UsageError: an option that there isn't, or of another type.
        """
        from ortools.sat.python import cp_model_helper as backend

        parameters = backend.SatParameters()
        parameters.max_time_in_seconds = ctx.time_left()
        parameters.relative_gap_limit = ctx.budget.gap
        parameters.num_workers = ctx.budget.threads
        parameters.random_seed = ctx.seed % 2**31
        parameters.log_search_progress = ctx.verbose
        for name, value in self.options.items():
            _set_option(parameters, name, value)
        return parameters

    def _stop(self, status: Any, ctx: Context) -> Stop:
        from ortools.sat.python import cp_model_helper as backend

        ended = {
            backend.OPTIMAL: Stop.FINISHED,
            backend.INFEASIBLE: Stop.INFEASIBLE,
            backend.MODEL_INVALID: Stop.ERROR,
        }.get(status)
        if ended is not None:
            return ended
        if ctx.time_left() <= 0.1:
            return Stop.TIME
        return Stop.ITERATIONS if self.options else Stop.INTERRUPTED  # CP-SAT itself listens for Ctrl-C


def hand_over(program: WholeProgram) -> Any:
    """The program as a ``CpModelProto``; columns that share their bounds share one message."""
    from ortools.sat.python import cp_model_helper as backend

    model = backend.CpModelProto()
    lower, upper = program.lower.tolist(), program.upper.tolist()
    kinds = {box: backend.IntegerVariableProto() for box in set(zip(lower, upper, strict=True))}
    for box, kind in kinds.items():
        kind.domain.extend(box)
    model.variables.extend([kinds[box] for box in zip(lower, upper, strict=True)])
    matrix, starts = program.matrix, program.matrix.indptr
    sides = np.stack([program.row_lower, program.row_upper], axis=1).tolist()
    for row, domain in enumerate(sides):
        linear = model.constraints.add().linear
        linear.vars.extend(matrix.indices[starts[row] : starts[row + 1]].tolist())
        linear.coeffs.extend(matrix.data[starts[row] : starts[row + 1]].tolist())
        linear.domain.extend(domain)
    costly = np.flatnonzero(program.cost)
    if costly.size:
        model.objective.vars.extend(costly.tolist())
        model.objective.coeffs.extend(program.cost[costly].tolist())
    return model


class _Listener:
    """Streams incumbents and bounds of a run, and keeps the best bound."""

    def __init__(self, run: Any, program: WholeProgram, ctx: Context) -> None:
        from ortools.sat.python import cp_model_helper as backend

        listener = self

        class Incumbents(backend.SolutionCallback):
            def OnSolutionCallback(self) -> None:
                response: Any = self.Response()  # type: ignore[no-untyped-call]
                listener.hinted |= "hint" in response.solution_info
                ctx.report(point=np.array(list(response.solution), dtype=np.float64))

        self.program = program
        self.hinted = False
        self.ctx = ctx
        # What holds before the search finds any: a response without a bound reads 0, whatever the costs are.
        self.bound = int(np.minimum(program.cost * program.lower, program.cost * program.upper).sum())
        self.incumbents = Incumbents()  # the run holds no reference to it
        run.add_solution_callback(self.incumbents)
        run.add_best_bound_callback(self.improved)

    def improved(self, value: float) -> None:
        if isinstance(value, int) or abs(value) < _EXACT:
            self.bound = max(self.bound, round(value))
            self.ctx.report(bound=self.program.objective(self.bound))


def _set_option(parameters: Any, name: str, value: Any) -> None:
    if not hasattr(parameters, f"clear_{name}"):
        known = [known.removeprefix("clear_") for known in dir(parameters) if known.startswith("clear_")]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "see sat_parameters.proto in OR-Tools"
        raise UsageError(f"CP-SAT has no parameter {name!r}; {hint}")
    kind = type(getattr(parameters, name))
    members = getattr(kind, "__members__", {})
    if members and value not in members:
        raise UsageError(f"CP-SAT parameter {name} can't be {value!r}; one of: {', '.join(members)}")
    try:
        if kind is bool and not isinstance(value, bool):
            raise TypeError
        setattr(parameters, name, members[value] if members else value)
    except TypeError as error:
        raise UsageError(f"CP-SAT parameter {name} can't be {value!r}; it takes type {kind.__name__}") from error
