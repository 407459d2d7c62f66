"""Clarabel, SCS and CVXPY on conic programs, against closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

import dualgap
from dualgap.core.claim import Stop, Use
from dualgap.core.cones import matrix_of, outside, triangle_of
from dualgap.core.errors import UsageError
from dualgap.core.forms import Cones, ConicProgram
from dualgap.core.solver import Solver, configure
from dualgap.core.witness import ConicMultipliers, FarkasRay, Ray
from dualgap.problems.minimax_reconstruction import MinimaxReconstruction
from dualgap.solvers.conic.clarabel import Clarabel
from dualgap.solvers.conic.scs import Scs
from dualgap.solvers.cvxpy import Cvxpy
from dualgap.testing import check_solver
from dualgap.testing.cases import cases
from dualgap.testing.harness import Observer
from dualgap.testing.pipeline import false_claims

BOTH = pytest.mark.parametrize("solver", [Clarabel(), Scs()], ids=["clarabel", "scs"])
ALL = pytest.mark.parametrize(
    "solver", [Clarabel(), Scs(), Cvxpy(), Cvxpy(backend="SCS", options={"eps": 1e-7})], ids=str
)


def named(name: str) -> ConicProgram:
    form: Any = next(case.form for case in cases(ConicProgram) if case.name == name)
    return form


def lagrangian(form: ConicProgram, x: np.ndarray, z: np.ndarray) -> float:
    return form.objective(x) - float(z @ (form.right_side - form.matrix @ x))


@pytest.mark.parametrize("solver", [Clarabel, Scs])
def test_the_conformance_suite(solver: type[Solver]) -> None:
    check_solver(solver)


@ALL
@pytest.mark.parametrize(
    "name",
    [
        "linear, nonnegative cone",
        "norm, second-order cone",
        "quadratic objective",
        "exponential cone",
        "semidefinite cone",
    ],
)
def test_multipliers_are_stationary_and_close_the_gap(solver: Solver, name: str) -> None:
    form = named(name)
    claim = solver.solve(form, Observer())
    assert isinstance(claim.witness, ConicMultipliers)
    z = np.asarray(claim.witness.rows)
    curved = 0.0 if form.quadratic is None else form.quadratic @ claim.point
    assert form.cost + curved + form.matrix.T @ z == pytest.approx(0.0, abs=1e-5)
    assert lagrangian(form, claim.point, z) == pytest.approx(claim.value, abs=1e-5)
    assert claim.bound == pytest.approx(claim.value, abs=1e-5)


@ALL
def test_largest_eigenvalues_of_random_matrices(solver: Solver) -> None:
    """``min t`` with ``tI - B`` semidefinite, next to other cones; the multipliers are the eigenvector's projection."""
    rng = np.random.default_rng(3)
    half = rng.normal(size=(4, 4))
    symmetric = half + half.T
    identity = triangle_of(np.eye(4))
    matrix = np.concatenate([[-1.0], -identity])[:, None]
    right = np.concatenate([[50.0], -triangle_of(symmetric)])
    form = ConicProgram(np.array([1.0]), csr_array(matrix), right, Cones(nonnegative=1, semidefinite=(4,)))
    claim = solver.solve(form, Observer())
    values, vectors = np.linalg.eigh(symmetric)
    assert claim.value == pytest.approx(values[-1], abs=1e-5)
    assert isinstance(claim.witness, ConicMultipliers)
    priced = matrix_of(np.asarray(claim.witness.rows)[1:], 4)
    assert priced == pytest.approx(np.outer(vectors[:, -1], vectors[:, -1]), abs=1e-3)


@BOTH
def test_infeasible_programs_come_with_a_ray(solver: Solver) -> None:
    form = named("infeasible cones")
    claim = solver.solve(form, Observer())
    assert claim.stop is Stop.INFEASIBLE
    assert isinstance(claim.witness, FarkasRay)
    z = np.asarray(claim.witness.rows)
    assert form.matrix.T @ z == pytest.approx(0.0, abs=1e-6)
    assert float(form.right_side @ z) < 0


@BOTH
def test_unbounded_programs_come_with_a_point_and_a_direction(solver: Solver) -> None:
    form = named("unbounded cones")
    claim = solver.solve(form, Observer())
    assert claim.stop is Stop.UNBOUNDED
    assert isinstance(claim.witness, Ray)
    assert float(form.cost @ claim.witness.direction) < 0
    assert outside(form.right_side - form.matrix @ claim.witness.point, form.cones) <= 1e-6


