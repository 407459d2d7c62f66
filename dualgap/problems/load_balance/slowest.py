"""The slowest of n workers with normal speeds: by quadrature, by Blom's approximation, by simulation.

Mathematics: with ``T = max_j q_j / S_j``, ``E[T] = integral over t of 1 - prod_j P(S_j >= q_j / t)``. Blom: the
expected largest of n standard normals is about ``Phi^-1((n - 3/8) / (n + 1/4))``; within one per cent from n = 8.

Source: Blom, Statistical estimates and transformed beta-variables (1958). The asymptote ``sqrt(2 ln n)`` is 15 to 43 %
too large for n up to 1,000 and isn't used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad
from scipy.special import ndtr, ndtri

from dualgap.problems.capacity import rounded_loads

DRAWS = 2_000
_SURE = 12.0  # standard deviations beyond which a speed doesn't fall
_ACCURACY = 1e-10


@dataclass(frozen=True)
class Mean:
    """Of draws, with its standard error."""

    mean: float
    error: float


def expected(shares: np.ndarray, mean: float, cv: float) -> tuple[float, float]:
    """(E[max_j q_j / S_j], a bound of its error) for (n,) shares, by adaptive quadrature.

    Speeds are normal given that they are above a hundredth of their mean, which for cv up to .3 they are but for one in
    two thousand.
    """
    kinds, counts = np.unique(shares, return_counts=True)
    longest = float(kinds[-1])
    if cv == 0 or longest == 0:
        return longest / mean, 1e-15 * longest / mean
    floor = 0.01
    sure = ndtr((1.0 - floor) / cv)

    def late(time: float) -> float:
        """The chance that somebody isn't done."""
        with np.errstate(divide="ignore"):
            least = np.maximum(kinds / time, floor)
            done = np.minimum(ndtr((1.0 - least) / cv) / sure, 1.0)
            return float(-np.expm1(counts @ np.log(done)))

    begin, end = longest / (1.0 + _SURE * cv), longest / max(floor, 1.0 - _SURE * cv)
    middle = longest / max(floor, 1.0 - min(3.0, _SURE) * cv)
    parts = [
        quad(late, low, high, epsabs=_ACCURACY * longest, epsrel=1e-11, limit=400)
        for low, high in ((begin, min(middle, end)), (min(middle, end), end))
    ]
    total, error = begin + sum(part[0] for part in parts), sum(part[1] for part in parts)
    return total / mean, (error + 1e-13 * longest) / mean


def blom(n: int) -> float:
    """The expected largest of n standard normals."""
    return float(ndtri((n - 0.375) / (n + 0.25))) if n > 1 else 0.0


def simulated(shares: np.ndarray, mean: float, cv: float, draws: int = DRAWS) -> Mean:
    """The same by seeded draws: a check that shares no formula with the quadrature."""
    return _over(lambda speeds: float((shares / speeds).max()), len(shares), mean, cv, draws)


def balanced(microbatches: int, n: int, mean: float, cv: float, draws: int = DRAWS // 10) -> Mean:
    """The best whole shares for speeds that are known at each step: what balancing could gain."""
    return _over(lambda speeds: rounded_loads(speeds, microbatches), n, mean, cv, draws)


def _over(time: Callable[[np.ndarray], float], n: int, mean: float, cv: float, draws: int) -> Mean:
    rng = np.random.Generator(np.random.PCG64(0))
    found = []
    for _ in range(draws):
        speeds = rng.normal(1.0, cv, n)
        while (low := speeds < 0.01).any():
            speeds[low] = rng.normal(1.0, cv, int(low.sum()))
        found.append(time(mean * speeds))
    return Mean(float(np.mean(found)), float(np.std(found, ddof=1) / np.sqrt(draws)))
