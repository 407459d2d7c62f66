"""The price of a copy that makes a knapsack's linear relaxation hold at most, or at least, so many copies."""

from __future__ import annotations

import numpy as np

from dualgap.problems.knapsack.packing import Packing
from dualgap.solvers.knapsack.greedy import break_multiplier

_STEPS = 60
_CLOSE = 1e-12


def count_price(packed: Packing, least: int, most: int) -> float:
    """The price of a copy that minimises the bound; of ``most`` where it is positive, of ``least`` where negative.

    The bound is convex and piecewise linear in the price of a copy, and for each the price of weight is Dantzig's. Two
    tangents that enclose the minimum meet below it; where they meet is the next price (Kelley, The cutting-plane method
    for solving convex programs, 1960, in one variable).
    """
    relaxed = Relaxed(packed)
    value, copies = relaxed.at(0.0)
    if least <= copies <= most:
        return 0.0
    target = most if copies > most else least
    start, end = 0.0, (1.0 if copies > most else -1.0) * float(packed.values.max())
    tangents = [(start, value, target - copies)]
    value, copies = relaxed.at(end)
    while (target - copies) * (end - start) < 0 and abs(end) < 2.0**60:
        end *= 4
        value, copies = relaxed.at(end)
    tangents.append((end, value + end * target, target - copies))
    best = min(tangents, key=lambda tangent: tangent[1])
    for _ in range(_STEPS):
        (left, left_value, left_slope), (right, right_value, right_slope) = sorted(tangents)
        if left_slope >= right_slope:
            break
        price = (left_value - right_value + right_slope * right - left_slope * left) / (right_slope - left_slope)
        floor = left_value + left_slope * (price - left)
        value, copies = relaxed.at(price)
        value, slope = value + price * target, target - copies
        best = min(best, (price, value, slope), key=lambda tangent: tangent[1])
        if value - floor <= _CLOSE * abs(value):
            break
        tangents = [(price, value, slope), (right, right_value, right_slope)]
        if slope > 0:
            tangents[1] = (left, left_value, left_slope)
    return best[0]


class Relaxed:
    def __init__(self, packed: Packing) -> None:
        self.values = packed.values.astype(np.float64)
        self.weights = packed.weights.astype(np.float64)
        self.limits = packed.limits.astype(np.float64)
        self.capacity = float(packed.capacity)

    def at(self, price: float) -> tuple[float, float]:
        """The bound at a price of a copy, without the count's share, and how many copies it packs."""
        priced = self.values - price
        multiplier = break_multiplier(priced, self.weights, self.capacity, self.limits)
        reduced = priced - multiplier * self.weights
        gain = np.maximum(reduced, 0.0) @ self.limits
        tied = np.abs(reduced) <= _CLOSE * np.abs(priced)
        packed = np.where((reduced > 0) & ~tied, self.limits, 0.0)
        copies, room = float(packed.sum()), self.capacity - float(packed @ self.weights)
        if multiplier > 0 and room > 0 and tied.any():
            copies += room / float(self.weights[tied].mean())
        return multiplier * self.capacity + float(gain), copies
