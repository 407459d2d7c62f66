"""An answer's training error and violations, recomputed from the spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.certificate import Evaluation, Violation
from dualgap.problems.fair_classifier.answers import (
    Classifier,
    Linear,
    Member,
    Network,
    Predictions,
    Table,
    Thresholds,
    all_positive,
    probabilities,
)
from dualgap.problems.fair_classifier.separable import separable

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

_SUM = 1e-9  # what the weights of a mixture may miss 1 by
_ROUNDING = 1e-13  # of a rate: a quotient of sums
_HOPELESS = float("inf")
_MORE = "features only: equal rows are predicted differently"
_CLOSE = "scores closer to 0 than the margin"
_UNORDERED = "hypothesis threshold: a higher score is predicted 1 less often"


def evaluate(problem: FairClassifier, answer: Any) -> Evaluation:
    """Objective, violations by name, metrics by split."""
    from dualgap.problems.fair_classifier.covariance import evaluate as covariance
    from dualgap.problems.fair_classifier.metrics import CLASS, UNCHECKED, metrics

    wrong = misfits(problem, answer)
    if wrong:
        return Evaluation(_HOPELESS, {reason: Violation(_HOPELESS) for reason in wrong})
    if problem.rates is None:
        return covariance(problem, answer)
    positive = predicted(problem, answer)
    tally = problem.tally(positive)
    outside = _outside(problem, answer, positive)
    violations = dict(outside.violations)
    excess = tally.gap(problem.rates, problem.difference) - float(problem.epsilon)
    if excess > _ROUNDING:
        violations[f"{problem.metric}, {problem.difference}"] = Violation(excess)
    told = metrics(problem, positive)
    if not outside.checked:
        told[CLASS] = {UNCHECKED: 1}
    return Evaluation(tally.error, violations, told, scale=1.0)


def predicted(problem: FairClassifier, answer: Classifier) -> np.ndarray:
    """(n,) the probability of predicting 1 for every row of every split; NaN where a tool predicts nothing."""
    weights = answer.weights.astype(np.float64)
    total: np.ndarray = np.zeros(len(problem.label))
    linear: list[tuple[float, Linear]] = []
    for weight, member in zip(weights.tolist(), answer.members):
        if weight and isinstance(member, Linear):
            linear.append((weight, member))
        elif weight:
            total += weight * probabilities(problem, member)
    if linear:  # at once: their scores are a product of matrices
        shares, models = zip(*linear)
        total += all_positive(models, problem.design, float(problem.extents.max(initial=0.0))) @ np.array(shares)
    return np.asarray(np.clip(total, 0.0, 1.0))


def misfits(problem: FairClassifier, answer: Classifier) -> list[str]:
    """Why an answer predicts nothing here: wrong sizes, weights that are no mixture, scores beyond the floats."""
    weights = answer.weights.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # of absurd numbers, which are found out here
        found = [reason for member in answer.members if (reason := _misfit(problem, member))]
        total = float(weights.sum())
    if not answer.members or len(weights) != len(answer.members):
        found.append(f"{len(weights)} weights for {len(answer.members)} members")
    elif (weights < 0).any() or not abs(total - 1.0) <= _SUM:
        found.append("weights are no mixture")
    return found


def _misfit(problem: FairClassifier, member: Member) -> str | None:
    wide = problem.design.shape[1]
    if isinstance(member, Linear):
        if len(member.coefficients) != wide:
            return f"{len(member.coefficients)} coefficients for {wide}"
        sizes = np.abs(member.coefficients.astype(np.float64))
        return _endless(sizes @ problem.extents + abs(float(member.intercept)))
    if isinstance(member, Thresholds):
        if not len(problem.score):
            return "thresholds, and the spec has no score"
        return None if len(member.values) in (1, problem.count) else f"{len(member.values)} thresholds"
    if isinstance(member, Network):
        widths = [wide, *(weight.shape[1] for weight in member.weights)]
        chained = [weight.shape[0] for weight in member.weights] == widths[:-1] and widths[-1] == 1
        biased = [len(bias) for bias in member.biases] == widths[1:]
        fits = chained and biased and len(member.weights)
        return _endless(member.scores(problem.design)) if fits else "layers that don't fit together"
    values = member.probabilities.astype(np.float64)
    expected = (len(problem.cells),) if isinstance(member, Table) else (len(problem.label), int(problem.train.sum()))
    if len(values) not in expected:
        return f"{len(values)} probabilities for {expected[0]}"
    inside = ((values >= 0) & (values <= 1)).all() and 0 <= getattr(member, "fallback", 0) <= 1
    return None if inside else "probabilities outside 0 to 1"


def _endless(scores: np.ndarray | float) -> str | None:
    return None if np.isfinite(scores).all() else "scores beyond the range of floats"


@dataclass(frozen=True)
class _Outside:
    """What takes an answer out of the spec's class of classifiers, and whether that could be found out."""

    violations: Mapping[str, Violation]
    checked: bool


def _outside(problem: FairClassifier, answer: Classifier, positive: np.ndarray) -> _Outside:
    from dualgap.problems.fair_classifier.spec import CLASSES

    found: dict[str, float] = {}
    checked = True
    limit = CLASSES.index(problem.hypothesis)
    largest = max(_rank(problem, member) for member in answer.members)
    if largest > limit:
        found[f"hypothesis {problem.hypothesis}: this is a {CLASSES[largest]}"] = 1.0
    for member in answer.members:
        if isinstance(member, Thresholds) and len(member.values) > 1 and not problem.group_aware:
            found["group_aware = false: thresholds by group"] = 1.0
        if isinstance(member, Predictions) and problem.hypothesis == "threshold":
            found[_UNORDERED] = max(found.get(_UNORDERED, 0.0), _unordered(problem, positive))
        elif isinstance(member, Predictions) or (isinstance(member, Thresholds) and _stands_alone(problem)):
            found[_MORE] = max(found.get(_MORE, 0.0), _differ(problem, probabilities(problem, member)))
        if problem.margin > 0:
            found[_CLOSE] = max(found.get(_CLOSE, 0.0), float(problem.margin) - _clearance(problem, member))
    if any(isinstance(member, Predictions) for member in answer.members) and not found.get(_MORE):
        linear = _linear(problem, positive)
        checked = linear is not None
        if linear is False:
            found["hypothesis linear: no linear classifier predicts so"] = 1.0
    if not problem.randomized:
        split = positive[problem.train]
        found["randomized = false: predictions by lot"] = float(np.minimum(split, 1 - split).max())
    return _Outside({name: Violation(amount) for name, amount in found.items() if amount > 0}, checked)


def _clearance(problem: FairClassifier, member: Member) -> float:
    """The least size of a training score, the largest coefficient (or the intercept) being 1; 0 for other members."""
    if not isinstance(member, Linear):
        return 0.0
    size = max(float(np.abs(member.coefficients).max(initial=0)), abs(float(member.intercept)))
    least = float(np.abs(member.scores(problem.design[problem.train])).min())
    return least / size if size > 0 else 0.0


def _rank(problem: FairClassifier, member: Member) -> int:
    """The least class that has the member; thresholds of linear scores are linear, of others they stand alone."""
    return Table.rank if isinstance(member, Thresholds) and _stands_alone(problem) else member.rank


def _stands_alone(problem: FairClassifier) -> bool:
    """Whether thresholds of the score are of no class but their own and that of all classifiers."""
    return problem.scorer is None and problem.hypothesis != "threshold"


def _differ(problem: FairClassifier, values: np.ndarray) -> float:
    """By how much predictions of rows that are equal to a classifier differ at most."""
    known = ~np.isnan(values)
    code, count = problem.cell_codes[known], len(problem.cells)
    low, high = np.full(count + 1, np.inf), np.full(count + 1, -np.inf)
    np.minimum.at(low, code, values[known])
    np.maximum.at(high, code, values[known])
    return float((high - low)[:count].max())


def _unordered(problem: FairClassifier, values: np.ndarray) -> float:
    """By how much predictions fall at most where scores rise: those of mixtures of thresholds never do."""
    groups = problem.groups if problem.group_aware else np.zeros(len(values), dtype=np.int64)
    sets = [problem.train & (groups == g) for g in np.unique(groups[problem.train])]
    return max(_fall(problem.score[rows].astype(np.float64), values[rows]) for rows in sets)


def _fall(scores: np.ndarray, values: np.ndarray) -> float:
    distinct, place = np.unique(scores, return_inverse=True)
    low, high = np.full(len(distinct), np.inf), np.full(len(distinct), -np.inf)
    np.minimum.at(low, place, values)
    np.maximum.at(high, place, values)
    return float((np.maximum.accumulate(high) - low).max())


def _linear(problem: FairClassifier, positive: np.ndarray) -> bool | None:
    """Whether predictions are of the hypothesis, as far as it can be told; None where it can't."""
    if problem.hypothesis in ("table", "threshold"):
        return True
    found = problem.cells
    labels = positive[problem.train][found.first]
    if problem.hypothesis == "network" or ((labels > 0) & (labels < 1)).any():
        return None
    return separable(problem.design[problem.train][found.first], labels)


def trivial(problem: FairClassifier) -> Classifier | None:
    """The same label for everybody: its rates are equal."""
    if problem.rates is None:
        return problem.classifier([Linear(coefficients=np.zeros(problem.design.shape[1]))])
    tally = problem.tally(np.zeros(len(problem.label)))
    most = float(tally.mass[:, 1].sum() > tally.mass[:, 0].sum())
    return problem.classifier([constant(problem, most)])


def constant(problem: FairClassifier, label: float) -> Member:
    """The member that predicts the label for everybody."""
    if problem.hypothesis == "threshold":
        return Thresholds(values=np.array([-np.inf if label else np.inf]))
    if problem.hypothesis == "table":
        return Table(probabilities=np.full(len(problem.cells), label), fallback=label)
    return Linear(coefficients=np.zeros(problem.design.shape[1]), intercept=1.0 if label else -1.0)
