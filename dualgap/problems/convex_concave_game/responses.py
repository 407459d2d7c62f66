"""Best responses in the budgeted log game, and what power can send at most.

Power p answers to the gains ``g_i = beta_i / (sigma_i + n_i)`` by filling water: ``p_i = max(level - 1 / g_i, 0)``
(Boyd and Vandenberghe, Convex Optimization, 2004, example 5.2). Noise answers to the loads ``c_i = beta_i p_i``: at a
price ``nu`` each channel has the least of ``log(1 + c_i / (sigma_i + n_i)) + nu n_i`` where
``sigma_i + n_i = max(sigma_i, (sqrt(c_i^2 + 4 c_i / nu) - c_i) / 2)``.
"""

from __future__ import annotations

import numpy as np

_HALVINGS = 200
_APART = 1e-9  # of the logarithms that a bisection starts from
_ULPS = 16  # roundings in each term, with room


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
    even = np.full(len(loads), total / len(loads))
    # Between the price at which nobody adds noise and the one at which somebody alone adds all of it.
    high = float((loads / (sigma * (sigma + loads))).max())
    low = float((loads / ((sigma + total) * (sigma + total + loads))).max())
    if not low > 0.0:
        return even, 0.0
    left, right = np.log(low) - _APART, np.log(high) + _APART
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
    return (noise * (total / found) if found > 0 else even), price


def noise_at(loads: np.ndarray, sigma: np.ndarray, price: float) -> np.ndarray:
    """(n,) the minimisers of ``log(1 + loads / (sigma + n)) + price n`` over n >= 0."""
    # (-c + sqrt(c^2 + 4 c / nu)) / 2 without cancellation
    below = loads + np.sqrt(loads * loads + 4.0 * loads / price)
    level = (2.0 * loads / price) / np.where(below > 0.0, below, 1.0)
    noise: np.ndarray = np.maximum(level - sigma, 0.0)
    return noise


def most(gains: np.ndarray, total: float) -> tuple[float, float]:
    """(what power can send at most, the error of that): by the tangent at the best response m, the rate being concave.

    ``sum log(1 + g_i p_i) <= sum log(1 + g_i m_i) - h'm + total max h``, ``h_i = g_i / (1 + g_i m_i)``.
    """
    power, _ = water_filling(gains, total)
    rates, slopes = np.log1p(gains * power), gains / (1.0 + gains * power)
    parts = np.concatenate([rates, -slopes * power, [total * slopes.max()]])
    error = (_ULPS + len(parts)) * np.finfo(np.float64).eps * np.abs(parts).sum()
    return float(parts.sum()), float(error)
