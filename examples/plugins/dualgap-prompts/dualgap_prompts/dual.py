"""What no model whatever can do better: the dual function of the fair classifier, in closed form.

At a price ``mu`` of unfairness the Lagrangian of any table of answers falls apart by pair of twins, and at a slope
``nu`` of the difference between their answers (``mu w d^2 >= nu d - nu^2 / (4 mu w)``, Fenchel) by text: a quadratic
equation. So every price and slopes give a bound, on networks, adapters and lookup tables alike.
"""

from __future__ import annotations

import numpy as np
from scipy.special import xlogy

LARGEST = 1e6  # of a price; beyond it is rounding
_HALVINGS = 100
_ROUNDING = 1e-9


def bounded(shares: np.ndarray, price: float, level: float) -> tuple[float, float]:
    """The least mean log loss plus ``price (unfairness - level)`` of any answers, and the rounding taken off it.

    Args:
        shares: (2 c, 2) of the people by text and label, pairs of twins c apart.
        price: 0 or more; nats per unfairness.
        level: of unfairness that is allowed.
    """
    half = len(shares) // 2
    first, second = shares[:half], shares[half:]
    stiffness = 2 * price * (first.sum(axis=1) + second.sum(axis=1))
    low, high = -stiffness, stiffness.copy()
    for _ in range(_HALVINGS):
        slope = (low + high) / 2
        apart = stiffness * (_best(first, slope) - _best(second, -slope)) > slope
        low, high = np.where(apart, slope, low), np.where(apart, high, slope)
    slope = (low + high) / 2
    bend = np.divide(slope**2, 2 * stiffness, out=np.zeros(half), where=stiffness > 0)
    least = float(np.sum(_least(first, slope) + _least(second, -slope) - bend))
    margin = _ROUNDING * (1 + price * level)
    return least - price * level - margin, margin


def best_price(shares: np.ndarray, level: float) -> float:
    """The price with the highest bound, by search: the bound is concave in it."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log: -bounded(shares, float(np.exp(log)), level)[0],
        bounds=(np.log(1e-6), np.log(LARGEST)),
        method="bounded",
        options={"xatol": 1e-6},
    )
    price = float(np.exp(found.x))
    return price if bounded(shares, price, level)[0] > bounded(shares, 0.0, level)[0] else 0.0


def _best(shares: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """(c,) the probability of yes that minimises the log loss of (c, 2) shares plus ``slope`` times itself."""
    total, yes = shares.sum(axis=1), shares[:, 1]
    middle = slope + total
    root = np.sqrt(np.maximum(middle**2 - 4 * slope * yes, 0.0))
    above = np.divide(2 * yes, middle + root, out=np.zeros(len(yes)), where=middle + root > 0)
    below = np.divide(middle - root, 2 * slope, out=np.ones(len(yes)), where=slope < 0)
    return np.asarray(np.clip(np.where(middle > 0, above, below), 0.0, 1.0))


def _least(shares: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """(c,) that minimum."""
    at = _best(shares, slope)
    return np.asarray(slope * at - xlogy(shares[:, 1], at) - xlogy(shares[:, 0], 1 - at))
