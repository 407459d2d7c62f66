"""Quadratic risks, given as such or as mean squared errors of data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dualgap.problems.minimax_regret.risks import Risks
from dualgap.problems.minimax_regret.rounding import gamma, least_eigenvalue


@dataclass(frozen=True, eq=False)
class Quadratics(Risks):
    """``R_s(theta) = 1/2 theta'H_s theta - b_s'theta + c_s``.

    Attributes:
        hessians, linear, constant: (k, d, d), (k, d), (k,).
        sizes: the same three, with every term that went into them in absolute value.
        roundings: that any of those terms has gone through.
    """

    hessians: np.ndarray
    linear: np.ndarray
    constant: np.ndarray
    sizes: tuple[np.ndarray, np.ndarray, np.ndarray]
    roundings: int
    exact = True

    @property
    def shape(self) -> tuple[int, int]:
        return self.linear.shape[0], self.linear.shape[1]

    def values(self, theta: np.ndarray) -> np.ndarray:
        return _evaluate((self.hessians, -self.linear, self.constant), theta)

    def errors(self, theta: np.ndarray) -> np.ndarray:
        return self._gamma * _evaluate(self.sizes, np.abs(theta))

    @property
    def _gamma(self) -> float:
        """Twice over: the sizes are rounded themselves."""
        return 2.0 * gamma(self.roundings + 2 * self.shape[1] + 8)

    def gradients(self, theta: np.ndarray) -> np.ndarray:
        found: np.ndarray = self.hessians @ theta - self.linear
        return found

    def gradient_error(self, theta: np.ndarray, weights: np.ndarray) -> float:
        hessians, linear, _ = self.sizes
        size = weights @ (hessians @ np.abs(theta) + linear)
        return 2.0 * gamma(self.roundings + self.shape[0] + self.shape[1] + 8) * float(np.linalg.norm(size))

    def hessian(self, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.tensordot(weights, self.hessians, 1)
        return found

    def modulus(self, weights: np.ndarray) -> float:
        size = np.tensordot(weights, self.sizes[0], 1)  # its infinity norm bounds the 2-norm, as it is symmetric
        error = 2.0 * gamma(self.roundings + self.shape[0] + 8) * float(size.sum(axis=1).max())
        return least_eigenvalue(self.hessian(np.zeros(0), weights), error)

    def fit(self, weights: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
        """The shortest minimiser, where there are several."""
        hessian, linear = self.hessian(np.zeros(0), weights), weights @ self.linear
        try:
            theta = np.linalg.solve(hessian, linear)
        except np.linalg.LinAlgError:
            theta = np.full(len(linear), np.inf)
        residual = np.abs(hessian @ theta - linear).max() if np.isfinite(theta).all() else np.inf
        if residual > 1e-9 * (np.abs(linear).max() + 1e-300):  # singular, to rounding
            theta = np.linalg.lstsq(hessian, linear, rcond=None)[0]
        found: np.ndarray = theta
        return found


def _evaluate(parts: tuple[np.ndarray, np.ndarray, np.ndarray], theta: np.ndarray) -> np.ndarray:
    hessians, linear, constant = parts
    found: np.ndarray = 0.5 * (hessians @ theta) @ theta + linear @ theta + constant
    return found


def given(hessians: np.ndarray, linear: np.ndarray, constant: np.ndarray) -> Quadratics:
    """Quadratics as a spec states them, in decimals."""
    parts = tuple(np.asarray(part, dtype=np.float64) for part in (hessians, linear, constant))
    return Quadratics(parts[0], parts[1], parts[2], (abs(parts[0]), abs(parts[1]), abs(parts[2])), roundings=1)


def squared(x: np.ndarray, y: np.ndarray, shares: np.ndarray, starts: np.ndarray, ridge: float) -> Quadratics:
    """Mean squared errors: ``R_s = sum_i shares_i (x_i'theta - y_i)^2 + ridge/2 |theta|^2``, i in group s.

    Args:
        x, y, shares: (n, d), (n,), (n,) sorted by group; the shares of a group sum to 1.
        starts: (k,) the groups' first rows.
        ridge: of every group.
    """
    penalty = ridge * np.eye(x.shape[1])
    signed = _moments(x, y, shares, starts, penalty)
    sizes = _moments(np.abs(x), np.abs(y), shares, starts, penalty)
    return Quadratics(*signed, sizes=sizes, roundings=2 * len(x) + 16)


def _moments(
    x: np.ndarray, y: np.ndarray, shares: np.ndarray, starts: np.ndarray, penalty: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The parts (hessians, linear, constant) of weighted squares."""
    groups = [slice(start, end) for start, end in zip(starts, [*starts[1:], len(x)])]
    scaled = shares[:, None] * x
    hessians = np.array([2.0 * x[rows].T @ scaled[rows] + penalty for rows in groups])
    linear = np.array([2.0 * scaled[rows].T @ y[rows] for rows in groups])
    return hessians, linear, np.array([float((shares[rows] * y[rows]) @ y[rows]) for rows in groups])
