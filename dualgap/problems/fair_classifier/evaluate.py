"""An answer's training error and violations, recomputed from the spec."""

from __future__ import annotations

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
    probabilities,
)

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

_SUM = 1e-9  # what the weights of a mixture may miss 1 by
_HOPELESS = float("inf")


def evaluate(problem: FairClassifier, answer: Any) -> Evaluation:
    """Objective, violations by name, metrics by split."""
    from dualgap.problems.fair_classifier.covariance import evaluate as covariance
    from dualgap.problems.fair_classifier.metrics import metrics

    wrong = misfits(problem, answer)
    if wrong:
        return Evaluation(_HOPELESS, {reason: Violation(_HOPELESS) for reason in wrong})
    if problem.rates is None:
        return covariance(problem, answer)
    positive = predicted(problem, answer)
    tally = problem.tally(positive)
    violations = dict(_outside(problem, answer, positive))
    excess = tally.gap(problem.rates, problem.difference) - float(problem.epsilon)
    if excess > 0:
        violations[f"{problem.metric}, {problem.difference}"] = Violation(excess)
    return Evaluation(tally.error, violations, metrics(problem, positive), scale=1.0)


def predicted(problem: FairClassifier, answer: Classifier) -> np.ndarray:
    """(n,) the probability of predicting 1 for every row of every split."""
    weights = answer.weights.astype(np.float64)
    total = sum(w * probabilities(problem, member) for w, member in zip(weights.tolist(), answer.members) if w)
    return np.clip(np.asarray(total), 0.0, 1.0)


def misfits(problem: FairClassifier, answer: Classifier) -> list[str]:
    """Why an answer predicts nothing here: wrong sizes, weights that are no mixture, numbers that aren't finite."""
    weights = answer.weights.astype(np.float64)
    found = [reason for member in answer.members if (reason := _misfit(problem, member))]
    if not answer.members or len(weights) != len(answer.members):
        found.append(f"{len(weights)} weights for {len(answer.members)} members")
    elif (weights < 0).any() or abs(weights.sum() - 1.0) > _SUM:
        found.append("weights are no mixture")
    return found


def _misfit(problem: FairClassifier, member: Member) -> str | None:
    wide = problem.design.shape[1]
    if isinstance(member, Linear):
        return f"{len(member.coefficients)} coefficients for {wide}" if len(member.coefficients) != wide else None
    if isinstance(member, Thresholds):
        if not len(problem.score):
            return "thresholds, and the spec has no score"
        return None if len(member.values) in (1, problem.count) else f"{len(member.values)} thresholds"
    if isinstance(member, Network):
        sizes = [wide, *(weight.shape[1] for weight in member.weights)]
        chained = [weight.shape[0] for weight in member.weights] == sizes[:-1] and sizes[-1] == 1
        biased = [len(bias) for bias in member.biases] == sizes[1:]
        return None if chained and biased and len(member.weights) else "layers that don't fit together"
    values = member.probabilities.astype(np.float64)
    expected = len(problem.cells) if isinstance(member, Table) else len(problem.label)
    if len(values) != expected:
        return f"{len(values)} probabilities for {expected}"
    inside = ((values >= 0) & (values <= 1)).all() and 0 <= getattr(member, "fallback", 0) <= 1
    return None if inside else "probabilities outside 0 to 1"


def _outside(problem: FairClassifier, answer: Classifier, positive: np.ndarray) -> dict[str, Violation]:
    """What takes an answer out of the spec's class of classifiers."""
    from dualgap.problems.fair_classifier.spec import CLASSES

    found = {}
    limit = CLASSES.index(problem.hypothesis)
    ranks = [_rank(problem, member) for member in answer.members]
    if max(ranks) > limit:
        found[f"a {CLASSES[max(ranks)]} classifier, hypothesis {problem.hypothesis}"] = Violation(1.0)
    for member in answer.members:
        if isinstance(member, Thresholds) and len(member.values) > 1 and not problem.group_aware:
            found["thresholds by group, group_aware = false"] = Violation(1.0)
        if isinstance(member, Predictions):
            differ = _differ(problem, member.probabilities.astype(np.float64))
            if differ > 0:
                found["reads more than the features: equal rows are predicted differently"] = Violation(differ)
    if not problem.randomized and ((positive > 0) & (positive < 1)).any():
        found["randomised, randomized = false"] = Violation(float(np.minimum(positive, 1 - positive).max()))
    return found


def _rank(problem: FairClassifier, member: Member) -> int:
    """The least class that has the member; thresholds of linear scores are linear, of others they stand alone."""
    if isinstance(member, Thresholds) and problem.scorer is None and problem.hypothesis != "threshold":
        return Table.rank
    return member.rank


def _differ(problem: FairClassifier, values: np.ndarray) -> float:
    """By how much predictions of equal training rows differ at most."""
    rows, found = problem.train, problem.cells
    low, high = np.full(len(found), np.inf), np.full(len(found), -np.inf)
    np.minimum.at(low, found.code, values[rows])
    np.maximum.at(high, found.code, values[rows])
    return float((high - low).max())


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
