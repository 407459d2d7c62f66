"""Logistic regression by Newton's method, on features scaled to mean 0 and variance 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dualgap.problems.fair_classifier.answers import Linear

_STEPS = 100
_SUFFICIENT = 1e-4  # of the decrease that the gradient promises (Armijo)
_SHORTEST = 1e-8
_FLAT = 1e-12  # relative: features that vary less are constant


@dataclass(frozen=True, eq=False)
class Scaling:
    """``scaled = (x - mean) / deviation``; features that don't vary on the training split become 0.

    Attributes:
        mean, deviation: (D,); the deviation is infinite where a feature is constant.
    """

    mean: np.ndarray
    deviation: np.ndarray

    @staticmethod
    def of(design: np.ndarray, weights: np.ndarray) -> Scaling:
        shares = weights / weights.sum()
        mean = shares @ design
        deviation = np.sqrt(shares @ (design - mean) ** 2)
        flat = deviation <= _FLAT * (np.abs(mean) + np.abs(design).max(axis=0, initial=0.0))
        return Scaling(mean, np.where(flat, np.inf, deviation))

    def scaled(self, design: np.ndarray) -> np.ndarray:
        return np.asarray((design - self.mean) / self.deviation)

    def linear(self, theta: np.ndarray) -> Linear:
        """The model of raw features for (D + 1,) coefficients of scaled ones, the intercept last."""
        coefficients = theta[:-1] / self.deviation
        return Linear(coefficients=coefficients, intercept=float(theta[-1] - coefficients @ self.mean))

    def theta(self, model: Linear) -> np.ndarray:
        """The inverse of ``linear``, coefficients of constant features aside."""
        raw = model.coefficients.astype(np.float64)
        varying = np.isfinite(self.deviation)
        intercept = float(model.intercept) + float(raw @ self.mean)
        return np.append(np.where(varying, raw * np.where(varying, self.deviation, 0.0), 0.0), intercept)


def fit(design: np.ndarray, labels: np.ndarray, weights: np.ndarray, ridge: float = 1e-4) -> Linear:
    """The minimiser of the weighted mean logistic loss plus ``ridge/2 |theta|^2``, theta of scaled features.

    Args:
        design: (n, D). labels: (n,) 0 and 1, or probabilities. weights: (n,) positive.
        ridge: not of the intercept.
    """
    scaling = Scaling.of(design, weights)
    x = np.hstack([scaling.scaled(design), np.ones((len(design), 1))])
    return scaling.linear(newton(x, labels.astype(np.float64), weights / weights.sum(), ridge))


def newton(
    x: np.ndarray,
    labels: np.ndarray,
    shares: np.ndarray,
    ridge: float,
    start: np.ndarray | None = None,
    steps: int = _STEPS,
    tilt: np.ndarray | None = None,
) -> np.ndarray:
    """(k,) coefficients of columns (n, k), the last of which is free of the ridge; halved steps where needed.

    ``tilt'theta`` is added to the objective: (k,), whose last entry is 0.
    """
    theta = np.zeros(x.shape[1]) if start is None else start
    penalty = np.append(np.full(x.shape[1] - 1, ridge), 0.0)
    tilt = np.zeros(x.shape[1]) if tilt is None else tilt
    value = _loss(x, labels, shares, penalty, tilt, theta)
    for _ in range(steps):
        chance = sigmoid(x @ theta)
        gradient = x.T @ (shares * (chance - labels)) + penalty * theta + tilt
        hessian = (x.T * (shares * chance * (1.0 - chance))) @ x + np.diag(penalty)
        step = -np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        promised = float(gradient @ step)
        if -promised <= 1e-15 * (1.0 + value):
            break
        length, reached = 1.0, _loss(x, labels, shares, penalty, tilt, theta + step)
        while reached > value + _SUFFICIENT * length * promised and length > _SHORTEST:
            length *= 0.5
            reached = _loss(x, labels, shares, penalty, tilt, theta + length * step)
        if not reached < value:
            break
        theta, value = theta + length * step, reached
    return theta


def _loss(
    x: np.ndarray, labels: np.ndarray, shares: np.ndarray, penalty: np.ndarray, tilt: np.ndarray, theta: np.ndarray
) -> float:
    scores = x @ theta
    return float(shares @ (np.logaddexp(0.0, scores) - labels * scores) + 0.5 * penalty @ theta**2 + tilt @ theta)


def sigmoid(scores: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(scores))
    return np.asarray(np.where(scores >= 0, 1.0, small) / (1.0 + small))
