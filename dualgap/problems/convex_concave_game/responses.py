"""Best responses in the budgeted log game, and the bounds that any price gives.

For power p against noise n, with gains ``g_i = beta_i / (sigma_i + n_i)`` and any price ``lambda > 0`` on power,

    max over p of sum log(1 + g_i p_i)  <=  lambda P + sum over g_i > lambda of (log(g_i / lambda) - 1 + lambda / g_i)

(weak duality; Boyd and Vandenberghe, Convex Optimization, 2004, example 5.2), with equality at the water level
``1 / lambda``. For noise against power, with ``c_i = beta_i p_i`` and any price ``nu >= 0`` on noise,

    min over n of sum log(1 + c_i / (sigma_i + n_i))  >=  -nu N + sum_i min over n_i >= 0 of (log(...) + nu n_i),

each minimum at ``sigma_i + n_i = max(sigma_i, (-c_i + sqrt(c_i^2 + 4 c_i / nu)) / 2)``.
"""

from __future__ import annotations

import numpy as np

_HALVINGS = 200
_ULPS = 16  # roundings in each term: quotient, logarithm and sums, with room


def water_filling(gains: np.ndarray, total: float) -> tuple[np.ndarray, float]:
    """(p, lambda): the power (n,) that maximises ``sum log(1 + gains p)`` with ``sum p = total``, and its price."""
    depths = 1.0 / gains
    order = np.sort(depths)
    levels = (total + np.cumsum(order)) / np.arange(1, len(order) + 1)
    wet = int(np.count_nonzero(order < levels))
    level = float(levels[max(wet, 1) - 1])
    return np.maximum(level - depths, 0.0), 1.0 / level


def best_noise(loads: np.ndarray, sigma: np.ndarray, total: float) -> tuple[np.ndarray, float]:
    """(n, nu): the noise (n,) that minimises ``sum log(1 + loads / (sigma + n))`` with ``sum n = total``, its price.

    ``sum n`` decreases in the price, which is found by bisection on its logarithm.
    """
    if not (loads > 0).any():
        return np.full(len(loads), total / len(loads)), 0.0
    # Between the price at which nobody would add noise and one at which somebody alone would add all of it.
    high = float((loads / (sigma * (sigma + loads))).max())
    reach = sigma + total
    low = min(float((loads / (reach * (reach + loads)))[loads > 0].min()), high)
    left, right = np.log(low) - 1e-9, np.log(high) + 1e-9
    for _ in range(_HALVINGS):
        middle = 0.5 * (left + right)
        if middle in (left, right):
            break
        if noise_at(loads, sigma, float(np.exp(middle))).sum() > total:
            left = middle
        else:
            right = middle
    price = float(np.exp(right))
    noise = noise_at(loads, sigma, price)
    found = float(noise.sum())
    return (noise * (total / found) if found > 0 else np.full(len(loads), total / len(loads))), price


def noise_at(loads: np.ndarray, sigma: np.ndarray, price: float) -> np.ndarray:
    """(n,) the minimisers of ``log(1 + loads / (sigma + n)) + price n`` over n >= 0."""
    # (-c + sqrt(c^2 + 4 c / nu)) / 2 without cancellation
    below = loads + np.sqrt(loads * loads + 4.0 * loads / price)
    level = (2.0 * loads / price) / np.where(below > 0.0, below, 1.0)
    noise: np.ndarray = np.maximum(level - sigma, 0.0)
    return noise


def most(gains: np.ndarray, total: float) -> tuple[float, float]:
    """(the bound from above on the maximum over power, its error), at the water level's price."""
    _, price = water_filling(gains, total)
    ratio = gains[gains > price] / price
    terms = np.log(ratio) - 1.0 + 1.0 / ratio
    return float(price * total + terms.sum()), _error(terms, price * total)


def least(loads: np.ndarray, sigma: np.ndarray, total: float) -> tuple[float, float]:
    """(the bound from below on the minimum over noise, its error), at the price that the bisection found."""
    _, price = best_noise(loads, sigma, total)
    noise = noise_at(loads, sigma, price) if price > 0 else np.zeros(len(loads))
    terms = np.log1p(loads / (sigma + noise)) + price * noise
    return float(terms.sum() - price * total), _error(terms, price * total)


def _error(terms: np.ndarray, paid: float) -> float:
    """What rounding may have done to a sum of terms of logarithms that are right to two units in the last place."""
    unit = np.finfo(np.float64).eps
    return float((_ULPS + len(terms)) * unit * (np.abs(terms).sum() + abs(paid) + 2.0 * len(terms)))
