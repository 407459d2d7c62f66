"""Logistic loss under a bound on the covariance of scores and groups.

Mathematics: ``min F(theta) = sum_i s_i (log(1 + exp(z_i)) - y_i z_i) + ridge/2 |theta|^2``, z = X theta, with
``|sum_i s_i (g_i - mean g) z_i| <= epsilon`` for the indicator g of each group (of two groups, the second's alone):
Zafar, Valera, Gomez Rodriguez and Gummadi, Fairness constraints: mechanisms for fair classification (2017). X holds
features scaled to mean 0 and variance 1 and a column of ones, whose coefficient is free of the ridge.

The dual: for prices y of the rows, whose gradients are the columns of D, and any probabilities a,

    F(theta) - y'D theta >= sum_i s_i h(a_i) - |w|^2 / (2 ridge),    w = X'(s (a - labels)) - D'y,

h the entropy, where w is 0 for the intercept; with epsilon |y|_1 taken off, that is a bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Bound, Evaluation, Evidence, Violation
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.verify import ROUNDING
from dualgap.core.witness import Multipliers, Witness
from dualgap.problems.fair_classifier.answers import Classifier, Linear
from dualgap.problems.fair_classifier.logistic import Scaling, newton, sigmoid

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

_BALANCE = 50  # Newton steps for a common shift of the probabilities
_UNIT = 2.0**-53


@dataclass(frozen=True, eq=False)
class Surrogate:
    """The convex program of the training split.

    Attributes:
        x: (n, k) scaled columns, the last one 1. labels: (n,) 0 and 1. shares: (n,) of the weight; they sum to 1.
        rows: (m, k) D: the covariances' gradients. names: of the rows.
        ridge, epsilon: of the spec.
        scaling: from the design's columns to those of x.
    """

    x: np.ndarray
    labels: np.ndarray
    shares: np.ndarray
    rows: np.ndarray
    names: tuple[str, ...]
    ridge: float
    epsilon: float
    scaling: Scaling

    def loss(self, theta: np.ndarray) -> float:
        """F."""
        scores = self.x @ theta
        fit = self.shares @ (np.logaddexp(0.0, scores) - self.labels * scores)
        return float(fit + 0.5 * self.ridge * theta[:-1] @ theta[:-1])

    def best(self, multipliers: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
        """(k,) the minimiser of ``F(theta) - y'D theta``."""
        return newton(self.x, self.labels, self.shares, self.ridge, start, tilt=-multipliers @ self.rows)

    def bound(self, multipliers: np.ndarray, theta: np.ndarray) -> tuple[float, float]:
        """(a lower bound of the optimum, its rounding error), from prices and a theta near their minimiser."""
        chance = _balanced(sigmoid(self.x @ theta), self.labels, self.shares)
        left = self.x.T @ (self.shares * (chance - self.labels)) - multipliers @ self.rows
        entropy = -_xlogx(chance) - _xlogx(1.0 - chance)
        curved = float(left[:-1] @ left[:-1]) / (2.0 * self.ridge)
        price = self.epsilon * float(np.abs(multipliers).sum())
        value = float(self.shares @ entropy) - curved - price
        # Of n-fold sums; and of the intercept's entry of w, which balancing leaves at rounding.
        terms = np.abs(self.x).T @ self.shares + np.abs(multipliers) @ np.abs(self.rows)
        error = len(self.x) * _UNIT * (1.0 + curved + price + float(np.abs(left) @ terms) / self.ridge)
        error += abs(float(left[-1])) * (1.0 + abs(float(theta[-1])))
        return value - error, error


def _xlogx(values: np.ndarray) -> np.ndarray:
    return np.asarray(values * np.log(np.where(values > 0, values, 1.0)))


def _balanced(chance: np.ndarray, labels: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Probabilities whose mean is that of the labels: logits moved alike."""
    logits = np.log(np.maximum(chance, 1e-300)) - np.log(np.maximum(1.0 - chance, 1e-300))
    wanted, shift = float(shares @ labels), 0.0
    for _ in range(_BALANCE):
        now = sigmoid(logits + shift)
        off = float(shares @ now) - wanted
        slope = float(shares @ (now * (1.0 - now)))
        if abs(off) <= 4 * _UNIT or slope <= 0:
            return now
        shift -= off / slope
    return sigmoid(logits + shift)


def surrogate(problem: FairClassifier) -> Surrogate:
    """The program of a spec."""
    train = problem.train
    design, mass = problem.design[train], problem.mass[train]
    scaling, shares = Scaling.of(design, mass), mass / mass.sum()
    x = np.hstack([scaling.scaled(design), np.ones((len(design), 1))])
    first = 1 if problem.count == 2 else 0
    members = np.eye(problem.count)[problem.groups[train]][:, first:]
    rows = ((members - shares @ members) * shares[:, None]).T @ x
    rows[:, -1] = 0.0  # an intercept covaries with nothing
    return Surrogate(
        x=x,
        labels=problem.label[train].astype(np.float64),
        shares=shares,
        rows=rows,
        names=tuple(f"covariance with {name}" for name in problem.group_names[first:]),
        ridge=float(problem.ridge),
        epsilon=float(problem.epsilon),
        scaling=scaling,
    )


def evaluate(problem: FairClassifier, answer: Classifier) -> Evaluation:
    """The loss, and by how much covariances exceed epsilon; the metrics of the classifier that the scores make."""
    from dualgap.problems.fair_classifier.evaluate import predicted
    from dualgap.problems.fair_classifier.metrics import metrics

    members = [member for member, weight in zip(answer.members, answer.weights.tolist()) if weight > 0]
    if len(members) != 1 or not isinstance(members[0], Linear):
        return Evaluation(float("inf"), {"one linear classifier, without chance": Violation(float("inf"))})
    program = problem.surrogate
    theta = program.scaling.theta(members[0])
    with np.errstate(over="ignore", invalid="ignore"):
        loss = program.loss(theta)
    if not np.isfinite(loss):
        return Evaluation(float("inf"), {"coefficients": Violation(float("inf"))})
    found, terms = program.rows @ theta, np.abs(program.rows) @ np.abs(theta)
    violations = {
        name: Violation(abs(value) - program.epsilon, max(1.0, size))
        for name, value, size in zip(program.names, found.tolist(), terms.tolist())
        if abs(value) > program.epsilon
    }
    told = metrics(problem, predicted(problem, answer))
    told["covariance"] = dict(zip(program.names, found.tolist()))
    return Evaluation(loss, violations, told, scale=(1.0 + abs(loss)) * 1e-12 / ROUNDING)


def prove(problem: FairClassifier, witness: Witness) -> Bound:
    """The dual at the prices: the verifier finds the minimiser itself.

    Raises:
        InvalidWitnessError: another witness, or prices of other rows.
    """
    if not isinstance(witness, Multipliers):
        raise InvalidWitnessError(f"fair-classifier takes no {witness.type} witness")
    program = problem.surrogate
    if witness.rows.shape != (len(program.rows),):
        raise InvalidWitnessError(f"{len(witness.rows)} multipliers for {len(program.rows)} covariances")
    multipliers = witness.rows.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        value, error = program.bound(multipliers, program.best(multipliers))
    if not np.isfinite(value):
        raise InvalidWitnessError("the prices are so large that nothing follows")
    priced = ", ".join(f"{y:.4g} on {name}" for y, name in zip(multipliers.tolist(), program.names))
    return Bound(value, Evidence.NUMERICAL, f"Fenchel's dual at prices {priced}", error)
