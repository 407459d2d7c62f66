"""Fewest coins by their deficits to the largest coin, for coins of one cost.

With M the largest coin, K coins pay A exactly if the other coins' deficits M - a_j sum to K M - A. Let f(d) be the
fewest coins with total deficit exactly d; then the optimum is min{K >= ceil(A / M): f(K M - A) <= K}, and the table
ends at the optimum's deficit, far below A on most instances (what makes knapsack functions periodic: Gilmore and
Gomory, The theory and computation of knapsack functions, Operations Research 14, 1966).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dualgap.problems.coin_change.completion import relax, smallest, walk


@dataclass(frozen=True)
class Payment:
    """How many of each coin, and the table of f, cut off at the number of coins: a potential that proves it."""

    counts: np.ndarray
    table: np.ndarray


def fewest(coins: np.ndarray, amount: int, memory: int, stop: Callable[[], bool]) -> Payment | None:
    """The fewest coins; None where the table would outgrow the amount (or ``memory``), or on ``stop()``.

    The range of deficits doubles until it holds the optimum's.

    Args:
        coins: (k,) positive, with common divisor 1, at most ``amount``.
        amount: to pay.
        memory: bytes.
        stop: asked before every coin.
    """
    largest = int(coins.max())
    gaps = np.unique(largest - coins)[1:]
    least = -(-amount // largest)
    span = 2
    while True:
        size = span * largest
        ceiling = least + span
        if size > max(amount, 2 * largest) or table_bytes(size, ceiling) > memory:
            return None
        table = _table(gaps, size, ceiling, stop)
        if table is None:
            return None
        counts = np.arange(least, ceiling)
        met = table[counts * largest - amount] <= counts
        if met.any():
            return _payment(coins, table, gaps, amount, int(counts[met.argmax()]))
        span *= 2


def table_bytes(size: int, ceiling: int) -> int:
    """Memory of a table."""
    return size * np.dtype(smallest(2 * ceiling)).itemsize


def _table(gaps: np.ndarray, size: int, ceiling: int, stop: Callable[[], bool]) -> np.ndarray | None:
    """f up to ``size``, cut off at ``ceiling``; any number of copies of a gap by doubling."""
    table = np.full(size, ceiling, dtype=smallest(2 * ceiling))
    table[0] = 0
    for gap in gaps.tolist():
        if stop():
            return None
        copies = 1
        while copies * gap < size and copies < ceiling:
            relax(table, copies * gap, copies)
            copies *= 2
    return table


def _payment(coins: np.ndarray, table: np.ndarray, gaps: np.ndarray, amount: int, total: int) -> Payment:
    largest = int(coins.max())
    used = walk(table, gaps, np.ones(len(gaps), dtype=np.int64), total * largest - amount)
    counts = np.zeros(len(coins), dtype=np.int64)
    for gap, count in zip(gaps.tolist(), used.tolist()):
        counts[int((coins == largest - gap).argmax())] = count
    counts[int(coins.argmax())] = total - int(used.sum())
    needed = max((total - 1) * largest - amount + 1, 1)
    return Payment(counts, np.minimum(table[:needed], total).astype(np.int64))
