"""Saddle methods on games over matrices, whose values are known in closed form."""

import numpy as np
import pytest

import dualgap
from dualgap.core.certificate import Verdict
from dualgap.core.claim import Stop
from dualgap.core.forms import SaddleProgram
from dualgap.core.sets import Box
from dualgap.problems.concept_erasure import ConceptErasure
from dualgap.problems.minimax_reconstruction import MinimaxReconstruction
from dualgap.solvers.saddle.alternating import AlternatingGradient
from dualgap.testing.harness import Observer


@pytest.mark.parametrize("solver", ["alternating-gradient", "extragradient"])
@pytest.mark.parametrize("rank", [1, 3])
def test_eraser_and_predictor_meet_at_the_closed_form(solver: str, rank: int) -> None:
    problem = ConceptErasure.generate(60, 3, features=6, groups=4, rank=rank)
    exact = dualgap.solve(problem, "eigh", isolate=False).certificate.value
    run = dualgap.solve(problem, solver, isolate=False)
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.value == pytest.approx(exact, abs=1e-9)
    assert all(check.passed for check in run.checks)


@pytest.mark.parametrize("solver", ["alternating-gradient", "extragradient"])
@pytest.mark.parametrize("fields", [{}, {"consistent": True}, {"criterion": "error"}], ids=str)
def test_reconstruction_and_prior_meet_at_the_closed_form(solver: str, fields: dict) -> None:
    problem = MinimaxReconstruction.generate(6, 1, **fields)
    exact = dualgap.solve(problem, "principal-angles", isolate=False).certificate.value
    run = dualgap.solve(problem, solver, isolate=False)
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.value == pytest.approx(exact, rel=1e-6)
    assert run.certificate.bound <= exact * (1 + 1e-9)


def saddle(x, y, data):
    """``x^2 / 2 + data x y - y^2 / 2 + x - y``."""
    return (0.5 * x @ x + data * (x @ y) - 0.5 * y @ y + x.sum() - y.sum()).sum()


def test_alternating_steps_find_a_saddle_point_in_the_interior() -> None:
    box = Box(np.full(1, -5.0), np.full(1, 5.0))
    form = SaddleProgram(saddle, box, box, (np.ones(1), np.ones(1)), np.float64(2.0))
    claim = AlternatingGradient().solve(form, Observer())
    assert claim.stop is Stop.FINISHED
    x, y = claim.point  # x + 2y + 1 = 0 and 2x - y - 1 = 0
    assert np.allclose([x[0], y[0]], [0.2, -0.6], atol=1e-3)
    assert claim.bound == pytest.approx(claim.value, abs=1e-6)
