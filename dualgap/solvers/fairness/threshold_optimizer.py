"""fairlearn's thresholds by group of a given score.

Source: Hardt, Price and Srebro, Equality of opportunity in supervised learning (2016), in fairlearn's implementation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim
from dualgap.core.solver import Context, Solver
from dualgap.problems.fair_classifier import FairClassifier
from dualgap.problems.fair_classifier.answers import Thresholds
from dualgap.problems.fair_classifier.rates import Metric
from dualgap.problems.fair_classifier.thresholds import coupled
from dualgap.solvers.fairness.persons import outdated, persons, refused

_CONSTRAINTS = {
    Metric.DEMOGRAPHIC_PARITY: "demographic_parity",
    Metric.EQUALIZED_ODDS: "equalized_odds",
    Metric.EQUAL_OPPORTUNITY: "true_positive_rate_parity",
}


@dataclass(frozen=True)
class ThresholdOptimizer(Solver):
    """fairlearn's ``ThresholdOptimizer``: mixtures of thresholds for each group, by a grid over the rate.

    Its ``tol`` is the range of the groups' rates, which is ``difference = "max-min"``; it has none for equalised odds.

    Attributes:
        grid: fairlearn's ``grid_size``: of rates.
    """

    name: ClassVar[str] = "threshold-optimizer@fairlearn"
    summary: ClassVar[str] = "fairlearn's mixtures of thresholds for each group, by a grid over the rate"
    accepts: ClassVar[tuple[type, ...]] = (FairClassifier,)
    requires: ClassVar[tuple[str, ...]] = ("fairlearn",)

    grid: int = 1000

    def __post_init__(self) -> None:
        if self.grid < 1:
            raise ValueError("the grid has at least one step")

    def refuses(self, form: Any) -> str | None:
        assert isinstance(form, FairClassifier)
        if reason := refused(form):
            return reason
        if not len(form.score) or (form.hypothesis != "threshold" and form.scorer is None):
            return 'it needs a score: hypothesis = "threshold" and score = "logistic-regression", say'
        if not form.group_aware:
            return "its thresholds are by group: group_aware = true"
        if not form.randomized:
            return "its answers are mixtures: randomized = true, or take highs"
        if form.margin > 0:
            return "it knows of no margin: margin = 0"
        if form.epsilon > 0 and form.rates is Metric.EQUALIZED_ODDS:
            return "its tolerance isn't for equalised odds: epsilon = 0, or take highs"
        if form.epsilon > 0 and form.difference != "max-min":
            return 'its tolerance is of the range of rates: difference = "max-min", or take highs'
        return None

    def solve(self, form: Any, ctx: Context) -> Claim:
        from fairlearn.postprocessing import ThresholdOptimizer as Theirs

        assert isinstance(form, FairClassifier)
        assert form.rates is not None
        rows = persons(form)
        model = Theirs(
            estimator=_score_as_it_is(),
            constraints=_CONSTRAINTS[form.rates],
            prefit=True,
            predict_method="predict",
            grid_size=self.grid,
            tol=float(form.epsilon) or None,
        )
        scores = form.score[rows].astype(np.float64)[:, None]
        with outdated():
            model.fit(scores, form.label[rows], sensitive_features=form.groups[rows])
        rules = model.interpolated_thresholder_.interpolation_dict
        values, weights = zip(*(_mixture(rules[g]) if g in rules else _NOBODY for g in range(form.count)))
        members, shares = coupled(values, weights)
        answer = form.classifier([Thresholds(values=member) for member in members], shares)
        evaluation = form.evaluate(answer)
        return Claim(answer, not evaluation.violations, value=evaluation.objective)


_NOBODY = np.array([np.inf]), np.ones(1)  # a group without training rows


def _mixture(rule: Any) -> tuple[np.ndarray, np.ndarray]:
    """(thresholds, their weights), ascending, of fairlearn's rule for a group: with chance ``p_ignore`` it predicts 1
    with chance ``prediction_constant`` whatever the score.
    """
    ignored = float(rule.get("p_ignore", 0.0))
    chance = float(rule.get("prediction_constant", 0.0))
    limits = np.array([rule.operation0.threshold, rule.operation1.threshold, -np.inf, np.inf], dtype=np.float64)
    kept = 1.0 - ignored
    weights = np.array([kept * rule.p0, kept * rule.p1, ignored * chance, ignored * (1.0 - chance)])
    values, place = np.unique(limits, return_inverse=True)
    return values, np.bincount(place, weights)


def _score_as_it_is() -> Any:
    """An estimator that predicts its only column."""
    from sklearn.base import BaseEstimator, RegressorMixin

    class Score(RegressorMixin, BaseEstimator):  # type: ignore[misc]
        def fit(self, x: Any, y: Any) -> Score:
            return self

        def predict(self, x: Any) -> np.ndarray:
            return np.asarray(x, dtype=np.float64)[:, 0]

        def __sklearn_is_fitted__(self) -> bool:
            return True

    return Score()
