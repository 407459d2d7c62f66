"""fairlearn's reductions: classification with costs, by scikit-learn's logistic regression.

Source: Agarwal, Beygelzimer, Dudik, Langford and Wallach, A reductions approach to fair classification (2018), in
fairlearn's implementation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver
from dualgap.problems.fair_classifier import Classifier, FairClassifier
from dualgap.problems.fair_classifier.answers import Member
from dualgap.problems.fair_classifier.evaluate import constant, predicted
from dualgap.problems.fair_classifier.logistic import Scaling
from dualgap.problems.fair_classifier.rates import Metric
from dualgap.solvers.fairness.persons import outdated, persons, refused

_FEASIBLE = 1e-6
_NEAR = 1e-5  # below the target a gap is near enough: further fits would gain less than that in error
_WEIGHT = 1e-9  # weights below are rounded zeros
_RATIO = 1e-9  # fairlearn's ratios are positive
_STEPS = 10_000  # of L-BFGS: it converges


@dataclass(frozen=True)
class Found:
    """What a fit gave for the bound that it was asked for: a classifier, its gap and its error in training."""

    answer: Classifier
    bound: float
    gap: float
    error: float


class Reduction:
    """A spec in fairlearn's terms.

    Attributes:
        x: (people, D) scaled features. labels, groups: (people,).
    """

    def __init__(self, problem: FairClassifier, c: float) -> None:
        self.problem = problem
        train, rows = problem.train, persons(problem)
        self.scaling = Scaling.of(problem.design[train], problem.mass[train])
        self.x = self.scaling.scaled(problem.design[rows])
        self.labels, self.groups = problem.label[rows], problem.groups[rows]
        self.c = c

    def estimator(self) -> Any:
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=self.c, max_iter=_STEPS)

    def moment(self, bound: float) -> Any:
        """fairlearn's constraints: a group's rate is at most so far from the rate of all."""
        from fairlearn.reductions import DemographicParity, EqualizedOdds, TruePositiveRateParity

        assert self.problem.rates is not None
        kind = {
            Metric.DEMOGRAPHIC_PARITY: DemographicParity,
            Metric.EQUALIZED_ODDS: EqualizedOdds,
            Metric.EQUAL_OPPORTUNITY: TruePositiveRateParity,
        }[self.problem.rates]
        if self.problem.difference == "ratio":
            return kind(ratio_bound=max(1.0 - bound, _RATIO))
        return kind(difference_bound=bound)

    def found(self, estimators: list[Any], weights: np.ndarray, bound: float) -> Found:
        """The mixture of fitted estimators."""
        kept = np.flatnonzero(weights > _WEIGHT).tolist()
        shares = weights[kept] / weights[kept].sum()
        problem = self.problem
        answer = problem.classifier([self._member(estimators[k]) for k in kept], shares)
        tally = problem.tally(predicted(problem, answer))
        assert problem.rates is not None
        return Found(answer, bound, tally.gap(problem.rates, problem.difference), tally.error)

    def _member(self, estimator: Any) -> Member:
        if not hasattr(estimator, "coef_"):  # fairlearn's, where the costs leave one label only
            return constant(self.problem, float(estimator.constant))
        return self.scaling.linear(np.append(estimator.coef_[0], estimator.intercept_[0]))


@dataclass(frozen=True)
class ExponentiatedGradient(Solver):
    """fairlearn's ``ExponentiatedGradient``: a mixture of logistic regressions on costs that multipliers set.

    fairlearn bounds a group's distance from the rate of all (``difference_bound``), or their ratio (``ratio_bound``).
    That is what ``difference = "to-overall"`` says; for ``"max-min"`` and ``"ratio"`` a bound of epsilon is too loose
    and half of it mostly too strict. So the bound is searched, a fit each, until the mixture's gap is epsilon. A fit
    can't be interrupted.

    Attributes:
        c: scikit-learn's ``C`` of the logistic regression, on scaled features.
        eps: fairlearn's: the sum of the multipliers is at most 1/eps.
        iterations: of a fit at most.
        fits: at most.
    """

    name: ClassVar[str] = "exponentiated-gradient@fairlearn"
    summary: ClassVar[str] = "fairlearn's reduction to logistic regression on costs, its bound searched to meet epsilon"
    accepts: ClassVar[tuple[type, ...]] = (FairClassifier,)
    requires: ClassVar[tuple[str, ...]] = ("fairlearn",)

    c: float = 1.0
    eps: float = 0.01
    iterations: int = 50
    fits: int = 10

    def __post_init__(self) -> None:
        if self.c <= 0 or self.eps <= 0:
            raise ValueError("c and eps are positive")
        if self.iterations < 1 or self.fits < 1:
            raise ValueError("there is at least one iteration, and one fit")

    def refuses(self, form: Any) -> str | None:
        assert isinstance(form, FairClassifier)
        if not form.randomized:
            return "its answers are mixtures: randomized = true, or take grid-search@fairlearn"
        return _refused(form)

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, FairClassifier)
        reduction = Reduction(form, self.c)

        def fit(bound: float) -> Found:
            from fairlearn.reductions import ExponentiatedGradient as Theirs

            moment = reduction.moment(bound)
            model = Theirs(reduction.estimator(), moment, eps=self.eps, max_iter=self.iterations)
            with outdated():
                model.fit(reduction.x, reduction.labels, sensitive_features=reduction.groups)
            weights = np.array([model.weights_[k] for k in model.predictors_.index])
            found = reduction.found(list(model.predictors_), weights, bound)
            if found.gap <= float(form.epsilon) + _FEASIBLE:
                ctx.report(found.answer)
            return found

        return _claim(form, searched(fit, float(form.epsilon), self.fits, ctx), "fits")


@dataclass(frozen=True)
class GridSearch(Solver):
    """fairlearn's ``GridSearch``: logistic regressions on costs from a grid of multipliers.

    Its own choice among them trades error for the gap and has no target; here it is the least error among those whose
    gap is at most epsilon.

    Attributes:
        c: scikit-learn's ``C`` of the logistic regression, on scaled features.
        size: of the grid.
        limit: the largest multiplier.
    """

    name: ClassVar[str] = "grid-search@fairlearn"
    summary: ClassVar[str] = "fairlearn's grid of multipliers: the best of its logistic regressions that meets epsilon"
    accepts: ClassVar[tuple[type, ...]] = (FairClassifier,)
    requires: ClassVar[tuple[str, ...]] = ("fairlearn",)

    c: float = 1.0
    size: int = 40
    limit: float = 2.0

    def __post_init__(self) -> None:
        if self.c <= 0 or self.limit <= 0:
            raise ValueError("c and limit are positive")
        if self.size < 1:
            raise ValueError("there is at least one point in the grid")

    def refuses(self, form: Any) -> str | None:
        assert isinstance(form, FairClassifier)
        return _refused(form)

    def solve(self, form: Any, ctx: Context) -> Claim:
        from fairlearn.reductions import GridSearch as Theirs

        assert isinstance(form, FairClassifier)
        reduction, epsilon = Reduction(form, self.c), float(form.epsilon)
        moment = reduction.moment(epsilon)
        model = Theirs(reduction.estimator(), moment, grid_size=self.size, grid_limit=self.limit)
        with outdated():
            model.fit(reduction.x, reduction.labels, sensitive_features=reduction.groups)
        one = np.ones(1)
        return _claim(form, [reduction.found([estimator], one, epsilon) for estimator in model.predictors_], "models")


def searched(fit: Callable[[float], Found], target: float, fits: int, ctx: Context) -> list[Found]:
    """Fits with bounds up to the target, until one's gap is the target: the looser the bound, the larger the gap.

    Regula falsi, with a bisection after each step that leaves the gap off the target.
    """
    found = [fit(target)]
    low, high = (0.0, 0.0), (target, found[0].gap)  # (bound, gap) on both sides of the target
    while high[1] > target + _FEASIBLE and low[1] < target - _NEAR and len(found) < fits and not ctx.should_stop():
        share = (target - low[1]) / (high[1] - low[1]) if len(found) % 2 else 0.5
        found.append(fit(low[0] + share * (high[0] - low[0])))
        end = found[-1].bound, found[-1].gap
        low, high = (end, high) if found[-1].gap <= target + _FEASIBLE else (low, end)
    return found


def _refused(problem: FairClassifier) -> str | None:
    if problem.hypothesis in ("threshold", "network"):
        other = "threshold-optimizer@fairlearn" if problem.hypothesis == "threshold" else "proxy-lagrangian"
        return f"its classifiers are linear: take {other}"
    if problem.margin > 0:
        return "it knows of no margin: margin = 0"
    return refused(problem)


def _claim(problem: FairClassifier, tried: list[Found], what: str) -> Claim:
    """The least error among those that meet epsilon; where none does, the smallest gap."""
    epsilon = float(problem.epsilon)
    best = min(tried, key=lambda found: (max(0.0, found.gap - epsilon - _FEASIBLE), found.error))
    fair = best.gap <= epsilon + _FEASIBLE
    return Claim(
        point=best.answer,
        feasible=fair,
        stop=Stop.FINISHED if fair else Stop.ITERATIONS,
        value=best.error,
        statistics={what: len(tried), "bound that was asked for": best.bound},
        message="" if fair else f"none of {len(tried)} {what} meets epsilon: the best has a gap of {best.gap:.3g}",
    )
