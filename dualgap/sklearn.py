"""A scikit-learn estimator that comes with a certificate: ``dualgap.sklearn.CertifiedClassifier``."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from dualgap.core.errors import UsageError
from dualgap.engine.solve import solve
from dualgap.fairness import columns, fair_classifier, scores


class CertifiedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A fair classifier of numbers, fitted by any of dualgap's solvers, with scikit-learn's manners.

    Randomised ones draw each row's label; ``predict`` draws anew in each call from ``random_state``, so that the same
    rows get the same labels, and ``predict_proba`` tells the chances of the draw, not of the label.

    Attributes:
        run_: the run, whose ``certificate`` says how far the classifier is from the best one.
        problem_: the closed spec. estimator_: the fitted estimator, where scores are an estimator's.
        classes_: (2,) the labels. n_features_in_: the number of features.
    """

    def __init__(
        self,
        *,
        metric: str = "demographic-parity",
        epsilon: float = 0.05,
        difference: str = "max-min",
        hypothesis: str = "linear",
        estimator: Any = None,
        group_aware: bool = False,
        randomized: bool = True,
        min_group: int = 30,
        solver: str | None = None,
        time: float = 60.0,
        isolate: bool = True,
        random_state: int = 0,
    ) -> None:
        """
        Args:
            metric, epsilon, difference, hypothesis, group_aware, randomized, min_group: of ``fair-classifier`` specs.
            estimator: whose scores thresholds are for, or "logistic-regression"; with ``hypothesis = "threshold"``.
            solver, time, isolate: of ``dualgap.solve``.
            random_state: of the solver and of the draws.
        """
        self.metric = metric
        self.epsilon = epsilon
        self.difference = difference
        self.hypothesis = hypothesis
        self.estimator = estimator
        self.group_aware = group_aware
        self.randomized = randomized
        self.min_group = min_group
        self.solver = solver
        self.time = time
        self.isolate = isolate
        self.random_state = random_state

    def fit(self, X: Any, y: Any, *, sensitive_features: Any, sample_weight: Any = None) -> CertifiedClassifier:
        """Fits to all rows.

        Args:
            X: (n, d) numbers. y: (n,) labels of two values.
            sensitive_features: (n,), or several columns, whose combinations are the groups.
            sample_weight: (n,) positive.

        Raises:
            ValueError: data that scikit-learn doesn't take. SpecError: data that can't be judged, such as one group
                only. UsageError: the solver found nothing that is fair enough.
        """
        x, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, x)
            if not (sample_weight > 0).any():
                raise ValueError("no row has a positive weight")
            weighed = y[sample_weight > 0]
        else:
            weighed = y
        classes = np.unique(weighed)
        if type_of_target(weighed) != "binary" or len(classes) != 2:
            what = (
                "Only binary classification is supported" if len(classes) > 2 else "Classifier can't train: one class"
            )
            raise ValueError(f"{what}. The labels are {', '.join(map(str, classes[:5]))}")
        self.classes_ = classes
        self.problem_ = fair_classifier(
            x,
            (y == classes[1]).astype(int),
            sensitive_features=sensitive_features,
            sample_weight=sample_weight,
            score=self._score(x, y, sample_weight),
            metric=self.metric,
            epsilon=self.epsilon,
            difference=self.difference,
            hypothesis=self.hypothesis,
            group_aware=self.group_aware,
            randomized=self.randomized,
            min_group=self.min_group,
        )
        self.run_ = solve(self.problem_, self.solver, time=self.time, seed=self.random_state, isolate=self.isolate)
        if self.run_.certificate is None or not self.run_.certificate.feasible:
            said = self.run_.certificate.statement if self.run_.certificate is not None else self.run_.message
            raise UsageError(f"nothing fair enough was found: {said}")
        return self

    def _score(self, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None) -> Any:
        """Of a clone of the estimator, which is kept: further rows get their scores from it."""
        if not hasattr(self.estimator, "fit"):
            return self.estimator
        self.estimator_ = clone(self.estimator).fit(x, y, **({} if weights is None else {"sample_weight": weights}))
        return scores(self.estimator_, x)

    def predict_proba(self, X: Any, *, sensitive_features: Any = None) -> np.ndarray:
        """(n, 2) chances of the draw; 0 and 1 where nothing is drawn."""
        chance = self._chances(X, sensitive_features)
        return np.column_stack([1.0 - chance, chance])

    def predict(self, X: Any, *, sensitive_features: Any = None) -> np.ndarray:
        """(n,) labels."""
        chance = self._chances(X, sensitive_features)
        drawn = np.random.Generator(np.random.PCG64(self.random_state)).random(len(chance))
        return np.asarray(self.classes_[(drawn < chance).astype(np.int64)])

    def _chances(self, X: Any, sensitive_features: Any) -> np.ndarray:
        check_is_fitted(self)
        x = validate_data(self, X, dtype=np.float64, reset=False)
        table = columns(x, "x")
        if hasattr(self, "estimator_"):
            table["score"] = scores(self.estimator_, x).tolist()
        predictor = self.run_.predictor
        if predictor.needs_group:
            if sensitive_features is None:
                raise UsageError("this classifier reads the group: predict(X, sensitive_features=...)")
            table |= columns(sensitive_features, "sensitive")
        return np.asarray(predictor.chances(table))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags
