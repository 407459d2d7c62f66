"""What is done to features before training, against its definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap.core.certificate import Verdict
from dualgap.problems.fair_classifier import FairClassifier
from dualgap.solvers.fairness.processing import (
    ConceptErasure,
    InvariantRepresentation,
    LogisticRegression,
    OrthogonalProjection,
    Scaled,
)

ALL = [LogisticRegression(), OrthogonalProjection(), ConceptErasure(), InvariantRepresentation()]


def people(groups: int = 2, **fields: Any) -> FairClassifier:
    chosen = {"groups": groups, "features": 5, "levels": 4, "epsilon": 1.0, "bias": 2.0, **fields}
    return FairClassifier.generate(80, 0, **chosen)


def covariances(problem: FairClassifier, solver: LogisticRegression) -> np.ndarray:
    """Of the scores with the groups' indicators, over the training split."""
    member: Any = dualgap.solve(problem, solver, isolate=False).answer.members[0]
    scores = member.scores(problem.design)
    return np.array([np.cov(scores, problem.groups == g)[0, 1] for g in range(problem.count)]) / scores.std()


@pytest.mark.parametrize("solver", ALL, ids=lambda solver: solver.name)
@pytest.mark.parametrize("aware", [True, False])
def test_answers_are_certified(solver: LogisticRegression, aware: bool) -> None:
    run = dualgap.solve(people(group_aware=aware), solver, isolate=False)
    assert run.certificate.verdict is Verdict.FEASIBLE
    assert run.certificate.value < 0.5
    strict = dualgap.solve(people(group_aware=aware, epsilon=0.0), solver, isolate=False)
    assert strict.certificate.verdict in (Verdict.FEASIBLE, Verdict.OPTIMAL)  # the trivial answer stands in
    assert "equal" not in strict.certificate.violations


@pytest.mark.parametrize("groups", [2, 3])
@pytest.mark.parametrize("solver", [OrthogonalProjection(), ConceptErasure()], ids=lambda solver: solver.name)
def test_projected_scores_covary_with_no_group(groups: int, solver: LogisticRegression) -> None:
    problem = people(groups)
    assert np.abs(covariances(problem, LogisticRegression())).max() > 0.05
    assert np.abs(covariances(problem, solver)).max() < 1e-9


def test_erasure_changes_features_least() -> None:
    """Of all projections that covary with no group it is the nearest to the identity in the features' covariance."""
    problem = people(3)
    data = Scaled.of(problem)

    def change(projection: np.ndarray) -> float:
        rest = projection.T - np.eye(len(projection))
        return float(np.trace(rest @ data.covariance @ rest.T))

    found = [solver.projection(data, problem, None) for solver in (ConceptErasure(), OrthogonalProjection())]  # type: ignore[arg-type]
    assert change(found[0]) < change(found[1])
    assert np.abs(found[0].T @ data.cross).max() < 1e-10
    rng = np.random.default_rng(0)
    kernel = np.linalg.svd(data.cross.T)[2][np.linalg.matrix_rank(data.cross) :]
    for _ in range(20):  # others that covary with no group: a little of the kernel added
        other = found[0].T + 0.01 * rng.normal(size=found[0].shape) @ kernel.T @ kernel
        assert change(other.T) >= change(found[0]) - 1e-12


def test_representations_trade_label_for_group() -> None:
    problem = people(levels=8)
    loose, tight = (np.abs(covariances(problem, InvariantRepresentation(trade=trade))).max() for trade in (0.0, 0.99))
    assert tight < 0.2 * loose
    whole = dualgap.solve(problem, InvariantRepresentation(trade=0.0), isolate=False)
    assert whole.certificate.value <= problem.evaluate(problem.trivial()).objective


def test_logistic_regression_is_that() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    problem = people()
    member: Any = dualgap.solve(problem, LogisticRegression(ridge=0.0), isolate=False).answer.members[0]
    theirs = linear_model.LogisticRegression(C=1e12, tol=1e-12, max_iter=10_000).fit(problem.features, problem.label)
    assert member.coefficients == pytest.approx(theirs.coef_[0], rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("solver", ["group-robust", "adversarial"])
def test_other_aims_are_judged_by_this_one(solver: str) -> None:
    run = dualgap.solve(people(), solver, isolate=False, time=10)
    assert run.certificate.feasible
    assert run.certificate.bound is None  # a bound of theirs is none of ours
    assert run.certificate.value < 0.5


def test_group_robust_training_lowers_the_worst_groups_risk() -> None:
    problem = people(3, noise=2.0)
    usual: Any = dualgap.solve(problem, LogisticRegression(ridge=1e-4), isolate=False).answer.members[0]
    robust: Any = dualgap.solve(problem, "group-robust", isolate=False).answer.members[0]

    def worst(member: Any) -> float:
        scores = member.scores(problem.design)
        losses = np.logaddexp(0, scores) - problem.label * scores
        return max(losses[problem.groups == g].mean() for g in range(3))

    assert worst(robust) < worst(usual) - 1e-4


def test_adversaries_lower_the_gap() -> None:
    problem = people(levels=8)
    gaps = []
    for solver in ("logistic-regression", "adversarial"):
        run = dualgap.solve(problem, solver, isolate=False, time=10)
        gaps.append(float(run.certificate.metrics["train"]["demographic-parity"]))
    assert gaps[1] < gaps[0]
