"""What the worst case is taken over: risks, regrets or ratios of one model in several groups; and their dual.

A score is ``scale_s R_s(theta) - shift_s`` with scale and shift from the group's least risk ``R_s*``:

    risk:   R_s(theta)          regret: R_s(theta) - R_s*          ratio: R_s(theta) / R_s*

For any distribution lambda over the groups, ``q(lambda) = min over theta of sum_s lambda_s score_s(theta)`` is at most
the least worst score, and some lambda attains it (von Neumann's minimax theorem: scores are convex).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from dualgap.problems.minimax_regret.risks import Risks
from dualgap.problems.minimax_regret.rounding import gamma

Goal = Literal["regret", "risk", "ratio"]


@dataclass(frozen=True)
class Dual:
    """q at some weights, bounded from below: ``value`` with ``error`` taken off, and the minimiser ``theta``."""

    value: float
    error: float
    theta: np.ndarray
    proved: bool


@dataclass(frozen=True)
class Scores:
    """The groups' scores, rounded so that values are not too small and bounds not too large."""

    risks: Risks
    goal: Goal

    @property
    def scale(self) -> np.ndarray:
        """(k,) factors of the risks."""
        lower = self.risks.optima.lower
        return 1.0 / lower if self.goal == "ratio" else np.ones(len(lower))

    @property
    def shift(self) -> np.ndarray:
        """(k,) what is taken off."""
        lower = self.risks.optima.lower
        return lower if self.goal == "regret" else np.zeros(len(lower))

    def values(self, theta: np.ndarray) -> np.ndarray:
        """(k,) scores of a model."""
        found: np.ndarray = self.scale * self.risks.values(theta) - self.shift
        return found

    def error(self, theta: np.ndarray) -> float:
        """By how much a worst score and a bound may miss each other for rounding alone."""
        optima = self.risks.optima
        return float((self.scale * (2.0 * self.risks.errors(theta) + 2.0 * (optima.upper - optima.lower))).max())

    def weighted(self, weights: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
        """(d,) the minimiser of the weighted scores; ``start`` is a model to begin at."""
        return self.risks.fit(self.scale * weights, start)

    def dual(self, weights: np.ndarray) -> Dual:
        """q at ``weights / sum weights`` (k,), not all 0."""
        upper, width = self.risks.optima.upper, self.risks.optima.upper - self.risks.optima.lower
        scaled = weights / upper if self.goal == "ratio" else weights
        floor = self.risks.floor(scaled)
        shift = float(scaled @ upper) if self.goal == "regret" else 0.0
        total = float(scaled @ upper) if self.goal == "ratio" else float(scaled.sum())
        value = (floor.value - shift) / total
        rounding = 2.0 * gamma(len(weights) + 8) * (abs(floor.value) + float(scaled @ np.abs(upper))) / total
        unknown = float(scaled @ width) * {"regret": 1.0, "risk": 0.0, "ratio": abs(value)}[self.goal]
        proved = floor.proved and (self.goal == "risk" or self.risks.exact)
        return Dual(value - rounding, (floor.error + unknown) / total + rounding, floor.point, proved)
