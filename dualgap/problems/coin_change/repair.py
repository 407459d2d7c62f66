"""From any point to coins that pay the amount: round down, then complete the rest by a small exact search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from dualgap.problems.coin_change.spec import CoinChange, CoinChangeAnswer


def repair(problem: CoinChange, point: Any) -> CoinChangeAnswer:
    """Coins near ``point`` that pay the amount where a completion is found; else the rounded point as it is."""
    from dualgap.problems.coin_change.spec import CoinChangeAnswer

    wanted = np.nan_to_num(np.asarray(point, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    counts = np.clip(np.floor(wanted + 1e-6), 0, problem.limits).astype(np.int64)
    coins, amount = problem.whole
    rest = amount - int(coins.astype(object) @ counts)
    for j in np.argsort(-coins, kind="stable"):
        if rest <= 0:
            break
        more = min(rest // int(coins[j]), int(problem.limits[j] - counts[j]))
        counts[j] += more
        rest -= more * int(coins[j])
    return CoinChangeAnswer(counts=counts)
