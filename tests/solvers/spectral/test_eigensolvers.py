"""Eigensolvers against each other and against NumPy, with and without a metric."""

import numpy as np
import pytest

from dualgap.core.claim import Stop, Use
from dualgap.core.forms import EigenProgram
from dualgap.problems.spectra import sum_of_largest
from dualgap.solvers.spectral.eigh import Eigh
from dualgap.solvers.spectral.lobpcg import Lobpcg
from dualgap.solvers.spectral.whitened_gradient import WhitenedGradient
from dualgap.testing.harness import Observer

SOLVERS = [Eigh(), Lobpcg(), WhitenedGradient()]


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


@pytest.mark.parametrize("solver", [Lobpcg(iterations=2), WhitenedGradient(iterations=2)], ids=lambda s: s.name)
def test_says_that_it_stopped_early_and_its_witness_still_holds(solver) -> None:
    form = program(60, 2, metric=True)
    claim = solver.solve(form, Observer())
    assert claim.stop is Stop.ITERATIONS
    assert claim.value > optimum(form)
    assert -sum_of_largest(form.b, form.c, 2, claim.witness) <= optimum(form) + 1e-12


@pytest.mark.parametrize("solver", [Lobpcg(), WhitenedGradient()], ids=lambda s: s.name)
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
