"""CVXPY's models with cones: values, duals and bounds as CVXPY's own backends give them, and proved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cvxpy as cp
import numpy as np
import pytest

import dualgap
import dualgap.cvxpy
from dualgap.core.certificate import Evidence, Verdict
from dualgap.problems.conic_program import ConicProblem

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(8, 4)), RNG.normal(size=8)
SYMMETRIC = A[:3, :3] + A[:3, :3].T


def least_squares() -> cp.Problem:
    x = cp.Variable(4, name="x", bounds=[-0.5, 0.5])
    return cp.Problem(cp.Minimize(cp.sum_squares(A @ x - B)), [cp.sum(x) == 0.3, x[0] <= 0.1])


def norms() -> cp.Problem:
    x = cp.Variable(4, name="x")
    return cp.Problem(cp.Maximize(-cp.norm(A @ x - B) - cp.norm(x, 1)), [cp.norm(x) <= 2, x[0] >= 0.2])


def entropy() -> cp.Problem:
    p = cp.Variable(5, name="p", nonneg=True)
    return cp.Problem(cp.Maximize(cp.sum(cp.entr(p)) + 1), [cp.sum(p) == 1, p @ np.arange(5) >= 2.7, p <= 0.6])


def matrices() -> cp.Problem:
    s = cp.Variable((3, 3), symmetric=True, name="S")
    return cp.Problem(cp.Minimize(cp.trace(SYMMETRIC @ s)), [s >> 0, cp.trace(s) == 1, s[0, 1] >= 0.1])


def everything() -> cp.Problem:
    x, y = cp.Variable((3, 3), PSD=True, name="X"), cp.Variable(3, name="y")
    cost = cp.trace(A[:3, :3] @ A[:3, :3].T @ x) + cp.sum(cp.exp(y)) + cp.norm(y - 1) + 0.5 * cp.sum_squares(y)
    return cp.Problem(cp.Minimize(cost), [cp.diag(x) == 1, cp.sum(y) == x[0, 1], y >= -3])


def determinant() -> cp.Problem:
    x = cp.Variable((3, 3), symmetric=True, name="X")
    return cp.Problem(cp.Maximize(cp.log_det(x)), [cp.trace(x) <= 3, x[0, 0] == 0.5])


def parts(dual: Any) -> list[np.ndarray]:
    return [np.asarray(part) for part in (dual if isinstance(dual, list) else [dual])]


@pytest.mark.parametrize("solver", ["clarabel", "scs", "cvxpy"])
@pytest.mark.parametrize("build", [least_squares, norms, entropy, matrices, everything, determinant])
def test_values_and_duals_are_cvxpys_and_the_bound_is_proved(build: Callable[[], cp.Problem], solver: str) -> None:
    ours, theirs = build(), build()
    theirs.solve(solver="CLARABEL")
    run = dualgap.solve(ours, solver, isolate=False)
    assert ours.status == "optimal"
    assert ours.value == pytest.approx(theirs.value, rel=1e-5, abs=1e-5)
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.evidence in (Evidence.PROVED, Evidence.NUMERICAL)
    assert ours.certificate is run.certificate
    assert float(run.certificate.value) == pytest.approx(ours.value), "in the model's own sense, its constant included"
    for mine, other in zip(ours.variables(), theirs.variables()):
        assert mine.value == pytest.approx(other.value, abs=1e-3), mine.name()
    for mine, other in zip(ours.constraints, theirs.constraints):
        for left, right in zip(parts(mine.dual_value), parts(other.dual_value), strict=True):
            assert left == pytest.approx(right, abs=2e-3)


def test_the_problem_keeps_the_models_names_and_sense() -> None:
    problem = dualgap.load(norms())
    assert isinstance(problem, ConicProblem)
    assert problem.objective == "maximize"
    assert {"x[0]", "x[1]", "x[2]", "x[3]", "aux1"} <= set(problem.columns)
    quadratic = dualgap.load(least_squares())
    assert isinstance(quadratic, ConicProblem)
    assert quadratic.quadratic is not None
    assert quadratic.cones.nonnegative == 1 + 8, "bounds are rows"


def test_the_method_of_cvxpy_and_dispatch() -> None:
    model = everything()
    assert model.solve(method="dualgap") == pytest.approx(everything().solve(solver="SCS"), abs=1e-3)
    assert model.certificate.verdict is Verdict.OPTIMAL


def test_infeasible_and_unbounded_models() -> None:
    x = cp.Variable(3, name="x")
    nowhere = cp.Problem(cp.Minimize(cp.norm(x)), [cp.norm(x) <= 1, x[0] >= 2])
    run = dualgap.solve(nowhere, "clarabel", isolate=False)
    assert nowhere.status == "infeasible"
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.INFEASIBLE
    assert x.value is None
    endless = cp.Problem(cp.Maximize(x[0]), [cp.norm(x[1:]) <= x[0]])
    run = dualgap.solve(endless, "clarabel", isolate=False)
    assert endless.status == "unbounded"
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.UNBOUNDED


def test_parameters_may_change_between_solves() -> None:
    radius, x = cp.Parameter(nonneg=True, value=1.0), cp.Variable(2)
    model = cp.Problem(cp.Minimize(cp.sum(x)), [cp.norm(x) <= radius])
    for size in (1.0, 2.5):
        radius.value = size
        dualgap.solve(model, "clarabel", isolate=False)
        assert model.value == pytest.approx(-size * np.sqrt(2), abs=1e-6)
