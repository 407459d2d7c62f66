"""Small random instances and their optima by plain enumeration, in fractions."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st

from dualgap import CoinChange, Knapsack
from dualgap.core.exact import fraction


def _numbers(smallest: int, largest: int) -> st.SearchStrategy[Any]:
    """Whole numbers, or decimals with one place."""
    whole = st.integers(smallest, largest)
    return whole | whole.map(lambda number: number / 10)


@st.composite
def knapsacks(draw: st.DrawFn) -> Knapsack:
    """One dimension: 0/1, bounded or unbounded; whole or decimal; zero weights, negative values, subset sums."""
    n = draw(st.integers(1, 5))
    copies = draw(st.just(1) | st.lists(st.integers(0, 3), min_size=n, max_size=n) | st.just("unbounded"))
    lightest = 4 if copies == "unbounded" else 0
    weights = draw(st.lists(_numbers(lightest, 12), min_size=n, max_size=n))
    if copies == "unbounded":
        weights = [max(weight, 4) for weight in weights]
    values = draw(st.lists(_numbers(-3, 15), min_size=n, max_size=n))
    if draw(st.booleans()):
        values = [2 * weight for weight in weights]
    return Knapsack(values=values, weights=weights, capacity=draw(_numbers(0, 30)), copies=copies)


@st.composite
def payments(draw: st.DrawFn) -> CoinChange:
    """With and without copies and costs; whole or decimal; duplicates, amount 0, amounts out of reach."""
    n = draw(st.integers(1, 3))
    tenth = draw(st.booleans())
    coins = draw(st.lists(st.integers(1, 12), min_size=n, max_size=n))
    amount = draw(st.integers(0, 40))
    return CoinChange(
        coins=[coin / 10 for coin in coins] if tenth else coins,
        amount=amount / 10 if tenth else amount,
        copies=draw(st.just("unbounded") | st.lists(st.integers(0, 4), min_size=n, max_size=n)),
        costs=draw(st.sampled_from([1, 2, 0.5]) | st.lists(st.integers(0, 4), min_size=n, max_size=n)),
    )


def _counts(limits: list[int]) -> Iterator[tuple[int, ...]]:
    return product(*(range(limit + 1) for limit in limits))


def best_packing(problem: Knapsack) -> Fraction:
    """The optimum; items without limit must have no value."""
    values = [fraction(value) for value in problem.values.tolist()]
    weights = [fraction(weight) for weight in problem.weights[0].tolist()]
    capacity = fraction(problem.capacity[0].item())
    copies = np.broadcast_to(np.asarray(0 if isinstance(problem.copies, str) else problem.copies), len(values)).tolist()
    if isinstance(problem.copies, str):
        copies = [int(capacity // weight) for weight in weights]
    limits = [count if value > 0 else 0 for count, value in zip(copies, values, strict=True)]
    fitting = (x for x in _counts(limits) if _dot(weights, x) <= capacity)
    return max(_dot(values, x) for x in fitting)


def cheapest_payment(problem: CoinChange) -> Fraction | None:
    """The optimum, or None where the amount can't be paid."""
    coins = [fraction(coin) for coin in problem.coins.tolist()]
    costs = [fraction(cost) for cost in np.broadcast_to(np.asarray(problem.costs), len(coins)).tolist()]
    amount = fraction(problem.amount)
    limits = [int(amount // coin) for coin in coins]
    if not isinstance(problem.copies, str):
        copies = np.broadcast_to(np.asarray(problem.copies), len(coins)).tolist()
        limits = [min(pair) for pair in zip(limits, copies, strict=True)]
    return min((_dot(costs, x) for x in _counts(limits) if _dot(coins, x) == amount), default=None)


def _dot(left: list[Fraction], right: tuple[int, ...]) -> Fraction:
    return sum((a * b for a, b in zip(left, right, strict=True)), Fraction(0))
