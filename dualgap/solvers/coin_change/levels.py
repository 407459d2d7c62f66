"""Fewest coins by levels of reachable amounts, for coins of one cost without limits: bit sets as Python integers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def fewest(coins: np.ndarray, amount: int, most: int, stop: Callable[[], bool]) -> np.ndarray | None:
    """(k,) the fewest coins; None where ``most`` coins or fewer don't pay the amount, or on ``stop()``.

    Level k holds the amounts of exactly k coins. Every so many levels one is kept; the way back fills in the others.
    """
    mask = (1 << (amount + 1)) - 1
    stride = stride_of(most)
    kept = [1]
    level, count = 1, 0
    while not level >> amount & 1:
        if count >= most or not level or stop():
            return None
        level = _next(level, coins, mask)
        count += 1
        if count % stride == 0:
            kept.append(level)
    counts = np.zeros(len(coins), dtype=np.int64)
    levels: dict[int, int] = {}
    while count:
        count -= 1
        if count not in levels:
            start = count - count % stride
            levels = {start: kept[start // stride]}
            for later in range(start, count):
                if stop():
                    return None
                levels[later + 1] = _next(levels[later], coins, mask)
        j = next(j for j, coin in enumerate(coins.tolist()) if coin <= amount and levels[count] >> (amount - coin) & 1)
        counts[j] += 1
        amount -= int(coins[j])
    return counts


def stride_of(most: int) -> int:
    """Levels between two that are kept: about the square root of their number."""
    return int(max(most, 1) ** 0.5) + 1


def level_bytes(amount: int, most: int) -> int:
    """Peak memory: the kept levels, one stretch between two of them, and temporaries."""
    return (2 * stride_of(most) + 4) * (amount // 8 + 1)


def _next(level: int, coins: np.ndarray, mask: int) -> int:
    reach = 0
    for coin in coins.tolist():
        reach |= level << coin
    return reach & mask
