"""The contract, whole linear programs, limits, and batches: against HiGHS, and against knapsacks solved one by one."""

import numpy as np
import pytest

import dualgap
from dualgap import IntegerProgram, Knapsack
from dualgap.testing import check_solver

pytest.importorskip("mpax", reason="MPAX isn't installed: pip install mpax")

from dualgap_mpax.solver import Mpax

DIET = {
    "minimize": {"bread": 2, "milk": 3.5, "rice": 1.5},
    "rows": {
        "energy": {"terms": {"bread": 90, "milk": 120, "rice": 130}, "ge": 2000},
        "protein": {"terms": {"bread": 4, "milk": 8, "rice": 3}, "ge": 60, "le": 100},
        "twice": {"terms": {"bread": 1, "rice": -2}, "eq": 0},
    },
    "bounds": {"bread": [0, 50], "milk": [0, 50], "rice": [0, 50]},
}


def test_it_keeps_to_the_contract() -> None:
    check_solver(Mpax, [IntegerProgram(**DIET)])


@pytest.mark.parametrize("algorithm", ["r2hpdhg", "rapdhg"])
def test_its_duals_are_certified(algorithm: str) -> None:
    problem = IntegerProgram(**DIET)
    run = dualgap.solve(problem, Mpax(algorithm=algorithm), isolate=False)
    exact = dualgap.solve(problem, "highs", isolate=False)
    assert run.certificate.value == pytest.approx(exact.certificate.value, rel=1e-6)
    assert run.certificate.evidence == "proved"
    assert run.certificate.relative_gap <= 1e-6


def test_an_infeasible_program_has_its_proof() -> None:
    rows = {**DIET["rows"], "little": {"terms": {"bread": 1, "milk": 1, "rice": 1}, "le": 5}}
    run = dualgap.solve(IntegerProgram(**{**DIET, "rows": rows}), Mpax(), isolate=False)
    assert run.certificate.verdict == "infeasible"


def test_few_iterations_still_give_a_bound() -> None:
    run = dualgap.solve(IntegerProgram(**DIET), Mpax(round=64, iterations=64), isolate=False)
    assert run.stop == "iterations"
    assert run.certificate.bound is not None
    assert run.certificate.bound <= dualgap.solve(IntegerProgram(**DIET), "highs", isolate=False).certificate.value


def test_integers_are_left_to_others() -> None:
    with pytest.raises(dualgap.NoRouteError, match="linear programs"):
        dualgap.solve(IntegerProgram(**DIET, integer="all"), Mpax(), isolate=False)


def test_a_batch_is_certified_instance_by_instance() -> None:
    rng = np.random.default_rng(0)
    values, weights = rng.integers(1, 101, (2, 40, 12))
    arrays = {"values": values, "weights": weights, "capacity": weights.sum(axis=1) // 2}
    run = dualgap.solve_batch(arrays, Mpax(tolerance=1e-6))
    found = run.certificates
    assert (found.evidence == "proved").all()
    for index in range(0, 40, 13):
        one = Knapsack(**{name: array[index] for name, array in arrays.items()})
        optimum = dualgap.solve(one, "dynamic-programming", isolate=False).certificate.value
        assert found.values[index] <= optimum <= found.bounds[index]
    assert np.mean(np.asarray(found.relative_gaps, dtype=float)) <= 0.1
