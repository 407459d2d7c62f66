"""Starts reach the backends: each shows that it took the point, and no start is dropped in silence."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from dualgap.core.claim import Use
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.solver import Budget
from dualgap.core.witness import Multipliers
from dualgap.engine.bridges.dualise import dualise
from dualgap.solvers.cbc import Cbc
from dualgap.solvers.cp_sat import CpSat
from dualgap.solvers.dual_ascent import DualAscent
from dualgap.solvers.highs import Highs
from dualgap.solvers.scip import Scip
from tests.solvers.programs import INF, Recorder, hard_program, program

# Each stops at once or at its first solution, so what it answers is what it was given.
FIRST = [
    Highs(options={"time_limit": 0.0}),
    Scip(options={"limits/solutions": 1}),
    Cbc(options={"maxNodes": 0, "heuristicsOnOff": "off"}),
    CpSat(options={"stop_after_first_solution": True}),
]
backends = pytest.mark.parametrize("solver", FIRST, ids=lambda solver: solver.name)


def hard() -> MixedIntegerProgram:
    return replace(hard_program(), rows=tuple(f"split{i}" for i in range(8)))


@cache
def known() -> np.ndarray:
    """A point that no solver finds first."""
    form = hard()
    point = np.zeros(form.size[0])
    point[:60:2] = 1
    off = form.row_lower - form.matrix @ point
    point[60:68], point[68:] = np.maximum(off, 0), np.maximum(-off, 0)
    assert form.violation(point) == 0
    return point


@backends
def test_the_answer_at_the_first_solution_is_the_start(solver: Any) -> None:
    form = hard()
    claim = solver.solve(form, Recorder(start=known()))
    assert claim.start.use is Use.USED
    assert "first incumbent" in claim.start.reason
    assert claim.point.tolist() == known().tolist()
    alone = solver.solve(form, Recorder()).point
    assert alone is None or alone.tolist() != known().tolist()


@backends
def test_without_a_start_nothing_is_said(solver: Any) -> None:
    assert solver.solve(program([-1], [[1]], [-INF], [2], upper=3), Recorder()).start is None


@backends
def test_values_left_out_are_solved_for(solver: Any) -> None:
    start = np.where(np.arange(76) < 60, known(), 0.0)
    claim = solver.solve(hard(), Recorder(start=start))
    assert claim.start.use is Use.REPAIRED
    assert "split0, split1, split2 and 5 more" in claim.start.reason
    assert "0 or left out" in claim.start.reason
    assert claim.feasible
    ones = np.flatnonzero(start)
    assert claim.point[ones].tolist() == start[ones].tolist()


@backends
def test_a_start_that_breaks_a_row_is_never_used_as_it_is(solver: Any) -> None:
    start = known().copy()
    start[60] += 1
    claim = solver.solve(hard(), Recorder(start=start))
    assert claim.start.use is Use.REPAIRED
    assert "split0" in claim.start.reason
    assert hard().violation(claim.point) == 0


@backends
def test_a_start_without_a_point_near_it_is_ignored_with_the_reason(solver: Any) -> None:
    form = program([1, 1], [[2, 2]], [3], [3], lower=-5, upper=5)
    claim = solver.solve(form, Recorder(start=np.array([1.0, 1.0]), budget=Budget(seconds=5.0)))
    assert not claim.feasible
    assert claim.start is None or claim.start.use is Use.IGNORED


@pytest.mark.parametrize("solver", [Highs(), Cbc(), Scip()], ids=lambda solver: solver.name)
def test_linear_programs_take_no_points(solver: Any) -> None:
    form = program([-1.0, -1], [[1, 2]], [-INF], [3], upper=2, integer=False)
    claim = solver.solve(form, Recorder(start=np.array([1.0, 1.0])))
    assert claim.start.use is Use.IGNORED
    assert "basis" in claim.start.reason


def test_fractions_and_values_beyond_bounds_are_a_repair() -> None:
    start = known() + np.where(np.arange(76) < 60, 0.2, 0.0)
    claim = Highs().solve(hard(), Recorder(start=start, budget=Budget(seconds=1.0)))
    assert claim.start.use is Use.REPAIRED
    assert "whole" in claim.start.reason


def test_continuous_values_follow_the_integer_ones() -> None:
    form = program([1.0, 3.0], [[1, 1]], [2.5], [INF], upper=5, integer=[True, False])
    claim = Cbc().solve(form, Recorder(start=np.array([1.0, 0.0])))
    assert claim.start.use is Use.REPAIRED
    assert "continuous" in claim.start.reason


def covering() -> MixedIntegerProgram:
    rng = np.random.default_rng(3)
    matrix = rng.integers(0, 9, size=(12, 60))
    return program(rng.integers(5, 30, 60), matrix, matrix.sum(axis=1) // 3, [INF] * 12, upper=1)


def test_dual_ascent_aims_at_the_value_of_the_start() -> None:
    form = covering()
    best = Highs(options={"mip_max_nodes": 1}).solve(form, Recorder())
    claim = DualAscent().solve(dualise(form), Recorder(start=best.point))
    assert claim.start.use is Use.USED
    assert "target of the steps" in claim.start.reason
    assert claim.bound <= best.value


def test_dual_ascent_goes_on_from_the_multipliers_of_a_run() -> None:
    form = dualise(covering())
    short = DualAscent(iterations=100)
    first = DualAscent().solve(form, Recorder())
    again = short.solve(form, Recorder(start_witness=first.witness))
    assert again.start.use is Use.USED
    assert "multipliers" in again.start.reason
    assert again.bound >= first.bound - 1e-9
    assert short.solve(form, Recorder()).bound < first.bound


def test_dual_ascent_says_why_it_ignores_a_start() -> None:
    form = dualise(covering())
    infeasible = DualAscent(iterations=50).solve(form, Recorder(start=np.zeros(60)))
    assert infeasible.start.use is Use.IGNORED
    wrong = DualAscent(iterations=50).solve(form, Recorder(start_witness=Multipliers(rows=np.ones(3))))
    assert wrong.start.use is Use.IGNORED
