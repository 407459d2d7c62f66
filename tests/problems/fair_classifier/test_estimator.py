"""``dualgap.sklearn.CertifiedClassifier`` keeps scikit-learn's manners."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from dualgap import Verdict
from dualgap.core.errors import SpecError, UsageError

pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import check_estimator

from dualgap.sklearn import CertifiedClassifier


def drawn(size: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x, sex = rng.normal(size=(size, 3)), rng.integers(0, 2, size)
    return x, np.where(x[:, 0] + sex + rng.normal(size=size) > 0.5, "yes", "no"), sex


class ByMedian(CertifiedClassifier):
    """With groups of its own, for checks that know of none: the first feature, above its median or not."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> CertifiedClassifier:  # type: ignore[override]
        try:
            first = np.asarray(X)[:, 0].astype(float)
            groups: Any = (first > np.median(first)).astype(int)
        except (IndexError, TypeError, ValueError):
            groups = [0]  # what fit refuses
        return super().fit(X, y, sensitive_features=groups, sample_weight=sample_weight)


@pytest.mark.slow
def test_scikit_learns_own_checks() -> None:
    """Without chance, as the checks hold predictions against probabilities, and nothing to be fair about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of checks that are skipped
        settings: dict[str, Any] = {"isolate": False, "min_group": 1, "randomized": False, "epsilon": 1}
        found = check_estimator(ByMedian(solver="logistic-regression", **settings), on_fail=None)  # nothing to compile
    assert {check["check_name"]: check["exception"] for check in found if check["status"] == "failed"} == {}
    assert sum(check["status"] == "passed" for check in found) > 50


def test_it_is_fair_certified_and_draws_by_its_seed() -> None:
    x, y, sex = drawn()
    model = CertifiedClassifier(epsilon=0.02, isolate=False).fit(x, y, sensitive_features=sex)
    certificate = model.run_.certificate
    assert certificate.metrics["train"]["demographic-parity"] <= 0.02 + 1e-6
    assert certificate.value == pytest.approx(1 - certificate.metrics["train"]["accuracy"])
    chance = model.predict_proba(x)[:, 1]
    rates = [chance[sex == g].mean() for g in (0, 1)]
    assert abs(rates[0] - rates[1]) <= 0.02 + 1e-6
    assert model.predict(x).tolist() == model.predict(x).tolist()
    assert set(model.predict(x)) == {"yes", "no"}
    assert clone(model).get_params() == model.get_params()


def test_thresholds_of_an_estimator_read_the_group() -> None:
    x, y, sex = drawn()
    model = CertifiedClassifier(
        hypothesis="threshold", estimator=LogisticRegression(), group_aware=True, metric="equalized-odds", isolate=False
    )
    model.fit(x, y, sensitive_features=sex)
    assert model.run_.certificate.verdict is Verdict.OPTIMAL
    assert model.predict_proba(x, sensitive_features=sex).shape == (300, 2)
    with pytest.raises(UsageError, match="reads the group"):
        model.predict(x)


def test_searches_pass_the_groups_on() -> None:
    x, y, sex = drawn()
    model = CertifiedClassifier(isolate=False, min_group=1, solver="logistic-regression", epsilon=1)
    search = GridSearchCV(model, {"group_aware": [False]}, cv=2)
    assert search.fit(x, y, sensitive_features=sex).best_score_ > 0.6


def test_one_group_is_said_to_be_one() -> None:
    x, y, _ = drawn()
    with pytest.raises(SpecError, match="group"):
        CertifiedClassifier().fit(x, y, sensitive_features=np.zeros(300))
    with pytest.raises(ValueError, match="binary"):
        CertifiedClassifier().fit(x, np.arange(300) % 3, sensitive_features=np.arange(300) % 2)
