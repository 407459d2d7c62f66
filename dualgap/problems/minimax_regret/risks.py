"""Risks of one linear model in several groups, and the least value of a mixture of them with the error it admits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dualgap.problems.minimax_regret.rounding import gamma


class Risks(ABC):
    """Convex differentiable functions ``R_s(theta)``, s = 1 ... k, theta of d coefficients.

    ``exact`` says whether the error bounds are rigorous: they are for sums of products, not for logarithms.
    """

    exact: bool

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """(k groups, d coefficients)."""

    @abstractmethod
    def values(self, theta: np.ndarray) -> np.ndarray:
        """(k,) the risks."""

    @abstractmethod
    def errors(self, theta: np.ndarray) -> np.ndarray:
        """(k,) by how much ``values`` may be off, rounding included."""

    @abstractmethod
    def gradients(self, theta: np.ndarray) -> np.ndarray:
        """(k, d)."""

    @abstractmethod
    def gradient_error(self, theta: np.ndarray, weights: np.ndarray) -> float:
        """By how much ``weights @ gradients`` may be off (2-norm)."""

    @abstractmethod
    def modulus(self, weights: np.ndarray) -> float:
        """A proved lower bound on the strong convexity of ``sum_s weights_s R_s``; 0 where none shows."""

    @abstractmethod
    def hessian(self, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """(d, d) of ``sum_s weights_s R_s``."""

    @abstractmethod
    def fit(self, weights: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
        """(d,) the minimiser of ``sum_s weights_s R_s``, to rounding."""

    def floor(self, weights: np.ndarray, theta: np.ndarray | None = None) -> Floor:
        """A lower bound on ``sum_s weights_s R_s``, weights >= 0, from its gradient g at a point near the minimiser.

        With modulus m the least value is at least ``value - |g|^2 / (2 m)``; without one, the Hessian's pseudo-inverse
        stands in, and nothing is proved.
        """
        point = self.fit(weights) if theta is None else theta
        risks, errors = self.values(point), self.errors(point)
        gradient = weights @ self.gradients(point)
        modulus = self.modulus(weights)
        if modulus > 0:
            length = float(np.linalg.norm(gradient)) * (1 + 1e-12) + self.gradient_error(point, weights)
            drop = (1 + 1e-12) * length * length / (2.0 * modulus)
        else:
            drop = 0.5 * float(gradient @ np.linalg.pinv(self.hessian(point, weights), hermitian=True) @ gradient)
        rounding = gamma(len(weights) + 4) * float(weights @ np.abs(risks))
        error = float(weights @ errors) * (1 + 1e-12) + drop + 2.0 * rounding
        return Floor(float(weights @ risks) - error, error, point, self.exact and modulus > 0)

    @cached_property
    def optima(self) -> Optima:
        """Each group's own least risk."""
        floors = [self.floor(row) for row in np.eye(self.shape[0])]
        points = np.array([floor.point for floor in floors])
        above = [float((self.values(floor.point) + self.errors(floor.point))[s]) for s, floor in enumerate(floors)]
        below = np.array([floor.value for floor in floors])
        return Optima(below, np.array(above), points, np.array([floor.proved for floor in floors]))


@dataclass(frozen=True)
class Floor:
    """``value`` bounds a mixture of risks from below; ``error`` is how far it stays below the value at ``point``."""

    value: float
    error: float
    point: np.ndarray
    proved: bool


@dataclass(frozen=True)
class Optima:
    """Each group's least risk, between ``lower`` and ``upper`` (k,), and where it is attained, ``points`` (k, d).

    ``upper`` always holds, to the exactness of the risks; ``lower`` is rigorous where ``proved``.
    """

    lower: np.ndarray
    upper: np.ndarray
    points: np.ndarray
    proved: np.ndarray
