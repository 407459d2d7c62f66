"""Conflicts that backends name: HiGHS's rays and irreducible subsystems of linear programs, CP-SAT's assumptions."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.solver import Context
from dualgap.core.witness import FarkasRay
from dualgap.problems.systems.members import Kind, Member, Side, System
from dualgap.problems.systems.rays import support
from dualgap.solvers.watch import watching
from dualgap.solvers.whole import WholeProgram

_SHARE = 0.2  # of the time left: a conflict is a courtesy


def linear_conflict(highs: Any, form: MixedIntegerProgram, ray: FarkasRay | None, seconds: float) -> tuple[str, ...]:
    """The members of an infeasible linear program that can't hold together, in words; empty where HiGHS names none.

    A ray of the simplex method names them for nothing. Where there is none (bounds that cross) HiGHS is asked for an
    irreducible subsystem. Of integer programs it isn't: 1.14 calls an empty one irreducible where the relaxation has a
    point.
    """
    system = System(form)
    members = support(system, ray.rows) if ray is not None else _subsystem(highs, seconds)
    return tuple(system.word(member) for member in members if member in system)


def lone_conflict(form: MixedIntegerProgram, program: WholeProgram) -> tuple[str, ...]:
    """A row or a column that is empty in whole numbers by itself, in words."""
    system = System(form)
    columns = np.flatnonzero(program.lower > program.upper)
    if columns.size:
        j = int(columns[0])
        return tuple(system.word(m) for m in system.members if m.index == j and m.kind is not Kind.ROW)
    return _around(system, np.flatnonzero(program.row_lower > program.row_upper)[:1].tolist())


def assumed_conflict(form: MixedIntegerProgram, model: Any, ctx: Context) -> tuple[str, ...]:
    """Rows that CP-SAT needs to show that there is no point, with their columns' bounds and integrality, in words.

    Every row is enforced by a literal of its own that is assumed (Een and Sorensson, Temporal induction by incremental
    SAT solving, 2003). ``model`` is what CP-SAT was given, and is changed. Empty where it doesn't end in time.
    """
    from ortools.sat.python import cp_model_helper as backend

    columns, rows = form.size
    model.clear_objective()
    for row in range(rows):
        model.variables.add().domain.extend((0, 1))
        model.constraints[row].enforcement_literal.append(columns + row)
        model.assumptions.append(columns + row)
    parameters = backend.SatParameters()
    parameters.max_time_in_seconds = _SHARE * ctx.time_left()
    parameters.num_workers = 1
    parameters.random_seed = ctx.seed % 2**31
    run = backend.SolveWrapper()
    run.set_parameters(parameters)
    with watching(ctx, run.stop_search):
        response: Any = run.solve(model)  # type: ignore[no-untyped-call]
    if response.status != backend.INFEASIBLE:
        return ()
    return _around(System(form), [literal - columns for literal in response.sufficient_assumptions_for_infeasibility])


def _around(system: System, rows: list[int]) -> tuple[str, ...]:
    """The rows and what their columns have to meet."""
    form = system.form
    columns = np.unique(form.matrix[rows].indices)
    at = {Kind.ROW: set(rows), Kind.BOUND: set(columns.tolist()), Kind.INTEGER: set(columns.tolist())}
    return tuple(system.word(member) for member in system.members if member.index in at[member.kind])


def _subsystem(highs: Any, seconds: float) -> tuple[Member, ...]:
    import highspy

    highs.setOptionValue("iis_strategy", int(highspy.IisStrategy.kIisStrategyIrreducible))
    highs.setOptionValue("iis_time_limit", seconds)
    status, found = highs.getIis()
    if status != highspy.HighsStatus.kOk or not found.valid_:
        return ()
    sides = {
        highspy.IisBoundStatus.kIisBoundStatusLower: (Side.LOWER,),
        highspy.IisBoundStatus.kIisBoundStatusUpper: (Side.UPPER,),
        highspy.IisBoundStatus.kIisBoundStatusBoxed: (Side.LOWER, Side.UPPER),
    }
    parts = ((Kind.ROW, found.row_index_, found.row_bound_), (Kind.BOUND, found.col_index_, found.col_bound_))
    return tuple(
        Member(kind, int(index), side)
        for kind, indices, bounds in parts
        for index, bound in zip(indices, bounds)
        for side in sides.get(highspy.IisBoundStatus(bound), ())
    )
