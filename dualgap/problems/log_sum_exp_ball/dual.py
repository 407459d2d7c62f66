"""The dual linear program of the sum's, and the point that its optimum determines through the KKT conditions.

    max (1 - y)'b - radius ||y||_1   subject to   A'y = A'1,   y = low - high,  low, high >= 0

Complementary slackness puts row i at -radius where ``low_i > 0`` and at radius where ``high_i > 0``. These equations
determine x where they have rank d; where too many prices vanish, more than one x meets them, and only some of those are
feasible or optimal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.forms import MixedIntegerProgram

if TYPE_CHECKING:
    from dualgap.problems.log_sum_exp_ball.spec import LogSumExpBall

_NOISE = 1e-9  # of the largest price


@dataclass(frozen=True)
class Recovered:
    """The point that prices determine, or None and the reason; how many rows they hold at a side, and their rank."""

    point: np.ndarray | None
    active: int
    rank: int
    reason: str = ""


def dual_program(problem: LogSumExpBall) -> MixedIntegerProgram:
    """The dual in (low, high), as it is minimised: its optimum is minus the linear program's."""
    from scipy.sparse import csr_array

    n, d = problem.size
    matrix, b, radius = problem.matrix, problem.b.astype(np.float64), float(problem.radius)
    total = matrix.sum(axis=0)
    return MixedIntegerProgram(
        cost=np.append(radius + b, radius - b),
        matrix=csr_array(np.hstack([matrix.T, -matrix.T])),
        row_lower=total,
        row_upper=total,
        lower=np.zeros(2 * n),
        upper=np.full(2 * n, np.inf),
        integer=np.zeros(2 * n, dtype=bool),
        offset=-float(b.sum()),
        columns=tuple(f"{side} {i}" for side in ("low", "high") for i in range(1, n + 1)),
        rows=tuple(f"x{j}" for j in range(1, d + 1)),
    )


def prices_of(problem: LogSumExpBall, point: np.ndarray) -> np.ndarray:
    """(n,) y of a point (low, high) of the dual."""
    low, high = np.split(np.asarray(point, dtype=np.float64), 2)
    return np.asarray(low - high)


def recovered(problem: LogSumExpBall, prices: np.ndarray) -> Recovered:
    """The x that has every row with a price at its side."""
    d = problem.size[1]
    active = np.abs(prices) > _NOISE * np.abs(prices).max(initial=0.0)
    rows = problem.matrix[active]
    rank = int(np.linalg.matrix_rank(rows)) if active.any() else 0
    count = int(active.sum())
    if rank < d:
        reason = f"undetermined: rows with a price ({count}) have rank {rank}, and x has {d} unknowns"
        return Recovered(None, count, rank, reason)
    sides = -float(problem.radius) * np.sign(prices[active])
    point = np.linalg.lstsq(rows, sides - problem.b[active], rcond=None)[0]
    return Recovered(np.asarray(point), count, rank)
