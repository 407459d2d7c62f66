"""CVXPY and its backends against enumeration; duals in our convention, statuses told as they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import dualgap
from dualgap.core.claim import Stop
from dualgap.core.errors import UsageError
from dualgap.core.solver import Budget
from dualgap.core.witness import Multipliers, Ray
from dualgap.solvers.cvxpy import Cvxpy
from tests.solvers.programs import (
    INF,
    Recorder,
    best_by_hand,
    hard_program,
    lagrangian_bound,
    program,
    random_program,
)


@pytest.mark.parametrize(("backend", "seeds"), [("HIGHS", 20), ("SCIPY", 8)])
def test_optimum_equals_enumeration(backend: str, seeds: int) -> None:
    for seed in range(seeds):
        form = random_program(seed, decimals=seed % 2)
        claim, best = Cvxpy(backend=backend).solve(form, Recorder()), best_by_hand(form)
        if best is None:
            assert claim.stop is Stop.INFEASIBLE, seed
            continue
        assert claim.stop is Stop.FINISHED, seed
        assert form.violation(claim.point) <= 1e-6
        assert claim.value == pytest.approx(float(best), abs=1e-6)
        assert claim.bound == pytest.approx(float(best), abs=1e-6)


@pytest.mark.parametrize("backend", ["HIGHS", "CLARABEL", "GLOP"])
def test_linear_programs_have_duals_in_our_convention(backend: str) -> None:
    solved = 0
    for seed in range(15):
        form = random_program(seed)
        form = replace(form, integer=np.zeros(form.size[0], dtype=bool))
        claim = Cvxpy(backend=backend).solve(form, Recorder())
        if claim.stop is Stop.FINISHED:
            solved += 1
            assert isinstance(claim.witness, Multipliers)
            assert lagrangian_bound(form, claim.witness) == pytest.approx(claim.value, abs=1e-5)
        else:
            assert claim.stop is Stop.INFEASIBLE
    assert solved > 8


def test_some_columns_integer() -> None:
    form = program([-3, -2.5], [[2, 3]], [-INF], [7.7], upper=5, integer=[True, False])
    claim = Cvxpy().solve(form, Recorder())
    assert claim.point == pytest.approx([3, 1.7 / 3])
    assert claim.bound == pytest.approx(claim.value)


@pytest.mark.parametrize("backend", ["HIGHS", "SCIPY"])
def test_time_limit_keeps_the_incumbent_and_claims_no_optimum(backend: str) -> None:
    form = hard_program()
    claim = Cvxpy(backend=backend).solve(form, Recorder(budget=Budget(seconds=1.0)))
    assert claim.stop is Stop.TIME
    assert claim.feasible
    assert form.violation(claim.point) <= 1e-6
    assert claim.bound is None or claim.bound < claim.value - 1e-6


def test_values_without_a_solution_are_no_incumbent() -> None:
    """At a limit CVXPY hands out the backend's zeros, feasible or not."""
    form = hard_program()
    claim = Cvxpy(options={"mip_max_nodes": 0, "mip_heuristic_effort": 0.0}).solve(
        form, Recorder(budget=Budget(seconds=0.0))
    )
    assert claim.stop is Stop.TIME
    assert claim.point is None or form.violation(claim.point) <= 1e-6


def test_unbounded_and_infeasible() -> None:
    claim = Cvxpy().solve(program([-1, 0], [[1, -1]], [-INF], [3]), Recorder())
    assert claim.stop is Stop.UNBOUNDED
    assert isinstance(claim.witness, Ray)
    assert Cvxpy().solve(program([-1, 0], [[1, -1]], [-INF], [3], integer=False), Recorder()).stop is Stop.UNBOUNDED
    assert Cvxpy().solve(program([-1, 0], [[2, -2]], [1], [1]), Recorder()).stop is Stop.INFEASIBLE


def test_without_columns() -> None:
    empty = program(np.zeros(0), np.zeros((1, 0)), [1], [1])
    assert Cvxpy().solve(empty, Recorder()).stop is Stop.INFEASIBLE


@pytest.mark.parametrize(
    ("solver", "said"),
    [
        (Cvxpy(options={"nonsense": 1}), "HIGHS doesn't take nonsense = 1"),
        (Cvxpy(backend="FOO"), "'FOO' isn't installed; one of: .*HIGHS"),
        (Cvxpy(backend="CLARABEL"), "takes no integer programs"),
    ],
)
def test_option_errors(solver: Cvxpy, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        solver.solve(program([1], upper=3), Recorder())


def test_options_and_silence(capfd: pytest.CaptureFixture[str]) -> None:
    claim = Cvxpy(options={"presolve": "off"}).solve(program([-1], upper=3), Recorder())
    assert claim.value == -3
    assert capfd.readouterr().out == ""


def test_number_of_threads_may_change_within_a_process() -> None:
    form = program([-3, -2], [[2, 3]], [-INF], [7], upper=5)
    for threads in (1, 2, 1):
        assert Cvxpy().solve(form, Recorder(budget=Budget(threads=threads))).value == -9


def test_refuses_what_float64_cannot_hold() -> None:
    assert "2^53" in (Cvxpy().refuses(program(np.array([2**53 + 1]), upper=1)) or "")


def test_whole_way_with_verdicts() -> None:
    problem = dualgap.Knapsack(values=[10, 13, 7], weights=[4, 6, 3], capacity=9)
    run = dualgap.solve(problem, "cvxpy", isolate=False)
    assert run.certificate.verdict in ("optimal", "claimed-optimal")
    assert run.certificate.value == 20
    change = dualgap.solve(dualgap.CoinChange(coins=[1, 2, 5], amount=11), "cvxpy[backend=SCIPY]", isolate=False)
    assert (change.certificate.verdict, change.certificate.value) == ("optimal", 3)
    even = dualgap.solve(dualgap.CoinChange(coins=[2, 4], amount=7), "cvxpy", isolate=False)
    assert even.certificate.verdict in ("infeasible", "claimed-infeasible")
    with pytest.raises(UsageError, match="nonsense"):
        dualgap.solve(problem, "cvxpy[nonsense=1]", isolate=False)
