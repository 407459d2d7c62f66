"""Logistic risks of data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dualgap.problems.minimax_regret.risks import Risks
from dualgap.problems.minimax_regret.rounding import UNIT, gamma

_STEPS = 100
_SUFFICIENT = 1e-4  # of the decrease that the gradient promises (Armijo)
_SHORTEST = 1e-8


@dataclass(frozen=True, eq=False)
class Logistic(Risks):
    """``R_s(theta) = sum_i shares_i log(1 + exp(-z_i'theta)) + ridge/2 |theta|^2``, i in group s, ridge > 0.

    Attributes:
        z: (n, d) rows ``y_i x_i`` with y in -1, 1, sorted by group.
        shares: (n,) of each row in its group; they sum to 1.
        starts: (k,) the groups' first rows.
        ridge: of every group.
    """

    z: np.ndarray
    shares: np.ndarray
    starts: np.ndarray
    ridge: float
    exact = False

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.starts), self.z.shape[1]

    def _sums(self, rows: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.add.reduceat(rows, self.starts, axis=0)
        return found

    def _spread(self, weights: np.ndarray) -> np.ndarray:
        """(n,) each row's weight in a mixture of the groups."""
        counts = np.diff(np.append(self.starts, len(self.z)))
        found: np.ndarray = np.repeat(weights, counts) * self.shares
        return found

    def values(self, theta: np.ndarray) -> np.ndarray:
        losses = np.logaddexp(0.0, -(self.z @ theta))
        return self._sums(self.shares * losses) + 0.5 * self.ridge * float(theta @ theta)

    def errors(self, theta: np.ndarray) -> np.ndarray:
        """The loss has slope 1 at most: an error of its argument is no larger in it."""
        sizes: np.ndarray = self._sums(self.shares * (np.abs(self.z) @ np.abs(theta) + 1.0)) + self.values(theta)
        sizes *= 2.0 * gamma(len(self.z) + self.z.shape[1] + 16)
        return sizes

    def _slopes(self, theta: np.ndarray) -> np.ndarray:
        """(n,) the loss's derivative, ``-1 / (1 + exp(z'theta))``."""
        margins = self.z @ theta
        small = np.exp(-np.abs(margins))
        found: np.ndarray = -np.where(margins >= 0, small, 1.0) / (1.0 + small)
        return found

    def gradients(self, theta: np.ndarray) -> np.ndarray:
        return self._sums((self.shares * self._slopes(theta))[:, None] * self.z) + self.ridge * theta

    def gradient_error(self, theta: np.ndarray, weights: np.ndarray) -> float:
        """The slope's own slope is 1/4 at most."""
        absolute = np.abs(self.z)
        rows = self._spread(weights) * (1.0 + absolute @ np.abs(theta))
        size = rows @ absolute + float(weights.sum()) * self.ridge * np.abs(theta)
        return 2.0 * gamma(len(self.z) + self.z.shape[1] + 16) * float(np.linalg.norm(size))

    def hessian(self, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
        slopes = self._slopes(theta)
        curved = (self._spread(weights) * -slopes * (1.0 + slopes))[:, None] * self.z
        found: np.ndarray = self.z.T @ curved + float(weights.sum()) * self.ridge * np.eye(self.z.shape[1])
        return found

    def modulus(self, weights: np.ndarray) -> float:
        return float(weights.sum()) * self.ridge * (1.0 - gamma(len(weights) + 4))

    def fit(self, weights: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
        """Newton's method with halved steps, until the decrease that it promises is rounding."""
        theta = np.zeros(self.z.shape[1]) if start is None else start
        value = float(weights @ self.values(theta))
        for _ in range(_STEPS):
            gradient = weights @ self.gradients(theta)
            step = -np.linalg.solve(self.hessian(theta, weights), gradient)
            promised = float(gradient @ step)
            if -promised <= 8.0 * UNIT * value:
                return theta + step
            length, reached = 1.0, float(weights @ self.values(theta + step))
            while reached > value + _SUFFICIENT * length * promised and length > _SHORTEST:
                length *= 0.5
                reached = float(weights @ self.values(theta + length * step))
            if not reached < value:
                break
            theta, value = theta + length * step, reached
        return theta
