"""The integers behind a change-making problem: the coins that can be used at all, without their common divisor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.exact import narrow

if TYPE_CHECKING:
    from dualgap.problems.coin_change.spec import CoinChange


@dataclass(frozen=True)
class Currency:
    """Coins with ``limits >= 1``, divided by their greatest common divisor.

    Attributes:
        index: (k,) where the coins stand in the spec.
        coins: (k,) int64 (Python integers beyond).
        costs: (k,) in multiples of the problem's ``step``.
        limits: (k,) copies that fit into the amount.
        amount: the amount divided by ``divisor``, rounded down.
        divisor: the common divisor, on the scale of ``problem.whole``; 0 where no coin can be used.
        divides: whether it divides the amount.
    """

    index: np.ndarray
    coins: np.ndarray
    costs: np.ndarray
    limits: np.ndarray
    amount: int
    divisor: int
    divides: bool

    @property
    def total(self) -> int:
        """What all the coins make together."""
        return int(self.coins.astype(object) @ self.limits) if self.coins.size else 0

    @property
    def unlimited(self) -> np.ndarray:
        """(k,) whether only the amount limits a coin."""
        return np.array([self.amount // int(coin) <= limit for coin, limit in zip(self.coins, self.limits)], dtype=bool)

    @property
    def uniform(self) -> bool:
        """Whether every coin costs the same, and something."""
        return bool(self.costs.size) and bool((self.costs == self.costs[0]).all()) and int(self.costs[0]) > 0


def currency(problem: CoinChange) -> Currency:
    """The usable coins of a problem."""
    whole, amount = problem.whole
    index = np.flatnonzero(problem.limits > 0)
    divisor = gcd(*(int(coin) for coin in whole[index]))
    coins = narrow([int(coin) // divisor for coin in whole[index]], index.shape)
    costs = problem.exact_costs[index]
    unit = problem.step * costs.denominator
    costs_in_steps = narrow([int(cost) // int(unit) if unit else 0 for cost in costs.numerators], index.shape)
    return Currency(
        index=index,
        coins=coins,
        costs=costs_in_steps,
        limits=problem.limits[index],
        amount=amount // divisor if divisor else amount,
        divisor=divisor,
        divides=amount % divisor == 0 if divisor else amount == 0,
    )


def unscaled(problem: CoinChange, number: int) -> Fraction:
    """A number on the scale of ``problem.whole`` in the user's units."""
    coins, _ = problem.whole
    return number * problem.exact_coins.item(0) / int(coins[0])


def pieces(limit: int) -> Iterator[int]:
    """Binary splitting: 1, 2, 4, ..., rest; sums of subsets are exactly 0 to ``limit``."""
    piece = 1
    while limit > 0:
        yield min(piece, limit)
        limit -= piece
        piece *= 2
