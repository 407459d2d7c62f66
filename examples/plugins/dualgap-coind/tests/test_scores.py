"""The Gaussian case, whole: who composes the unseen pair, what each solver proves, and what is recomputed."""

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from dualgap_coind.ascent import DualAscent
from dualgap_coind.closed import ClosedForm, Penalty
from dualgap_coind.lagrangian import minimiser
from dualgap_coind.network import Network
from dualgap_coind.problem import ConditionalIndependence
from dualgap_coind.scores import Scores
from dualgap_coind.world import means, noise, world
from scipy.special import logsumexp

import dualgap
from dualgap import InvalidWitnessError, Multipliers, SpecError

SEEN = [[1, 1], [1, 0]]
WHOLE = ConditionalIndependence(shares=SEEN)


def measured(problem: ConditionalIndependence, mixing: np.ndarray) -> Mapping[str, Any]:
    return problem.evaluate(Scores(mixing=mixing)).metrics["all"]


def test_the_constrained_scores_compose_the_unseen_pair_and_training_alone_does_not() -> None:
    run = dualgap.solve(WHOLE, ClosedForm(), isolate=False)
    assert run.certificate.verdict == "optimal"
    assert run.certificate.metrics["all"]["conformity"] >= 0.99
    alone = dualgap.solve(WHOLE, Penalty(weight=0), isolate=False)
    assert alone.certificate.metrics["all"]["conformity"] <= 0.01
    assert alone.certificate.violations.keys() == {"conditional independence"}


def test_the_data_s_own_scores_are_the_gradients_of_their_log_densities() -> None:
    told = world(ConditionalIndependence.generate(3, 5))
    x, a, b = np.array([[0.3, -0.2]]), *noise(np.array([0.3]))
    v = float(told.variance(a, b)[0])

    def density(at: np.ndarray, members: np.ndarray) -> Any:
        return logsumexp(-np.sum((at - a * told.centres) ** 2, axis=1) / (2 * v), b=members)

    own = means(told.centres, told.members, told.sigma, x, a, b)[0]
    for condition, members in enumerate(told.members):
        slope = [(density(x[0] + h, members) - density(x[0] - h, members)) / 2e-5 for h in 1e-5 * np.eye(2)]
        np.testing.assert_allclose(-(x[0] - a * own[condition]) / v, slope, rtol=1e-6)


def test_training_alone_has_the_residual_that_others_measured() -> None:
    """CoInD asks of each point for its own pair only, by coordinate: .0164 in a Monte Carlo estimate made elsewhere."""
    told = world(WHOLE)
    own = means(told.centres, told.members, told.sigma, told.x, told.a, told.b)
    left = np.einsum("jc,ncd->njd", told.rows, own) * (told.a * told.b / told.variance(told.a, told.b))[:, None, None]
    size = len(told.x) // (3 * WHOLE.levels)  # nodes come by level, then by pair
    nodes = np.arange(len(told.x)) // size % 3
    clear = told.x[: 3 * size].reshape(3, size, 2).mean(axis=1)
    np.testing.assert_allclose(clear, told.a[0] * told.centres, atol=1e-12)
    measured = float(told.mass @ np.mean(left[np.arange(len(nodes)), nodes] ** 2, axis=1))
    assert measured == pytest.approx(0.0164, rel=0.03)


def test_the_divergence_alone_misleads() -> None:
    """Without pinned pairs the constraint is met by moving them: independent, and still in the wrong place."""
    loose = ConditionalIndependence(shares=SEEN, pinned=False)
    before, after = (measured(loose, minimiser(world(loose), price)) for price in (0.0, np.inf))
    assert after["Jensen-Shannon divergence"] < 0.1 * before["Jensen-Shannon divergence"] < 0.1 * np.log(2)
    assert after["residual"] < 1e-12
    assert after["conformity"] <= 0.01


def test_labels_dropped_together_leave_no_conflict() -> None:
    problem = ConditionalIndependence(shares=SEEN, dropped="together", independence=0)
    run = dualgap.solve(problem, ClosedForm(), isolate=False)
    assert run.certificate.verdict == "optimal"
    assert run.certificate.value == pytest.approx(0, abs=1e-20)
    assert run.certificate.metrics["all"]["conformity"] >= 0.99


