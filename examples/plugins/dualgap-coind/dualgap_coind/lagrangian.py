"""The Lagrangian over all score functions, minimised in closed form, and the dual function that it gives.

At every point the loss and the residual are quadratic in the eight mean functions, with the same constants everywhere:
the minimiser mixes the data's own mean functions by one 8 x 8 matrix. So the dual value at any price bounds the loss of
every score function, networks included.
"""

from __future__ import annotations

import numpy as np

from dualgap_coind.world import CONDITIONS, World

LARGEST = 1e8  # prices beyond it are rounding
_ROUNDING = 1e-28  # of a residual that is 0, by the square of its terms


def minimiser(told: World, price: float) -> np.ndarray:
    """(8, 8) the mixing that minimises ``loss + price residual``; an infinite price makes the residual 0.

    Of several minimisers the one that changes the data's own scores least.
    """
    free, rows = told.free, told.rows[:, told.free]
    if price == np.inf:
        size, zero = int(free.sum()), np.zeros((3, 3))
        system = np.block([[np.diag(told.weights[free]), rows.T], [rows, zero]])
        right = np.concatenate([np.zeros((size, CONDITIONS)), -told.rows])
        change = (np.linalg.pinv(system, rcond=1e-12, hermitian=True) @ right)[:size]
    else:
        pull = price * rows.T * told.shares
        weights = told.weights[free, None]
        inverse = np.linalg.pinv(np.diag(weights[:, 0]) + pull @ rows, rcond=1e-14, hermitian=True)
        change = np.zeros((len(rows.T), CONDITIONS))
        for _ in range(3):  # the first step is exact but for rounding, which large prices enlarge
            change -= inverse @ (weights * change + pull @ (told.rows + rows @ change))
    mixing = np.eye(CONDITIONS)
    mixing[free] += change
    return mixing


def loss(told: World, mixing: np.ndarray) -> float:
    """The excess score-matching loss of a mixing."""
    change = (mixing - np.eye(CONDITIONS)) @ told.root
    return float(told.weights[told.free] @ np.sum(change**2, axis=1)[told.free])


def residual(told: World, mixing: np.ndarray) -> float:
    """How far the observed pairs are from conditional independence."""
    return float(told.shares @ np.sum((told.rows @ mixing @ told.root) ** 2, axis=1))


def dual(told: World, price: float, limit: float) -> tuple[float, float]:
    """The least ``loss + price (residual - limit)`` of any score functions, and the rounding that is taken off it.

    Losses are never below 0, so neither is the bound.
    """
    mixing = minimiser(told, price)
    terms = loss(told, mixing), price * residual(told, mixing), price * limit
    margin = 1e-9 * sum(terms) + _ROUNDING * price * float(np.sum(told.root**2))
    return max(0.0, terms[0] + terms[1] - terms[2] - margin), margin


def mended(told: World, mixing: np.ndarray, limit: float) -> np.ndarray:
    """The mixing, moved towards the constrained one until its residual is ``limit``; as it is where that holds."""
    now = residual(told, mixing)
    if now <= limit:
        return mixing
    kept = float(np.sqrt(limit / now)) * (1 - 1e-12)
    return np.asarray(kept * mixing + (1 - kept) * minimiser(told, np.inf))
