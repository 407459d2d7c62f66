"""Means of times and gaps, and how sure they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

SHIFT = 1.0
"""Seconds that are added before the geometric mean is taken, so that tiny times don't decide it (Achterberg, 2007)."""


def shifted_geometric_mean(values: Sequence[float], shift: float = SHIFT) -> float:
    """``exp(mean(log(v + shift))) - shift``; NaN of nothing."""
    if not len(values):
        return float("nan")
    return float(np.expm1(np.log1p(np.asarray(values, dtype=np.float64) / shift).mean()) * shift)


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


def bootstrap(
    values: Sequence[float],
    estimate: Callable[[np.ndarray], float],
    *,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """The percentile interval over resampled values (Efron, 1979); seeded."""
    given = np.asarray(values, dtype=np.float64)
    if not given.size:
        return Interval(float("nan"), float("nan"), float("nan"))
    rng = np.random.Generator(np.random.PCG64(seed))
    found = [estimate(given[rng.integers(given.size, size=given.size)]) for _ in range(draws)]
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2], method="nearest")  # estimates may be infinite
    return Interval(float(estimate(given)), float(low), float(high))