@pytest.mark.parametrize("pinned", [True, False])
def test_bisection_ascent_and_a_cone_solver_agree(pinned: bool) -> None:
    problem = ConditionalIndependence.generate(8, 3, pinned=pinned)
    runs = [dualgap.solve(problem, solver, isolate=False) for solver in (ClosedForm(), DualAscent(), "clarabel")]
    best = runs[0].certificate
    for run in runs:
        assert (run.certificate.verdict, run.certificate.evidence) == ("optimal", "numerical")
        assert run.certificate.value == pytest.approx(best.value, rel=1e-6)
    assert best.metrics["all"]["residual"] == pytest.approx(problem.independence, rel=1e-6)


def test_no_scores_beat_the_dual_value() -> None:
    problem = ConditionalIndependence.generate(4, 2)
    told, rng = world(problem), np.random.default_rng(0)
    bounds = [problem.bound(Multipliers(rows=np.array([price]))).value for price in (0.1, 3.0, 1e3)]
    assert max(bounds) > 0
    for _ in range(30):
        noisy = minimiser(told, np.inf) + rng.normal(scale=10 ** rng.uniform(-4, -1), size=(8, 8)) * told.free[:, None]
        found = problem.evaluate(Scores(mixing=noisy))
        residual = float(found.metrics["all"]["residual"])
        for price, bound in zip((0.1, 3.0, 1e3), bounds):
            assert float(found.objective) + price * max(0.0, residual - problem.independence) >= float(bound) - 1e-9


@pytest.mark.parametrize("rows", [[-1.0], [1e12], [1.0, 2.0]])
def test_prices_that_prove_nothing_are_refused(rows: list[float]) -> None:
    with pytest.raises(InvalidWitnessError, match="price"):
        WHOLE.bound(Multipliers(rows=np.array(rows)))


def test_bad_specs_and_answers_say_where() -> None:
    with pytest.raises(SpecError, match="never seen"):
        ConditionalIndependence(shares=[[1, 1], [1, 1]])
    with pytest.raises(SpecError, match="below"):
        ConditionalIndependence(shares=SEEN, first=(1, -1))
    for bad in ({}, {"mixing": [[1.0]]}, {"weights": [[[1.0]]], "biases": [[1.0]]}, {"mixing": [[1e10] * 8] * 8}):
        with pytest.raises(SpecError, match=r"8 x 8|\(8, 8\)|fit together|between"):
            WHOLE.read_answer(bad)


def test_loading_imports_no_jax() -> None:
    code = "import sys, dualgap_coind.network, dualgap_coind.problem; assert not {'jax', 'optax'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_few_steps_train_the_network() -> None:
    problem = ConditionalIndependence.generate(8, 0, independence=0.5)
    runs = [dualgap.solve(problem, Network(iterations=n, width=16), seed=1, isolate=False) for n in (10, 300)]
    few, more = (float(run.certificate.metrics["all"]["residual"]) for run in runs)
    assert more < 0.2 * few


def test_a_network_that_diverges_says_so() -> None:
    problem = ConditionalIndependence.generate(4, 0)
    run = dualgap.solve(problem, Network(iterations=100, batch=8, width=4, rate=1e38), isolate=False)
    assert run.stop == "diverged"
    with pytest.raises(ValueError, match="above 0"):
        Network(width=0)


def test_the_largest_answers_are_still_measured() -> None:
    found = WHOLE.evaluate(Scores(mixing=np.full((8, 8), 1e9)))
    assert np.isfinite([float(number) for number in (found.objective, *found.metrics["all"].values())]).all()
    assert found.metrics["all"]["conformity"] == 0


@pytest.mark.slow
def test_the_network_composes_the_unseen_pair() -> None:
    run = dualgap.solve(WHOLE, Network(), isolate=False, time=60)
    assert run.certificate.feasible
    assert run.certificate.metrics["all"]["conformity"] >= 0.5
    assert run.certificate.value > dualgap.solve(WHOLE, ClosedForm(), isolate=False).certificate.bound
