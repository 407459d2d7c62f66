"""Eigensolvers against each other and against NumPy, with and without a metric."""

import numpy as np
import pytest

from dualgap.core.claim import Stop, Use
from dualgap.core.forms import EigenProgram
from dualgap.problems.spectra import sum_of_largest
from dualgap.solvers.spectral.eigh import Eigh
from dualgap.solvers.spectral.lobpcg import Lobpcg
from dualgap.solvers.spectral.low_rank import LowRank
from dualgap.solvers.spectral.stiefel_descent import StiefelDescent
from dualgap.solvers.spectral.subspace_iteration import SubspaceIteration
from dualgap.solvers.spectral.whitened_gradient import WhitenedGradient
from dualgap.testing.harness import Observer

ITERATIVE = [Lobpcg(), WhitenedGradient(), SubspaceIteration(), StiefelDescent(iterations=2000)]
SOLVERS = [Eigh(), LowRank(), *ITERATIVE]


def program(size: int, rank: int, *, metric: bool, seed: int = 0) -> EigenProgram:
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(size, size)))
    b = (turn * 0.8 ** np.arange(size)) @ turn.T
    root = rng.normal(size=(size, size)) / np.sqrt(size)
    return EigenProgram(0.5 * (b + b.T), root @ root.T + np.eye(size) if metric else np.eye(size), rank)


def optimum(form: EigenProgram) -> float:
    return -float(np.sort(np.linalg.eigvals(np.linalg.solve(form.c, form.b)).real)[::-1][: form.rank].sum())


@pytest.mark.parametrize("metric", [False, True], ids=["plain", "general"])
@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.name)
def test_finds_the_leading_eigenvectors(solver, metric: bool) -> None:
    form = program(30, 3, metric=metric)
    claim = solver.solve(form, Observer())
    assert claim.stop is Stop.FINISHED
    assert claim.value == pytest.approx(optimum(form), rel=1e-9)
    assert np.allclose(claim.point.T @ form.c @ claim.point, np.eye(3), atol=1e-9)
    assert -sum_of_largest(form.b, form.c, 3, claim.witness) == pytest.approx(optimum(form), rel=1e-5)


@pytest.mark.parametrize("solver", [type(solver)(iterations=2) for solver in ITERATIVE], ids=lambda solver: solver.name)
def test_says_that_it_stopped_early_and_its_witness_still_holds(solver) -> None:
    form = program(60, 2, metric=True)
    claim = solver.solve(form, Observer())
    assert claim.stop is Stop.ITERATIONS
    assert claim.value > optimum(form)
    assert -sum_of_largest(form.b, form.c, 2, claim.witness) <= optimum(form) + 1e-12


@pytest.mark.parametrize("solver", ITERATIVE, ids=lambda solver: solver.name)
def test_goes_on_from_a_start(solver) -> None:
    form = program(40, 2, metric=True)
    cold = solver.solve(form, Observer())
    warm = solver.solve(form, Observer(start=cold.point))
    assert warm.start is not None
    assert warm.start.use is Use.USED
    assert warm.statistics["iterations"] < cold.statistics["iterations"]


def test_a_matrix_that_is_no_metric_is_refused_with_a_remedy() -> None:
    form = EigenProgram(np.eye(3), np.diag([1.0, 1.0, 0.0]), 1)
    for solver in SOLVERS:
        assert "positive definite" in (solver.refuses(form) or "")


def test_lobpcg_leaves_small_programs_to_eigh() -> None:
    assert "eigh" in (Lobpcg().refuses(program(9, 2, metric=False)) or "")


def sums_of_squares(size: int, count: int, rank: int, *, smallest: float = 0.1) -> EigenProgram:
    """B of rank ``count``, C of condition number 1/smallest."""
    rng = np.random.default_rng(count)
    few = rng.normal(size=(count, size))
    turn, _ = np.linalg.qr(rng.normal(size=(size, size)))
    return EigenProgram(few.T @ few, (turn * np.geomspace(smallest, 1.0, size)) @ turn.T, rank)


@pytest.mark.parametrize(("count", "rank"), [(0, 1), (1, 1), (4, 2), (4, 4), (3, 5)])
@pytest.mark.parametrize("solver", [LowRank(), SubspaceIteration(), WhitenedGradient()], ids=lambda s: s.name)
def test_low_rank_programs_even_where_more_vectors_are_asked_for(solver, count: int, rank: int) -> None:
    form = sums_of_squares(150, count, rank)
    claim = solver.solve(form, Observer())
    assert claim.value == pytest.approx(optimum(form), rel=1e-10, abs=1e-10)
    assert claim.point.shape == (150, rank)
    assert np.allclose(claim.point.T @ form.c @ claim.point, np.eye(rank), atol=1e-9)
    bound = -sum_of_largest(form.b, form.c, rank, claim.witness)
    assert bound == pytest.approx(optimum(form), rel=1e-7, abs=1e-7)


def test_what_is_no_sum_of_few_squares_is_left_to_eigh() -> None:
    indefinite = EigenProgram(np.array([[1.0, 2.0], [2.0, 1.0]]), np.eye(2), 1)
    hollow = EigenProgram(np.array([[0.0, 1.0], [1.0, 0.0]]), np.eye(2), 1)
    for form in (indefinite, hollow):
        assert "negative eigenvalues" in (LowRank().refuses(form) or "")
        assert "negative eigenvalues" in (SubspaceIteration().refuses(form) or "")
    assert "eigh" in (LowRank().refuses(program(120, 2, metric=False)) or "")
    assert LowRank().refuses(sums_of_squares(120, 5, 2)) is None


def test_plain_descent_crawls_where_the_metric_is_ill_conditioned_and_says_so() -> None:
    form = sums_of_squares(60, 3, 2, smallest=1e-6)
    best, plain, white = optimum(form), *(s.solve(form, Observer()) for s in (StiefelDescent(), WhitenedGradient()))
    assert white.value == pytest.approx(best, rel=1e-8)
    assert plain.stop is Stop.ITERATIONS
    assert plain.value > 0.99 * best  # at least 1 % is missing
    assert -sum_of_largest(form.b, form.c, 2, plain.witness) <= best
