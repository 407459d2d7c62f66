"""Small knapsacks in several dimensions, and their optima by plain enumeration, in fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
from hypothesis import strategies as st

from dualgap import Knapsack
from dualgap.core.exact import fraction


@st.composite
def several(draw: st.DrawFn, most: int = 6) -> Knapsack:
    """Two or three dimensions: 0/1 or with copies, whole or decimal, zero weights, worthless items, no room at all."""
    n, m = draw(st.integers(1, most)), draw(st.integers(2, 3))
    unit = draw(st.sampled_from([1, 10]))
    copies = draw(st.just(1) | st.lists(st.integers(0, 3), min_size=n, max_size=n))

    def numbers(smallest: int, largest: int, size: int) -> np.ndarray:
        whole = np.array(draw(st.lists(st.integers(smallest, largest), min_size=size, max_size=size)))
        return whole if unit == 1 else whole / unit

    return Knapsack(
        values=numbers(-3, 15, n),
        weights=numbers(0, 12, m * n).reshape(m, n),
        capacity=numbers(0, 30, m),
        copies=copies,
    )


def best_of(problem: Knapsack) -> Fraction:
    """The optimum of a knapsack with limits, point by point."""
    values = [fraction(value) for value in problem.values.tolist()]
    rows = [[fraction(weight) for weight in row] for row in problem.weights.tolist()]
    capacity = [fraction(side) for side in problem.capacity.tolist()]
    limits = [limit if value > 0 else 0 for limit, value in zip(problem.limits.tolist(), values, strict=True)]
    best = Fraction(0)
    for point in product(*(range(limit + 1) for limit in limits)):
        loads = (sum((a * x for a, x in zip(row, point, strict=True)), Fraction(0)) for row in rows)
        if all(load <= side for load, side in zip(loads, capacity, strict=True)):
            best = max(best, sum((v * x for v, x in zip(values, point, strict=True)), Fraction(0)))
    return best