@BOTH
def test_neither_feasible_nor_bounded_is_infeasible(solver: Solver) -> None:
    """``min -x`` with ``||(2, y)|| <= 1``: a direction of improvement, and nowhere to start from."""
    matrix = csr_array(np.array([[0.0, 0.0], [0.0, 0.0], [0.0, -1.0]]))
    form = ConicProgram(np.array([-1.0, 0.0]), matrix, np.array([1.0, 2.0, 0.0]), Cones(second_order=(3,)))
    assert solver.solve(form, Observer()).stop is Stop.INFEASIBLE


def test_few_iterations_are_no_optimum() -> None:
    claim = configure(Clarabel, {"max_iter": 2}).solve(named("semidefinite cone"), Observer())
    assert claim.stop is Stop.ITERATIONS
    assert claim.bound is None
    slow = Scs(iterations=3).solve(named("semidefinite cone"), Observer())
    assert slow.stop is Stop.ITERATIONS
    assert slow.bound is None


def test_an_epigraph_that_is_cut_short_is_no_value() -> None:
    """Early points may leave the row slack that makes a variable the objective; decoded, they are worth less."""
    weights, signals = [[1.0, 0.3], [0.2, 1.5], [0.7, 0.1]], [[1.0, 0.4], [0.1, 2.0], [0.5, 0.5]]
    problem = MinimaxReconstruction(W=np.array(weights), S=np.array(signals))
    for iterations in (1, 2, 5, 10, 20, 50):
        run = dualgap.solve(problem, Scs(iterations=iterations), isolate=False)
        assert not false_claims(run)
        assert run.answer is None or run.certificate.feasible


def test_an_inaccurate_optimum_is_only_claimed() -> None:
    """Clarabel's "almost solved" hands in multipliers, but no bound of its own."""
    strict = {"tol_gap_abs": 1e-30, "tol_gap_rel": 1e-30, "tol_feas": 1e-30}
    claim = configure(Clarabel, strict).solve(named("exponential cone"), Observer())
    assert claim.statistics["status"] in ("AlmostSolved", "InsufficientProgress")
    assert claim.stop is Stop.ITERATIONS
    assert claim.bound is None
    assert isinstance(claim.witness, ConicMultipliers)


def test_options_are_checked_by_the_backend() -> None:
    with pytest.raises(UsageError, match="no setting 'tolerances'"):
        configure(Clarabel, {"tolerances": 1}).solve(named("quadratic objective"), Observer())
    with pytest.raises(UsageError, match="max_iter = 'many'"):
        configure(Clarabel, {"max_iter": "many"}).solve(named("quadratic objective"), Observer())
    with pytest.raises(UsageError, match="SCS doesn't take"):
        configure(Scs, {"acceleration": 1}).solve(named("quadratic objective"), Observer())


def test_scs_starts_where_it_is_told() -> None:
    form = named("norm, second-order cone")
    cold = Scs().solve(form, Observer())
    ctx = Observer(start=cold.point)
    ctx.start_witness = cold.witness
    warm = Scs().solve(form, ctx)
    assert warm.start is not None
    assert warm.start.use is Use.USED
    assert int(warm.statistics["iterations"] or 0) <= int(cold.statistics["iterations"] or 0)
    other = Observer(start=np.zeros(7))
    ignored = Scs().solve(form, other).start
    assert ignored is not None
    assert ignored.use is Use.IGNORED


def test_cvxpy_solves_quadratic_programs_with_its_other_backends() -> None:
    form = named("quadratic objective")
    claim = Cvxpy(backend="HIGHS").solve(form, Observer())
    assert claim.value == pytest.approx(-0.375)
    assert isinstance(claim.witness, ConicMultipliers)
    assert claim.witness.rows == pytest.approx([0.5], abs=1e-6)
    refused = Cvxpy(backend="HIGHS").solve(named("semidefinite cone"), Observer())
    assert refused.stop is Stop.ERROR
    assert "HIGHS" in refused.message


def test_cvxpy_claims_unboundedness_without_a_ray() -> None:
    claim = Cvxpy().solve(named("unbounded cones"), Observer())
    assert claim.stop is Stop.UNBOUNDED
    assert claim.witness is None
