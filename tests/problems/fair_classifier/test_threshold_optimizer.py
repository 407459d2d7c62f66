"""Thresholds by group against fairlearn's ThresholdOptimizer, where fairlearn is installed."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap.core.certificate import Verdict
from dualgap.problems.fair_classifier import FairClassifier

postprocessing = pytest.importorskip("fairlearn.postprocessing")
base = pytest.importorskip("sklearn.base")


class Scores(base.BaseEstimator, base.ClassifierMixin):  # type: ignore[misc,name-defined]
    """A classifier whose scores are its only column."""

    def fit(self, x: Any, y: Any) -> Scores:
        self.classes_ = np.unique(y)
        self.fitted_ = True
        return self

    def decision_function(self, x: Any) -> np.ndarray:
        return np.asarray(x, dtype=float)[:, 0]

    def predict(self, x: Any) -> np.ndarray:
        return (self.decision_function(x) > 0).astype(int)


def drawn(seed: int, **options: Any) -> FairClassifier:
    problem = FairClassifier.generate(300, seed, hypothesis="threshold", group_aware=True, **options)
    rng = np.random.default_rng(seed)
    fields = {name: getattr(problem, name) for name in FairClassifier.model_fields}
    score = np.round(problem.score + rng.normal(size=len(problem.score)), 3)
    return FairClassifier(**{**fields, "score": score})


def theirs(problem: FairClassifier, constraint: str, **options: Any) -> float:
    """The error of fairlearn's mixture, in expectation."""
    fitted = postprocessing.ThresholdOptimizer(
        estimator=Scores(),
        constraints=constraint,
        objective="accuracy_score",
        predict_method="decision_function",
        grid_size=10_000,
        **options,
    )
    x, y = problem.score.astype(float)[:, None], problem.label
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own
        fitted.fit(x, y, sensitive_features=problem.groups)
        chances = fitted._pmf_predict(x, sensitive_features=problem.groups)[:, 1]
    return float(np.abs(chances - y).mean())


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("epsilon", [0.0, 0.01, 0.05])
def test_parity_is_equal(seed: int, epsilon: float) -> None:
    """Ours is exact, theirs searches a grid of selection rates: it can't be better, and isn't far."""
    problem = drawn(seed, epsilon=epsilon)
    certificate = dualgap.solve(problem, "highs", isolate=False).certificate
    assert certificate is not None
    assert certificate.verdict is Verdict.OPTIMAL
    other = theirs(problem, "demographic_parity", **({"tol": epsilon} if epsilon else {}))
    assert float(certificate.value) <= other + 1e-9  # type: ignore[arg-type]
    assert certificate.value == pytest.approx(other, abs=1e-5)


@pytest.mark.parametrize("epsilon", [0.02, 0.1])
def test_equalised_odds_with_a_tolerance_is_solved_where_it_raises(epsilon: float) -> None:
    problem = drawn(1, epsilon=epsilon, metric="equalized-odds")
    with pytest.raises(ValueError, match="not supported for equalized odds"):
        theirs(problem, "equalized_odds", tol=epsilon)
    certificate = dualgap.solve(problem, "highs", isolate=False).certificate
    assert certificate is not None
    assert certificate.verdict is Verdict.OPTIMAL
