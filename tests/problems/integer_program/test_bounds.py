"""Bounds of integer programs: valid for any multipliers, tight for optimal ones, finite where columns have no end."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dualgap import IntegerProgram, Multipliers, load
from dualgap.core.certificate import Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Exhaustion, FarkasRay
from dualgap.problems.integer_program.implied import implied_box
from tests.problems.integer_program.programs import optimum, program, programs, row_duals

INFINITY = float("inf")
NETLIB = {
    "afiro": -464.7531428571,
    "adlittle": 225494.9631623803,
    "e226": -11.6389290663,
    "israel": -896644.8218630456,
    "shell": 1208825346.0,
    "stair": -251.2669511930,
    "25fv47": 5501.8458882867,
}


def ahead(problem: Any, bound: Any, value: float) -> float:
    """By how much a bound is on the safe side of a value."""
    return float(bound) - value if problem.objective == "maximize" else value - float(bound)


@given(programs(integer="some", box="closed"), st.integers(0, 2**32 - 1))
def test_no_multipliers_bound_beyond_the_optimum(problem: Any, seed: int) -> None:
    status, value = optimum(problem)
    assume(status == "optimal")
    rng = np.random.default_rng(seed)
    for scale in (0.0, 0.3, 3.0):
        try:
            bound = problem.bound(Multipliers(rows=rng.normal(scale=scale, size=3)))
        except InvalidWitnessError:
            continue
        assert bound.evidence is Evidence.PROVED
        assert ahead(problem, bound.value, value) >= -1e-6


@given(programs(integer="none"))
def test_optimal_multipliers_give_the_optimum_of_linear_programs(problem: Any) -> None:
    duals = row_duals(problem)
    assume(duals is not None)
    status, value = optimum(problem)
    assert status == "optimal"
    bound = problem.bound(Multipliers(rows=duals))
    assert abs(float(bound.value) - value) <= 1e-7 * max(1.0, abs(value))


@given(programs(integer="none"), st.integers(0, 2**32 - 1))
def test_noise_on_multipliers_costs_next_to_nothing(problem: Any, seed: int) -> None:
    """A reduced cost of 1e-10 on a column without an end is a bound of minus infinity, if nobody repairs it."""
    duals = row_duals(problem)
    assume(duals is not None)
    _, value = optimum(problem)
    noise = np.random.default_rng(seed).normal(scale=1e-10, size=len(duals))
    bound = problem.bound(Multipliers(rows=duals + noise))
    assert ahead(problem, bound.value, value) >= -1e-9 * max(1.0, abs(value))
    assert abs(float(bound.value) - value) <= 1e-6 * max(1.0, abs(value))


def test_a_whole_objective_rounds_the_bound() -> None:
    rows = {"r": {"terms": {"x": 2, "y": 2}, "le": 5}}
    data = {"maximize": {"x": 3, "y": 3}, "bounds": {"x": [0, 9], "y": [0, 9]}, "rows": rows}
    witness = Multipliers(rows=np.array([-1.5]))
    assert IntegerProgram.model_validate(data).bound(witness).value == Fraction(15, 2)
    assert IntegerProgram.model_validate({**data, "integer": "all"}).bound(witness).value == 6
    assert IntegerProgram.model_validate({**data, "integer": ["x"]}).bound(witness).value == Fraction(15, 2)
    assert IntegerProgram.model_validate({**data, "integer": "all", "offset": 0.5}).bound(witness).value == Fraction(
        13, 2
    )


def test_simple_multipliers_are_taken_as_the_fractions_that_they_are() -> None:
    rows = {"r": {"terms": {"x": 3, "y": 7}, "ge": 10}}
    problem = IntegerProgram.model_validate({"minimize": {"x": 1, "y": 4}, "rows": rows})
    bound = problem.bound(Multipliers(rows=np.array([1 / 3])))
    assert bound.value == Fraction(10, 3)
    assert bound.argument == "multipliers 0.333333 on r"


def test_opposite_columns_have_their_equation_solved_exactly() -> None:
    """x = p - q written with two columns: their reduced costs are 0 or one of them is wrong."""
    rows = {
        "a": {"terms": {"p": 0.3, "q": -0.3, "z": 0.1}, "ge": 1.7},
        "b": {"terms": {"p": 0.7, "q": -0.7, "z": -0.3}, "ge": -2.1},
    }
    problem = IntegerProgram.model_validate({"minimize": {"p": 1.1, "q": -1.1, "z": 2}, "rows": rows})
    duals = row_duals(problem)
    assert duals is not None
    for noise in (0.0, 1e-10, -1e-10):
        bound = problem.bound(Multipliers(rows=duals + noise))
        assert ("repaired" in bound.argument) == (noise != 0.0)
        assert abs(float(bound.value) - optimum(problem)[1]) <= 1e-8


def test_a_program_without_a_bound_takes_no_multipliers() -> None:
    rows = {"r": {"terms": {"x": 1, "y": -1}, "le": 1}}
    problem = IntegerProgram.model_validate({"maximize": {"x": 1}, "rows": rows})
    with pytest.raises(InvalidWitnessError, match="no multipliers give every column a bound"):
        problem.bound(Multipliers(rows=np.array([-1.0])))


@pytest.mark.parametrize("rows", [np.zeros(2), np.full(3, np.nan)])
def test_witnesses_of_another_shape_are_refused(rows: np.ndarray) -> None:
    problem = program(np.random.default_rng(1))
    witness = Multipliers.model_construct(rows=rows)
    with pytest.raises(InvalidWitnessError, match="expected 3 finite multipliers"):
        problem.bound(witness)
    with pytest.raises(InvalidWitnessError, match="only whole columns with two ends"):
        problem.bound(Exhaustion())


def test_multipliers_of_the_wrong_sign_count_as_zero() -> None:
    problem = IntegerProgram.model_validate(
        {"minimize": {"x": 1}, "rows": {"r": {"terms": {"x": 1}, "ge": 2}}, "bounds": {"x": [0, 5]}}
    )
    assert problem.bound(Multipliers(rows=np.array([-3.0]))).value == 0
    assert problem.bound(Multipliers(rows=np.array([1.0]))).value == 2


@given(programs(integer="none"))
def test_the_implied_box_holds_the_optimum_of_every_column(problem: Any) -> None:
    lower, upper = implied_box(problem)
    for j in range(problem.size):
        for objective, side in (("minimize", lower), ("maximize", upper)):
            cost = np.eye(problem.size, dtype=np.int64)[j]
            status, value = optimum(problem.model_copy(update={"cost": cost, "offset": 0, "objective": objective}))
            if status == "optimal":
                reach = value - side[j] if objective == "minimize" else side[j] - value
                assert reach >= -1e-6


@settings(max_examples=50)
@given(programs(integer="none"), st.integers(1, 20))
def test_infeasible_systems_are_proved_by_their_ray(problem: Any, beyond: int) -> None:
    """A row is asked for more than it can reach; the multipliers of that reach are the ray."""
    row = problem.matrix.csr().toarray()[0]
    reach = problem.model_copy(update={"cost": row, "objective": "maximize", "offset": 0})
    duals = row_duals(reach)
    assume(duals is not None)
    _, most = optimum(reach)
    lower = problem.row_lower.copy()
    lower[0] = np.floor(most + 1e-6) + beyond
    upper = problem.row_upper.copy()
    upper[0] = INFINITY
    wanted = problem.model_copy(update={"row_lower": lower, "row_upper": upper})
    duals = row_duals(reach.model_copy(update={"row_upper": upper}))
    assume(duals is not None)
    ray = duals.copy()
    ray[0] += 1.0
    assume(optimum(reach.model_copy(update={"row_upper": upper}))[1] < lower[0])
    bound = wanted.bound(FarkasRay(rows=ray))
    assert bound.value == problem.sense.worst
    assert bound.evidence is Evidence.PROVED
    with pytest.raises(InvalidWitnessError):
        problem.model_copy(update={"row_upper": upper}).bound(FarkasRay(rows=ray))


@pytest.mark.shared_data
@pytest.mark.parametrize("name", NETLIB)
def test_netlib_optima_are_proved(shared_data: Path, name: str) -> None:
    from dualgap.engine.solve import solve

    run = solve(load(shared_data / "lp" / f"{name}.mps.gz"), "highs", isolate=False)
    certificate = run.certificate
    assert certificate is not None
    assert certificate.verdict == "optimal"
    assert certificate.evidence is Evidence.PROVED
    assert certificate.value == pytest.approx(NETLIB[name], rel=1e-9)
    assert abs(float(certificate.bound) - NETLIB[name]) <= 1e-6 * abs(NETLIB[name])  # type: ignore[arg-type]
